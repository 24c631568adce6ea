#include "minuted/rollup.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "schema/columns.hpp"

namespace minuted {

void Rollup::add(const EventView& event) {
  add_sums(event);
  if (event.latency_us) sketch.add(*event.latency_us);
}

void Rollup::add_sums(const EventView& event) {
  ++ops[static_cast<std::size_t>(event.op)];
  if (event.status >= 400 && event.status < 500) ++client_errors;
  if (event.status >= 500 && event.status < 600) ++server_errors;
  upl_bytes += event.upl_bytes;
  dwl_bytes += event.dwl_bytes;
  add_to(size_change, Int128{event.size_change});
  if (event.latency_us) {
    const std::uint64_t us = *event.latency_us;
    latency_min_us = latency_count == 0 ? us : std::min(latency_min_us, us);
    latency_max_us = std::max(latency_max_us, us);
    latency_sum_us += us;
    ++latency_count;
  }
}

void Rollup::merge(const Rollup& other) {
  if (other.latency_count != 0) {
    const bool first = latency_count == 0;
    for_each_column<kColumns>([&](auto index) {
      using Access = typename ColumnAt<kColumns, index>::Access;
      constexpr Merge kMerge = std::get<index>(kColumns).merge;
      auto& kept = Access::of(*this);
      const auto& more = Access::of(other);
      if constexpr (kMerge == Merge::kLeast) {
        kept = first ? more : std::min(kept, more);
      } else if constexpr (kMerge == Merge::kMost) {
        kept = std::max(kept, more);
      } else if constexpr (kMerge == Merge::kSketch) {
        kept.merge(more);
      }
    });
  }
  for_each_column<kColumns>([&](auto index) {
    using Access = typename ColumnAt<kColumns, index>::Access;
    if constexpr (std::get<index>(kColumns).merge == Merge::kSum) {
      add_to(Access::of(*this), Access::of(other));
    }
  });
}

void Rollup::take_out(const Rollup& part) {
  for_each_column<kColumns>([&](auto index) {
    using Access = typename ColumnAt<kColumns, index>::Access;
    constexpr Merge kMerge = std::get<index>(kColumns).merge;
    if constexpr (kMerge == Merge::kSum) {
      subtract_from(Access::of(*this), Access::of(part));
    } else if constexpr (kMerge == Merge::kSketch) {
      Access::of(*this).take_out(Access::of(part));
    }
  });
  // The extremes may have been the part's.
  if (latency_count == 0 || sketch.empty()) {
    latency_min_us = latency_max_us = 0;
  } else if (latency_count == 1) {
    latency_min_us = latency_max_us = static_cast<std::uint64_t>(latency_sum_us);
  } else {
    const auto least = LatencySketch::bucket_bounds(sketch.buckets().front().index);
    const auto most = LatencySketch::bucket_bounds(sketch.buckets().back().index);
    latency_min_us = std::clamp(latency_min_us, least.first_us, least.last_us);
    latency_max_us = std::clamp(latency_max_us, most.first_us, most.last_us);
  }
}

std::uint64_t Rollup::requests() const {
  std::uint64_t n = 0;
  for (const std::uint64_t c : ops) n += c;
  return n;
}

std::uint64_t Rollup::latency_mean_us() const {
  if (latency_count == 0) return 0;
  return static_cast<std::uint64_t>((latency_sum_us + latency_count / 2) / latency_count);
}

std::optional<double> Rollup::latency_quantile_us(double q) const {
  if (sketch.empty()) return std::nullopt;
  const auto least = static_cast<double>(latency_min_us);
  const auto most = static_cast<double>(latency_max_us);
  // The ends are known: of the few latencies of a quiet minute the 99th percentile is the most.
  const double n = static_cast<double>(latency_count);
  const double rank = std::ceil(q * n);
  if (rank >= n) return most;
  if (rank <= 1) return least;
  return std::clamp(*sketch.quantile_us(q), least, most);
}

}  // namespace minuted
