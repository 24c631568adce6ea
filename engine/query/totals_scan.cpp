#include "query/totals_scan.hpp"

#include <algorithm>

#include "query/planner.hpp"
#include "query/repo_walk.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// Reading the clock at every step would cost more than the step.
constexpr std::uint32_t kStepsPerClockCheck = 64;

// What a scan takes beside what it decodes: iterators, and the blocks that they pin.
constexpr std::size_t kScanBytes = 96U << 10;
constexpr MinuteRange kAllMinutes{{0}, {kMinuteMax.value + 1}};

void make_set(std::vector<std::string>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

Error corrupt(std::string_view what, std::string_view key) {
  return {ErrorCode::kCorruption, std::string(what) + " cannot be read: " + shorten(key)};
}

}  // namespace

TotalsScan::TotalsScan(RawView view, const FoldMark& mark, const TotalsQuery& query,
                       const Options& options, ReadCounters& counters)
    : share_(counters.memory),
      view_(std::move(view.store)),
      raw_(view.generations.empty()
               ? nullptr
               : std::make_unique<RawCursor>(std::move(view.generations), view.last_commit, mark)),
      query_(query),
      counters_(counters),
      deadline_(*options.clock, options.lifetime_ms, kStepsPerClockCheck, counters, view.began) {
  make_set(query_.ids);
  make_set(query_.repos);
  if (query_.by == TotalsQuery::By::kBucket) {
    buckets_ = std::make_unique<BucketWalk>(*view_, query_.repos, query_.ids,
                                            [this] { return deadline_.check(); });
  } else if (query_.ids.empty() && !query_.repos.empty()) {
    query_.ids = query_.repos;
  } else if (query_.ids.empty()) {
    known_ = view_->cursor(Family::kCatalog, series_key({}, {}), series_end());
    std::string first = repo_key(kAllRepos, RepoSpan::kTotal, {0});
    first.push_back('\0');  // behind the sum of all repos
    counted_ = view_->cursor(Family::kRepo, first, repo_span_end(RepoSpan::kTotal));
  }
  ++counters_.queries;
  ++counters_.open;
}

TotalsScan::~TotalsScan() { --counters_.open; }

Result<bool> TotalsScan::next(Totals& totals) {
  for (;;) {
    if (auto in_time = deadline_.check(); !in_time) return in_time.error();
    const std::size_t bytes = kScanBytes + (buckets_ ? buckets_->memory_bytes() : 0) +
                              events_.capacity() * sizeof(ChunkEvent);
    if (auto held = share_.hold(bytes); !held) return held.error();
    const auto found = next_id();
    if (!found.ok() || !*found) return found;
    sums_ = {};
    const auto added = query_.by == TotalsQuery::By::kRepo ? add_repo() : add_bucket();
    if (!added) return added.error();
    if (sums_.requests == 0) continue;  // unknown, or another's
    totals = {id_, sums_.requests, sums_.upl_bytes, sums_.dwl_bytes, sums_.size_change};
    ++counters_.rows;
    return true;
  }
}

Result<bool> TotalsScan::next_id() {
  if (buckets_) return buckets_->next(id_);
  if (known_) return next_known_id();
  if (next_given_ == query_.ids.size()) return false;
  id_ = query_.ids[next_given_++];
  return true;
}

Result<bool> TotalsScan::next_known_id() {
  if (!begun_) {
    begun_ = true;
    if (auto found = find_known(); !found) return found.error();
    if (auto found = find_counted(); !found) return found.error();
  }
  const bool counted = known_repo_.empty() ||
                       (!counted_repo_.empty() && counted_repo_ < known_repo_);
  id_ = counted ? counted_repo_ : known_repo_;
  if (id_.empty()) return false;
  if (known_repo_ == id_) {
    known_->seek(series_key(after_prefix(repo_prefix(id_)), {}));
    if (auto found = find_known(); !found) return found.error();
  }
  if (counted_repo_ == id_) {
    counted_->next();
    if (auto found = find_counted(); !found) return found.error();
  }
  return true;
}

// The repo of the series at hand. Its record begins with one byte and its repo.
Result<void> TotalsScan::find_known() {
  known_repo_.clear();
  if (!known_->valid()) return known_->status();
  const std::string_view key = known_->key();
  const std::size_t end = key.find('\0');
  if (end == std::string_view::npos || end < 2) return corrupt("a record of a series", key);
  known_repo_ = key.substr(1, end - 1);
  return {};
}

Result<void> TotalsScan::find_counted() {
  counted_repo_.clear();
  if (!counted_->valid()) return counted_->status();
  const auto key = split_repo_key(counted_->key());
  if (!key || key->repo.empty()) return corrupt("the key of a repo's total", counted_->key());
  counted_repo_ = key->repo;
  return {};
}

Result<void> TotalsScan::add_repo() {
  if (!names(query_.repos, id_)) return {};  // not looked at, whether it exists or not
  const std::string key = repo_key(id_, RepoSpan::kTotal, {0});
  const auto stored = view_->get(Family::kRepo, key);
  if (!stored) return stored.error();
  RepoRollup repo;
  if (stored->has_value() && !merge_encoded_repo(**stored, repo)) {
    return corrupt("the total of a repo", key);
  }
  sums_.merge(repo);
  return add_raw(repo_prefix(id_));
}

Result<void> TotalsScan::add_bucket() {
  return buckets_->for_each_pair([this](const std::string& prefix) { return add_pair(prefix); });
}

Result<void> TotalsScan::add_pair(std::string_view prefix) {
  if (!open_) {
    auto boundaries = read_roll_boundaries(*view_);
    if (!boundaries) return boundaries.error();
    open_ = std::make_unique<OpenRows>(*view_, std::move(*boundaries), Span::kDay);
  }
  const auto stored = view_->get(Family::kTotal, prefix);
  if (!stored) return stored.error();
  if (stored->has_value()) {
    if (auto added = add_hosts(prefix, **stored); !added) return added;
  }
  for (open_->enter(prefix, kAllMinutes); open_->valid(); open_->next()) {
    if (auto in_time = deadline_.check(); !in_time) return in_time;
    if (auto added = add_hosts(open_->key(), open_->value()); !added) return added;
  }
  if (auto status = open_->status(); !status) return status;
  return add_raw(prefix);
}

Result<void> TotalsScan::add_hosts(std::string_view key, std::string_view value) {
  HostsReader hosts(value);
  std::string_view host;
  Rollup rollup;
  while (hosts.next(host, rollup)) sums_.add(rollup);
  if (!hosts.ok()) return corrupt("the total of a bucket", key);
  return {};
}

// What is not folded yet of the keys that begin so.
Result<void> TotalsScan::add_raw(std::string_view prefix) {
  if (!raw_) return {};
  for (raw_->seek(prefix); raw_->valid() && raw_->key().starts_with(prefix); raw_->next()) {
    if (auto in_time = deadline_.check(); !in_time) return in_time;
    events_.clear();
    for (const std::string_view value : raw_->values()) {
      if (!decode_chunks(value, events_)) return corrupt("a raw chunk", raw_->key());
    }
    sums_.merge(sum_of(events_));
  }
  return {};
}

}  // namespace minuted
