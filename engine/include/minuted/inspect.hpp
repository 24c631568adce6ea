// What a directory of the engine holds: how much in each tier, from when to when, and whose. Reads only:
// takes no lock, makes and changes nothing, and so may look at a store that a process has open; it sees
// what was there when it began. Memory does not grow with the store, but by as much as its log holds.
//
// inspect() is safe from any thread, several at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "minuted/result.hpp"
#include "minuted/rollup.hpp"
#include "minuted/tier.hpp"
#include "minuted/time.hpp"

namespace minuted {

struct InspectProgress {
  std::uint64_t keys = 0;           // looked at
  std::uint64_t keys_expected = 0;  // of all, as estimated; may turn out too small
};

struct InspectOptions {
  std::string path;
  // RocksDB's estimates of keys instead of a walk through all of them; rows, events, spans, minutes and
  // damage are then not looked for.
  bool quick = false;
  // Repos in Inspection::largest_repos.
  std::size_t repos_max = 10;
  // Called on the caller's thread now and then; may be empty.
  std::function<void(const InspectProgress&)> progress;
};

// One family of keys.
struct StoredKeys {
  std::uint64_t keys = 0;            // quick: as estimated
  std::uint64_t data_bytes = 0;      // of keys and values, before compression; quick: 0
  std::uint64_t table_bytes = 0;     // at rest; what was overwritten and not yet compacted included
  std::uint64_t memtable_bytes = 0;  // in no table yet, but in the log
  friend bool operator==(const StoredKeys&, const StoredKeys&) = default;
};

struct MinuteBounds {
  Minute first;
  Minute last;
  friend bool operator==(const MinuteBounds&, const MinuteBounds&) = default;
};

struct TierInspection {
  // What has a key of its own: of minutes and hours, the rows not sealed; of raw events, the commits that
  // are not all folded.
  StoredKeys single;
  StoredKeys pages;     // sealed rows; minutes, hours and repos only
  StoredKeys sketches;  // theirs
  // Hosts × minutes, hours or days; of totals, hosts. A late row of a sealed minute is in both.
  std::uint64_t rows_open = 0;
  std::uint64_t rows_sealed = 0;
  // Of (repo, bucket): six hours of minutes, fifteen days of hours. One with late rows is in both. Of
  // repos, pages only.
  std::uint64_t spans_open = 0;
  std::uint64_t spans_sealed = 0;
  std::uint64_t chunks = 0;  // raw and archive only
  std::uint64_t events = 0;  // the same
  std::uint64_t folded_bytes = 0;  // raw only: of keys and values that are folded, and not dropped yet
  std::optional<MinuteBounds> minutes;  // the first minute of the first and of the last row
  std::uint64_t damaged = 0;  // values that cannot be read
  std::string first_damaged;  // the key of one, as it may stand in a message

  // Everything of the tier, tables and memtables.
  std::uint64_t bytes() const;
  friend bool operator==(const TierInspection&, const TierInspection&) = default;
};

struct RepoInspection {
  std::string repo;
  std::uint64_t buckets = 0;
  // About, of tables and memtables but for raw events: its share of what each tier takes, by its keys and values before
  // compression. Quick: as RocksDB estimates, to the nearest block, which may be a neighbour's.
  std::uint64_t bytes = 0;
  // Of its total: what is folded.
  std::uint64_t requests = 0;
  UInt128 upl_bytes = 0;
  UInt128 dwl_bytes = 0;
  friend bool operator==(const RepoInspection&, const RepoInspection&) = default;
};

struct Inspection {
  std::uint32_t format = 0;
  bool quick = false;
  std::uint64_t disk_bytes = 0;   // of all files
  std::uint64_t log_bytes = 0;    // of these, RocksDB's write-ahead log
  std::uint64_t table_bytes = 0;  // and its tables
  std::array<TierInspection, kTiers> tiers;  // by Tier
  std::uint64_t series = 0;
  std::uint64_t repos = 0;
  std::uint64_t buckets = 0;  // (repo, bucket)
  std::vector<RepoInspection> largest_repos;  // the largest first

  const TierInspection& tier(Tier t) const { return tiers[static_cast<std::size_t>(t)]; }
  TierInspection& tier(Tier t) { return tiers[static_cast<std::size_t>(t)]; }
};

// kInvalidArgument (no store there), kUnsupportedFormat, kCorruption, kIoError. A value that cannot be
// read is counted as damaged, and is no error.
Result<Inspection> inspect(const InspectOptions& options);

}  // namespace minuted
