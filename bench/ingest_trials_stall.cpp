// The trial `stall`: under load, the disk's syncs do not return for some seconds (slow_disk.cpp).
// Nothing may be acknowledged meanwhile, memory stays bounded, the daemon still answers what needs
// no disk; and when syncs return, it goes on, with nothing lost.
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "daemon_load.hpp"
#include "figures.hpp"
#include "ingest_trials.hpp"

namespace minuted::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kCommitted = "minuted_commit_events_total";
// Syncs that were under way when the stall began may still return.
constexpr auto kSettle = std::chrono::milliseconds(200);
constexpr auto kPoll = std::chrono::milliseconds(20);
constexpr auto kRecoveryMax = std::chrono::seconds(30);
// Beyond the stall itself, what an acknowledgement may take.
constexpr double kRecoveryMsMax = 1000;
constexpr double kMillisPerSecond = 1e3;
// The rate is taken over so long; it must be back to that share of what it was, within that time.
constexpr auto kRateWindow = std::chrono::seconds(2);
constexpr double kRateShare = 0.9;
constexpr double kRateBackSecondsMax = 10;

// While it lives, programs started have slow syncs whenever the file exists.
class SlowDisk {
 public:
  explicit SlowDisk(std::string file) : file_(std::move(file)) {
    ::setenv("LD_PRELOAD", MINUTED_SLOW_DISK_LIBRARY, 1);
    ::setenv("MINUTED_SLOW_DISK", file_.c_str(), 1);
  }
  ~SlowDisk() {
    release();
    ::unsetenv("LD_PRELOAD");
    ::unsetenv("MINUTED_SLOW_DISK");
  }
  SlowDisk(const SlowDisk&) = delete;
  SlowDisk& operator=(const SlowDisk&) = delete;
  void stall() { std::ofstream{file_}; }
  void release() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }

 private:
  std::string file_;
};

struct Seen {
  double committed_before = 0;   // events, when the stall had settled
  double committed_during = 0;   // further ones until its end
  double metrics_max_ms = 0;     // the longest answer to GET /metrics meanwhile
  double recovery_ms = 0;        // from its end to the next commit
  double rate_before = 0;        // events committed a second
  double rate_back_seconds = 0;  // from its end to the end of a window with that share of it
};

double millis_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

Result<double> committed(const DaemonProcess& daemon) {
  const auto metrics = daemon.metrics();
  if (!metrics) return metrics.error();
  return metric(*metrics, kCommitted);
}

// Events committed a second, over a window from now.
Result<double> rate_of(const DaemonProcess& daemon) {
  const auto begin = Clock::now();
  const auto before = committed(daemon);
  if (!before) return before.error();
  std::this_thread::sleep_for(kRateWindow);
  const auto after = committed(daemon);
  if (!after) return after.error();
  return (*after - *before) / millis_since(begin) * kMillisPerSecond;
}

// Stalls the disk of a daemon under load, and watches until it commits again, as fast as before.
Result<Seen> stall(const DaemonProcess& daemon, SlowDisk& disk, double seconds) {
  const auto rate_before = rate_of(daemon);
  if (!rate_before) return rate_before.error();
  disk.stall();
  const auto begin = Clock::now();
  std::this_thread::sleep_for(kSettle);
  const auto before = committed(daemon);
  if (!before) return before.error();
  Seen seen;
  seen.committed_before = *before;
  seen.rate_before = *rate_before;
  while (millis_since(begin) < seconds * kMillisPerSecond) {
    const auto asked = Clock::now();
    const auto now = committed(daemon);
    if (!now) return now.error();
    seen.metrics_max_ms = std::max(seen.metrics_max_ms, millis_since(asked));
    seen.committed_during = *now - *before;
    std::this_thread::sleep_for(kPoll);
  }
  disk.release();
  const auto released = Clock::now();
  for (double now = 0; now <= *before + seen.committed_during;) {
    const auto then = committed(daemon);
    if (!then) return then.error();
    now = *then;
    seen.recovery_ms = millis_since(released);
    if (Clock::now() - released > kRecoveryMax) break;
  }
  for (double rate = 0; rate < kRateShare * seen.rate_before;) {
    const auto now = rate_of(daemon);
    if (!now) return now.error();
    rate = *now;
    seen.rate_back_seconds = millis_since(released) / kMillisPerSecond;
    if (seen.rate_back_seconds > kRateBackSecondsMax) break;
  }
  return seen;
}

bool judge(const Stall& trial, const Seen& seen, const load::LoadResult& result, double total,
           const ProcessUsage& usage) {
  const bool lost = static_cast<double>(result.events_accepted) > total;
  Table("stall").print(
      {{"seconds", "stall s", 7, std::to_string(static_cast<int>(trial.seconds))}},
      {{"committed_during", "meanwhile", 9, 0, seen.committed_during},
       {"recovery_ms", "back ms", 8, 1, seen.recovery_ms},
       {"rate_before", "rate", 9, 0, seen.rate_before},
       {"rate_back_seconds", "back s", 7, 1, seen.rate_back_seconds},
       {"metrics_max_ms", "metrics ms", 10, 1, seen.metrics_max_ms},
       {"ack_p50_ms", "p50 ms", 8, 2, result.latencies.quantile_ms(0.5)},
       {"ack_max_ms", "max ms", 9, 1, result.latencies.max_ms()},
       {"accepted_events", "events", 9, 0, static_cast<double>(result.events_accepted)},
       {"committed_events", "committed", 9, 0, total},
       {"retries_503", "503s", 6, 0, refusals_of(result)},
       {"broken", "broken", 6, 0, static_cast<double>(result.broken)},
       {"rss_max_mb", "RSS MB", 7, 0, static_cast<double>(usage.rss_max_bytes) / kMillion}},
      fault_of(result));
  const bool good = seen.committed_during == 0 && seen.recovery_ms <= kRecoveryMsMax &&
                    seen.rate_back_seconds <= kRateBackSecondsMax && !lost && result.complete();
  std::printf("verdict is=%s\n", good ? "survived" : "not_survived");
  return good;
}

}  // namespace

Result<bool> try_stall(const TrialSetting& setting, const Stall& trial) {
  const double seconds_rate = std::chrono::duration<double>(kRateWindow).count();
  load::LoadOptions options = timed_load(trial.seconds_before + seconds_rate + trial.seconds +
                                         kRateBackSecondsMax + 2 * seconds_rate);
  options.connections = trial.connections;
  options.bodies.batch_events = trial.batch_events;
  auto prepared = load::prepare(options);
  if (!prepared) return prepared.error();
  SlowDisk disk(setting.directory + "/minuted-slow-disk-" + std::to_string(::getpid()));
  const auto daemon = start_daemon(setting);
  if (!daemon) return daemon.error();
  options.port = daemon->port();

  std::optional<Result<load::LoadResult>> result;
  std::thread client([&] { result = load::run(options, *prepared, show_progress); });
  std::this_thread::sleep_for(std::chrono::duration<double>(trial.seconds_before));
  const auto seen = stall(*daemon, disk, trial.seconds);
  disk.release();
  client.join();
  end_progress();
  if (!*result) return result->error();
  if (!seen) return seen.error();
  const auto total = committed(*daemon);
  if (!total) return total.error();
  const auto usage = daemon->usage();
  if (!usage) return usage.error();
  return judge(trial, *seen, **result, *total, *usage);
}

}  // namespace minuted::bench
