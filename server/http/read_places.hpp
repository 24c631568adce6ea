// The bound on reads that are under way at once. Each holds a snapshot of the store, a cursor and a
// piece of its answer. A read needs a worker only while it makes its rows; while it waits for its
// client to take them, the place it holds is what it costs. Such slow readers may hold seven eighths of
// the places, and give way to new reads: of those that take less than kSlowBytesPerSecond, the client
// with the most reads loses the one that took the least of late. Its connection is closed without the
// last chunk. One client has three quarters of the places at most. An answer of one piece needs no place:
// a worker makes it in one go. A few longer ones may wait for a place with their first piece made.
// Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "http/log_gate.hpp"

namespace minuted::http {

class ReadPlace;

class ReadPlaces {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // A reader that takes as much is not evicted: its answer ends soon. An honest link may be slower; it
  // is then evicted only if all places are held and no reader is slower.
  static constexpr std::uint64_t kSlowBytesPerSecond = 64 << 10;
  // A reader that has waited less is not known to be slow.
  static constexpr std::chrono::milliseconds kSlowAfter{200};

  explicit ReadPlaces(std::size_t max) : max_(max) {}
  std::size_t max() const { return max_; }
  // Reads under way, and of them those that wait for their clients.
  std::size_t held() const;
  std::size_t waiting() const;
  std::uint64_t evicted_total() const { return evicted_total_.load(std::memory_order_relaxed); }
  LogGate log_gate;  // for lines about evictions

 private:
  friend class ReadPlace;
  bool enter(ReadPlace& place, TimePoint now);
  bool queue(ReadPlace& place);
  // Of evicted reads that have not ended, and of reads that wait for a place.
  std::size_t beside_max() const { return std::max<std::size_t>(max_ / 8, 1); }
  void leave(ReadPlace& place);
  // The caller has the mutex. Evicts the slowest reader, of `client` unless that is null.
  bool evict(const std::string* client, TimePoint now);
  void forget(ReadPlace& place);

  const std::size_t max_;
  std::atomic<std::uint64_t> evicted_total_{0};
  mutable std::mutex mutex_;  // guards all below, and the places
  std::unordered_set<ReadPlace*> places_;  // not those that were evicted
  std::size_t waiting_ = 0;
  std::size_t leaving_ = 0;  // evicted, and not gone yet
  std::size_t queued_ = 0;   // waiting for a place
  std::map<std::string, std::size_t, std::less<>> by_client_;
};

// The place of one read. All but evicted() is for one thread at a time.
class ReadPlace {
 public:
  using TimePoint = ReadPlaces::TimePoint;

  // `client`: a token or an address; empty for one that cannot be told from others, which has no
  // bound of its own.
  ReadPlace(ReadPlaces& places, std::string_view client) : places_(places), client_(client) {}
  ~ReadPlace() { places_.leave(*this); }
  ReadPlace(const ReadPlace&) = delete;
  ReadPlace& operator=(const ReadPlace&) = delete;

  // Takes a place, if need be that of a slow reader; false if there is none to be had now.
  [[nodiscard]] bool enter(TimePoint now) { return places_.enter(*this, now); }
  // The read, its first piece made, will wait for a place; false if too many do already.
  [[nodiscard]] bool queue() { return places_.queue(*this); }
  // From now on the client has to take what was made; `taken_bytes` it has so far.
  void wait(std::uint64_t taken_bytes, TimePoint now);
  // How much it has now: to be told about ten times a second while it waits.
  void progress(std::uint64_t taken_bytes, TimePoint now);
  void go_on();
  // Whether another read has the place now, and this one must end.
  bool evicted() const { return evicted_.load(std::memory_order_acquire); }

 private:
  friend class ReadPlaces;
  struct Mark {
    TimePoint time{};
    std::uint64_t bytes = 0;
  };
  std::uint64_t bytes_per_second(TimePoint now) const;

  ReadPlaces& places_;
  const std::string client_;
  std::atomic<bool> evicted_{false};
  // Guarded by the mutex of places_.
  bool held_ = false;
  bool queued_ = false;
  bool waiting_ = false;
  TimePoint since_{};  // waiting
  std::uint64_t taken_bytes_ = 0;
  Mark older_;  // one to two seconds ago, or when the wait began
  Mark newer_;
};

}  // namespace minuted::http
