#include "query/totals_scan.hpp"

#include <utility>

#include "query/planner.hpp"
#include "query/repo_walk.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"

namespace minuted {

TotalsScan::TotalsScan(std::shared_ptr<ReadContext> context, const TotalsQuery& query)
    : context_(std::move(context)), memory_(*context_), query_(query), raw_(context_->unfolded()) {
  query_.ids = ascending(std::move(query_.ids));
  query_.repos = ascending(std::move(query_.repos));
  if (query_.by == TotalsQuery::By::kBucket) {
    buckets_ = std::make_unique<BucketWalk>(*context_, query_.repos, query_.ids);
  } else if (query_.ids.empty() && !query_.repos.empty()) {
    query_.ids = query_.repos;
  } else if (query_.ids.empty()) {
    known_ = view().cursor(Family::kCatalog, series_key({}, {}), series_end());
    std::string first = repo_key(kAllRepos, RepoSpan::kTotal, {0});
    first.push_back('\0');  // behind the sum of all repos
    counted_ = view().cursor(Family::kRepo, first, repo_span_end(RepoSpan::kTotal));
  }
}

Result<bool> TotalsScan::next(Totals& totals) {
  if (ended_) return false;
  auto found = next_totals(totals);
  if (found.ok() && *found) {
    context_->count_row();
  } else {
    end();
  }
  return found;
}

// Gives the view back now rather than when the caller is done with the answer.
void TotalsScan::end() {
  ended_ = true;
  raw_.reset();
  buckets_.reset();
  open_.reset();
  known_.reset();
  counted_.reset();
  events_ = {};
  memory_.release();
  context_->release();
}

Result<bool> TotalsScan::next_totals(Totals& totals) {
  for (;;) {
    if (auto in_time = context_->check(); !in_time) return in_time.error();
    const std::size_t bytes = kCursorBytes + (buckets_ ? buckets_->memory_bytes() : 0) +
                              events_.capacity() * sizeof(ChunkEvent);
    if (auto held = memory_.hold(bytes); !held) return held.error();
    const auto found = next_id();
    if (!found.ok() || !*found) return found;
    sums_ = {};
    const auto added = query_.by == TotalsQuery::By::kRepo ? add_repo() : add_bucket();
    if (!added) return added.error();
    if (sums_.requests == 0) continue;  // unknown, or another's
    totals = {id_, sums_.requests, sums_.upl_bytes, sums_.dwl_bytes, sums_.size_change};
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
  if (end == std::string_view::npos || end < 2) return cannot_be_read("a record of a series", key);
  known_repo_ = key.substr(1, end - 1);
  return {};
}

Result<void> TotalsScan::find_counted() {
  counted_repo_.clear();
  if (!counted_->valid()) return counted_->status();
  const auto key = split_repo_key(counted_->key());
  if (!key || key->repo.empty()) return cannot_be_read("the key of a repo's total", counted_->key());
  counted_repo_ = key->repo;
  return {};
}

Result<void> TotalsScan::add_repo() {
  if (!names(query_.repos, id_)) return {};  // not looked at, whether it exists or not
  const std::string key = repo_key(id_, RepoSpan::kTotal, {0});
  const auto stored = view().get(Family::kRepo, key);
  if (!stored) return stored.error();
  RepoRollup repo;
  if (stored->has_value() && !merge_encoded_repo(**stored, repo)) {
    return cannot_be_read("the total of a repo", key);
  }
  sums_.merge(repo);
  return add_raw(repo_prefix(id_));
}

Result<void> TotalsScan::add_bucket() {
  return buckets_->for_each_pair([this](const std::string& prefix) { return add_pair(prefix); });
}

Result<void> TotalsScan::add_pair(std::string_view prefix) {
  if (!open_) {
    auto open = context_->open_rows(Span::kDay);
    if (!open) return open.error();
    open_ = std::move(*open);
  }
  const auto stored = view().get(Family::kTotal, prefix);
  if (!stored) return stored.error();
  if (stored->has_value()) {
    if (auto added = add_hosts(prefix, **stored); !added) return added;
  }
  for (open_->enter(prefix, kEveryMinute); open_->valid(); open_->next()) {
    if (auto in_time = context_->check(); !in_time) return in_time;
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
  if (!hosts.ok()) return cannot_be_read("the total of a bucket", key);
  return {};
}

// What is not folded yet of the keys that begin so.
Result<void> TotalsScan::add_raw(std::string_view prefix) {
  if (!raw_) return {};
  for (raw_->seek(prefix); raw_->valid() && raw_->key().starts_with(prefix); raw_->next()) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    events_.clear();
    for (const std::string_view value : raw_->values()) {
      if (!decode_chunks(value, events_)) return cannot_be_read("a raw chunk", raw_->key());
    }
    sums_.merge(sum_of(events_));
  }
  return {};
}

}  // namespace minuted
