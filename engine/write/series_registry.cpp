#include "write/series_registry.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "minuted/event.hpp"
#include "schema/keys.hpp"
#include "write/leaving_hosts.hpp"

namespace minuted {
namespace {

// The catalog is told of so many series ahead of the one that is looked up.
constexpr std::size_t kSeriesAhead = 8;
// What one call of drop() writes, about: nodes take the days of their heartbeats with them.
constexpr std::size_t kDropBytesMax = 4U << 20;

}  // namespace

Result<void> SeriesRegistry::open() {
  if (auto opened = catalog_.open(); !opened) return opened;
  limiter_.set_total(catalog_.total());
  counters_.series_total = catalog_.total();
  for (const auto& [repo, max] : options_.series.repo_total_max) {
    const auto count = catalog_.count_of_repo(repo);
    if (!count) return count.error();
    limiter_.set_repo_total(repo, *count);
  }
  return {};
}

std::vector<SeriesCatalog::Name> SeriesRegistry::names_of(const EventBatch& batch) const {
  std::vector<SeriesCatalog::Name> names;
  for (const auto& [prefix, host] : batch.series()) names.push_back(catalog_.name(prefix, host));
  return names;
}

Result<bool> SeriesRegistry::admit(Append& append, WriteSet& set) {
  const std::vector<SeriesCatalog::Name>& series = append.series;
  new_places_.clear();
  rejected_places_.clear();
  limiter_.begin();
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (i + kSeriesAhead < series.size()) catalog_.expect(series[i + kSeriesAhead]);
    const auto known = catalog_.knows(series[i]);
    if (!known) {
      on_failure_(known.error());
      return known.error();
    }
    if (*known) continue;
    const bool may_be = limiter_.reserve(split_pair(series[i].prefix)->repo);
    (may_be ? new_places_ : rejected_places_).push_back(i);
  }
  if (append.request.strict && (append.request.rejected != 0 || !rejected_places_.empty())) {
    return reject_strict(append.request);
  }
  if (const auto bound = limiter_.admit(options_.clock->steady_ms())) {
    ++counters_.rate_limited;
    return Error{ErrorCode::kTooManyNewSeries, *bound + "; send the batch again later"};
  }
  for (const std::size_t i : new_places_) catalog_.add(series[i], set);
  counters_.series += new_places_.size();
  counters_.series_total = catalog_.total();
  if (rejected_places_.empty()) return false;
  reject_events(append.request);
  return true;
}

// Why the first kReceiptErrorsMax events of the rejected series are rejected, ascending by index.
std::vector<EventError> SeriesRegistry::errors_of_rejected(const EventBatch& batch) const {
  const std::vector<EventBatch::Series> series = batch.series();
  std::set<std::pair<std::string_view, std::string_view>> rejected;
  for (const std::size_t place : rejected_places_) {
    rejected.emplace(series[place].prefix, series[place].host);
  }
  struct Event {
    std::uint32_t index;
    std::string_view prefix;
    std::string_view host;
  };
  std::vector<Event> events;
  for (const EventBatch::Group& group : batch.groups()) {
    for (const EventBatch::Row& row : group.rows) {
      const std::string_view host = batch.host(row.host);
      if (rejected.contains({group.prefix, host})) events.push_back({row.index, group.prefix, host});
    }
  }
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.index < b.index; });
  if (events.size() > kReceiptErrorsMax) events.resize(kReceiptErrorsMax);
  std::vector<EventError> errors;
  for (const Event& event : events) {
    const auto pair = split_pair(event.prefix);
    errors.push_back({event.index, "host",
                      "host " + shorten(event.host) + " of repo " + shorten(pair->repo) +
                          " and bucket " + shorten(pair->bucket) + " would be a new series, and " +
                          limiter_.bound_of(pair->repo) +
                          "; delete repos that are not needed any more, or raise the limit"});
  }
  return errors;
}

void SeriesRegistry::reject_events(AppendRequest& request) {
  std::vector<EventError> errors = errors_of_rejected(request.batch);
  const std::vector<std::uint32_t> indexes = request.batch.remove_series(rejected_places_);
  counters_.events_over_series_max += indexes.size();
  request.rejected += indexes.size();
  std::move(errors.begin(), errors.end(), std::back_inserter(request.errors));
  std::sort(request.errors.begin(), request.errors.end(),
            [](const EventError& a, const EventError& b) { return a.index < b.index; });
  if (request.errors.size() > kReceiptErrorsMax) request.errors.resize(kReceiptErrorsMax);
}

// The series reserved for it are let go by the next batch's SeriesLimiter::begin().
Error SeriesRegistry::reject_strict(AppendRequest& request) {
  if (!rejected_places_.empty()) reject_events(request);
  const EventError first = request.errors.empty() ? EventError{} : request.errors.front();
  return {ErrorCode::kEventRejected, strict_rejection(request.rejected, first)};
}

// The records of the pair's series that are to go, and whether it has any that stay.
Result<SeriesRegistry::Known> SeriesRegistry::find(const View& view,
                                                   const SeriesToDrop::Pair& pair) {
  Known known;
  const std::string prefix = series_key(pair.prefix, {});
  const auto series = view.cursor(Family::kCatalog, prefix, after_prefix(prefix));
  for (const std::string& host : pair.hosts) {
    const std::string key = series_key(pair.prefix, host);
    if (series->valid() && series->key() < key) {
      known.has_others = true;
      series->seek(key);
    }
    if (!series->valid() || series->key() != key) continue;
    known.keys.push_back(key);
    series->next();
  }
  known.has_others |= series->valid();
  if (auto status = series->status(); !status) return status.error();
  return known;
}

// The index of a bucket's repos loses the pair with its last series, unless it has a total.
Result<SeriesDropped> SeriesRegistry::drop(const SeriesToDrop& request, const RawTable& table,
                                           NodeBook& nodes) {
  const auto view = store_.view();
  WriteSet set(store_);
  LeavingHosts leaving;
  SeriesDropped dropped;
  for (const SeriesToDrop::Pair& pair : request.pairs) {
    if (set.bytes() >= kDropBytesMax) break;
    ++dropped.pairs;
    if (table.may_have_since(pair.prefix, request.folded_generations)) continue;
    const auto known = find(*view, pair);
    if (!known) return known.error();
    bool is_kept = known->has_others;
    if (!is_kept && !known->keys.empty()) {
      const auto total = view->get(Family::kTotal, pair.prefix);
      if (!total) return total.error();
      is_kept = total->has_value();
    }
    for (const std::string& key : known->keys) {
      catalog_.remove(key, !is_kept && key == known->keys.back(), set);
    }
    auto ended = leaving.add(*view, pair.prefix, known->keys, nodes, set);
    if (!ended) return ended.error();
    dropped.series += known->keys.size();
  }
  if (dropped.series == 0) return dropped;
  catalog_.finish(set);
  if (auto written = store_.write(set, Durability::kBuffered); !written) {
    on_failure_(written.error());
    return written.error();
  }
  catalog_.written();
  count_again();
  return dropped;
}

void SeriesRegistry::count_again() {
  limiter_.set_total(catalog_.total());
  counters_.series_total = catalog_.total();
  for (const auto& [repo, max] : options_.series.repo_total_max) {
    if (const auto count = catalog_.count_of_repo(repo)) limiter_.set_repo_total(repo, *count);
  }
}

}  // namespace minuted
