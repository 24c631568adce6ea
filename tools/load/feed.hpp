// Which batch is sent next, and when: bodies in turn, each to one connection at a time, since a
// body must stay as it is until its batch is acknowledged. Knows no sockets and no clock; one
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "load/load.hpp"

namespace minuted::load {

using TimePoint = std::chrono::steady_clock::time_point;

struct Batch {
  std::uint64_t number;  // from 0
  Body* body;            // the PreparedLoad's
  TimePoint due;         // when it should have been sent; what its latency counts from
};

class Feed {
 public:
  // Borrows `prepared`. Time begins at `start`.
  Feed(const LoadOptions& options, PreparedLoad& prepared, TimePoint start);

  // The next batch if it is due; its body is lent until given back.
  std::optional<Batch> take(TimePoint now);
  void give_back(Body* body) { free_.push_back(body); }

  // No batch comes any more.
  bool over(TimePoint now) const { return all_taken() || out_of_time(now); }
  // Nor is one sent again.
  bool out_of_time(TimePoint now) const { return stopped_ || (end_ && now >= *end_); }
  // Ends it now: the daemon does not take what it is sent.
  void stop() { stopped_ = true; }
  // When the next batch is due; meaningless once it is over.
  TimePoint next_due() const;

 private:
  bool all_taken() const { return batches_ != 0 && taken_ == batches_; }

  std::deque<Body*> free_;  // at most as many as there are bodies
  std::uint64_t batches_;
  std::uint64_t taken_ = 0;
  TimePoint start_;
  std::optional<TimePoint> end_;
  bool stopped_ = false;
  double nanos_per_batch_ = 0;  // 0: due at any time
};

}  // namespace minuted::load
