// How much raw data waits for the fold, known without looking into the store: the committer adds
// before it writes, the folder subtracts after it has. So zero means that nothing acknowledged is
// unfolded, and a reader can skip the raw family. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace minuted {

class RawBacklog {
 public:
  struct Size {
    std::uint64_t chunks = 0;
    std::uint64_t bytes = 0;
  };

  // The committer is about to write `size` more.
  void add(Size size, std::int64_t steady_ms) {
    const std::lock_guard lock(mutex_);
    size_.chunks += size.chunks;
    size_.bytes += size.bytes;
    ++additions_;
    if (oldest_ms_ < 0) oldest_ms_ = steady_ms;
  }

  // The folder takes its view now: what is added from here on belongs to the next fold.
  void begin_fold() {
    const std::lock_guard lock(mutex_);
    if (folding_oldest_ms_ < 0) folding_oldest_ms_ = oldest_ms_;
    oldest_ms_ = -1;
  }

  // The folder has written a batch that removes `size`.
  void remove(Size size) {
    const std::lock_guard lock(mutex_);
    size_.chunks -= std::min(size_.chunks, size.chunks);
    size_.bytes -= std::min(size_.bytes, size.bytes);
  }

  // The fold begun last took all it saw; `complete` is false if it failed on the way.
  void end_fold(bool complete) {
    const std::lock_guard lock(mutex_);
    if (complete) folding_oldest_ms_ = -1;
  }

  Size size() const {
    const std::lock_guard lock(mutex_);
    return size_;
  }

  // Milliseconds since the oldest commit that waits, 0 if none does.
  std::int64_t lag_ms(std::int64_t steady_ms) const {
    const std::lock_guard lock(mutex_);
    if (size_.chunks == 0) return 0;
    const std::int64_t oldest = folding_oldest_ms_ >= 0 ? folding_oldest_ms_ : oldest_ms_;
    return oldest < 0 ? 0 : std::max<std::int64_t>(0, steady_ms - oldest);
  }

  // For a reader: none_since(mark) after it took its view says whether that view is without raw
  // data, mark being what mark() gave before.
  struct Mark {
    bool none;
    std::uint64_t additions;
  };
  Mark mark() const {
    const std::lock_guard lock(mutex_);
    return {size_.chunks == 0, additions_};
  }
  bool none_since(const Mark& mark) const {
    const std::lock_guard lock(mutex_);
    return mark.none && mark.additions == additions_;
  }

 private:
  mutable std::mutex mutex_;  // guards everything below
  Size size_;
  std::uint64_t additions_ = 0;
  std::int64_t oldest_ms_ = -1;          // first addition since the last fold began, -1 = none
  std::int64_t folding_oldest_ms_ = -1;  // the same of what a running or failed fold took
};

}  // namespace minuted
