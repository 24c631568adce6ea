// The column families of the store: one table that says of each what it is called, how its keys are
// built, how operands are merged into its values, when its records expire and how it is read.
// RocksDB's options (store/tuning.cpp), the metrics (EngineStats::store_tiers), the inspection
// (inspect/) and the deletion of a repo (retention/) follow from it.
//
// A new family is a row here, at the end, with its keys in schema/keys.hpp and its drawing in
// engine/FORMAT.md, which tests/engine/schema/format_test.cpp compares with this table. RocksDB
// knows a family by its disk name, and a merge operator by its name: both are persisted, and a
// change of either is a change of the store's format. The order of the enumerators is not
// persisted.
//
// Constants; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "minuted/tier.hpp"

namespace minuted {

enum class Family : std::uint8_t {
  kMeta,     // records about the store itself, see schema/meta_records.hpp
  kRaw,      // the events of each commit until they are folded; see chunk/raw_commit.hpp, RawTable
  kMinute,   // hosts values per (repo, bucket, minute)
  kHour,     // the same per hour
  kDay,      // the same per UTC day
  kTotal,    // the same since the beginning
  kRepo,     // repo values per 5 minutes, hour, 6 hours, day and since the beginning
  kCatalog,  // the known series, and the repos of buckets
  kIdempotency,     // responses by idempotency key
  kEventId,         // which events with an id of their own were committed
  kMinutePage,      // closed spans of minutes, sealed: pages, see schema/tiers.hpp
  kMinuteSketches,  // the latency sketches of those pages
  kHourPage,        // closed spans of hours
  kHourSketches,
  kArchive,    // raw values that are folded and kept
  kDaySigns,   // the minutes of a day in which each host had an event; see nodes/signs.hpp
  kHostState,  // when each host was seen first and last, of the hours that are rolled
  kNode,       // metadata and heartbeats of nodes; see store/node_book.hpp
  kRepoPage,   // closed slots of repo values: repo pages, see schema/tiers.hpp
};

// What the keys of a family are. Each shape is drawn in schema/keys.hpp.
enum class KeyShape : std::uint8_t {
  kName,              // a text
  kCommitPart,        // commit | part
  kPair,              // repo 00 bucket 00
  kPairMinute,        // repo 00 bucket 00 | minute
  kPairMinuteCommit,  // repo 00 bucket 00 | minute | commit
  kRepoSlot,          // span | minute | repo
  kCatalog,           // letter | ids
  kNode,              // letter | host, and a day
  kHash,              // 16 bytes
  kMinuteHashes,      // minute | 28 bytes
};
constexpr bool begins_with_pair(KeyShape shape) {
  return shape == KeyShape::kPair || shape == KeyShape::kPairMinute ||
         shape == KeyShape::kPairMinuteCommit;
}

// How operands are merged into a value.
enum class MergeRule : std::uint8_t {
  kNone,  // values are replaced
  kRollups,
  kDaySigns,
  kHostStates,
  kHeartbeats,
};
// The merge operator's name in RocksDB. Persisted. Null for kNone.
constexpr const char* merge_operator_name(MergeRule rule) {
  switch (rule) {
    case MergeRule::kNone:
      return nullptr;
    case MergeRule::kRollups:
      return "minuted.rollup.1";
    case MergeRule::kDaySigns:
      return "minuted.day_signs.1";
    case MergeRule::kHostStates:
      return "minuted.host_state.1";
    case MergeRule::kHeartbeats:
      return "minuted.node.1";
  }
  return nullptr;
}

// When a record is deleted, other than by a request to delete it.
enum class Expiry : std::uint8_t {
  kNever,
  kFolded,             // once its commit is folded: by the filter of store/raw_filter.hpp
  kIdempotencyWindow,  // so long after it was written: by the compaction filter of store/tuning.hpp
  kMinuteRetention,    // past the retention of minutes, by the pruner; those below likewise
  kHourRetention,
  kDayRetention,
  kArchiveRetention,
  kTierRetention,  // slots past the retention of the tier that their span follows, by the pruner
  kWithSeries,     // with the last series that it describes
};

// How a family is looked up.
enum class Lookup : std::uint8_t {
  kRanges,    // by ranges of keys
  kWholeKey,  // by whole keys, most of which are not there: filters pay for themselves
};

// Which of a tier's keys a family has.
enum class TierPart : std::uint8_t { kSingle, kPages, kSketches };

struct FamilyInfo {
  Family family;
  const char* disk_name;         // in RocksDB; persisted
  std::string_view metric_name;  // the label `tier` of /metrics
  KeyShape key;
  MergeRule merge;
  Expiry expiry;
  Lookup lookup = Lookup::kRanges;
  // Rows are deleted in runs while their neighbours are read: tables full of deletions are
  // compacted.
  bool is_deleted_in_runs = false;
  // Most events of a fleet of a million series write a key, so that any two flushes overlap.
  bool is_written_all_over = false;
  // Keys arrive sorted among those that begin with the same so many bytes: a memtable then begins
  // its search for a key's place at the last of them. A commit's ids come sorted, and so does what
  // a fold or a roll writes.
  std::optional<std::uint8_t> sorted_within = std::nullopt;
  // Where `minuted inspect` shows it.
  Tier tier = Tier::kMeta;
  TierPart part = TierPart::kSingle;
  // Counted in the size of a repo by the inspection.
  bool counts_for_repo = false;
};

// By Family. The first is RocksDB's default family, whose name is given.
inline constexpr auto kFamilyTable = std::to_array<FamilyInfo>({
    {.family = Family::kMeta,
     .disk_name = "default",
     .metric_name = "meta",
     .key = KeyShape::kName,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kNever,
     .tier = Tier::kMeta},
    {.family = Family::kRaw,
     .disk_name = "raw",
     .metric_name = "raw",
     .key = KeyShape::kCommitPart,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kFolded,
     .tier = Tier::kRaw},
    {.family = Family::kMinute,
     .disk_name = "minute",
     .metric_name = "minute",
     .key = KeyShape::kPairMinute,
     .merge = MergeRule::kRollups,
     .expiry = Expiry::kMinuteRetention,
     .is_deleted_in_runs = true,
     .is_written_all_over = true,
     .sorted_within = 0,
     .tier = Tier::kMinute,
     .counts_for_repo = true},
    {.family = Family::kHour,
     .disk_name = "hour",
     .metric_name = "hour",
     .key = KeyShape::kPairMinute,
     .merge = MergeRule::kRollups,
     .expiry = Expiry::kHourRetention,
     .is_deleted_in_runs = true,
     .sorted_within = 0,
     .tier = Tier::kHour,
     .counts_for_repo = true},
    {.family = Family::kDay,
     .disk_name = "day",
     .metric_name = "day",
     .key = KeyShape::kPairMinute,
     .merge = MergeRule::kRollups,
     .expiry = Expiry::kDayRetention,
     .sorted_within = 0,
     .tier = Tier::kDay,
     .counts_for_repo = true},
    {.family = Family::kTotal,
     .disk_name = "total",
     .metric_name = "total",
     .key = KeyShape::kPair,
     .merge = MergeRule::kRollups,
     .expiry = Expiry::kNever,
     .sorted_within = 0,
     .tier = Tier::kTotal,
     .counts_for_repo = true},
    {.family = Family::kRepo,
     .disk_name = "repo",
     .metric_name = "repo",
     .key = KeyShape::kRepoSlot,
     .merge = MergeRule::kRollups,
     .expiry = Expiry::kTierRetention,
     .is_deleted_in_runs = true,
     .sorted_within = 0,
     .tier = Tier::kRepo},
    {.family = Family::kCatalog,
     .disk_name = "catalog",
     .metric_name = "series",
     .key = KeyShape::kCatalog,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kWithSeries,
     .lookup = Lookup::kWholeKey,
     .is_written_all_over = true,
     // A commit's new series come sorted, and so do their hosts' records, which begin with another
     // byte.
     .sorted_within = 1,
     .tier = Tier::kSeries},
    {.family = Family::kIdempotency,
     .disk_name = "idempotency",
     .metric_name = "idempotency",
     .key = KeyShape::kHash,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kIdempotencyWindow,
     .lookup = Lookup::kWholeKey,
     .tier = Tier::kIdempotency},
    {.family = Family::kEventId,
     .disk_name = "event_id",
     .metric_name = "event_id",
     .key = KeyShape::kMinuteHashes,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kIdempotencyWindow,
     .lookup = Lookup::kWholeKey,
     .sorted_within = 0,
     .tier = Tier::kEventId},
    {.family = Family::kMinutePage,
     .disk_name = "minute_page",
     .metric_name = "minute_page",
     .key = KeyShape::kPairMinute,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kMinuteRetention,
     .tier = Tier::kMinute,
     .part = TierPart::kPages,
     .counts_for_repo = true},
    {.family = Family::kMinuteSketches,
     .disk_name = "minute_sketches",
     .metric_name = "minute_sketches",
     .key = KeyShape::kPairMinute,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kMinuteRetention,
     .tier = Tier::kMinute,
     .part = TierPart::kSketches,
     .counts_for_repo = true},
    {.family = Family::kHourPage,
     .disk_name = "hour_page",
     .metric_name = "hour_page",
     .key = KeyShape::kPairMinute,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kHourRetention,
     .tier = Tier::kHour,
     .part = TierPart::kPages,
     .counts_for_repo = true},
    {.family = Family::kHourSketches,
     .disk_name = "hour_sketches",
     .metric_name = "hour_sketches",
     .key = KeyShape::kPairMinute,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kHourRetention,
     .tier = Tier::kHour,
     .part = TierPart::kSketches,
     .counts_for_repo = true},
    {.family = Family::kArchive,
     .disk_name = "archive",
     .metric_name = "archive",
     .key = KeyShape::kPairMinuteCommit,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kArchiveRetention,
     .tier = Tier::kArchive,
     .counts_for_repo = true},
    {.family = Family::kDaySigns,
     .disk_name = "day_signs",
     .metric_name = "day_signs",
     .key = KeyShape::kPairMinute,
     .merge = MergeRule::kDaySigns,
     .expiry = Expiry::kDayRetention,
     .sorted_within = 0,
     .tier = Tier::kDaySigns},
    {.family = Family::kHostState,
     .disk_name = "host_state",
     .metric_name = "host_state",
     .key = KeyShape::kPair,
     .merge = MergeRule::kHostStates,
     .expiry = Expiry::kWithSeries,
     .is_written_all_over = true,
     .sorted_within = 0,
     .tier = Tier::kHostState},
    {.family = Family::kNode,
     .disk_name = "node",
     .metric_name = "node",
     .key = KeyShape::kNode,
     .merge = MergeRule::kHeartbeats,
     // Heartbeats; a node's own record is deleted with its last series, unless it has metadata.
     .expiry = Expiry::kDayRetention,
     .tier = Tier::kNode},
    {.family = Family::kRepoPage,
     .disk_name = "repo_page",
     .metric_name = "repo_page",
     .key = KeyShape::kRepoSlot,
     .merge = MergeRule::kNone,
     .expiry = Expiry::kTierRetention,
     .tier = Tier::kRepo,
     .part = TierPart::kPages},
});
inline constexpr std::size_t kFamilies = kFamilyTable.size();

constexpr const FamilyInfo& info_of(Family family) {
  return kFamilyTable[static_cast<std::size_t>(family)];
}

namespace family_table {

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kFamilies; ++i) {
    if (static_cast<std::size_t>(kFamilyTable[i].family) != i) return false;
  }
  return true;
}
static_assert(is_in_order(), "the rows are in the order of the enumerators");

}  // namespace family_table

// The families that `wanted` holds of, in the order of the table, as an array: for constants.
template <class Wanted>
constexpr auto families_where(Wanted) {
  constexpr auto is_wanted = [](const FamilyInfo& info) { return Wanted{}(info); };
  constexpr std::size_t count = [&] {
    std::size_t n = 0;
    for (const FamilyInfo& info : kFamilyTable) n += is_wanted(info) ? 1U : 0U;
    return n;
  }();
  std::array<Family, count> families{};
  std::size_t n = 0;
  for (const FamilyInfo& info : kFamilyTable) {
    if (is_wanted(info)) families[n++] = info.family;
  }
  return families;
}

}  // namespace minuted
