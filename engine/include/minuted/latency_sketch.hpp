// A mergeable sketch of latencies: integer counts in logarithmic buckets, so that any quantile is
// known within 1% and merging in any order gives the same bytes.
//
// Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch
// with Relative-Error Guarantees", VLDB 2019. Differences: the bucket bounds are integers of
// microseconds built by integer arithmetic alone (see bucket_bounds), so every machine agrees on
// them, and nothing is ever collapsed, since the range is bounded: 1 µs … 10^13 µs plus zero.
// Pure values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace minuted {

class LatencySketch {
 public:
  struct Bucket {
    std::uint16_t index;  // 0 = exactly zero, then upwards in latency
    std::uint64_t count;  // at least 1
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };
  struct Bounds {
    std::uint64_t first_us;  // smallest latency of the bucket
    std::uint64_t last_us;   // largest, both inclusive
  };

  // Guaranteed: |estimate - true| ≤ kRelativeError · true for every quantile.
  static constexpr double kRelativeError = 0.01;

  // Buckets there are; indexes are below this.
  static std::size_t bucket_count();
  // The bucket of a latency in 0 … kLatencyUsMax.
  static std::uint16_t bucket_of(std::uint64_t latency_us);
  // The latencies that fall into a bucket. `index` must be below bucket_count().
  static Bounds bucket_bounds(std::uint16_t index);

  void add(std::uint64_t latency_us, std::uint64_t count = 1) { add_bucket(bucket_of(latency_us), count); }
  void add_bucket(std::uint16_t index, std::uint64_t count) {
    if (count != 0 && (buckets_.empty() || buckets_.back().index < index)) {  // as stored ones come
      buckets_.push_back(Bucket{index, count});
    } else {
      add_within(index, count);
    }
  }
  void merge(const LatencySketch& other);
  // Undoes merge(other). What is not there stays away.
  void take_out(const LatencySketch& other);

  std::uint64_t count() const;

  // The nearest-rank quantile, the ceil(q·n)-th smallest (q in 0 … 1; rank at least 1), as the point
  // of its bucket with the smallest relative error, in microseconds. nullopt when empty. Callers who
  // know the exact minimum and maximum clamp to them.
  std::optional<double> quantile_us(double q) const;

  // Ascending by index, no zero counts.
  const std::vector<Bucket>& buckets() const { return buckets_; }
  bool empty() const { return buckets_.empty(); }
  // Bytes of memory held besides the object itself.
  std::size_t room_bytes() const { return buckets_.capacity() * sizeof(Bucket); }
  void clear() { buckets_.clear(); }
  friend bool operator==(const LatencySketch&, const LatencySketch&) = default;

 private:
  void add_within(std::uint16_t index, std::uint64_t count);

  std::vector<Bucket> buckets_;
};

}  // namespace minuted
