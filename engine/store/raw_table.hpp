// Raw events that are not folded yet, in memory: what the raw family holds, found by (repo, bucket,
// minute) at once. The family makes them durable, a key a commit, and is read when a store is opened,
// never after.
//
// Commits append to the *open generation*. A fold closes it: nothing is appended to it any more, it is
// folded entry by entry in the order of its keys, and forgotten. In the same atomic write as an entry's
// rollup the store keeps a *mark*: how far which generation is folded; see fold_progress.hpp. A reader
// takes the generations, the number of the last commit and a view of the store together, and finds the
// mark in that view: so it sees each event raw or folded, never both and never neither.
//
// Entries that a fold cannot read are kept in a generation of their own, number 0, for readers to report.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/index_table.hpp"
#include "minuted/time.hpp"
#include "stats/read_recall.hpp"
#include "store/fold_progress.hpp"
#include "store/roll_boundaries.hpp"
#include "store/store.hpp"

namespace minuted {

// How much raw data: chunks, and their bytes.
struct RawSize {
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
};

// The raw events of the commits between two folds. append() and mark_damaged() are one thread's at a
// time; reading is safe beside them.
class RawGeneration {
 public:
  // Bytes of one commit for one (repo, bucket, minute): chunks as a raw value holds them.
  struct Piece {
    std::atomic<const Piece*> next;
    std::uint64_t commit;  // its sequence
    std::size_t size;
    std::string_view bytes() const { return {reinterpret_cast<const char*>(this + 1), size}; }
  };
  // One (repo, bucket, minute).
  struct Entry {
    Minute minute;
    bool damaged;  // a fold could not read it: readers see it for ever
    const Piece* first;
    Piece* last;
  };
  // Where a reader stands.
  struct Place {
    std::string_view prefix;  // the generation's
    Entry entry;
  };

  // `number` counts the generations of this process; commits begin with `first_commit`.
  RawGeneration(std::uint64_t number, std::uint64_t first_commit)
      : number_(number), first_commit_(first_commit) {}

  // Below those of all later generations.
  std::uint64_t number() const { return number_; }
  std::uint64_t first_commit() const { return first_commit_; }
  // Of a closed one: the last of its commits.
  std::uint64_t last_commit() const { return last_commit_; }

  void append(std::string_view prefix, Minute minute, std::uint64_t commit, std::string_view bytes);
  void mark_damaged(std::string_view prefix, Minute minute);

  // The first entry whose key (pair prefix | minute) is at or after `key`, which may be any bytes.
  std::optional<Place> seek(std::string_view key) const;
  // The first entry after that place.
  std::optional<Place> after(const Place& place) const;

  bool damaged() const { return damaged_; }
  // About all it has allocated, bytes.
  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  friend class RawTable;
  struct Pair {
    std::string_view prefix;
    std::vector<Entry> entries;  // ascending by minute; most have one
  };

  char* allocate(std::size_t bytes);
  Pair& pair_of(std::string_view prefix);

  std::uint64_t number_;  // of a loaded one: set before anybody else knows it
  const std::uint64_t first_commit_;
  std::uint64_t last_commit_ = 0;  // set before it is closed
  std::atomic<bool> damaged_ = false;
  std::atomic<std::size_t> memory_bytes_ = 0;

  mutable std::shared_mutex mutex_;  // guards what follows; a Piece never changes but for its next
  std::map<std::string_view, Pair> pairs_;
  std::vector<Pair*> numbered_;  // table_'s numbers
  IndexTable table_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_bytes_ = 0;
  std::size_t block_used_ = 0;
};

// What a reader takes at one moment.
struct RawView {
  std::vector<std::shared_ptr<const RawGeneration>> generations;  // as they were opened
  std::uint64_t last_commit = 0;
  std::uint64_t began = 0;      // the moment, see ReadRecall
  RolledBefore rolled;          // when it was taken, or earlier
  std::shared_ptr<View> store;  // of one moment, for as many scans as an answer is made of
};

class RawTable {
 public:
  // Borrows `recall`, which tells the moments of its views and of what is finished.
  explicit RawTable(ReadRecall& recall) : recall_(recall) {}

  // What a commit adds for one (repo, bucket, minute): chunks as a raw value holds them.
  struct Addition {
    std::string_view prefix;
    Minute minute;
    std::string_view bytes;
  };

  // For a commit, from before it is written until it is published: no fold begins meanwhile.
  [[nodiscard]] std::unique_lock<std::mutex> hold() { return std::unique_lock(commit_mutex_); }
  // While held, once the commit is durable: from here on readers see it.
  void publish(std::uint64_t sequence, std::span<const Addition> additions, RawSize size,
               std::int64_t steady_ms);
  // While held: the number of the first commit that no fold has closed; nullopt if none is waiting.
  std::optional<std::uint64_t> first_open_commit() const;
  // Before all commits: what an earlier process left, by the commits of the generation it is to be of, in
  // any order; and when all of it is in.
  void load(std::uint64_t first_commit, std::uint64_t last_commit, const Addition& addition, RawSize size,
            std::int64_t steady_ms);
  void loaded();
  // The same, of what no fold can read.
  void load_unreadable(const Addition& addition, RawSize size, std::int64_t steady_ms);

  // How many generations have been folded and forgotten. A view of the store taken later has their rows.
  std::uint64_t folded_generations() const;
  // Whether the pair may have events that are in no row of a view taken after folded_generations() was so
  // many: events of it are unfolded, or any were folded since. Of commits that are published; any thread.
  bool may_have_since(std::string_view prefix, std::uint64_t folded_generations) const;

  // For a fold: closes the open generation, waiting for the commit under way. What is to be folded,
  // oldest first.
  std::vector<std::shared_ptr<RawGeneration>> close();
  // A batch of a fold has been written that removes so much of it.
  void removed(RawSize size);
  // All of the generation is folded, but for what is damaged, of which unreadable() takes a copy.
  void finish(const std::shared_ptr<RawGeneration>& generation);
  // What no fold could read; null if there is nothing.
  std::shared_ptr<const RawGeneration> unreadable() const;

  RawView view(const Store& store) const;

  // A finished generation that readers keep: about its memory, bytes, and the moment it was finished.
  struct KeptForReaders {
    std::size_t bytes;
    std::uint64_t moment;
  };
  // Oldest first.
  std::vector<KeptForReaders> kept_for_readers();

  RawSize size() const;
  // About the memory of all generations, bytes; any thread, at any rate.
  std::size_t memory_bytes() const { return memory_bytes_; }
  std::size_t open_memory_bytes() const { return open_memory_bytes_; }
  // Milliseconds since the oldest commit that waits, 0 if none does.
  std::int64_t lag_ms(std::int64_t steady_ms) const;

 private:
  struct Kept {
    std::shared_ptr<RawGeneration> generation;
    std::int64_t since_ms;  // its first commit
  };

  void count_memory();
  RawGeneration& open_unreadable(std::int64_t since_ms);

  struct Finished {
    std::weak_ptr<const RawGeneration> generation;
    KeptForReaders kept;
  };

  ReadRecall& recall_;
  std::mutex commit_mutex_;    // taken before mutex_
  mutable std::mutex mutex_;   // guards what follows
  std::optional<Kept> unreadable_;  // before all others
  std::vector<Kept> closed_;   // oldest first
  std::optional<Kept> open_;
  std::vector<Finished> finished_;  // oldest first; of those that are gone, some
  std::uint64_t next_number_ = 1;
  std::uint64_t last_commit_ = 0;
  std::uint64_t folded_generations_ = 0;
  RawSize size_;
  std::atomic<std::size_t> memory_bytes_ = 0;
  std::atomic<std::size_t> open_memory_bytes_ = 0;
};

// Steps through what is unfolded in a view, by pair and minute. Its key() and values() die at the next
// step. Keeps the generations, and what it gave out, alive.
class RawCursor {
 public:
  RawCursor(std::vector<std::shared_ptr<const RawGeneration>> generations,
            std::uint64_t last_commit, const FoldMark& mark);

  void seek(std::string_view key);
  void next();
  bool valid() const { return !key_.empty(); }
  // Pair prefix | minute.
  std::string_view key() const { return key_; }
  // The commits' chunks, oldest first.
  const std::vector<std::string_view>& values();

 private:
  struct Part {
    std::shared_ptr<const RawGeneration> generation;
    std::string folded_below;  // the least key that is not folded; empty: none is
    bool folded;               // all of it
    std::optional<RawGeneration::Place> place;
  };

  static void make_key(const RawGeneration::Place& place, std::string& key);
  bool is_here(const Part& part) const;
  bool shows(const Part& part);
  void skip_hidden(Part& part);
  void find_key();

  std::vector<Part> parts_;
  const std::uint64_t last_commit_;
  std::string key_;      // empty: at the end
  std::string scratch_;
  std::vector<std::string_view> values_;
};

}  // namespace minuted
