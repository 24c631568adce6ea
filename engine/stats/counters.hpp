// The counters behind EngineStats: each part of the engine adds to its own, anyone may read.
// Relaxed atomics; a reader sees each number whole, not all of one moment.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "minuted/stats.hpp"
#include "stats/query_memory.hpp"
#include "stats/read_recall.hpp"

namespace minuted {

using Counter = std::atomic<std::uint64_t>;

template <std::size_t N>
class Histogram {
 public:
  explicit Histogram(const std::array<double, N>& bounds) : bounds_(bounds) {}

  void record(double value) {
    std::size_t i = 0;
    while (i < N && value > bounds_[i]) ++i;
    const std::lock_guard lock(mutex_);
    ++counts_.buckets[i];
    counts_.sum += value;
    ++counts_.count;
  }
  HistogramCounts<N> counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  const std::array<double, N>& bounds_;
  mutable std::mutex mutex_;  // guards counts_
  HistogramCounts<N> counts_;
};

// Why something failed the last time it did; empty if it never has.
class LastError {
 public:
  void set(const std::string& message) {
    const std::lock_guard lock(mutex_);
    message_ = message;
  }
  std::string get() const {
    const std::lock_guard lock(mutex_);
    return message_;
  }

 private:
  mutable std::mutex mutex_;  // guards message_
  std::string message_;
};

struct CommitCounters {
  Counter batches{0};
  Counter replayed{0};
  Counter duplicates{0};  // events
  Counter overloaded{0};
  Counter events{0};
  Counter chunks{0};
  Counter chunk_bytes{0};
  Counter series{0};
  Counter series_total{0};
  Counter rate_limited{0};
  Counter disk_full{0};
  Counter events_over_series_max{0};
  std::atomic<std::size_t> queue_bytes{0};
  Histogram<kSyncSecondsBounds.size()> sync_seconds{kSyncSecondsBounds};
  Histogram<kBatchesPerSyncBounds.size()> batches_per_sync{kBatchesPerSyncBounds};
};

struct FoldCounters {
  Counter folds{0};
  Counter chunks{0};
  Counter events{0};
  Counter micros{0};
  Counter failures{0};
  LastError last_error;
};

struct RollCounters {
  Counter passes{0};
  Counter rows{0};  // of hours and days
  Counter failures{0};
  LastError last_error;
};

struct SealCounters {
  Counter passes{0};
  Counter pages{0};
  Counter rows{0};
  Counter failures{0};
  LastError last_error;
};

struct PruneCounters {
  Counter passes{0};
  Counter keys{0};
  Counter failures{0};
  LastError last_error;
};

struct ReadCounters {
  Counter queries{0};
  Counter rows{0};
  Counter open{0};
  Counter expired{0};
  QueryMemory memory;  // of open cursors
  ReadRecall recall;
};

}  // namespace minuted
