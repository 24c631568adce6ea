#include "query/pair_walk.hpp"

#include <algorithm>

#include "minuted/event.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// Series of one pair passed over one by one before the next pair is sought.
constexpr int kStepsBeforeSeek = 4;

}  // namespace

PairWalk::PairWalk(ReadContext& context, const QueryPlan& plan)
    : context_(context), plan_(plan), walk_(plan.walk), ranges_(plan.ranges) {}

Result<void> PairWalk::open() {
  if (walk_ == QueryPlan::Walk::kIndexed) {
    if (auto loaded = load_indexed(); !loaded) return loaded;
  }
  if (walk_ == QueryPlan::Walk::kRanges) {
    const std::string& first = std::max(ranges_.front(), plan_.after_prefix);
    series_ = context_.view().cursor(Family::kCatalog, series_key(first, {}), series_end());
  }
  return {};
}

PairWalk::Bounds PairWalk::bounds() const {
  const auto between = [&](const std::string& first, const std::string& last) {
    Bounds bounds{first, last};
    append_minute(bounds.lower, plan_.minutes.begin);
    append_minute(bounds.upper, plan_.minutes.end);
    return bounds;
  };
  switch (walk_) {
    case QueryPlan::Walk::kPairs:
      return between(pair_prefix(plan_.repos.front(), plan_.buckets.front()),
                     pair_prefix(plan_.repos.back(), plan_.buckets.back()));
    case QueryPlan::Walk::kIndexed:
      if (!listed_.empty()) return between(listed_.front(), listed_.back());
      // Below every id: nothing to step over, nothing to find.
      return {"\x01", "\x01"};
    case QueryPlan::Walk::kRanges:
      break;
  }
  if (ranges_.front().empty()) return {};
  return {ranges_.front(), after_prefix(ranges_.back())};
}

Result<bool> PairWalk::next(std::string& prefix) {
  return walk_ == QueryPlan::Walk::kRanges ? next_walked(prefix) : next_listed(prefix);
}

Result<bool> PairWalk::next_listed(std::string& prefix) {
  if (walk_ == QueryPlan::Walk::kIndexed) {
    while (next_listed_ != listed_.size()) {
      prefix = listed_[next_listed_++];
      if (prefix >= plan_.after_prefix) return true;
    }
    return false;
  }
  while (next_repo_ != plan_.repos.size()) {
    prefix = pair_prefix(plan_.repos[next_repo_], plan_.buckets[next_bucket_]);
    if (++next_bucket_ == plan_.buckets.size()) {
      next_bucket_ = 0;
      ++next_repo_;
    }
    if (prefix >= plan_.after_prefix) return true;
  }
  return false;
}

// The pairs of the ranges, as the known series have them.
Result<bool> PairWalk::next_walked(std::string& prefix) {
  for (;;) {
    if (!in_range_) {
      if (next_range_ == ranges_.size()) return false;
      const std::string& range = ranges_[next_range_++];
      position_ = series_key(std::max(range, plan_.after_prefix), {});
      range_end_ = series_key(range.empty() ? range : after_prefix(range), {});
      in_range_ = true;
      if (series_->valid() && series_->key() < position_) series_->seek(position_);
    }
    const auto found = next_known(prefix);
    if (!found.ok() || *found) return found;
    in_range_ = false;
  }
}

// The next pair of the range at hand that any series is known of.
Result<bool> PairWalk::next_known(std::string& prefix) {
  for (int steps = 0; series_->valid(); ++steps) {
    const std::string_view key = series_->key();
    if (range_end_.size() > 1 && key >= range_end_) return false;
    if (key < position_) {
      // Another series of the pair before.
      if (steps < kStepsBeforeSeek) {
        series_->next();
      } else {
        series_->seek(position_);
      }
      continue;
    }
    const auto pair = split_pair(key.substr(1));
    if (!pair) return Error{ErrorCode::kCorruption, "a series names no pair: " + shorten(key)};
    position_ = series_key(after_prefix(pair->prefix), {});
    if (names(plan_.buckets, pair->bucket)) {
      prefix = pair->prefix;
      return true;
    }
    steps = 0;
    if (auto in_time = context_.check(); !in_time) return in_time.error();
  }
  if (auto status = series_->status(); !status) return status.error();
  return false;
}

Result<void> PairWalk::load_indexed() {
  for (const std::string& bucket : plan_.buckets) {
    const std::string prefix = bucket_index_prefix(bucket);
    const auto cursor = context_.view().cursor(Family::kCatalog, prefix, after_prefix(prefix));
    for (; cursor->valid(); cursor->next()) {
      const auto repo = repo_of_bucket_index(cursor->key(), prefix);
      if (!repo) {
        return Error{ErrorCode::kCorruption,
                     "a bucket index key names no repo: " + shorten(cursor->key())};
      }
      if (listed_.size() == kIndexedPairsMax) {
        std::vector<std::string>().swap(listed_);
        listed_bytes_ = 0;
        walk_ = QueryPlan::Walk::kRanges;
        ranges_.assign(1, std::string());
        return {};
      }
      listed_.push_back(pair_prefix(*repo, bucket));
      listed_bytes_ += sizeof(std::string) + listed_.back().capacity();
    }
    if (auto status = cursor->status(); !status) return status;
  }
  std::sort(listed_.begin(), listed_.end());
  return {};
}

}  // namespace minuted
