#include "query/group_table.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace minuted {
namespace {

std::uint64_t hash_of(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

std::uint64_t hash_of(std::uint32_t bucket, Minute minute, std::uint32_t host) {
  const std::uint32_t key[] = {bucket, minute.value, host};
  return XXH3_64bits(key, sizeof key);
}

std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> places(order.size());
  for (std::uint32_t place = 0; place < order.size(); ++place) places[order[place]] = place;
  return places;
}

}  // namespace

std::uint32_t IdNumbers::number_of(std::string_view id) {
  if (followers_.empty()) return last_ = look_up(id);
  const std::uint32_t guess = followers_[last_];
  if (this->id(guess) == id) return last_ = guess;
  const std::uint32_t number = look_up(id);
  followers_[last_] = number;
  return last_ = number;
}

std::uint32_t IdNumbers::look_up(std::string_view id) {
  const std::uint32_t found =
      numbers_.find(hash_of(id), [&](std::uint32_t number) { return this->id(number) == id; });
  if (found != NumberTable::kNone) return found;
  const auto number = static_cast<std::uint32_t>(ends_.size());
  bytes_ += id;
  ends_.push_back(bytes_.size());
  followers_.push_back(number);
  numbers_.add([&](std::uint32_t n) { return hash_of(this->id(n)); });
  return number;
}

std::string_view IdNumbers::id(std::uint32_t number) const {
  const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
  return std::string_view(bytes_).substr(begin, ends_[number] - begin);
}

std::vector<std::uint32_t> IdNumbers::sorted() const {
  std::vector<std::uint32_t> sorted(ends_.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::sort(sorted.begin(), sorted.end(),
            [&](std::uint32_t a, std::uint32_t b) { return id(a) < id(b); });
  return sorted;
}

void GroupTable::add(std::string_view bucket, Minute minute, std::string_view host,
                     const Rollup& rollup) {
  last_ = look_up(buckets_.number_of(bucket), minute, hosts_.number_of(host));
  RepoRollup& sums = entry(last_).sums;
  const bool first_latency = sums.latency_count == 0;
  sums.add(rollup);
  if (columns_ == Columns::kSums) return;
  Rest& more = rest(last_);
  const std::size_t before = more.sketch().room_bytes();
  more.add(rollup, first_latency);
  sketch_bytes_ += more.sketch().room_bytes() - before;
}

void GroupTable::Rest::add(const Rollup& rollup, bool first_latency) {
  const bool has_latency = rollup.latency_count != 0;
  for_each_column<kColumns>([&](auto index) {
    using Access = typename ColumnAt<kColumns, index>::Access;
    constexpr Merge kMerge = std::get<index>(kColumns).merge;
    if constexpr (!is_in_repo_sums<Access>()) {
      auto& kept = std::get<index>(values);
      const auto& more = Access::of(rollup);
      if constexpr (kMerge == Merge::kSum) {
        add_to(kept, more);
      } else if (has_latency) {
        if constexpr (kMerge == Merge::kLeast) {
          kept = first_latency ? more : std::min(kept, more);
        } else if constexpr (kMerge == Merge::kMost) {
          kept = std::max(kept, more);
        } else {
          kept.merge(more);
        }
      }
    }
  });
}

// Most rows are of the group of the row before, or of the one that was made after it: the minutes of
// one pair are followed by those of the next.
std::uint32_t GroupTable::look_up(std::uint32_t bucket, Minute minute, std::uint32_t host) {
  const auto is = [&](std::uint32_t number) {
    const Entry& e = entry(number);
    return e.minute == minute && e.host == host && e.bucket == bucket;
  };
  if (last_ < size_ && is(last_)) return last_;
  if (last_ + 1 < size_ && is(last_ + 1)) return last_ + 1;
  const std::uint32_t found = numbers_.find(hash_of(bucket, minute, host), is);
  if (found != NumberTable::kNone) return found;
  if (size_ % kBlockGroups == 0) {
    blocks_.push_back(std::make_unique<Entry[]>(kBlockGroups));
    if (columns_ != Columns::kSums) rests_.push_back(std::make_unique<Rest[]>(kBlockGroups));
  }
  const std::uint32_t number = size_++;
  Entry& made = entry(number);
  made.bucket = bucket;
  made.minute = minute;
  made.host = host;
  numbers_.add([&](std::uint32_t n) {
    const Entry& e = entry(n);
    return hash_of(e.bucket, e.minute, e.host);
  });
  return number;
}

// Comparing places among the ids is comparing the ids.
void GroupTable::sort() {
  numbers_ = {};
  bucket_order_ = buckets_.sorted();
  host_order_ = hosts_.sorted();
  const std::vector<std::uint32_t> bucket_places = inverse(bucket_order_);
  const std::vector<std::uint32_t> host_places = inverse(host_order_);
  order_.resize(size_);
  for (std::uint32_t number = 0; number < size_; ++number) {
    Entry& e = entry(number);
    e.bucket = bucket_places[e.bucket];
    e.host = host_places[e.host];
    order_[number] = number;
  }
  std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Entry& one = entry(a);
    const Entry& other = entry(b);
    if (one.bucket != other.bucket) return one.bucket < other.bucket;
    if (one.minute != other.minute) return one.minute < other.minute;
    return one.host < other.host;
  });
}

GroupTable::Group GroupTable::take(std::size_t place, Rollup& rollup) {
  const Entry& e = entry(order_[place]);
  const RepoRollup& sums = e.sums;
  copy_sums(sums, rollup);
  if (columns_ == Columns::kSums) {
    rollup.ops[static_cast<std::size_t>(OpClass::kOther)] = sums.requests;
  } else {
    Rest& more = rest(order_[place]);
    for_each_column<kColumns>([&](auto index) {
      using Access = typename ColumnAt<kColumns, index>::Access;
      if constexpr (!is_in_repo_sums<Access>()) {
        Access::of(rollup) = std::move(std::get<index>(more.values));
      }
    });
  }
  return {buckets_.id(bucket_order_[e.bucket]), e.minute, hosts_.id(host_order_[e.host])};
}

}  // namespace minuted
