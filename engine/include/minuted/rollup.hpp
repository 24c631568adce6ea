// What a set of events adds up to: the value kept per (repo, bucket, host) of a minute, an hour, a
// day or since ever. Merging is exact, associative and commutative with the empty rollup as its
// identity, so folds may come in any order and any grouping. Pure values; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "minuted/event.hpp"
#include "minuted/latency_sketch.hpp"

namespace minuted {

__extension__ typedef unsigned __int128 UInt128;
__extension__ typedef __int128 Int128;

struct Rollup {
  std::array<std::uint64_t, kOpClasses> ops{};  // events by class, indexed by OpClass
  std::uint64_t client_errors = 0;              // status 400–499
  std::uint64_t server_errors = 0;              // status 500–599
  UInt128 upl_bytes = 0;
  UInt128 dwl_bytes = 0;
  Int128 size_change = 0;
  std::uint64_t latency_count = 0;   // events that carried a latency
  UInt128 latency_sum_us = 0;
  std::uint64_t latency_min_us = 0;  // 0 while latency_count is 0
  std::uint64_t latency_max_us = 0;
  LatencySketch sketch;              // the same latencies by bucket

  // Counts one event in; only its facts matter, not its ids or time.
  void add(const EventView& event);
  // The same without the sketch, for answers that show no quantile.
  void add_sums(const EventView& event);

  // Adds all of `other`. Exact: no sum can pass its width within 2^63 events.
  void merge(const Rollup& other);

  // Undoes merge(part). Exact in all but the least and the most latency, which are only as near as
  // the sketch tells, within 1%, once they may have been the part's.
  void take_out(const Rollup& part);

  // Events counted, whatever they carried.
  std::uint64_t requests() const;

  // Mean latency of those that carried one, microseconds rounded half up; 0 if none did.
  std::uint64_t latency_mean_us() const;

  // The nearest-rank quantile of the latencies (q in 0 … 1), from the sketch, clamped to the least and
  // the most: within LatencySketch::kRelativeError of the exact one, and exact where the rank is the first
  // or the last, and below 50 µs. nullopt if none was carried, or the sketch was not asked for.
  std::optional<double> latency_quantile_us(double q) const;

  void clear() { *this = Rollup{}; }
  friend bool operator==(const Rollup&, const Rollup&) = default;
};

}  // namespace minuted
