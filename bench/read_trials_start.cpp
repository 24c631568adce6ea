// The trial `start`: a store of gigabytes, opened again and again: after the daemon was told to
// end, and after it was killed while it took events. Timed from before its exec to a 200 of
// /readyz.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "engine_over.hpp"
#include "figures.hpp"
#include "fill/fill.hpp"
#include "load/load.hpp"
#include "machine.hpp"
#include "read_data.hpp"
#include "read_trials_store.hpp"
#include "store/store.hpp"

namespace minuted::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kBytesPerGigabyte = 1e9;
constexpr double kBytesPerMegabyte = 1e6;
constexpr std::uint32_t kRepos = 200;
constexpr std::uint32_t kBuckets = 5;
constexpr std::uint32_t kDaysBack = 3'650;
constexpr auto kPoll = std::chrono::milliseconds(2);
constexpr double kReadySecondsMax = 60;
constexpr std::size_t kBodiesBytesMax = 64U << 20;
constexpr std::uint32_t kLoadConnections = 4;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// A day more, again and again, until the tables are large enough. Rows and not pages: what counts
// here is bytes and tables, and rows are twice as many bytes a second.
Result<void> have_gigabytes(const std::string& store, const Start& trial) {
  const auto engine = Engine::open(fill::engine_options(store));
  if (!engine) return engine.error();
  const auto large = [&] {  // without files that compactions have left behind
    const std::uint64_t bytes = store_below(**engine).gauges().sst_bytes;
    return static_cast<double>(bytes) >= trial.gigabytes * kBytesPerGigabyte;
  };
  fill::FleetOptions fleet = dense_fleet(kRepos, kBuckets, kDaysBack);
  fleet.range.end = {fleet.range.begin.value + kMinutesPerDay};
  if (trial.series > 0 && !large()) {
    if (auto filled = fill_with(**engine, sparse_fleet(trial.series, fleet.range), false);
        !filled) {
      return filled;
    }
  }
  while (!large()) {
    if (auto filled = fill_with(**engine, fleet, false); !filled) return filled;
    fleet.range = {fleet.range.end, {fleet.range.end.value + kMinutesPerDay}};
  }
  return {};
}

double log_megabytes(const std::string& store) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store, error)) {
    if (entry.path().extension() == ".log") bytes += entry.file_size(error);
  }
  return static_cast<double>(bytes) / kBytesPerMegabyte;
}

// 200 from /readyz.
Result<void> wait_until_ready(const DaemonProcess& daemon) {
  for (const auto begin = Clock::now();;) {
    auto client = ReadClient::connect(daemon.port());
    if (client.ok() && client->get("/readyz").ok()) return {};
    if (seconds_since(begin) > kReadySecondsMax) {
      return Error{ErrorCode::kUnavailable, "the daemon listens, but is not ready"};
    }
    std::this_thread::sleep_for(kPoll);
  }
}

class Starting {
 public:
  Starting(const ReadTrialSetting& setting, const Start& trial, std::string store)
      : setting_(setting), trial_(trial), store_(std::move(store)) {}

  // Starts it and prints how that went; it runs afterwards.
  Result<void> start(const char* after) {
    if (trial_.cold && !drop_page_cache() && !told_) {
      told_ = true;
      std::fprintf(stderr, "the page cache may not be dropped here: only the daemon is cold\n");
    }
    const double log_mb = log_megabytes(store_);
    const double tables_gb = static_cast<double>(table_bytes_below(store_)) / kBytesPerGigabyte;
    const auto begin = Clock::now();
    auto started = start_daemon(setting_, store_, {"--seal-interval", "0"});
    if (!started) return started.error();
    const double listens = seconds_since(begin);
    if (auto waited = wait_until_ready(*started); !waited) return waited;
    const double ready = seconds_since(begin);
    worst_ = std::max(worst_, ready);
    const auto usage = started->usage();
    if (!usage) return usage.error();
    daemon_.emplace(std::move(*started));
    table_.print(
        {{"after", "after", -6, after}},
        {{"ready_s", "ready s", 8, 3, ready},
         {"listens_s", "listens s", 9, 3, listens},
         {"cpu_s", "CPU s", 7, 3, usage->cpu_seconds},
         {"log_mb", "log MB", 7, 1, log_mb},
         {"tables_gb", "tables GB", 9, 2, tables_gb},
         {"rss_mb", "RSS MB", 7, 1, static_cast<double>(usage->rss_bytes) / kBytesPerMegabyte},
         {"ended_in_s", "ended in s", 10, 3, stop_seconds_}});
    return {};
  }

  Result<void> stop() {
    const auto begin = Clock::now();
    auto stopped = daemon_->stop();
    stop_seconds_ = seconds_since(begin);
    daemon_.reset();
    return stopped;
  }

  // Pushes at it all it can take; then, or in the midst of it, ends it.
  Result<void> end_under_load(bool kill) {
    load::LoadOptions options;
    options.workload.live = true;
    options.connections = kLoadConnections;
    options.events = 0;
    options.attempts_max = 1;
    options.duration_ms = static_cast<std::int64_t>(trial_.load_seconds * 1e3) + kOutlastsMs;
    options.bodies.prepared_bytes_max = kBodiesBytesMax;
    options.port = daemon_->port();
    auto prepared = load::prepare(options);
    if (!prepared) return prepared.error();
    std::thread load([&] { (void)load::run(options, *prepared); });  // it may be cut off
    std::this_thread::sleep_for(std::chrono::duration<double>(trial_.load_seconds));
    if (kill) daemon_.reset();
    load.join();
    stop_seconds_ = 0;
    if (kill) return {};
    return stop();
  }

  double worst_seconds() const { return worst_; }

 private:
  static constexpr std::int64_t kOutlastsMs = 1000;  // the load the daemon

  const ReadTrialSetting& setting_;
  const Start& trial_;
  const std::string store_;
  std::optional<DaemonProcess> daemon_;
  Table table_{"start"};
  double stop_seconds_ = 0;
  double worst_ = 0;
  bool told_ = false;
};

}  // namespace

Result<bool> try_start(const ReadTrialSetting& setting, const Start& trial) {
  const StoreDirectory directory(setting);
  const std::string store = directory.store("start");
  if (auto made = have_gigabytes(store, trial); !made) return made.error();
  Starting starting(setting, trial, store);
  if (auto started = starting.start("fill"); !started) return started.error();
  for (std::uint32_t i = 0; i < trial.times; ++i) {
    if (auto stopped = starting.stop(); !stopped) return stopped.error();
    if (auto started = starting.start("stop"); !started) return started.error();
  }
  for (std::uint32_t i = 0; i < trial.times; ++i) {
    if (auto stopped = starting.end_under_load(false); !stopped) return stopped.error();
    if (auto started = starting.start("load"); !started) return started.error();
  }
  for (std::uint32_t i = 0; i < trial.times; ++i) {
    if (auto killed = starting.end_under_load(true); !killed) return killed.error();
    if (auto started = starting.start("kill"); !started) return started.error();
  }
  const bool soon = starting.worst_seconds() <= trial.limit_seconds;
  std::printf("verdict worst_s=%.3f limit_s=%.1f is=%s\n", starting.worst_seconds(),
              trial.limit_seconds, soon ? "soon" : "late");
  return soon;
}

}  // namespace minuted::bench
