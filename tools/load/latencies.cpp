#include "load/latencies.hpp"

#include <algorithm>

#include "minuted/event.hpp"

namespace minuted::load {
namespace {

constexpr double kMicrosPerMilli = 1000;

}  // namespace

void Latencies::add(std::chrono::nanoseconds latency) {
  const auto us = static_cast<std::uint64_t>(std::clamp<std::int64_t>(
      latency.count() / 1000, 0, static_cast<std::int64_t>(kLatencyUsMax)));
  min_us_ = sketch_.empty() ? us : std::min(min_us_, us);
  max_us_ = std::max(max_us_, us);
  sketch_.add(us);
}

void Latencies::merge(const Latencies& other) {
  if (other.sketch_.empty()) return;
  min_us_ = sketch_.empty() ? other.min_us_ : std::min(min_us_, other.min_us_);
  max_us_ = std::max(max_us_, other.max_us_);
  sketch_.merge(other.sketch_);
}

double Latencies::quantile_ms(double q) const {
  const double us = sketch_.quantile_us(q).value_or(0);
  return std::clamp(us, static_cast<double>(min_us_), static_cast<double>(max_us_)) /
         kMicrosPerMilli;
}

double Latencies::max_ms() const { return static_cast<double>(max_us_) / kMicrosPerMilli; }

}  // namespace minuted::load
