// When a host's last event of a minute was, and the latency of the last one that carried a latency. A row of
// a minute keeps it for each of its hosts until its hour is rolled, which writes the state of hosts
// (nodes/signs.hpp) from it: rows of other tiers have none. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace minuted {

struct SeenInMinute {
  std::int32_t ms = -1;          // of the last event, since the minute's start; -1 = not known
  std::int32_t latency_ms = -1;  // of the last event with a latency, at most `ms`; -1 = none
  std::int64_t latency_us = -1;  // that latency, -1 = none; of several at once the largest

  bool known() const { return ms >= 0; }
  // Adds an event; a latency below 0 is none.
  void note(std::int32_t event_ms, std::int64_t event_latency_us) {
    merge({event_ms, event_latency_us < 0 ? -1 : event_ms, event_latency_us});
  }
  void merge(const SeenInMinute& other) {
    ms = std::max(ms, other.ms);
    if (std::tie(latency_ms, latency_us) < std::tie(other.latency_ms, other.latency_us)) {
      latency_ms = other.latency_ms;
      latency_us = other.latency_us;
    }
  }
  friend bool operator==(const SeenInMinute&, const SeenInMinute&) = default;
};

}  // namespace minuted
