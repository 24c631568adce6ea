// How long acknowledgements took: quantiles within 1%, the least and the most exactly, in bounded
// memory whatever their number. One thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "minuted/latency_sketch.hpp"

namespace minuted::load {

class Latencies {
 public:
  void add(std::chrono::nanoseconds latency);
  void merge(const Latencies& other);

  std::uint64_t count() const { return sketch_.count(); }
  // The nearest rank, ceil(q·n)-th smallest, q in 0 … 1. 0 when there are none.
  double quantile_ms(double q) const;
  double max_ms() const;

 private:
  LatencySketch sketch_;
  std::uint64_t min_us_ = 0;
  std::uint64_t max_us_ = 0;
};

}  // namespace minuted::load
