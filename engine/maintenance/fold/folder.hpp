// Folds: closes the open generation, walks the closed ones once, and writes one FoldBatch after
// another, so that its memory is bounded. Repeatable at any time and at any place cut short: what a
// batch did not write is still raw. Nothing else may write rows while a fold runs: the caller sees to
// it. One thread at a time, but for stop().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "maintenance/fold/fold_batch.hpp"
#include "minuted/time.hpp"
#include "stats/counters.hpp"
#include "store/raw_table.hpp"
#include "store/repo_tiers.hpp"
#include "store/store.hpp"

namespace minuted {

// Puts into the table what an earlier run of the engine left unfolded. Before all commits. Counts the
// chunks in `loaded` as it goes, if that is given.
Result<void> load_unfolded(const Store& store, RawTable& table, std::int64_t steady_ms,
                           Counter* loaded = nullptr);

class Folder {
 public:
  struct Options {
    std::size_t batch_bytes;
    bool archive;  // raw events are kept when they are folded
    std::function<void(const Error&)> on_write_failure;  // called once a write failed
    // Rows were written, none of them of an earlier minute than the first or a later one than the second.
    std::function<void(Minute oldest, Minute newest)> on_rows;
  };

  // Borrows them all.
  Folder(Store& store, RawTable& table, RepoRowsBegin& repo_rows_begin, FoldCounters& counters,
         Options options);

  // Folds everything committed before the call, buffered: if it is lost in a crash, the mark of how far
  // it came is as well. kCorruption if chunks cannot be read, in this fold or an earlier one; the rest is
  // folded all the same.
  Result<void> fold();

  // Ends a fold under way after its batch. Any thread.
  void stop() { stopping_ = true; }

 private:
  Result<void> fold_all();
  Result<void> fold_generation(const std::shared_ptr<RawGeneration>& generation);
  Result<void> report_unreadable() const;
  Result<void> write_batch(FoldBatch& batch);

  Store& store_;
  RawTable& table_;
  RepoRowsBegin& repo_rows_begin_;
  FoldCounters& counters_;
  const Options options_;
  std::atomic<bool> stopping_ = false;
  FoldMark folded_;  // how far
  std::uint64_t folds_ = 0;
};

}  // namespace minuted
