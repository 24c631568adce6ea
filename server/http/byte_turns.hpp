// Turns at work that takes memory for its duration: as many at the same time as fit in a bound, the others
// wait for theirs. Work larger than the bound has its turn alone. Blocks the thread: for workers. Any
// thread.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace minuted::http {

class ByteTurns {
 public:
  explicit ByteTurns(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  std::size_t bytes_max() const { return bytes_max_; }

  // A turn from its construction to its end. Borrows the turns. 0 bytes do not wait.
  class Turn {
   public:
    Turn(ByteTurns& turns, std::size_t bytes)
        : turns_(turns), bytes_(std::min(bytes, turns.bytes_max_)) {
      if (bytes_ == 0) return;
      std::unique_lock lock(turns_.mutex_);
      turns_.ended_.wait(lock, [this] { return turns_.bytes_max_ - turns_.used_ >= bytes_; });
      turns_.used_ += bytes_;
    }
    ~Turn() {
      if (bytes_ == 0) return;
      {
        const std::lock_guard lock(turns_.mutex_);
        turns_.used_ -= bytes_;
      }
      turns_.ended_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    ByteTurns& turns_;
    const std::size_t bytes_;
  };

 private:
  const std::size_t bytes_max_;
  std::mutex mutex_;  // guards used_
  std::condition_variable ended_;
  std::size_t used_ = 0;
};

}  // namespace minuted::http
