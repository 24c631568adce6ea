// Runs folds: a thread that folds at an interval, or sooner when much has piled up, and whoever asks
// for one. A fold closes the open generation, walks the closed ones once, and writes one FoldBatch
// after another, so that its memory is bounded. Repeatable at any time and at any place cut short: what
// a batch did not write is still raw. Any thread may ask; folds run one at a time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "fold/fold_batch.hpp"
#include "minuted/time.hpp"
#include "stats/counters.hpp"
#include "store/disk_guard.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

// Puts into the table what an earlier run of the engine left unfolded. Before all commits.
Result<void> load_unfolded(const Store& store, RawTable& table, std::int64_t steady_ms);

class Folder {
 public:
  struct Options {
    std::int64_t interval_ms;  // 0 = no thread
    std::size_t batch_bytes;
    std::function<void(const Error&)> on_write_failure;  // called once a write failed, any thread
  };

  // Borrows all of them.
  Folder(Store& store, RawTable& table, FoldCounters& counters, DiskGuard& disk, Options options);
  // Lets a running fold finish its batch, then stops.
  ~Folder();

  // Folds everything committed before the call. kSynced: and it is durable. kCorruption if chunks
  // had to be left raw because they cannot be read; the rest is folded all the same. kDiskFull while
  // there is no room: raw events wait, and reads add them up themselves.
  Result<void> fold(Durability durability);

  // The thread need not wait for the interval to end. Cheap.
  void hurry();

 private:
  void run();
  struct Unreadable {
    std::uint64_t entries = 0;
    std::string first;
  };
  Result<void> fold_all();
  Result<void> fold_generation(const std::shared_ptr<RawGeneration>& generation,
                               Unreadable& unreadable);
  Result<void> write_batch(FoldBatch& batch);

  Store& store_;
  RawTable& table_;
  FoldCounters& counters_;
  DiskGuard& disk_;
  const Options options_;

  std::mutex fold_mutex_;  // held through a fold
  FoldMark folded_;        // under fold_mutex_: how far
  std::mutex mutex_;       // guards hurry_ and stopping_
  bool hurry_ = false;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace minuted
