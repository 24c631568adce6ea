#include "http/counters.hpp"

#include <algorithm>

namespace minuted::http {

void HttpCounters::count_request(std::size_t route, std::uint16_t status, double seconds) {
  const auto at = std::find(kCountedStatuses.begin(), kCountedStatuses.end(), status);
  const auto index = std::min<std::size_t>(static_cast<std::size_t>(at - kCountedStatuses.begin()),
                                           kCountedStatuses.size() - 1);
  by_route_[route].by_status[index].fetch_add(1, std::memory_order_relaxed);
  const auto bucket = static_cast<std::size_t>(
      std::lower_bound(kRequestSecondsBounds.begin(), kRequestSecondsBounds.end(), seconds) -
      kRequestSecondsBounds.begin());
  seconds_buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  seconds_micros_.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed);
}

void HttpCounters::count_refusal(std::string_view code) {
  const std::lock_guard lock(mutex_);
  const auto at = refusals_.find(code);
  if (at != refusals_.end()) {
    ++at->second;
  } else {
    refusals_.emplace(code, 1);
  }
}

std::map<std::string, std::uint64_t, std::less<>> HttpCounters::refusals() const {
  const std::lock_guard lock(mutex_);
  return refusals_;
}

HistogramCounts<kRequestSecondsBounds.size()> HttpCounters::request_seconds() const {
  HistogramCounts<kRequestSecondsBounds.size()> counts;
  for (std::size_t i = 0; i < seconds_buckets_.size(); ++i) {
    counts.buckets[i] = seconds_buckets_[i].load(std::memory_order_relaxed);
    counts.count += counts.buckets[i];
  }
  counts.sum = static_cast<double>(seconds_micros_.load(std::memory_order_relaxed)) / 1e6;
  return counts;
}

}  // namespace minuted::http
