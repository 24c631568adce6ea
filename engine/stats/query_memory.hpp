// How many bytes all reads hold at once, and the bound on them. Each read accounts for its groups, sketches,
// decoded pages and lists by a QueryShare, and gives them back when it ends. QueryMemory: any thread.
// QueryShare: one thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "minuted/result.hpp"

namespace minuted {

class QueryMemory {
 public:
  // An eighth is kept for reads that hold little: those that hold more may have the rest, alone or
  // together.
  static constexpr std::size_t kKeptForSmallPart = 8;
  static constexpr std::size_t kSmallBytes = 256U << 10;

  // Before the first read. Without a call reads are not bounded.
  void set_bytes_max(std::size_t bytes) { bytes_max_ = bytes; }

  std::size_t held() const { return held_.load(std::memory_order_relaxed); }
  std::size_t bytes_max() const { return bytes_max_; }
  // Of one read.
  std::size_t share_bytes_max() const { return bytes_max_ - bytes_max_ / kKeptForSmallPart; }
  // Reads that were refused since the start, because they need too much or others hold it.
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  friend class QueryShare;

  // Bytes for a read that will hold `in_all`.
  bool take(std::size_t bytes, std::size_t in_all) {
    const std::size_t bytes_max = in_all <= kSmallBytes ? bytes_max_ : share_bytes_max();
    std::size_t held = held_.load(std::memory_order_relaxed);
    do {
      if (held > bytes_max || bytes > bytes_max - held) return false;
    } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
    return true;
  }
  void give_back(std::size_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t bytes_max_ = SIZE_MAX;
  std::atomic<std::size_t> held_{0};
  std::atomic<std::uint64_t> refused_{0};
};

// The bytes that one read holds. Borrows the memory.
class QueryShare {
 public:
  explicit QueryShare(QueryMemory& memory) : memory_(&memory) {}
  ~QueryShare() { release(); }
  QueryShare(const QueryShare&) = delete;
  QueryShare& operator=(const QueryShare&) = delete;

  std::size_t bytes() const { return bytes_; }

  // Sees to it that at least `bytes` in all are accounted for, rounded up so that the memory of all reads
  // is not asked for each row. What was held stays held until release(): a read that has begun to answer
  // must not lose to others what it will need again. kQueryTooLarge: one read may never hold so much.
  // kOverloaded: others hold it now. After an error the share is what it was. `beside`: what the same read
  // holds in another share.
  Result<void> hold(std::size_t bytes, std::size_t beside = 0) {
    if (bytes <= bytes_) return {};
    const std::size_t share_max = memory_->share_bytes_max();
    if (bytes > share_max || beside > share_max - bytes) return too_large();
    std::size_t rounded = share_max;
    if (share_max - bytes >= kStepBytes) rounded = (bytes + kStepBytes - 1) / kStepBytes * kStepBytes;
    if (!memory_->take(rounded - bytes_, rounded)) return alone(beside) ? too_large() : crowded();
    bytes_ = rounded;
    return {};
  }

  void release() { memory_->give_back(std::exchange(bytes_, 0)); }

  // Whether all that is held is this read's: then waiting for others would be in vain.
  bool alone(std::size_t beside) const { return memory_->held() <= bytes_ + beside; }

  Error too_large() {
    memory_->refused_.fetch_add(1, std::memory_order_relaxed);
    return {ErrorCode::kQueryTooLarge,
            "the read needs more than " + std::to_string(memory_->share_bytes_max()) +
                " bytes of memory, the most that one read may hold of the " +
                std::to_string(memory_->bytes_max()) +
                " that all reads may; ask for a shorter range or fewer ids, group by fewer of repo, "
                "bucket and host, or leave the percentiles out",
            DecidingOption::kQueryBytesMax};
  }

 private:
  static constexpr std::size_t kStepBytes = 16U << 10;

  Error crowded() {
    memory_->refused_.fetch_add(1, std::memory_order_relaxed);
    return {ErrorCode::kOverloaded,
            "the reads under way hold " + std::to_string(memory_->held()) + " of the " +
                std::to_string(memory_->bytes_max()) +
                " bytes that all reads may; try again soon",
            DecidingOption::kQueryBytesMax};
  }

  QueryMemory* memory_;
  std::size_t bytes_ = 0;
};

}  // namespace minuted
