#include "query/group_table.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace minuted {
namespace {

std::uint64_t hash_of(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

std::uint64_t hash_of(std::uint32_t bucket, Minute minute, std::uint32_t host) {
  const std::uint32_t key[] = {bucket, minute.value, host};
  return XXH3_64bits(key, sizeof key);
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

std::vector<std::uint32_t> IdNumbers::ranks() const {
  std::vector<std::uint32_t> sorted(ends_.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::sort(sorted.begin(), sorted.end(),
            [&](std::uint32_t a, std::uint32_t b) { return id(a) < id(b); });
  std::vector<std::uint32_t> ranks(sorted.size());
  for (std::uint32_t rank = 0; rank < sorted.size(); ++rank) ranks[sorted[rank]] = rank;
  return ranks;
}

void GroupTable::add(std::string_view bucket, Minute minute, std::string_view host,
                     const Rollup& rollup) {
  last_ = look_up(buckets_.number_of(bucket), minute, hosts_.number_of(host));
  entry(last_).sums.add(rollup);
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
  if (size_ % kBlockGroups == 0) blocks_.push_back(std::make_unique<Entry[]>(kBlockGroups));
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

void GroupTable::sort() {
  numbers_ = {};
  const std::vector<std::uint32_t> bucket_ranks = buckets_.ranks();
  const std::vector<std::uint32_t> host_ranks = hosts_.ranks();
  order_.reserve(size_);
  for (std::uint32_t number = 0; number < size_; ++number) {
    const Entry& e = entry(number);
    order_.push_back({std::uint64_t{bucket_ranks[e.bucket]} << 32 | e.minute.value,
                      host_ranks[e.host], number});
  }
  std::sort(order_.begin(), order_.end(), [](const Place& a, const Place& b) {
    return std::tie(a.bucket_and_minute, a.host) < std::tie(b.bucket_and_minute, b.host);
  });
}

GroupTable::Group GroupTable::group(std::size_t place) const {
  const Entry& e = entry(order_[place].number);
  return {buckets_.id(e.bucket), e.minute, hosts_.id(e.host), e.sums};
}

}  // namespace minuted
