// What one atomic batch of a fold adds up: chunks go in, in the order of their keys, and come out as
// merge operands for the minute of their (repo, bucket), for the small values of their repo and of all
// repos, and as the mark up to which they are folded (and as events of the archive). The hour, the day, the
// total, the activity of the day and the state of hosts get an operand only where the pair's boundary (store/roll_boundaries.hpp) has passed the minute, because the event is late; otherwise
// they are written by the roll. All of it in one WriteSet, so that a chunk is counted once or still raw,
// never both and never neither.
// Fourth stop of an event's journey. Pure but for the WriteSet it fills; one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "nodes/signs.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "store/raw_table.hpp"
#include "store/roll_boundaries.hpp"
#include "store/store.hpp"

namespace minuted {

class FoldBatch {
 public:
  struct Options {
    bool archive = false;  // what is folded is kept as raw events as well
    // Values are written whole, together with what the store has of them, and not as operands. Costs a
    // look at each; never to do it costs whoever reads: a quiet store's memtables live for days, and a
    // day's value gets an operand with each fold.
    bool adds_up = false;
  };
  // `boundaries`: those in the store, which do not move until the batch is written.
  FoldBatch(const Store& store, RollBoundaries boundaries, Options options)
      : store_(store), boundaries_(std::move(boundaries)), options_(options), set_(store) {}

  // Counts the entry of a closed generation in that the cursor stands on. Entries must come in their
  // order. False if it cannot be read.
  [[nodiscard]] bool add(const RawGeneration& generation, RawCursor& at);

  // Moves an entry that cannot be read to where it stays for readers to report, in the place of add().
  void set_aside(const RawGeneration& generation, RawCursor& at);

  // The generation ends in this batch, and all before it are folded.
  void end_generation(const RawGeneration& generation) { floor_ = generation.last_commit() + 1; }

  // Writes out what is still being added up, and how far it goes; then set() is complete.
  void finish();

  WriteSet& set() { return set_; }
  RawSize removed() const { return removed_; }
  // How far it goes.
  const FoldMark& mark() const { return mark_; }
  std::uint64_t events() const { return events_; }
  // The oldest and the newest minute counted in.
  Minute oldest() const { return oldest_; }
  Minute newest() const { return newest_; }
  // About the memory it holds, bytes.
  std::size_t bytes() const {
    return set_.bytes() + removed_.bytes + (repo_values_.size() + all_values_.size()) * 128;
  }

  void clear();

 private:
  // One span that is being added up: closed, and written as an operand, when the keys move past it.
  struct Span {
    Family family;
    std::uint32_t minutes;  // 0 = all time
    bool open = false;
    Minute first{};
    HostRollups hosts;
  };

  void move_mark(const RawGeneration& generation, std::string_view key);
  void count_events(const PairView& pair, Minute minute);
  void enter(std::string_view prefix, Minute minute);
  void close(Span& span);
  template <class Signs>
  void merge_signs(Family family, Signs& signs);
  using RepoValues = std::map<std::pair<RepoSpan, Minute>, RepoRollup>;
  void close_repo();
  void put_values(std::string_view repo, RepoValues& values);
  void add_value(Family family);

  const Store& store_;
  const RollBoundaries boundaries_;
  const Options options_;
  WriteSet set_;
  FoldMark mark_;
  RawSize removed_;
  std::uint64_t floor_ = 0;  // put there with it, unless 0
  std::uint64_t events_ = 0;
  Minute oldest_ = kMinuteMax;
  Minute newest_{0};
  std::string prefix_;  // of the pair at hand
  Minute hour_boundary_{0};  // its
  Minute day_boundary_{0};
  std::string repo_;
  // Before the boundaries a minute's sum is added to the hour's, that to the day's, that to the total's, as
  // each closes.
  Span minute_{Family::kMinute, 1, false, {}, {}};
  Span hour_{Family::kHour, kMinutesPerHour, false, {}, {}};
  Span day_{Family::kDay, kMinutesPerDay, false, {}, {}};
  Span total_{Family::kTotal, 0, false, {}, {}};
  RepoValues repo_values_;
  RepoValues all_values_;  // of all repos of the batch
  DaySigns signs_;     // of the day at hand
  HostStates states_;  // of the pair at hand
  std::vector<ChunkEvent> events_read_;
  std::vector<std::string_view> host_names_;  // of the chunk at hand, by number
  std::vector<HostRollups::Entry*> entries_;  // theirs
  std::string key_;
  std::string value_;
};

}  // namespace minuted
