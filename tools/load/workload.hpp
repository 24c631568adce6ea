// The events a load consists of: a fleet's operations, skewed over its buckets, mixed over its
// hosts, with time running steadily and a little disorder. First stop of a load's journey: a
// workload writes events, bodies.hpp packs them, sender.hpp pushes them. The same events for the
// same options on every machine. An object is for one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "minuted/time.hpp"

namespace minuted::load {

inline constexpr std::uint64_t kPairsMax = 1'000'000;  // (repo, bucket)
inline constexpr std::uint64_t kHostsMax = 1'000'000;

struct WorkloadOptions {
  std::uint32_t repos = 200;
  std::uint32_t buckets_per_repo = 5;  // repos × buckets: at most kPairsMax
  std::uint32_t hosts = 16;
  double skew = 1.1;  // Zipf's exponent over the (repo, bucket) pairs; 0: all alike
  // So many events take the time from `start` through `span_ms`; the next ones begin at `start`
  // anew.
  std::uint64_t span_events = 5'000'000;
  std::int64_t span_ms = 60 * kMillisPerMinute;
  Millis start{1'704'103'200'000};  // 2024-01-01T10:00Z
  std::int64_t disorder_ms = 3000;  // an event is up to that much earlier than those before it
  std::uint64_t seed = 1;
  bool live = false;  // timestamps follow the wall clock instead: see stamps.hpp
  bool ids = false;   // each event carries an id
};

// What events add up to, to compare a store with.
struct EventSums {
  std::uint64_t events = 0;
  std::uint64_t upl_bytes = 0;
  std::uint64_t dwl_bytes = 0;
  std::int64_t size_change = 0;
  void add(const EventSums& other);
  friend bool operator==(const EventSums&, const EventSums&) = default;
};

// Where the 13 digits of an event's timestamp stand in its text, and how many they are.
inline constexpr std::size_t kTimestampAt = 13;
inline constexpr std::size_t kTimestampDigits = 13;

class Workload {
 public:
  explicit Workload(const WorkloadOptions& options);

  // Appends the next event as a JSON object of some 198 bytes, no line end, and adds it to `sums`.
  // Returns by how many milliseconds it is earlier than its turn: 0 … disorder_ms.
  std::int64_t append_event(std::string& out, EventSums& sums);

 private:
  std::size_t draw_pair();

  WorkloadOptions options_;
  std::mt19937_64 random_;
  std::uint64_t made_ = 0;
  std::vector<double> cumulative_;  // of the pairs' weights, heaviest first
  std::vector<std::string> pairs_;  // `,"repoId":"…","bucketId":"…","host":"`
  std::vector<std::string> hosts_;  // `…","op":"`
};

}  // namespace minuted::load
