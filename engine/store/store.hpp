// The only door to RocksDB: families of keys, atomic sets of writes, consistent views, and its
// statuses translated into ours. What the bytes mean is said elsewhere (schema/keys.hpp, rollup_codec,
// chunk_codec, idempotency.hpp); how they are kept is decided here.
//
// A Store is safe from any thread. A WriteSet, a View's cursor: one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "schema/families.hpp"

namespace rocksdb {
class Env;
class Iterator;
class Slice;
}  // namespace rocksdb

namespace minuted {

class DataDirectory;
class WriteGuard;

// The version of everything below the data directory. Before the first release a change of any
// layout raises it, and stores of another version are refused.
inline constexpr std::uint32_t kFormatVersion = 10;

enum class Durability : std::uint8_t {
  kSynced,    // on disk when the call returns
  kBuffered,  // ordered before every later write; on disk with the next synced one
};

struct StoreOptions {
  std::string path;
  bool create_if_missing = true;
  std::size_t block_cache_bytes = 64U << 20;
  std::size_t memtable_bytes = 64U << 20;
  const Clock* clock = &system_clock();            // borrowed; what records expire by
  std::int64_t idempotency_window_ms = 0;          // records, of event ids too, older than this may
                                                   // be dropped
  // Open without commits that were acknowledged and that the log has lost; otherwise kCommitsLost.
  bool accept_lost_commits = false;
  // Of open_read_only(): nobody writes to the store meanwhile. Commits that are missing are then lost, as
  // they are to open(), and not only written since.
  bool nobody_writes = false;
  // How far the record of what was acknowledged may lag behind, milliseconds; 0 = it is written by
  // acknowledge() itself, for tests that count calls.
  std::int64_t mark_interval_ms = 1000;
  rocksdb::Env* env = nullptr;                     // borrowed; nullptr = the operating system's
  // The directory's lock, held by an earlier opening in this process; null: it is taken.
  std::shared_ptr<DataDirectory> directory = nullptr;
  // Called once, when a write fails: from then on this opening changes no file. On any thread, perhaps
  // inside the store: it must be short and must not use the store.
  std::function<void(const Error&)> on_write_failure = nullptr;
  // Stands before every changing call of this opening; made by open() if null.
  std::shared_ptr<WriteGuard> guard = nullptr;
};

class Store;

// Writes to one store that take effect together or not at all. Must be gone before the Store.
class WriteSet {
 public:
  explicit WriteSet(const Store& store);
  ~WriteSet();
  WriteSet(const WriteSet&) = delete;
  WriteSet& operator=(const WriteSet&) = delete;

  void put(Family family, std::string_view key, std::string_view value);
  // Deletes a key, with all that was merged into it before.
  void remove(Family family, std::string_view key);
  // Adds to what the key holds: a rollup in kMinute, kHour, kDay, kTotal and kRepo, its like in kDaySigns and
  // kHostState, a day's heartbeats in kNode. These only.
  void merge(Family family, std::string_view key, std::string_view operand);
  // Puts on record that the raw events of all commits before `first_commit` are folded, which must never
  // be less than before: tables need not keep them any more. Read by View::raw_floor().
  void raise_raw_floor(std::uint64_t first_commit);

  bool empty() const;
  std::size_t bytes() const;
  void clear();

 private:
  friend class Store;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class View;

// Steps through the keys of one family in bytewise order. Its key() and value() views die at the
// next step. Must be gone before its View.
class StoreCursor {
 public:
  ~StoreCursor();
  StoreCursor(const StoreCursor&) = delete;
  StoreCursor& operator=(const StoreCursor&) = delete;

  // To the first key at or after `key`.
  void seek(std::string_view key);
  // The same, up to `upper` from now on: what lies behind is not even looked at, which matters where
  // it is a sum whose operands have not been added up yet. Of a cursor that was made to move.
  void seek_below(std::string_view key, std::string_view upper);
  void next();
  // False at the end of the keys, and after an error: status() tells which.
  bool valid() const;
  std::string_view key() const;
  std::string_view value() const;
  Result<void> status() const;

 private:
  friend class View;
  StoreCursor(const View& view, Family family, std::string_view upper);
  // An iterator keeps the memtables it was made over. Once they are flushed another one finds the same in
  // the tables.
  bool outdated() const;
  void make_iterator();

  const View& view_;
  const Family family_;
  std::string upper_bytes_;  // the iterator borrows both
  std::unique_ptr<rocksdb::Slice> upper_;
  std::uint64_t flushes_ = 0;  // Store::flushes() when the iterator was made
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

// The store as it was at one moment. Must be gone before the Store.
class View {
 public:
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  // A cursor over [lower, upper); an empty bound is no bound.
  std::unique_ptr<StoreCursor> cursor(Family family, std::string_view lower,
                                      std::string_view upper) const;
  // The first commit whose raw events may not be folded; 0 if none is on record. kCorruption, kIoError.
  Result<std::uint64_t> raw_floor() const;
  // A cursor to be placed by seek_below(). Of a family whose keys begin with ids.
  std::unique_ptr<StoreCursor> moving_cursor(Family family) const;

  Result<std::optional<std::string>> get(Family family, std::string_view key) const;

 private:
  friend class Store;
  friend class StoreCursor;
  View(const Store& store, const void* snapshot) : store_(store), snapshot_(snapshot) {}
  const Store& store_;
  const void* snapshot_;
};

// What a family takes.
struct FamilySize {
  std::uint64_t table_bytes = 0;  // of its tables, what was overwritten and not yet compacted included
  std::uint64_t keys = 0;         // as RocksDB estimates
};

// The part of a family that is in no table yet, but in the log.
struct MemtableSize {
  std::uint64_t entries = 0;  // writes, not keys
  std::uint64_t bytes = 0;    // theirs
};

// Half-open.
struct KeyRange {
  std::string begin;
  std::string end;
};

struct StoreGauges {
  std::uint64_t memtable_bytes = 0;
  std::uint64_t block_cache_bytes = 0;
  std::uint64_t sst_bytes = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t pending_compaction_bytes = 0;
  std::uint64_t running_flushes = 0;
  std::uint64_t running_compactions = 0;
  std::uint64_t stall_micros = 0;
  bool write_stopped = false;
  std::uint64_t folded_raw_bytes = 0;  // of tables of raw events that are all folded
  std::array<FamilySize, kFamilies> families;  // by Family
};

class Store {
 public:
  // Opens or makes the store. What is there is examined first without changing anything, so that a
  // store that is refused is as it was: repaired files, or a copy, open later. kInvalidArgument (not a
  // directory of ours), kLocked, kUnsupportedFormat, kCorruption, kCommitsLost, kIoError.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
  // Opens a store to read what it held at that moment, whether or not another process has it open;
  // takes no lock and makes or changes nothing. What is not in tables then is read into memory, at
  // most four times memtable_bytes of the process that wrote it. Nothing may be written, and
  // acknowledged() is 0. kInvalidArgument (no store there), kUnsupportedFormat, kCorruption, kIoError, and
  // with nobody_writes kCommitsLost.
  static Result<std::unique_ptr<Store>> open_read_only(const StoreOptions& options);
  ~Store();

  // Sentences about the opening that an operator should see: what was lost, say. Empty as a rule.
  const std::vector<std::string>& opening_notes() const;

  // After any failure the outcome of that write is unknown, and this opening changes no file any more:
  // every later write fails at once. Reads go on, of what was written before.
  Result<void> write(WriteSet& set, Durability durability);

  // Makes every write so far durable.
  Result<void> sync();

  // Why this opening changes no file any more, if a write failed or stop_writes() was called.
  std::optional<Error> write_failure() const;
  // From the return on this opening begins no call that changes a file. Any thread.
  void stop_writes(const Error& reason);
  // After write_failure(): whether the last changing call has returned from the operating system, so
  // that the directory may be opened anew.
  bool is_quiet() const;
  // While `kept`, tables that are not needed any more stay on disk, for readers of an earlier opening.
  void keep_files(bool kept);
  // Gives back most of the block cache's memory, of a store that few readers are left of.
  void shrink_cache();
  // The lock of the directory, for the next opening. Null if it was opened to read only.
  std::shared_ptr<DataDirectory> directory() const;

  Result<std::optional<std::string>> get(Family family, std::string_view key) const;

  std::unique_ptr<View> view() const;

  // Writes the memtables out as tables, so that the log need not be replayed.
  Result<void> flush();

  // Deletes the tables of the raw family all of whose events are folded, as soon as tables hold the
  // record of that. Where no flush comes by itself to put it there, one is made once such tables have held
  // kFoldedRawBytesMax for kFoldedRawPatienceMs. To be called now and then; `steady_ms` is the time.
  Result<void> drop_folded_raw(std::int64_t steady_ms);

  // Writes the memtables out once they have held kDeletionsFlushed deletions for kDeletionsPatienceMs. What
  // they delete takes space until the tables know of it: a seal leaves as many behind as it moved rows, and
  // in a store that is idle no flush comes by itself. To be called now and then; `steady_ms` is the time.
  Result<void> flush_deletions(std::int64_t steady_ms);

  // Writes the memtables out and compacts everything: for benchmarks and tests.
  Result<void> compact();

  // The number of the last commit in the store, 0 in a new one. mark_commit() puts it there, by a write that
  // is to be synced.
  Result<std::uint64_t> last_commit() const;
  void mark_commit(std::uint64_t sequence, WriteSet& set) const;

  // The last commit known to have been acknowledged, which the store holds.
  std::uint64_t acknowledged() const;
  // The commits that were synced so far are acknowledged. That is on record within
  // StoreOptions::mark_interval_ms, or at the latest when the store is closed; where it cannot be recorded
  // the next write fails. One thread at a time.
  Result<void> acknowledge();

  StoreGauges gauges() const;

  // How many times memtables have been flushed since the opening; and about the memory of those that have
  // been flushed and are kept for readers, bytes.
  std::uint64_t flushes() const;
  std::uint64_t kept_memtable_bytes() const;

  FamilySize size_of(Family family) const;
  MemtableSize memtables_of(Family family) const;
  // About how many bytes of tables and memtables each of the ranges takes: to the nearest block.
  Result<std::vector<std::uint64_t>> approximate_bytes(Family family,
                                                       std::span<const KeyRange> ranges) const;

  // A number this opening was given by chance; with the commit sequence it names a commit for ever.
  std::uint64_t epoch() const;
  // Random bytes made with the store; keys hashes that outsiders must not predict.
  std::string_view secret() const;

 private:
  friend class StoreCursor;
  friend class View;
  friend class WriteSet;
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  Result<void> accept_loss();
  std::unique_ptr<Impl> impl_;
};

// See Store::drop_folded_raw().
inline constexpr std::uint64_t kFoldedRawBytesMax = 4U << 20;
inline constexpr std::int64_t kFoldedRawPatienceMs = 5 * 60 * 1000;

// See Store::flush_deletions(). As many as it takes for a table to be compacted for them.
inline constexpr std::uint64_t kDeletionsFlushed = 1'024;
inline constexpr std::int64_t kDeletionsPatienceMs = 60 * 1000;

}  // namespace minuted
