// Which reads must end because of the memory they keep. A read sees the store as it was when it began, so
// until it ends it keeps the events that have been folded since and the memtables that have been flushed
// since. What all reads keep like that is bounded: past the bound the oldest reads are recalled. A recalled
// read fails at its next step; whoever waits with it in hand (for a slow client, say) destroys it.
//
// Time is counted in moments: a number that grows whenever something begins to be kept for readers. A read
// that began at moment M keeps only what began to be kept after M. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace minuted {

class ReadRecall {
 public:
  // The number of the last thing that began to be kept.
  std::uint64_t moment() const { return moment_.load(std::memory_order_acquire); }
  // Something begins to be kept: returns its number.
  std::uint64_t advance() { return moment_.fetch_add(1, std::memory_order_acq_rel) + 1; }

  // Reads that began before this moment are recalled; 0: none is.
  std::uint64_t recalled_before() const {
    return recalled_before_.load(std::memory_order_acquire);
  }
  bool is_recalled(std::uint64_t began) const { return began < recalled_before(); }
  // By one thread at a time.
  void recall_before(std::uint64_t moment) {
    if (moment > recalled_before()) recalled_before_.store(moment, std::memory_order_release);
  }

  // What reads keep, bytes, when it was last looked at; and the bound on it.
  std::atomic<std::size_t> kept_bytes{0};
  std::size_t kept_bytes_max = SIZE_MAX;  // set before the first read
  // Reads that ended because they were recalled.
  std::atomic<std::uint64_t> reads_recalled{0};

 private:
  std::atomic<std::uint64_t> moment_{0};
  std::atomic<std::uint64_t> recalled_before_{0};
};

}  // namespace minuted
