// Runs folds: a thread that folds at an interval, and whoever asks for one. A fold takes a view,
// walks the raw family once, and writes one FoldBatch after another, so its memory is bounded
// whatever has piled up. Repeatable at any time and at any place cut short: what a batch did not
// write is still raw. Any thread may ask; folds run one at a time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "fold/fold_batch.hpp"
#include "minuted/time.hpp"
#include "stats/counters.hpp"
#include "store/disk_guard.hpp"
#include "store/raw_backlog.hpp"
#include "store/raw_generation.hpp"
#include "store/store.hpp"

namespace minuted {

// What an earlier run of the engine left unfolded.
Result<RawBacklog::Size> count_backlog(const Store& store);

class Folder {
 public:
  struct Options {
    std::int64_t interval_ms;  // 0 = no thread
    std::size_t batch_bytes;
    std::function<void(const Error&)> on_write_failure;  // called once a write failed, any thread
  };

  // Borrows all of them.
  Folder(Store& store, RawBacklog& backlog, RawGeneration& generation, FoldCounters& counters,
         DiskGuard& disk, Options options);
  // Lets a running fold finish its batch, then stops.
  ~Folder();

  // Folds everything committed before the call. kSynced: and it is durable. kCorruption if chunks
  // had to be left raw because they cannot be read; the rest is folded all the same. kDiskFull while
  // there is no room: raw events wait, and reads add them up themselves.
  Result<void> fold(Durability durability);

 private:
  void run();
  Result<void> fold_view(const View& view);
  Result<void> write_batch(FoldBatch& batch);

  Store& store_;
  RawBacklog& backlog_;
  RawGeneration& generation_;
  FoldCounters& counters_;
  DiskGuard& disk_;
  const Options options_;

  std::mutex fold_mutex_;  // held through a fold
  std::mutex mutex_;       // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace minuted
