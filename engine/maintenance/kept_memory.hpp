// Bounds what reads keep in memory of a store that goes on: the events that were folded and the memtables
// that were flushed since they began. Past the bound the oldest reads are recalled, see ReadRecall.
// One thread at a time.
#pragma once

#include <cstdint>
#include <deque>

#include "stats/read_recall.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class KeptMemory {
 public:
  // Borrows them all.
  KeptMemory(const Store& store, RawTable& table, ReadRecall& recall)
      : store_(store), table_(table), recall_(recall) {}

  // Looks at how much it is, and recalls as many of the oldest reads as it takes to come below the
  // bound. To be called after each fold, and now and then.
  void check();

 private:
  const Store& store_;
  RawTable& table_;
  ReadRecall& recall_;
  std::uint64_t flushes_ = 0;         // of the store, as last looked
  std::deque<std::uint64_t> flushed_;  // moments of flushes, ascending, whose memtables may be kept
};

}  // namespace minuted
