#include "minuted/latency_sketch.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "minuted/event.hpp"

namespace minuted {
namespace {

// Bucket 0 holds zero alone. Bucket i ≥ 1 holds first[i] … first[i+1]-1, each as wide as 1% allows:
// a point x between a bucket's first f and last l is within 1% of both when l/f ≤ 1.01/0.99 = 101/99,
// so l = floor(101·f/99). Integer arithmetic throughout: the bounds are part of the stored format.
constexpr std::uint64_t last_of(std::uint64_t first) { return first * 101 / 99; }

constexpr std::size_t count_buckets() {
  std::size_t n = 1;
  for (std::uint64_t first = 1; first <= kLatencyUsMax; first = last_of(first) + 1) ++n;
  return n;
}
constexpr std::size_t kBuckets = count_buckets();
static_assert(kBuckets <= UINT16_MAX);

// kFirst[i] is the first latency of bucket i; one past the end closes the last bucket.
constexpr auto kFirst = [] {
  std::array<std::uint64_t, kBuckets + 1> first{};
  first[0] = 0;
  first[1] = 1;
  for (std::size_t i = 1; i < kBuckets; ++i) first[i + 1] = last_of(first[i]) + 1;
  return first;
}();

// Where to start looking: for each power of two and the five bits below it, the bucket that holds
// the smallest such latency. A step is 3%, a bucket 2%, so at most two buckets further on.
constexpr unsigned kHintBits = 5;
constexpr std::size_t hint_slot(std::uint64_t us) {
  const auto width = static_cast<unsigned>(std::bit_width(us));
  const std::uint64_t top =
      width > kHintBits + 1 ? us >> (width - kHintBits - 1) : us << (kHintBits + 1 - width);
  return std::size_t{width} << kHintBits | (top & ((1U << kHintBits) - 1));
}
constexpr auto kHints = [] {
  std::array<std::uint16_t, (std::bit_width(kLatencyUsMax) + 1) << kHintBits> hints{};
  std::size_t bucket = 1;
  for (unsigned width = 1; width <= static_cast<unsigned>(std::bit_width(kLatencyUsMax)); ++width) {
    for (std::uint64_t low = 0; low < (1U << kHintBits); ++low) {
      const std::uint64_t top = (1U << kHintBits) | low;
      const std::uint64_t us = width > kHintBits + 1 ? top << (width - kHintBits - 1)
                                                     : top >> (kHintBits + 1 - width);
      while (bucket + 1 < kBuckets && kFirst[bucket + 1] <= us) ++bucket;
      hints[std::size_t{width} << kHintBits | low] = static_cast<std::uint16_t>(bucket);
    }
  }
  return hints;
}();

}  // namespace

std::size_t LatencySketch::bucket_count() { return kBuckets; }

std::uint16_t LatencySketch::bucket_of(std::uint64_t latency_us) {
  if (latency_us == 0) return 0;
  std::uint16_t bucket = kHints[hint_slot(latency_us)];
  while (kFirst[bucket + 1U] <= latency_us) ++bucket;
  return bucket;
}

LatencySketch::Bounds LatencySketch::bucket_bounds(std::uint16_t index) {
  return {kFirst[index], index == 0 ? 0 : kFirst[index + 1U] - 1};
}

void LatencySketch::add_within(std::uint16_t index, std::uint64_t count) {
  if (count == 0) return;
  if (buckets_.back().index == index) {
    buckets_.back().count += count;
    return;
  }
  const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), index,
                                   [](const Bucket& b, std::uint16_t i) { return b.index < i; });
  if (at != buckets_.end() && at->index == index) {
    at->count += count;
  } else {
    buckets_.insert(at, Bucket{index, count});
  }
}

// From the back, into the room that the missing buckets need: where a row joins a group that has seen its
// latencies before, nothing is allocated.
void LatencySketch::merge(const LatencySketch& other) {
  std::size_t missing = 0;
  auto at = buckets_.cbegin();
  for (const Bucket& b : other.buckets_) {
    while (at != buckets_.cend() && at->index < b.index) ++at;
    missing += at == buckets_.cend() || at->index != b.index;
  }
  std::size_t mine = buckets_.size();
  std::size_t theirs = other.buckets_.size();
  std::size_t out = mine + missing;
  buckets_.resize(out);
  while (theirs != 0) {
    const Bucket& b = other.buckets_[theirs - 1];
    if (mine != 0 && buckets_[mine - 1].index > b.index) {
      buckets_[--out] = buckets_[--mine];
      continue;
    }
    std::uint64_t count = b.count;
    if (mine != 0 && buckets_[mine - 1].index == b.index) count += buckets_[--mine].count;
    buckets_[--out] = {b.index, count};
    --theirs;
  }
}

void LatencySketch::take_out(const LatencySketch& other) {
  auto gone = other.buckets_.cbegin();
  for (Bucket& b : buckets_) {
    while (gone != other.buckets_.cend() && gone->index < b.index) ++gone;
    if (gone == other.buckets_.cend()) break;
    if (gone->index == b.index) b.count -= std::min(b.count, gone->count);
  }
  std::erase_if(buckets_, [](const Bucket& b) { return b.count == 0; });
}

std::uint64_t LatencySketch::count() const {
  std::uint64_t n = 0;
  for (const Bucket& b : buckets_) n += b.count;
  return n;
}

std::optional<double> LatencySketch::quantile_us(double q) const {
  const std::uint64_t n = count();
  if (n == 0) return std::nullopt;
  // Compared as doubles first: near 2^64 the product can be 2^64 itself, which no integer holds.
  const double exact = std::ceil(q * static_cast<double>(n));
  const std::uint64_t rank = exact < 1                          ? 1
                             : exact >= static_cast<double>(n) ? n
                                                               : static_cast<std::uint64_t>(exact);
  std::uint64_t seen = 0;
  for (const Bucket& b : buckets_) {
    seen += b.count;
    if (seen < rank) continue;
    const Bounds bounds = bucket_bounds(b.index);
    if (bounds.last_us == 0) return 0.0;
    // The harmonic mean is as far, relatively, from the bucket's first latency as from its last.
    const auto first = static_cast<double>(bounds.first_us);
    const auto last = static_cast<double>(bounds.last_us);
    return 2 * first * last / (first + last);
  }
  return std::nullopt;
}

}  // namespace minuted
