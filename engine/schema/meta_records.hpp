// The records of the meta family, which say what the store knows about itself: all of them, each
// with its key, its bytes and both directions of its codec. What a record means, and who writes it
// when, is explained where it is used. engine/FORMAT.md shows each with an example, and
// tests/engine/schema/meta_records_test.cpp freezes the bytes.
//
//   key             value
//   "secret"        192 random bytes, made with the store
//   "commit"        number of the last commit u64 | epoch of the opening that made it u64
//   "folded_below"  number of the first commit that may not be folded u64
//   "folded"        epoch u64 | generation u64 | its first commit u64 | its last commit u64
//                   | key of the last raw value that is folded: pair prefix | minute u32,
//                   big-endian
//   "unreadable:" | pair prefix | minute u32, big-endian | first commit of the generation u64,
//   big-endian
//                   the raw value, which a fold could not read
//   "rolled"        current hour boundary u32 | next u32 | current day boundary u32 | next u32,
//                   all big-endian | prefix of the last pair that has the next ones
//   "repo rows"     first minute of the rows of each of kRepoTiers, u32 each, big-endian
//   "clock"         newest commit u64 | anchor u64 | monotonic time since the anchor u64
//                   (Unix ms, Unix ms, ms)
//   "series"        number of known series u64
//   "nodes"         number of known nodes u64
//   "removing"      string repo | byte: 1 and string bucket, or 0
//                   | byte: 1, first minute u64 and end u64, or 0
//                   | first minute that was not past its retention u64
//                   | number of the first commit whose events stay u64
//
// Numbers are little-endian where nothing else is said; a string is its length as a varint and its
// bytes. A record that is absent has the value of an empty store. Keys and bytes are persisted: a
// change is a change of the store's format.
//
// Every record is a value with encode(), and decode(), which is nullopt unless the bytes are
// exactly one record. kKey is its key, kMeaning names it in messages. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/time.hpp"
#include "schema/tiers.hpp"

namespace minuted {

// Keys hashes that outsiders must not predict.
struct SecretRecord {
  static constexpr std::string_view kKey = "secret";
  static constexpr std::string_view kMeaning = "the store's secret";
  static constexpr std::size_t kBytes = 192;

  std::string bytes;

  std::string encode() const { return bytes; }
  static std::optional<SecretRecord> decode(std::string_view bytes);
  friend bool operator==(const SecretRecord&, const SecretRecord&) = default;
};

// The last commit. Written in the batch of each.
struct CommitRecord {
  static constexpr std::string_view kKey = "commit";
  static constexpr std::string_view kMeaning = "the record of the last commit";

  std::uint64_t sequence = 0;  // 0 = none
  std::uint64_t epoch = 0;     // of the opening that made it

  std::string encode() const;
  static std::optional<CommitRecord> decode(std::string_view bytes);
  friend bool operator==(const CommitRecord&, const CommitRecord&) = default;
};

// All commits before it are folded. See store/fold_progress.hpp.
struct RawFloorRecord {
  static constexpr std::string_view kKey = "folded_below";
  static constexpr std::string_view kMeaning = "the record of which commits are folded";

  std::uint64_t first_commit = 0;  // that may not be folded; 0 = none is

  std::string encode() const;
  static std::optional<RawFloorRecord> decode(std::string_view bytes);
  friend bool operator==(const RawFloorRecord&, const RawFloorRecord&) = default;
};

// How far a generation of raw events is folded.
struct FoldMark {
  std::uint64_t generation = 0;    // number; 0 = none of this process's
  std::string key;                 // the last that is folded: pair prefix | minute
  std::uint64_t first_commit = 0;  // of the generation
  std::uint64_t last_commit = 0;   // same
  friend bool operator==(const FoldMark&, const FoldMark&) = default;
};

// The mark of the newest generation that a fold has begun. See store/fold_progress.hpp.
struct FoldMarkRecord {
  static constexpr std::string_view kKey = "folded";
  static constexpr std::string_view kMeaning = "the record of how far folds came";

  std::uint64_t epoch = 0;  // of the opening that numbered the generation
  FoldMark mark;

  std::string encode() const;
  static std::optional<FoldMarkRecord> decode(std::string_view bytes);
  friend bool operator==(const FoldMarkRecord&, const FoldMarkRecord&) = default;
};

// Raw values that a fold could not read, a key each. See store/fold_progress.hpp.
struct UnreadableKey {
  static constexpr std::string_view kPrefix = "unreadable:";
  static constexpr std::string_view kEnd = "unreadable;";  // behind all of them

  std::string_view raw_key;  // pair prefix | minute
  std::uint64_t first_commit = 0;

  std::string encode() const;
  // Borrows the key.
  static std::optional<UnreadableKey> decode(std::string_view key);
  friend bool operator==(const UnreadableKey&, const UnreadableKey&) = default;
};

// Which tier has the events of which minutes of a pair. See store/roll_boundaries.hpp.
struct RollBoundaries {
  static constexpr std::string_view kKey = "rolled";
  static constexpr std::string_view kMeaning =
      "the record of which minutes are in the hours and days";

  // Of the pairs that a pass has not reached, and of those that it has.
  struct Boundary {
    Minute current{0};
    Minute next{0};
    friend bool operator==(const Boundary&, const Boundary&) = default;
  };
  Boundary hour;            // the beginning of an hour
  Boundary day;             // the beginning of a day, at or before the hour boundary
  std::string last_rolled;  // the pair's prefix; empty: the pass has reached none

  // Whether a pass has begun and not ended.
  bool in_pass() const { return hour.current != hour.next || day.current != day.next; }
  // Whether the pass has been at the pair.
  bool has_next(std::string_view prefix) const {
    return in_pass() && !last_rolled.empty() && prefix <= last_rolled;
  }
  // The first minute of the pair whose events are not in its hour rows, and not in its day rows.
  Minute hour_of(std::string_view prefix) const {
    return has_next(prefix) ? hour.next : hour.current;
  }
  Minute day_of(std::string_view prefix) const { return has_next(prefix) ? day.next : day.current; }
  // All pairs have the next boundaries.
  void end_pass() {
    hour.current = hour.next;
    day.current = day.next;
    last_rolled.clear();
  }

  std::string encode() const;
  // Boundaries that are out of order, or that begin no hour or day, are no record.
  static std::optional<RollBoundaries> decode(std::string_view bytes);
  friend bool operator==(const RollBoundaries&, const RollBoundaries&) = default;
};

// Before which minutes the rows of each tier of repo values do not begin. See store/repo_tiers.hpp.
struct RepoRowsRecord {
  static constexpr std::string_view kKey = "repo rows";
  static constexpr std::string_view kMeaning = "the record of where the repos' rows begin";

  std::array<Minute, kRepoTiers.size()> first{};

  std::string encode() const;
  static std::optional<RepoRowsRecord> decode(std::string_view bytes);
  friend bool operator==(const RepoRowsRecord&, const RepoRowsRecord&) = default;
};

// The time that was believed last. See store/believed_clock.hpp. All from 0 to kMillisMax.
struct ClockRecord {
  static constexpr std::string_view kKey = "clock";
  static constexpr std::string_view kMeaning = "the record of the store's time";

  std::int64_t commit_ms = 0;  // Unix, of the newest commit
  std::int64_t anchor_ms = 0;  // Unix
  std::int64_t since_ms = 0;   // monotonic, since the anchor

  std::string encode() const;
  static std::optional<ClockRecord> decode(std::string_view bytes);
  friend bool operator==(const ClockRecord&, const ClockRecord&) = default;
};

struct SeriesCountRecord {
  static constexpr std::string_view kKey = "series";
  static constexpr std::string_view kMeaning = "the record of the number of series";

  std::uint64_t count = 0;

  std::string encode() const;
  static std::optional<SeriesCountRecord> decode(std::string_view bytes);
  friend bool operator==(const SeriesCountRecord&, const SeriesCountRecord&) = default;
};

struct NodeCountRecord {
  static constexpr std::string_view kKey = "nodes";
  static constexpr std::string_view kMeaning = "the record of the number of nodes";

  std::uint64_t count = 0;

  std::string encode() const;
  static std::optional<NodeCountRecord> decode(std::string_view bytes);
  friend bool operator==(const NodeCountRecord&, const NodeCountRecord&) = default;
};

// A deletion that has begun and not ended. See maintenance/remove/remover.hpp.
struct RemovalRecord {
  static constexpr std::string_view kKey = "removing";
  static constexpr std::string_view kMeaning = "the record of a removal under way";

  std::string repo;                   // not empty
  std::optional<std::string> bucket;  // nullopt: all of the repo
  std::optional<MinuteRange> range;   // nullopt: all minutes
  Minute rows_begin{};                // of the first day that was not past its retention
  std::uint64_t commits_end = 0;      // the first commit whose events stay

  std::string encode() const;
  static std::optional<RemovalRecord> decode(std::string_view bytes);
  friend bool operator==(const RemovalRecord&, const RemovalRecord&) = default;
};

// Deleted by every sync, and never there: see Store::sync().
inline constexpr std::string_view kSyncKey = "sync";

// The keys of all records, in no order. An UnreadableKey begins with its own.
inline constexpr std::array<std::string_view, 11> kMetaKeys = {
    SecretRecord::kKey,    CommitRecord::kKey,   RawFloorRecord::kKey,  FoldMarkRecord::kKey,
    RollBoundaries::kKey,  RepoRowsRecord::kKey, ClockRecord::kKey,     SeriesCountRecord::kKey,
    NodeCountRecord::kKey, RemovalRecord::kKey,  UnreadableKey::kPrefix};

// Whether the key is that of a record and the value its bytes.
bool is_meta_record(std::string_view key, std::string_view value);

}  // namespace minuted
