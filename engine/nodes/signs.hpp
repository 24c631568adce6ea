// What is kept of nodes by (repo, bucket): on which minutes of a day each host gave a sign of life, and
// when it was seen first and last. All of them merge, in any order and as often as one likes, but for
// the latencies of heartbeats, which add up.
//
// The minutes of a day, never none:
//   varint n ≥ 1 | n runs, ascending: varint minutes since the last one's end | varint its minutes - 1
//   or, where that takes more room: 0x00 | 180 bytes, a bit a minute, the first the lowest
//
//   signs of a day    0x11 | varint hosts ≥ 1 | per host, ascending: varint n, n bytes of id | minutes
//   states            0x14 | varint hosts ≥ 1 | per host: varint n, n bytes of id | varint first minute
//                          | varint ms of the last event, since that minute
//                          | varint the last latency + 1, 0 = none
//                          | unless none: varint ms from the event that carried it to the last event
//   heartbeats        0x13 | minutes | varint those with a latency | varint sum of it, up to 128 bits
//
// Pure; each object for one thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/bytes.hpp"
#include "minuted/event.hpp"
#include "minuted/rollup.hpp"
#include "minuted/time.hpp"
#include "rollup/seen_in_minute.hpp"

namespace minuted {

// Minutes of a day, by their number within it, 0 … 1439.
class MinutesOfDay {
 public:
  void add(std::uint32_t minute) { words_[minute / 64] |= std::uint64_t{1} << minute % 64; }
  bool contains(std::uint32_t minute) const { return words_[minute / 64] >> minute % 64 & 1; }
  void merge(const MinutesOfDay& other);
  // Removes those in [begin, end).
  void take_out(std::uint32_t begin, std::uint32_t end);
  bool empty() const { return *this == MinutesOfDay{}; }
  // How many there are below `end`.
  std::uint32_t count_below(std::uint32_t end) const;
  // Of one that is not empty.
  std::uint32_t first() const;
  std::uint32_t last() const;
  // The first at or after `from` that is there, or that is not; kMinutesPerDay if there is none.
  std::uint32_t next(std::uint32_t from, bool there) const;
  friend bool operator==(const MinutesOfDay&, const MinutesOfDay&) = default;

  static constexpr std::size_t kBytes = kMinutesPerDay / 8;

 private:
  std::array<std::uint64_t, (kMinutesPerDay + 63) / 64> words_{};
};

void encode_minutes(const MinutesOfDay& minutes, std::string& out);
// Fails the reader at what is none.
void take_minutes(ByteReader& in, MinutesOfDay& minutes);

// When a host was seen, by its events, and the latency that the latest event with one carried: an event
// without a latency says nothing about it, and so leaves it as it is.
struct HostState {
  Minute first = kMinuteMax;
  Millis last{-1};               // the last event
  Millis latency_at{-1};         // the last event that carried a latency, -1 = none did; at most `last`
  std::int64_t latency_us = -1;  // that latency, -1 = none; of several at once the largest

  // Adds an event; a latency below 0 is none.
  void note(Minute minute, Millis at, std::int64_t latency) {
    merge({minute, at, latency < 0 ? Millis{-1} : at, latency});
  }
  // Adds a minute of events; when in it the host was seen may be unknown.
  void note(Minute minute, const SeenInMinute& seen);
  void merge(const HostState& other);
  friend bool operator==(const HostState&, const HostState&) = default;
};

// Hosts and what is kept of each, ascending.
template <class Kept>
class ByHost {
 public:
  struct Entry {
    std::string host;
    Kept kept;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  // Of `host`, made if it is new. Valid until the next call.
  Kept& of(std::string_view host) {
    auto at = entries_.end();
    if (!entries_.empty() && !(entries_.back().host < host)) {
      at = std::lower_bound(entries_.begin(), entries_.end(), host,
                            [](const Entry& e, std::string_view h) { return e.host < h; });
      if (at->host == host) return at->kept;
    }
    return entries_.insert(at, Entry{std::string(host), Kept{}})->kept;
  }
  const Kept* find(std::string_view host) const {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), host,
                                     [](const Entry& e, std::string_view h) { return e.host < h; });
    return at != entries_.end() && at->host == host ? &at->kept : nullptr;
  }
  void merge(const ByHost& other) {
    for (const Entry& e : other.entries_) of(e.host).merge(e.kept);
  }
  template <class Gone>
  void drop_if(Gone gone) {
    std::erase_if(entries_, gone);
  }
  std::vector<Entry>& entries() { return entries_; }
  const std::vector<Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }
  friend bool operator==(const ByHost&, const ByHost&) = default;

 private:
  std::vector<Entry> entries_;
};

using DaySigns = ByHost<MinutesOfDay>;
using HostStates = ByHost<HostState>;

struct HeartbeatDay {
  MinutesOfDay minutes;
  std::uint64_t latency_count = 0;
  UInt128 latency_sum_us = 0;

  void merge(const HeartbeatDay& other);
  bool empty() const { return minutes.empty(); }
  friend bool operator==(const HeartbeatDay&, const HeartbeatDay&) = default;
};

// Append the value, which must not be empty.
void encode_value(const DaySigns& signs, std::string& out);
void encode_value(const HostStates& states, std::string& out);
void encode_value(const HeartbeatDay& day, std::string& out);

// Merge an encoded value into what is there. False if the bytes are not one, whole and well-formed;
// nothing is merged then.
[[nodiscard]] bool merge_encoded(std::string_view bytes, DaySigns& signs);
[[nodiscard]] bool merge_encoded(std::string_view bytes, HostStates& states);
[[nodiscard]] bool merge_encoded(std::string_view bytes, HeartbeatDay& day);

}  // namespace minuted
