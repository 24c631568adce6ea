// The trial `wide`: what an event costs when it is the only one of its series and minute, by the
// number of series: the shape of a large fleet whose buckets have an event now and then, so that
// nothing can be added up before it is written. A point has a daemon of its own and two loads, each drawn
// evenly from all series, in which as many events as there are series take a minute: one while the
// series are new, and one, of the time after it, while all are known. Each is counted until it is
// folded, and no flush or compaction is under way. A series is a host of a bucket: a repo has 100
// buckets, and a bucket 10 hosts. The last point is one bucket with 1,000 hosts.
#include <cstdio>
#include <string>

#include "daemon_load.hpp"
#include "figures.hpp"
#include "ingest_trials.hpp"

namespace minuted::bench {
namespace {

struct Shape {
  std::string name;
  std::uint32_t repos;
  std::uint32_t buckets;  // in each
  std::uint32_t hosts;

  std::uint64_t series() const { return std::uint64_t{repos} * buckets * hosts; }
};

struct Point {
  Shape shape;
  Measured fresh;
  Measured known;
};

load::LoadOptions options_of(const Wide& trial, const Shape& shape) {
  load::LoadOptions options;
  options.connections = trial.connections;
  options.bodies.batch_events = trial.batch_events;
  options.events = trial.events;
  options.workload.repos = shape.repos;
  options.workload.buckets_per_repo = shape.buckets;
  options.workload.hosts = shape.hosts;
  options.workload.skew = 0;
  options.workload.span_events = trial.events;
  options.workload.span_ms = static_cast<std::int64_t>(
      static_cast<double>(trial.events) / static_cast<double>(shape.series()) *
      static_cast<double>(kMillisPerMinute));
  options.workload.disorder_ms = 0;
  return options;
}

Result<Measured> push_settled(const DaemonProcess& daemon, const load::LoadOptions& options) {
  auto prepared = load::prepare(options);
  if (!prepared) return prepared.error();
  auto measured = push(daemon, options, *prepared, show_progress, Until::kSettled);
  end_progress();
  if (!measured) return measured.error();
  if (const auto fault = fault_of(measured->load); !fault.empty()) {
    return Error{ErrorCode::kUnavailable, fault};
  }
  if (!measured->drained) {
    return Error{ErrorCode::kUnavailable, "the store was not settled within three minutes"};
  }
  return measured;
}

Result<Point> measure(const TrialSetting& setting, const Wide& trial, const Shape& shape) {
  const auto daemon = start_daemon(setting, {kUnboundedNewSeries});
  if (!daemon) return daemon.error();
  load::LoadOptions options = options_of(trial, shape);
  auto fresh = push_settled(*daemon, options);
  if (!fresh) return fresh.error();
  options.workload.start.value += options.workload.span_ms;
  ++options.workload.seed;
  auto known = push_settled(*daemon, options);
  if (!known) return known.error();
  return Point{shape, std::move(*fresh), std::move(*known)};
}

double us_per_event(const Measured& m) { return m.cpu_seconds_folded / events_of(m) * kMillion; }

void print(Table& table, const Point& point, const Point& first) {
  const auto part = [&](const char* thread) {
    const auto seconds = point.known.usage.cpu_seconds_of.find(thread);
    return seconds == point.known.usage.cpu_seconds_of.end()
               ? 0.0
               : seconds->second / events_of(point.known) * kMillion;
  };
  table.print(
      {{"shape", "shape", -20, point.shape.name}},
      {{"events_per_second_new", "new ev/s", 9, 0, events_per_second_of(point.fresh)},
       {"server_cpu_s_per_million_new", "CPU s/M", 7, 2, us_per_event(point.fresh)},
       {"ack_p99_ms_new", "p99 ms", 7, 0, point.fresh.load.latencies.quantile_ms(0.99)},
       {"events_per_second", "known ev/s", 10, 0, events_per_second_of(point.known)},
       {"server_cpu_s_per_million", "CPU s/M", 7, 2, us_per_event(point.known)},
       {"ack_p99_ms", "p99 ms", 7, 0, point.known.load.latencies.quantile_ms(0.99)},
       {"cpu_ratio", "to first", 8, 2, ratio_of(us_per_event(point.known), us_per_event(first.known))},
       {"keys_per_event", "keys/ev", 7, 3, point.known.keys_per_event},
       {"worker_cpu", "worker", 6, 2, part("worker")},
       {"commit_cpu", "commit", 6, 2, part("commit")},
       {"fold_cpu", "fold", 6, 2, part("fold")},
       {"flush_cpu", "flush", 6, 2, part("rocksdb:high")},
       {"compaction_cpu", "compac", 6, 2, part("rocksdb:low")},
       {"rss_max_mb", "RSS MB", 6, 0, static_cast<double>(point.known.usage.rss_max_bytes) / kMillion},
       {"retries_503", "503s", 4, 0, refusals_of(point.fresh.load) + refusals_of(point.known.load)}});
}

}  // namespace

Result<bool> try_wide(const TrialSetting& setting, const Wide& trial) {
  std::vector<Shape> shapes;
  for (const std::uint64_t series : trial.series) {
    const auto repos = static_cast<std::uint32_t>(series / kWideSeriesPerRepo);
    shapes.push_back({std::to_string(series) + " series", repos, kWideBucketsPerRepo,
                      kWideHostsPerBucket});
  }
  shapes.push_back(
      {std::to_string(kWideSeriesPerRepo) + " hosts, 1 bucket", 1, 1, kWideSeriesPerRepo});
  std::vector<Point> points;
  Table table("point");
  for (const Shape& shape : shapes) {
    auto point = measure(setting, trial, shape);
    if (!point) return point.error();
    points.push_back(std::move(*point));
    print(table, points.back(), points.front());
  }
  const double least = us_per_event(points.front().known);
  const double most = us_per_event(points[trial.series.size() - 1].known);
  const bool is_good = most <= trial.ratio_max * least;
  std::printf("verdict cpu_ratio=%.2f at_most=%.2f is=%s\n", ratio_of(most, least), trial.ratio_max,
              is_good ? "good" : "too_much");
  return is_good;
}

}  // namespace minuted::bench
