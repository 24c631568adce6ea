#include "daemon_load.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace minuted::bench {
namespace {

constexpr auto kDrainMax = std::chrono::seconds(60);
constexpr auto kDrainPoll = std::chrono::milliseconds(50);
constexpr auto kSettleMax = std::chrono::minutes(3);
constexpr auto kQuietFor = std::chrono::seconds(2);
constexpr unsigned kOverloaded = 503;

bool is_compacting(const std::string& metrics) {
  return metric(metrics, "minuted_store_running_flushes") != 0 ||
         metric(metrics, "minuted_store_running_compactions") != 0;
}

// Waits until nothing is left to do, or for too long; returns the metrics of then.
Result<std::string> drain(const DaemonProcess& daemon, Until until, Measured& measured) {
  const auto begin = std::chrono::steady_clock::now();
  const auto wait_max = until == Until::kFolded ? std::chrono::seconds(kDrainMax)
                                                : std::chrono::seconds(kSettleMax);
  auto busy_at = begin;
  for (;;) {
    auto metrics = daemon.metrics();
    if (!metrics) return metrics.error();
    const auto now = std::chrono::steady_clock::now();
    const bool is_folded = metric(*metrics, "minuted_fold_pending_chunks") == 0;
    if (!is_folded || is_compacting(*metrics)) busy_at = now;
    measured.drained = is_folded && (until == Until::kFolded || now - busy_at >= kQuietFor);
    measured.drain_seconds = std::chrono::duration<double>(now - begin).count();
    if (measured.drained || now - begin >= wait_max) return metrics;
    std::this_thread::sleep_for(kDrainPoll);
  }
}

void subtract(ProcessUsage& usage, const ProcessUsage& before) {
  usage.cpu_seconds -= before.cpu_seconds;
  usage.disk_bytes_written -= before.disk_bytes_written;
  for (auto& [name, seconds] : usage.cpu_seconds_of) {
    const auto used = before.cpu_seconds_of.find(name);
    if (used != before.cpu_seconds_of.end()) seconds -= used->second;
  }
}

}  // namespace

Result<Measured> push(const DaemonProcess& daemon, load::LoadOptions options,
                      load::PreparedLoad& prepared, const load::OnProgress& on_progress,
                      Until until) {
  options.port = daemon.port();
  const auto metrics_before = daemon.metrics();
  if (!metrics_before) return metrics_before.error();
  const auto before = daemon.usage();
  if (!before) return before.error();

  auto result = load::run(options, prepared, on_progress);
  if (!result) return result.error();
  const auto after = daemon.usage();
  if (!after) return after.error();
  Measured measured;
  measured.load = std::move(*result);
  const auto metrics = drain(daemon, until, measured);
  if (!metrics) return metrics.error();
  const auto folded = daemon.usage();
  if (!folded) return folded.error();

  measured.cpu_seconds = after->cpu_seconds - before->cpu_seconds;
  measured.usage = *folded;
  subtract(measured.usage, *before);
  measured.cpu_seconds_folded = measured.usage.cpu_seconds;
  const auto grown = [&](const char* name) {
    return metric(*metrics, name) - metric(*metrics_before, name);
  };
  measured.keys = grown("minuted_commit_chunks_total");
  measured.keys_per_event = ratio_of(measured.keys, grown("minuted_commit_events_total"));
  measured.batches_per_sync = ratio_of(grown("minuted_commit_batches_per_sync_sum"),
                                       grown("minuted_commit_batches_per_sync_count"));
  return measured;
}

double events_of(const Measured& measured) {
  return std::max(1.0, static_cast<double>(measured.load.events_accepted));
}

double events_per_second_of(const Measured& measured) {
  return events_of(measured) / std::max(measured.load.seconds, 1e-9);
}

double refusals_of(const load::LoadResult& result) {
  const auto retries = result.retries.find(kOverloaded);
  return retries == result.retries.end() ? 0.0 : static_cast<double>(retries->second);
}

std::string fault_of(const load::LoadResult& result) {
  if (result.complete()) return {};
  return "not every batch was acknowledged whole; " + result.first_refusal;
}

Figures figures_of(const Measured& m) {
  const double events = events_of(m);
  const double seconds = std::max(m.load.seconds, 1e-9);
  // The parts of server_cpu_s_per_million_folded.
  const auto per_million = [&](const char* thread) {
    const auto seconds_of = m.usage.cpu_seconds_of.find(thread);
    const bool known = seconds_of != m.usage.cpu_seconds_of.end();
    return known ? seconds_of->second / events * kMillion : 0.0;
  };
  return {
      {"events_per_second", "events/s", 10, 0, events / seconds},
      {"mb_per_second", "MB/s", 7, 1, static_cast<double>(m.load.plain_bytes) / kMillion / seconds},
      {"server_cpu_s_per_million", "CPU s/M", 8, 2, m.cpu_seconds / events * kMillion},
      {"server_cpu_s_per_million_folded", "+folds", 7, 2, m.cpu_seconds_folded / events * kMillion},
      {"client_cpu_s_per_million", "client", 7, 2, m.load.client_cpu_seconds / events * kMillion},
      {"ack_p50_ms", "p50 ms", 8, 2, m.load.latencies.quantile_ms(0.5)},
      {"ack_p99_ms", "p99 ms", 8, 2, m.load.latencies.quantile_ms(0.99)},
      {"ack_max_ms", "max ms", 9, 2, m.load.latencies.max_ms()},
      {"rss_max_mb", "RSS MB", 7, 0, static_cast<double>(m.usage.rss_max_bytes) / kMillion},
      {"disk_bytes_per_event", "disk B/ev", 9, 1,
       static_cast<double>(m.usage.disk_bytes_written) / events},
      {"keys_per_event", "keys/ev", 8, 3, m.keys_per_event},
      {"batches_per_sync", "batch/sync", 10, 2, m.batches_per_sync},
      {"retries_503", "503s", 6, 0, refusals_of(m.load)},
      {"drain_seconds", "drain s", 8, 1, m.drain_seconds},
      {"http_cpu", "http", 6, 2, per_million("http")},
      {"worker_cpu", "worker", 6, 2, per_million("worker")},
      {"commit_cpu", "commit", 6, 2, per_million("commit")},
      {"fold_cpu", "fold", 6, 2, per_million("fold")},
      {"flush_cpu", "flush", 6, 2, per_million("rocksdb:high")},
      {"compaction_cpu", "compac", 6, 2, per_million("rocksdb:low")},
      {"events", "events", 9, 0, static_cast<double>(m.load.events_accepted)},
      {"seconds", "s", 6, 1, m.load.seconds},
  };
}

}  // namespace minuted::bench
