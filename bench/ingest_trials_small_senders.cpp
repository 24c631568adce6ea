// The trial `small-senders`: many connections that are kept, with an event a second on each,
// against the same events in the same time as batches of 1,000 on one. What an event costs so much
// more is its request, its key and its share of a commit.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "daemon_load.hpp"
#include "figures.hpp"
#include "ingest_trials.hpp"

namespace minuted::bench {
namespace {

constexpr std::uint64_t kLargeBatchEvents = 1000;
// Descriptors besides a socket a sender.
constexpr rlim_t kFurtherFiles = 64;

// The load's sockets are of this process, and the soft limit is 1024 on most systems. The daemon
// has its own way to do this.
Result<void> allow_open_files(rlim_t files) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= files) return {};
  limit.rlim_cur = std::min(files, limit.rlim_max);
  if (limit.rlim_cur == files && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  return Error{ErrorCode::kInvalidArgument, std::to_string(files) +
                                                " open files are not allowed; raise `ulimit -n` or "
                                                "take fewer --senders"};
}

Result<Measured> measure(const TrialSetting& setting, const SmallSenders& trial,
                         std::uint32_t connections, std::uint64_t batch_events) {
  load::LoadOptions options;
  options.connections = connections;
  options.bodies.batch_events = batch_events;
  // An idle connection waits behind all others for its next batch: each has one a second.
  options.rate = trial.senders;
  options.events = static_cast<std::uint64_t>(trial.senders * trial.seconds);
  options.workload.live = true;
  auto prepared = load::prepare(options);
  if (!prepared) return prepared.error();
  const auto daemon =
      start_daemon(setting, {"--connections-max", std::to_string(connections + kFurtherFiles)});
  if (!daemon) return daemon.error();
  auto measured = push(*daemon, options, *prepared, show_progress);
  end_progress();
  return measured;
}

double cpu_us_per_event(const Measured& m) {
  return m.cpu_seconds_folded / events_of(m) * kMillion;
}

void print(Table& table, const Measured& m, std::uint32_t connections, std::uint64_t batch_events) {
  table.print(
      {{"connections", "conns", 6, std::to_string(connections)},
       {"batch", "batch", 6, std::to_string(batch_events)}},
      {{"events", "events", 9, 0, static_cast<double>(m.load.events_accepted)},
       {"events_per_second", "events/s", 9, 0, events_per_second_of(m)},
       {"cpu_us_per_event", "CPU us/ev", 9, 2, cpu_us_per_event(m)},
       {"ack_p50_ms", "p50 ms", 8, 2, m.load.latencies.quantile_ms(0.5)},
       {"ack_p99_ms", "p99 ms", 8, 2, m.load.latencies.quantile_ms(0.99)},
       {"ack_max_ms", "max ms", 9, 2, m.load.latencies.max_ms()},
       {"keys_per_event", "keys/ev", 8, 3, m.keys_per_event},
       {"batches_per_sync", "batch/sync", 10, 2, m.batches_per_sync},
       {"rss_max_mb", "RSS MB", 7, 0, static_cast<double>(m.usage.rss_max_bytes) / kMillion},
       {"retries_503", "503s", 6, 0, refusals_of(m.load)}},
      fault_of(m.load));
}

}  // namespace

Result<bool> try_small_senders(const TrialSetting& setting, const SmallSenders& trial) {
  if (const auto allowed = allow_open_files(trial.senders + kFurtherFiles); !allowed) {
    return allowed.error();
  }
  const auto small = measure(setting, trial, trial.senders, 1);
  if (!small) return small.error();
  Table table("load");
  print(table, *small, trial.senders, 1);
  const auto large = measure(setting, trial, 1, kLargeBatchEvents);
  if (!large) return large.error();
  print(table, *large, 1, kLargeBatchEvents);
  std::printf("verdict cpu_per_event_ratio=%.1f\n",
              ratio_of(cpu_us_per_event(*small), cpu_us_per_event(*large)));
  return small->load.complete() && large->load.complete();
}

}  // namespace minuted::bench
