// The trial `wide`: an hour of all series, streamed: how fast, and in how much memory; then read
// slowly, with questions about one bucket beside it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "figures.hpp"
#include "read_trials_store.hpp"

namespace minuted::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kDenseBuckets = 20;
constexpr int kStreams = 3;
// What the first may grow memory by besides: the block cache, at its default.
constexpr double kCacheMib = 64;
constexpr double kBytesPerMegabyte = 1e6;
constexpr double kBytesPerMebibyte = 1 << 20;
constexpr auto kHeadStart = std::chrono::seconds(1);  // of slow readers
constexpr int kRounds = 5;                            // without them and with them
// What an answer takes more or less by chance: whether the daemon's threads and the client's share
// a core.
constexpr double kScatterMs = 0.1;
constexpr std::uint32_t kSlowSteps = 16;  // a second

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Reads an answer at a rate until told to stop.
class SlowReader {
 public:
  SlowReader(std::uint16_t port, std::string target, std::uint32_t bytes_per_second)
      : thread_([this, port, target = std::move(target), bytes_per_second] {
          fault_ = read(port, target, bytes_per_second);
        }) {}
  ~SlowReader() {
    if (thread_.joinable()) (void)stop();
  }
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;

  Result<std::uint64_t> stop() {
    stopped_ = true;
    thread_.join();
    if (!fault_.empty()) return Error{ErrorCode::kUnavailable, "a slow reader: " + fault_};
    return bytes_.load();
  }

 private:
  std::string read(std::uint16_t port, const std::string& target, std::uint32_t bytes_per_second) {
    auto client = ReadClient::connect(port);
    if (!client) return client.error().message;
    if (auto sent = client->send_get(target); !sent) return sent.error().message;
    for (auto next = Clock::now(); !stopped_;
         next += std::chrono::milliseconds(1000 / kSlowSteps)) {
      std::this_thread::sleep_until(next);
      const auto bytes = client->receive_some(bytes_per_second / kSlowSteps);
      if (!bytes) return bytes.error().message;
      bytes_ += *bytes;
    }
    return {};
  }

  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::string fault_;  // read when the thread has ended
  std::thread thread_;
};

struct Streamed {
  double seconds = 0;
  std::uint64_t bytes = 0;
  double cpu_seconds = 0;
  double rss_before_mb = 0;
  double growth_mib = 0;  // at the most, while it streamed
};

Result<Streamed> stream(const DaemonProcess& daemon, const std::string& target) {
  auto client = ReadClient::connect(daemon.port());
  if (!client) return client.error();
  daemon.forget_rss_max();
  const auto before = daemon.usage();
  if (!before) return before.error();
  const auto begin = Clock::now();
  const auto bytes = client->get(target);
  if (!bytes) return bytes.error();
  Streamed streamed{seconds_since(begin), *bytes};
  const auto after = daemon.usage();
  if (!after) return after.error();
  streamed.cpu_seconds = after->cpu_seconds - before->cpu_seconds;
  streamed.rss_before_mb = static_cast<double>(before->rss_bytes) / kBytesPerMegabyte;
  streamed.growth_mib =
      (static_cast<double>(after->rss_max_bytes) - static_cast<double>(before->rss_bytes)) /
      kBytesPerMebibyte;
  return streamed;
}

// The answer has as many rows as it should.
Result<void> check_rows(const DaemonProcess& daemon, const std::string& target,
                        std::uint64_t wanted) {
  auto client = ReadClient::connect(daemon.port());
  if (!client) return client.error();
  std::string body;
  if (const auto bytes = client->get(target, &body); !bytes) return bytes.error();
  const std::uint64_t rows = rows_in(body);
  if (rows == wanted) return {};
  return Error{ErrorCode::kUnavailable, "GET " + target + " was answered with " +
                                            std::to_string(rows) + " rows instead of " +
                                            std::to_string(wanted)};
}

// The most that memory grew, in MiB, caches left out.
Result<double> stream_all(const DaemonProcess& daemon, const std::string& target,
                          std::uint64_t rows) {
  Table table("streamed");
  double growth_mib = 0;
  for (int i = 0; i < kStreams; ++i) {
    const auto one = stream(daemon, target);
    if (!one) return one.error();
    const auto bytes = static_cast<double>(one->bytes);
    table.print({{"run", "run", 3, std::to_string(i + 1)}},
                {{"rows", "rows", 9, 0, static_cast<double>(rows)},
                 {"seconds", "s", 7, 2, one->seconds},
                 {"rows_per_second", "rows/s", 10, 0, static_cast<double>(rows) / one->seconds},
                 {"mb_per_second", "MB/s", 7, 1, bytes / kBytesPerMegabyte / one->seconds},
                 {"mb", "MB", 7, 1, bytes / kBytesPerMegabyte},
                 {"cpu_us_per_row", "CPU us/row", 10, 3,
                  one->cpu_seconds * 1e6 / static_cast<double>(rows)},
                 {"rss_before_mb", "RSS MB", 7, 1, one->rss_before_mb},
                 {"growth_mib", "grown MiB", 9, 1, one->growth_mib}});
    growth_mib = std::max(growth_mib, one->growth_mib - (i == 0 ? kCacheMib : 0));
  }
  return growth_mib;
}

// So many slow readers for a head start and `seconds`, one connection asking beside them; what they
// read is added to `slow_bytes`.
Result<void> ask_beside(const DaemonProcess& daemon, const std::string& target, const Wide& trial,
                        double seconds, std::vector<Asked>& asked, std::uint64_t& slow_bytes) {
  std::vector<std::unique_ptr<SlowReader>> readers;
  for (std::uint32_t i = 0; i < trial.slow_readers; ++i) {
    readers.push_back(
        std::make_unique<SlowReader>(daemon.port(), target, trial.slow_bytes_per_second));
  }
  std::this_thread::sleep_for(kHeadStart);
  if (auto done = ask_by_turns(asked, seconds); !done) return done;
  for (const auto& reader : readers) {
    const auto bytes = reader->stop();
    if (!bytes) return bytes.error();
    slow_bytes += *bytes;
  }
  return {};
}

// True if no question waits longer beside slow readers than without; by turns, since what cores
// they are on and what else the machine does changes with time.
Result<bool> ask_beside_slow_readers(const DaemonProcess& daemon, const std::string& target,
                                     const std::vector<Question>& questions, const Wide& trial) {
  Table table("asked");
  bool good = true;
  for (const Question& question : questions) {
    std::vector<Asked> alone{{&daemon, question}};
    std::vector<Asked> beside{{&daemon, question}};
    std::uint64_t slow_bytes = 0;
    double slow_seconds = 0;
    for (int round = 0; round < kRounds; ++round) {
      const double seconds = trial.seconds / kRounds;
      if (auto asked = ask_by_turns(alone, seconds); !asked) return asked.error();
      const auto begin = Clock::now();
      if (auto asked = ask_beside(daemon, target, trial, seconds, beside, slow_bytes); !asked) {
        return asked.error();
      }
      slow_seconds += seconds_since(begin);
    }
    const double alone_ms = quantile_of(alone[0].millis, 0.5);
    const double beside_ms = quantile_of(beside[0].millis, 0.5);
    good &= beside_ms <= std::max(trial.limit * alone_ms, alone_ms + kScatterMs);
    table.print({{nullptr, "question", -9, question.name}},
                {{"alone_p50_ms", "alone p50", 9, 3, alone_ms},
                 {"alone_p99_ms", "p99", 8, 3, quantile_of(alone[0].millis, 0.99)},
                 {"beside_p50_ms", "beside p50", 10, 3, beside_ms},
                 {"beside_p99_ms", "p99", 8, 3, quantile_of(beside[0].millis, 0.99)},
                 {"ratio", "ratio", 6, 2, ratio_of(beside_ms, alone_ms)},
                 {"slow_mib_per_second", "slow MiB/s", 10, 2,
                  static_cast<double>(slow_bytes) / kBytesPerMebibyte / slow_seconds}});
  }
  return good;
}

}  // namespace

Result<bool> try_wide(const ReadTrialSetting& setting, const Wide& trial) {
  const StoreDirectory directory(setting);
  const fill::FleetOptions dense = dense_fleet(1, kDenseBuckets, 1);
  const MinuteRange hour{{dense.range.end.value - kMinutesPerHour}, dense.range.end};
  fill::FleetOptions sparse = sparse_fleet(trial.series, hour);
  sparse.sparse_rows = trial.rows * kMinutesPerDay / kMinutesPerHour;
  const std::string path =
      directory.store("wide-" + std::to_string(trial.series) + "-" + std::to_string(trial.rows) +
                      (trial.sealed ? "" : "-rows"));
  if (auto made = have_store(path, {dense, sparse}, trial.sealed); !made) return made.error();
  auto daemon = start_daemon(setting, path, {"--seal-interval", "0"});
  if (!daemon) return daemon.error();

  const std::string target = "/stats/minute?" + dates(hour.begin, kMinutesPerHour).substr(1);
  const std::uint64_t rows = std::uint64_t{trial.series} * trial.rows +
                             std::uint64_t{kDenseBuckets} * dense.hosts * kMinutesPerHour;
  const auto growth_mib = stream_all(*daemon, target, rows);
  if (!growth_mib) return growth_mib.error();
  const auto unhindered =
      ask_beside_slow_readers(*daemon, target, questions_about_a_bucket(dense), trial);
  if (!unhindered) return unhindered.error();
  if (auto checked = check_rows(*daemon, target, rows); !checked) return checked.error();
  const bool constant = *growth_mib <= trial.growth_mib;
  std::printf("verdict growth_mib=%.1f limit_mib=%.0f is=%s others=%s\n", *growth_mib,
              trial.growth_mib, constant ? "constant" : "not_constant",
              *unhindered ? "served" : "held_up");
  return constant && *unhindered;
}

}  // namespace minuted::bench
