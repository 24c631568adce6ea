// Keeps raw events that are folded out of tables. The raw family holds a key a commit, and a fold
// deletes none of them: it raises the *floor*, below which all commits are folded, in the same write as
// the last of their rollups. RocksDB asks a filter of ours what a new table need not hold.
//
// A floor counts for a table only if nothing that can happen to the log takes the floor away and leaves
// the table. So a flush drops what is below the floor that its own memtables hold, since all families are
// flushed atomically, and a compaction what is below the floor that tables hold. Both are followed
// through RocksDB's events of the meta family, which every commit and every fold writes to:
//
//   a write with a floor ──► written
//   memtables are sealed ──► the floor as written then waits with the memtable …
//   they are flushed     ──► … and is in tables
//
// Several memtables can wait for their flush; the floor of the oldest counts, for a flush begins with it.
// RocksDB calls the filter and the listener from any thread.
#pragma once

#include <rocksdb/compaction_filter.h>
#include <rocksdb/listener.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

namespace minuted {

// The first commit that may not be folded, at three stages. Any thread.
class RawFloors {
 public:
  // A store was opened, all of whose contents are in tables.
  void opened(std::uint64_t floor);
  // A write with this floor has returned. Called before the next write begins.
  void written(std::uint64_t floor);
  // A memtable of the meta family whose first entry has this sequence number takes no more writes.
  void sealed(std::uint64_t first_sequence);
  // Memtables of the meta family up to this sequence number are in tables.
  void flushed(std::uint64_t last_sequence);

  std::uint64_t written() const;
  // What the flush that is under way, or comes next, may go by.
  std::uint64_t of_flush() const;
  std::uint64_t of_tables() const;

 private:
  struct Sealed {
    std::uint64_t first_sequence;
    std::uint64_t floor;
  };
  mutable std::mutex mutex_;  // guards what follows
  std::uint64_t written_ = 0;
  std::deque<Sealed> sealed_;  // oldest first
  std::uint64_t in_tables_ = 0;
};

// The filter of the raw family. Shares the floors.
std::shared_ptr<rocksdb::CompactionFilterFactory> make_raw_filter(
    std::shared_ptr<const RawFloors> floors);

// Tells the floors what is sealed and flushed. `meta_family` is its name on disk.
std::shared_ptr<rocksdb::EventListener> make_floor_listener(std::shared_ptr<RawFloors> floors,
                                                            std::string meta_family);

}  // namespace minuted
