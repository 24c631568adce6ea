// The trial `curve`: what events cost by the number of series in the store and of minutes that are
// open at a time. A point has a daemon of its own and three loads of as many events: one in which
// most series are new; the same events again, which are the point's figures; and one whose events
// are all of one series and minute, so that a batch is one key. The last two tell apart what an
// event and what a key costs: cpu = per_event × events + per_key × keys, twice. What a batch costs
// is in the cost of its events.
#include <algorithm>
#include <cmath>
#include <optional>

#include "daemon_load.hpp"
#include "figures.hpp"
#include "ingest_trials.hpp"

namespace minuted::bench {
namespace {

constexpr std::uint32_t kBucketsPerRepo = 5;
// A round through all open minutes takes so many events, a prime: no batch falls in step with it.
constexpr std::uint64_t kRoundEvents = 997;
// With fewer keys an event between the two loads, their costs cannot be told apart.
constexpr double kKeysApartMin = 0.05;

struct Split {
  double us_per_event;
  double us_per_key;
};

struct Point {
  std::uint64_t series;
  std::uint64_t minutes;
  Measured first;  // series are new
  Measured again;
  Measured alike;
};

load::LoadOptions options_of(const Curve& trial, std::uint64_t series, std::uint64_t minutes) {
  load::LoadOptions options;
  options.connections = trial.connections;
  options.bodies.batch_events = trial.batch_events;
  options.events = trial.events;
  const bool even = series % kBucketsPerRepo == 0;
  options.workload.buckets_per_repo = even ? kBucketsPerRepo : 1;
  options.workload.repos = static_cast<std::uint32_t>(series / options.workload.buckets_per_repo);
  options.workload.hosts = 1;  // a series a bucket
  options.workload.skew = 0;
  options.workload.span_events = kRoundEvents;
  options.workload.span_ms = static_cast<std::int64_t>(minutes) * kMillisPerMinute;
  options.workload.disorder_ms = 0;
  return options;
}

Result<Measured> push_whole(const DaemonProcess& daemon, const load::LoadOptions& options,
                            load::PreparedLoad& prepared) {
  auto measured = push(daemon, options, prepared, show_progress);
  end_progress();
  if (!measured) return measured.error();
  if (const auto fault = fault_of(measured->load); !fault.empty()) {
    return Error{ErrorCode::kUnavailable, fault};
  }
  if (!measured->drained) {
    return Error{ErrorCode::kUnavailable, "what a load left to fold took too long to compare"};
  }
  return measured;
}

Result<Point> measure(const TrialSetting& setting, const Curve& trial, std::uint64_t series,
                      std::uint64_t minutes) {
  load::LoadOptions options = options_of(trial, series, minutes);
  auto prepared = load::prepare(options);
  if (!prepared) return prepared.error();
  const auto daemon = start_daemon(setting, {kUnboundedNewSeries});
  if (!daemon) return daemon.error();
  auto first = push_whole(*daemon, options, *prepared);
  if (!first) return first.error();
  auto again = push_whole(*daemon, options, *prepared);
  if (!again) return again.error();
  options = options_of(trial, 1, 1);
  prepared = load::prepare(options);
  if (!prepared) return prepared.error();
  auto alike = push_whole(*daemon, options, *prepared);
  if (!alike) return alike.error();
  return Point{series, minutes, std::move(*first), std::move(*again), std::move(*alike)};
}

double us_per_event(const Measured& m) { return m.cpu_seconds_folded / events_of(m) * kMillion; }

double rss_mb(const Point& point) {
  return static_cast<double>(point.alike.usage.rss_max_bytes) / kMillion;
}

// nullopt where both loads have the same keys, as with one series.
std::optional<Split> split(const Point& point) {
  const double keys_apart = point.again.keys_per_event - point.alike.keys_per_event;
  if (std::abs(keys_apart) < kKeysApartMin) return std::nullopt;
  const double us_per_key = (us_per_event(point.again) - us_per_event(point.alike)) / keys_apart;
  return Split{us_per_event(point.again) - us_per_key * point.again.keys_per_event, us_per_key};
}

std::vector<Label> labels_of(const Point& point) {
  return {{"series", "series", 8, std::to_string(point.series)},
          {"minutes", "minutes", 7, std::to_string(point.minutes)}};
}

void print(Table& table, const Point& point) {
  const std::optional<Split> costs = split(point);
  table.print(labels_of(point),
              {{"events_per_second", "events/s", 10, 0, events_per_second_of(point.again)},
               {"server_cpu_s_per_million", "CPU s/M", 8, 2, us_per_event(point.again)},
               {"server_cpu_s_per_million_new", "new", 8, 2, us_per_event(point.first)},
               {"server_cpu_s_per_million_alike", "alike", 8, 2, us_per_event(point.alike)},
               {"keys_per_event", "keys/ev", 8, 3, point.again.keys_per_event},
               {"keys_per_event_alike", "alike", 8, 3, point.alike.keys_per_event},
               {"cpu_us_per_key_all", "us/key", 8, 2,
                ratio_of(point.again.cpu_seconds_folded * kMillion, point.again.keys)},
               {"split_us_per_event", "of event", 8, 2, costs ? costs->us_per_event : 0},
               {"split_us_per_key", "of key", 8, 2, costs ? costs->us_per_key : 0},
               {"rss_max_mb", "RSS MB", 7, 0, rss_mb(point)},
               {"retries_503", "503s", 6, 0, refusals_of(point.again.load)}},
              costs ? "" : "no_split");
}

void print_ratios(const std::vector<Point>& points) {
  double cpu_least = us_per_event(points[0].again);
  double rss_least = rss_mb(points[0]);
  for (const Point& point : points) {
    cpu_least = std::min(cpu_least, us_per_event(point.again));
    rss_least = std::min(rss_least, rss_mb(point));
  }
  Table table("to_least");
  for (const Point& point : points) {
    table.print(
        labels_of(point),
        {{"cpu_ratio", "CPU, to the least", 17, 2, ratio_of(us_per_event(point.again), cpu_least)},
         {"rss_ratio", "RSS, to the least", 17, 2, ratio_of(rss_mb(point), rss_least)}});
  }
}

}  // namespace

Result<bool> try_curve(const TrialSetting& setting, const Curve& trial) {
  std::vector<Point> points;
  Table table("point");
  for (const std::uint64_t series : trial.series) {
    for (const std::uint64_t minutes : trial.minutes) {
      auto point = measure(setting, trial, series, minutes);
      if (!point) return point.error();
      print(table, *point);
      points.push_back(std::move(*point));
    }
  }
  print_ratios(points);
  return true;
}

}  // namespace minuted::bench
