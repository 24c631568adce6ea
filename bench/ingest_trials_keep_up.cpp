// The trial `keep-up`: first as fast as it goes, to know the maximum; then, on a new daemon,
// batches due at even times at a share of it, for long. What waits to be folded, how old it is,
// memory and acknowledgements are watched each second: none may be worse at the end than at the
// beginning.
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <stop_token>
#include <thread>

#include "daemon_load.hpp"
#include "figures.hpp"
#include "ingest_trials.hpp"

namespace minuted::bench {
namespace {

constexpr std::size_t kWindows = 10;
constexpr auto kSampleEvery = std::chrono::seconds(1);
// Drifting is what is that much more in the last third than in the first, and more by this:
constexpr double kDriftRatio = 1.5;
constexpr double kDriftBytes = 4 << 20;
constexpr double kDriftMs = 2;

struct Sample {
  double pending_bytes;
  double lag_seconds;
  double rss_bytes;
};

// What was acknowledged in one second.
struct Second {
  std::uint64_t events;
  load::Latencies latencies;
};

// Looks at the daemon once a second until it is stopped. Its samples may be read after that.
class Sampler {
 public:
  explicit Sampler(const DaemonProcess& daemon)
      : thread_([this, &daemon](const std::stop_token& stop) { sample(daemon, stop); }) {}
  const std::vector<Sample>& stop() {
    thread_.request_stop();
    thread_.join();
    return samples_;
  }

 private:
  void sample(const DaemonProcess& daemon, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      never.wait_for(lock, stop, kSampleEvery, [] { return false; });
      const auto metrics = daemon.metrics();
      const auto usage = daemon.usage();
      if (!metrics || !usage) return;  // the load will say why
      samples_.push_back({metric(*metrics, "minuted_fold_pending_bytes"),
                          metric(*metrics, "minuted_fold_lag_seconds"),
                          static_cast<double>(usage->rss_bytes)});
    }
  }

  std::vector<Sample> samples_;  // of the thread until it is joined
  std::jthread thread_;
};

load::LoadOptions options_of(const KeepUp& trial, double seconds) {
  load::LoadOptions options = timed_load(seconds);
  options.connections = trial.connections;
  options.bodies.batch_events = trial.batch_events;
  options.workload.live = true;
  if (trial.series != 0) {
    options.workload.repos =
        static_cast<std::uint32_t>(std::max<std::uint64_t>(1, trial.series / kWideSeriesPerRepo));
    options.workload.buckets_per_repo = kWideBucketsPerRepo;
    options.workload.hosts = kWideHostsPerBucket;
    options.workload.skew = 0;
  }
  return options;
}

Result<double> full_speed(const TrialSetting& setting, const KeepUp& trial) {
  const load::LoadOptions options = options_of(trial, trial.full_seconds);
  auto prepared = load::prepare(options);
  if (!prepared) return prepared.error();
  const auto daemon = start_daemon(setting, {kUnboundedNewSeries});
  if (!daemon) return daemon.error();
  const auto measured = push(*daemon, options, *prepared, show_progress);
  end_progress();
  if (!measured) return measured.error();
  if (const auto fault = fault_of(measured->load); !fault.empty()) {
    return Error{ErrorCode::kUnavailable, fault};
  }
  return events_per_second_of(*measured);
}

// The part `number` of `parts` of a list, as a half-open range of indexes.
template <class T>
std::vector<T> part_of(const std::vector<T>& list, std::size_t number, std::size_t parts) {
  const auto at = [&](std::size_t n) {
    return list.begin() + static_cast<std::ptrdiff_t>(list.size() * n / parts);
  };
  return {at(number), at(number + 1)};
}

load::Latencies latencies_of(const std::vector<Second>& seconds) {
  load::Latencies all;
  for (const Second& second : seconds) all.merge(second.latencies);
  return all;
}

// The middle one of the seconds' p99: one pause of the machine is not a drift.
double p99_ms_of(const std::vector<Second>& seconds) {
  std::vector<double> each;
  for (const Second& second : seconds) each.push_back(second.latencies.quantile_ms(0.99));
  return each.empty() ? 0 : median_of(std::move(each));
}

double mean_of(const std::vector<Sample>& samples, double Sample::*value) {
  double sum = 0;
  for (const Sample& sample : samples) sum += sample.*value;
  return ratio_of(sum, static_cast<double>(samples.size()));
}

double most_of(const std::vector<Sample>& samples, double Sample::*value) {
  double most = 0;
  for (const Sample& sample : samples) most = std::max(most, sample.*value);
  return most;
}

void print_windows(const std::vector<Sample>& samples, const std::vector<Second>& seconds) {
  Table table("window");
  const std::size_t windows = std::min({kWindows, samples.size(), seconds.size()});
  for (std::size_t n = 0; n < windows; ++n) {
    const auto seen = part_of(samples, n, windows);
    const auto acknowledged = part_of(seconds, n, windows);
    const load::Latencies latencies = latencies_of(acknowledged);
    double events = 0;
    for (const Second& second : acknowledged) events += static_cast<double>(second.events);
    table.print(
        {{"number", "window", 6, std::to_string(n + 1)}},
        {{"events_per_second", "events/s", 10, 0,
          ratio_of(events, static_cast<double>(acknowledged.size()))},
         {"ack_p50_ms", "p50 ms", 8, 2, latencies.quantile_ms(0.5)},
         {"ack_p99_ms", "p99 ms", 8, 2, latencies.quantile_ms(0.99)},
         {"ack_max_ms", "max ms", 9, 2, latencies.max_ms()},
         {"pending_mb", "pending MB", 10, 2, mean_of(seen, &Sample::pending_bytes) / kMillion},
         {"pending_max_mb", "most", 8, 2, most_of(seen, &Sample::pending_bytes) / kMillion},
         {"fold_lag_max_s", "lag s", 7, 1, most_of(seen, &Sample::lag_seconds)},
         {"rss_max_mb", "RSS MB", 7, 0, most_of(seen, &Sample::rss_bytes) / kMillion}});
  }
}

// One line; whether it is flat.
bool judge(const char* what, double first, double last, double slack, const char* unit) {
  const bool flat = last <= std::max(first * kDriftRatio, first + slack);
  std::printf("verdict what=%s first_third_%s=%.2f last_third_%s=%.2f is=%s\n", what, unit, first,
              unit, last, flat ? "flat" : "drifting");
  return flat;
}

}  // namespace

Result<bool> try_keep_up(const TrialSetting& setting, const KeepUp& trial) {
  const auto full = full_speed(setting, trial);
  if (!full) return full.error();
  load::LoadOptions options = options_of(trial, trial.seconds);
  options.rate = static_cast<std::uint64_t>(std::max(1.0, *full * trial.share));
  std::printf("full_events_per_second=%.0f share=%.2f due_events_per_second=%llu\n", *full,
              trial.share, static_cast<unsigned long long>(options.rate));
  std::fflush(stdout);
  auto prepared = load::prepare(options);
  if (!prepared) return prepared.error();
  const auto daemon = start_daemon(setting, {kUnboundedNewSeries});
  if (!daemon) return daemon.error();

  std::vector<Second> seconds;
  std::uint64_t before = 0;
  Sampler sampler(*daemon);
  options.port = daemon->port();
  const auto result = load::run(options, *prepared, [&](const load::Progress& progress) {
    seconds.push_back({progress.events_accepted - before, progress.lately});
    before = progress.events_accepted;
    show_progress(progress);
  });
  const std::vector<Sample>& samples = sampler.stop();
  end_progress();
  if (!result) return result.error();
  print_windows(samples, seconds);
  const auto pending = [&](std::size_t third) {
    return mean_of(part_of(samples, third, 3), &Sample::pending_bytes);
  };
  const auto p99 = [&](std::size_t third) { return p99_ms_of(part_of(seconds, third, 3)); };
  bool good = judge("pending", pending(0), pending(2), kDriftBytes, "bytes");
  good &= judge("ack_p99", p99(0), p99(2), kDriftMs, "ms");
  const std::string fault = fault_of(*result);
  std::printf("load accepted_events=%llu retries_503=%.0f abandoned_batches=%llu%s%s\n",
              static_cast<unsigned long long>(result->events_accepted), refusals_of(*result),
              static_cast<unsigned long long>(result->abandoned),
              fault.empty() ? "" : " fault=", fault.c_str());
  return good && fault.empty();
}

}  // namespace minuted::bench
