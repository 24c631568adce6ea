// Lets one line through every ten seconds and counts those it keeps back, for events that a crowd can
// bring about as often as it likes. Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace minuted::http {

class LogGate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kEvery{10};

  // How many events there were since the last line, this one included, if it is time for a line.
  std::optional<std::uint64_t> pass(TimePoint now) {
    events_.fetch_add(1, std::memory_order_relaxed);
    auto next = next_.load(std::memory_order_relaxed);
    if (now.time_since_epoch().count() < next) return std::nullopt;
    if (!next_.compare_exchange_strong(next, (now + kEvery).time_since_epoch().count())) {
      return std::nullopt;
    }
    return events_.exchange(0, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> next_{INT64_MIN};
  std::atomic<std::uint64_t> events_{0};
};

}  // namespace minuted::http
