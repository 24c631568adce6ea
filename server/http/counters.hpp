// What the HTTP layer counts: requests by route and status, refusals by reason, bytes, connections.
// Written by every loop, read by whoever renders the metrics. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/connection_limiter.hpp"
#include "minuted/stats.hpp"

namespace minuted::http {

inline constexpr std::array<double, 13> kRequestSecondsBounds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

// Statuses that are counted one by one; any other falls under the last.
inline constexpr std::array<std::uint16_t, 22> kCountedStatuses = {
    200, 204, 304, 400, 401, 403, 404, 405, 406, 408, 411, 413, 414, 415, 417, 422, 429, 431, 500,
    503, 507, 599};

class HttpCounters {
 public:
  // Requests that found no route are counted under an index of their own, `routes`.
  explicit HttpCounters(std::size_t routes) : by_route_(routes + 1) {}

  void count_request(std::size_t route, std::uint16_t status, double seconds);
  // An error answer or a closed connection, under its error code.
  void count_refusal(std::string_view code);

  std::uint64_t requests(std::size_t route, std::size_t status_index) const {
    return by_route_[route].by_status[status_index].load(std::memory_order_relaxed);
  }
  std::size_t route_rows() const { return by_route_.size(); }
  std::map<std::string, std::uint64_t, std::less<>> refusals() const;
  HistogramCounts<kRequestSecondsBounds.size()> request_seconds() const;

  std::atomic<std::uint64_t> bytes_received{0};  // request bodies
  std::atomic<std::uint64_t> bytes_sent{0};      // answer bodies
  std::atomic<std::uint64_t> connections_opened{0};
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> accept_failures{0};
  // Closed to admit others, by what they were waiting for.
  std::array<std::atomic<std::uint64_t>, kWaitings> connections_evicted{};

 private:
  struct ByStatus {
    std::array<std::atomic<std::uint64_t>, kCountedStatuses.size()> by_status{};
  };
  std::vector<ByStatus> by_route_;
  std::array<std::atomic<std::uint64_t>, kRequestSecondsBounds.size() + 1> seconds_buckets_{};
  std::atomic<std::uint64_t> seconds_micros_{0};
  mutable std::mutex mutex_;  // guards refusals_
  std::map<std::string, std::uint64_t, std::less<>> refusals_;  // keys: our own error codes, a closed set
};

}  // namespace minuted::http
