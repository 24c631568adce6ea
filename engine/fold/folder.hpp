// Runs folds and seals: a thread that folds at an interval, or sooner when much has piled up, and seals
// in the time between, and whoever asks for one. A fold closes the open generation, walks the closed ones once, and writes one FoldBatch
// after another, so that its memory is bounded. Repeatable at any time and at any place cut short: what
// a batch did not write is still raw. Any thread may ask; folds and steps of a seal run one at a time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "fold/fold_batch.hpp"
#include "fold/sealer.hpp"
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
    const Clock* clock;
    std::int64_t seal_after_ms;
    std::int64_t seal_interval_ms;  // 0 = the thread does not seal
  };
  struct Parts {
    Store& store;
    RawTable& table;
    FoldCounters& fold_counters;
    SealCounters& seal_counters;
    DiskGuard& disk;
  };

  // Borrows all of them.
  Folder(const Parts& parts, Options options);
  // Lets a running fold finish its batch, then stops.
  ~Folder();

  // Folds everything committed before the call. kSynced: and it is durable. kCorruption if chunks
  // had to be left raw because they cannot be read; the rest is folded all the same. kDiskFull while
  // there is no room: raw events wait, and reads add them up themselves.
  Result<void> fold(Durability durability);

  // Seals all that is closed now. kCorruption if spans had to be left because they cannot be read.
  // kDiskFull while there is no room: rows stay rows.
  Result<void> seal(Durability durability);

  // The thread need not wait for the interval to end. Cheap.
  void hurry();

 private:
  void run();
  void seal_for_a_while();
  Result<bool> seal_step();
  Result<void> sync();
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

  std::mutex rows_mutex_;  // held through a fold, and a step of a seal
  FoldMark folded_;        // under rows_mutex_: how far
  Sealer sealer_;          // under rows_mutex_
  std::mutex mutex_;       // guards hurry_ and stopping_
  bool hurry_ = false;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace minuted
