// The trial `isolation`: a client that sends all it can over many connections, and beside it one
// with a batch of 100 events a second, whose every batch must be acknowledged, and soon.
#include <cstdio>
#include <optional>
#include <thread>

#include "daemon_load.hpp"
#include "figures.hpp"
#include "ingest_trials.hpp"

namespace minuted::bench {
namespace {

constexpr std::uint64_t kSmallBatchEvents = 100;
constexpr auto kHeadStart = std::chrono::seconds(1);  // of the large client
constexpr double kLargeSecondsMore = 3;               // it outlasts the small one

void print_client(Table& table, const char* name, const load::LoadResult& result) {
  table.print({{"name", "client", -7, name}},
              {{"batches", "batches", 9, 0, static_cast<double>(result.batches)},
               {"events_per_second", "events/s", 10, 0,
                ratio_of(static_cast<double>(result.events_accepted), result.seconds)},
               {"ack_p50_ms", "p50 ms", 8, 2, result.latencies.quantile_ms(0.5)},
               {"ack_p99_ms", "p99 ms", 8, 2, result.latencies.quantile_ms(0.99)},
               {"ack_max_ms", "max ms", 9, 2, result.latencies.max_ms()},
               {"retries_503", "503s", 6, 0, refusals_of(result)},
               {"broken", "broken", 6, 0, static_cast<double>(result.broken)}},
              fault_of(result));
}

load::LoadOptions small_options(const Isolation& trial) {
  load::LoadOptions options;
  options.connections = 1;
  options.bodies.batch_events = kSmallBatchEvents;
  options.rate = kSmallBatchEvents;
  options.events = static_cast<std::uint64_t>(trial.seconds) * kSmallBatchEvents;
  options.workload.live = true;
  options.workload.seed = 2;
  return options;
}

load::LoadOptions large_options(const Isolation& trial) {
  load::LoadOptions options = timed_load(trial.seconds + kLargeSecondsMore);
  options.connections = trial.connections;
  options.bodies.batch_events = trial.batch_events;
  options.workload.live = true;
  return options;
}

}  // namespace

Result<bool> try_isolation(const TrialSetting& setting, const Isolation& trial) {
  load::LoadOptions large = large_options(trial);
  load::LoadOptions small = small_options(trial);
  auto large_prepared = load::prepare(large);
  if (!large_prepared) return large_prepared.error();
  auto small_prepared = load::prepare(small);
  if (!small_prepared) return small_prepared.error();
  const auto daemon = start_daemon(setting);
  if (!daemon) return daemon.error();
  large.port = small.port = daemon->port();

  std::optional<Result<load::LoadResult>> large_result;
  std::thread large_client([&] { large_result = load::run(large, *large_prepared); });
  std::this_thread::sleep_for(kHeadStart);
  const auto small_result = load::run(small, *small_prepared, show_progress);
  end_progress();
  large_client.join();
  if (!small_result) return small_result.error();
  if (!*large_result) return large_result->error();

  Table table("client");
  print_client(table, "large", **large_result);
  print_client(table, "small", *small_result);
  const std::uint64_t lost = small_prepared->batches - small_result->batches;
  const double p99_ms = small_result->latencies.quantile_ms(0.99);
  const bool good = lost == 0 && small_result->complete() && p99_ms <= trial.p99_ms_max;
  std::printf("verdict lost_batches=%llu p99_ms=%.2f limit_ms=%.0f is=%s\n",
              static_cast<unsigned long long>(lost), p99_ms, trial.p99_ms_max,
              good ? "served" : "not_served");
  return good;
}

}  // namespace minuted::bench
