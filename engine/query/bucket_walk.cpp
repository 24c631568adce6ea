#include "query/bucket_walk.hpp"

#include <algorithm>

#include "query/planner.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// Steps through the pairs that the keys of a family name behind a mark.
class PairCursor {
 public:
  PairCursor(std::unique_ptr<StoreCursor> keys, std::string mark)
      : keys_(std::move(keys)), mark_(std::move(mark)) {}

  // To the first pair in [lower, upper).
  Result<void> seek(std::string_view lower, std::string_view upper) {
    prefix.clear();
    keys_->seek(mark_ + std::string(lower));
    if (!keys_->valid()) return keys_->status();
    const auto pair = split_pair(keys_->key().substr(mark_.size()));
    if (!pair) return cannot_be_read("a key of a pair", keys_->key());
    if (pair->prefix < upper) prefix = pair->prefix;
    return {};
  }

  std::string prefix;  // of the pair at hand; empty: there is none

 private:
  const std::unique_ptr<StoreCursor> keys_;
  const std::string mark_;
};

}  // namespace

BucketWalk::BucketWalk(ReadContext& context, std::vector<std::string> repos,
                       std::vector<std::string> buckets, std::size_t own_pairs_max)
    : context_(context),
      repos_(ascending(std::move(repos))),
      buckets_(ascending(std::move(buckets))),
      own_pairs_max_(own_pairs_max),
      asked_(!buckets_.empty()) {}

Result<bool> BucketWalk::next(std::string& bucket) {
  if (!begun_) {
    begun_ = true;
    if (!asked_ && !repos_.empty()) {
      if (auto listed = list_own(); !listed) return listed.error();
    } else if (!asked_) {
      index_ = context_.view().cursor(Family::kCatalog, kBucketIndexBegin, kBucketIndexEnd);
    }
  }
  if (auto in_time = context_.check(); !in_time) return in_time.error();
  if (index_) return next_of_index(bucket);
  if (asked_) {
    if (next_bucket_ == buckets_.size()) return false;
    bucket = bucket_ = buckets_[next_bucket_++];
    return true;
  }
  own_begin_ = own_end_;
  if (own_begin_ == own_.size()) return false;
  bucket = bucket_ = own_[own_begin_].first;
  while (own_end_ != own_.size() && own_[own_end_].first == bucket_) ++own_end_;
  return true;
}

// Each pair once that has series, or a total, or both.
Result<void> BucketWalk::list_own() {
  const std::string first = repo_prefix(repos_.front());
  PairCursor series(context_.view().cursor(Family::kCatalog, series_key(first, {}), series_end()),
                    series_key({}, {}));
  PairCursor totals(context_.view().cursor(Family::kTotal, first, {}), {});
  for (const std::string& repo : repos_) {
    const std::string lower = repo_prefix(repo);
    const std::string upper = after_prefix(lower);
    for (PairCursor* pairs : {&series, &totals}) {
      if (auto sought = pairs->seek(lower, upper); !sought) return sought;
    }
    while (!series.prefix.empty() || !totals.prefix.empty()) {
      if (auto in_time = context_.check(); !in_time) return in_time;
      const bool of_series =
          totals.prefix.empty() || (!series.prefix.empty() && series.prefix <= totals.prefix);
      const std::string prefix = of_series ? series.prefix : totals.prefix;
      const auto pair = split_pair(prefix);
      if (own_.size() == own_pairs_max_) {
        std::vector<std::pair<std::string, std::string>>().swap(own_);
        own_bytes_ = 0;
        index_ = context_.view().cursor(Family::kCatalog, kBucketIndexBegin, kBucketIndexEnd);
        return {};
      }
      own_.emplace_back(pair->bucket, pair->repo);
      own_bytes_ += 2 * sizeof(std::string) + own_.back().first.capacity() +
                    own_.back().second.capacity();
      for (PairCursor* pairs : {&series, &totals}) {
        if (pairs->prefix != prefix) continue;
        if (auto sought = pairs->seek(after_prefix(prefix), upper); !sought) return sought;
      }
    }
  }
  std::sort(own_.begin(), own_.end());
  return {};
}

// A record begins with one byte and the bucket.
Result<bool> BucketWalk::next_of_index(std::string& bucket) {
  if (!index_->valid()) {
    if (auto status = index_->status(); !status) return status.error();
    return false;
  }
  const std::string_view key = index_->key();
  const std::size_t end = key.find('\0');
  if (end == std::string_view::npos) return cannot_be_read("a bucket index key", key);
  bucket = bucket_ = key.substr(1, end - 1);
  const std::string record(key.substr(0, end + 1));
  index_->seek(after_prefix(record));
  return true;
}

Result<void> BucketWalk::for_each_pair(
    const std::function<Result<void>(const std::string&)>& look) const {
  if (index_ || repos_.empty()) return for_each_indexed(look);
  const std::size_t pairs = asked_ ? repos_.size() : own_end_ - own_begin_;
  for (std::size_t i = 0; i < pairs; ++i) {
    if (auto in_time = context_.check(); !in_time) return in_time;
    const std::string& repo = asked_ ? repos_[i] : own_[own_begin_ + i].second;
    if (auto looked = look(pair_prefix(repo, bucket_)); !looked) return looked;
  }
  return {};
}

Result<void> BucketWalk::for_each_indexed(
    const std::function<Result<void>(const std::string&)>& look) const {
  const std::string prefix = bucket_index_prefix(bucket_);
  const auto repos = context_.view().cursor(Family::kCatalog, prefix, after_prefix(prefix));
  for (; repos->valid(); repos->next()) {
    if (auto in_time = context_.check(); !in_time) return in_time;
    const auto repo = repo_of_bucket_index(repos->key(), prefix);
    if (!repo) return cannot_be_read("a bucket index key", repos->key());
    if (!names(repos_, *repo)) continue;
    if (auto looked = look(pair_prefix(*repo, bucket_)); !looked) return looked;
  }
  return repos->status();
}

}  // namespace minuted
