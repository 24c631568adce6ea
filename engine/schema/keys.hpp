// The bytes of the keys of all families. Ids hold no byte below 0x20 (event.hpp), so 0x00 ends each
// of them: keys are self-delimiting and sort as (repo, bucket, minute, …) do, bytewise. Numbers are
// big-endian where nothing else is said.
//
//   pair prefix              repo 00 bucket 00
//
//   family                   key
//   meta                     see schema/meta_records.hpp
//   raw                      number of the commit u64 | number of the part u32
//   minute, hour, day        pair prefix | first minute of the row u32
//   day_signs                pair prefix | first minute of the day u32
//   pages, sketches          pair prefix | first minute of the page's span u32
//   total, host_state        pair prefix
//   archive                  pair prefix | minute u32 | number of the generation's first commit u64
//   repo                     span byte ('5' 5 minutes, '6' 6 hours, 'h', 'd', 't')
//                            | first minute of the slot u32 | repo, empty: the sum of all repos
//   repo_page                the same, with the first minute of the page's span
//   catalog, a series        'S' | pair prefix | host
//   catalog, bucket index    'B' | bucket 00 repo 00
//   catalog, host index      'H' | host 00 | pair prefix
//   catalog, repo metadata   'R' | repo
//   catalog, workspace index 'W' | workspace 00 repo
//   node, its record         'N' | host
//   node, heartbeats         'D' | host 00 | first minute of the day u32
//   idempotency              hash of (scope, key): high u64 | low u64, little-endian
//   event_id                 minute u32 | hashes of the repo (8 bytes), the pair (8) and (host, id)
//   (12),
//                            little-endian
//
// engine/FORMAT.md shows an example of each; tests/engine/schema/keys_test.cpp freezes the bytes.
// Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/time.hpp"

namespace minuted {

inline constexpr std::size_t kMinuteKeyBytes = 4;
inline constexpr std::size_t kSequenceKeyBytes = 8;

void append_minute(std::string& key, Minute minute);
void append_sequence(std::string& key, std::uint64_t sequence);
// The minute at the front of `bytes` (at least kMinuteKeyBytes long).
Minute read_minute(std::string_view bytes);
// The sequence at the front of `bytes` (at least kSequenceKeyBytes long).
std::uint64_t read_sequence(std::string_view bytes);

// The first key after every key that starts with `prefix`, which must end in 00.
std::string after_prefix(std::string_view prefix);

// Keys that begin with a pair: rows, pages, sketches, totals, the archive, activity.

// "repo 00 bucket 00".
std::string pair_prefix(std::string_view repo, std::string_view bucket);
// "repo 00": the prefix of all the repo's pairs.
std::string repo_prefix(std::string_view repo);
// Pair prefix and minute: of a row, a page or its sketches, or a day's activity.
std::string row_key(std::string_view prefix, Minute first);
// Of raw events that are kept after their fold.
std::string archive_key(std::string_view prefix, Minute minute, std::uint64_t first_commit);

struct PairView {
  std::string_view prefix;  // repo 00 bucket 00
  std::string_view repo;
  std::string_view bucket;
};
// Splits the pair off the front of a key that begins with one; nullopt if it does not.
std::optional<PairView> split_pair(std::string_view key);

// Keys of the raw family.

// Of a part of a commit's raw events; see chunk/raw_commit.hpp.
std::string raw_key(std::uint64_t commit, std::uint32_t part);
// The commit of such a key; nullopt if it is none.
std::optional<std::uint64_t> commit_of_raw_key(std::string_view key);

// Keys of repo values and their pages.

// Spans of the repo values. Persisted as the byte given.
enum class RepoSpan : char {
  kFiveMinutes = '5',
  kSixHours = '6',
  kDay = 'd',
  kHour = 'h',
  kTotal = 't',
};
// In the place of a repo's id, which is never empty: all of them together.
inline constexpr std::string_view kAllRepos{};

// Time comes before the repo, so that the values of all repos of a slot, or their pages, are
// neighbours, and so are those past their retention.
std::string repo_key(std::string_view repo, RepoSpan span, Minute first);
// The first key after those of the span.
std::string repo_span_end(RepoSpan span);

struct RepoKeyView {
  RepoSpan span;
  Minute first;
  std::string_view repo;
};
// nullopt if it is no key of repo values or pages.
std::optional<RepoKeyView> split_repo_key(std::string_view key);

// Keys of the catalog.

std::string series_key(std::string_view prefix, std::string_view host);
bool is_series_key(std::string_view key);
// The first key after those of all series.
std::string series_end();

std::string bucket_index_key(std::string_view prefix);
// Of all repos that have the bucket.
std::string bucket_index_prefix(std::string_view bucket);
// Of the index as a whole: its first key is not before the one, and all are before the other.
inline constexpr std::string_view kBucketIndexBegin = "B";
inline constexpr std::string_view kBucketIndexEnd = "C";
// The repo of a bucket index key.
std::optional<std::string_view> repo_of_bucket_index(std::string_view key, std::string_view prefix);

std::string host_index_key(std::string_view prefix, std::string_view host);
// Of every series of a host; it is the prefix of no other.
std::string host_index_prefix(std::string_view host);

std::string repo_metadata_key(std::string_view repo);
// Behind all of them.
inline constexpr std::string_view kRepoMetadataEnd = "S";

std::string workspace_index_key(std::string_view workspace, std::string_view repo);
std::string workspace_index_prefix(std::string_view workspace);

// Keys of the node family.

std::string node_key(std::string_view host);
bool is_node_key(std::string_view key);
std::string node_day_key(std::string_view host, Minute day);
// Of the days on which the node had heartbeats.
std::string node_days_prefix(std::string_view host);
// Of the days of all nodes, as of the bucket index.
inline constexpr std::string_view kNodeDaysBegin = "D";
inline constexpr std::string_view kNodeDaysEnd = "E";

// Keys made of hashes, which are keyed by the store's secret.

std::string idempotency_key(std::uint64_t high, std::uint64_t low);

inline constexpr std::size_t kEventIdRepoBytes = 8;
inline constexpr std::size_t kEventIdPairBytes = 16;  // the repo's included
inline constexpr std::size_t kEventIdKeyBytes = 32;
using EventIdKey = std::array<char, kEventIdKeyBytes>;
// Stands for a pair in the keys of its ids; its first kEventIdRepoBytes stand for the repo.
using EventIdPair = std::array<char, kEventIdPairBytes>;

EventIdPair event_id_pair(std::uint64_t repo_hash, std::uint64_t pair_hash);
// `low` and the low half of `high` are the hash of (host, id).
EventIdKey event_id_key(Minute minute, const EventIdPair& pair, std::uint64_t low,
                        std::uint64_t high);
// At or before the first key of the minute whose pair or repo is `scope`, an EventIdPair's bytes or
// the first of them; of any if it is empty.
std::string event_id_begin(Minute minute, std::string_view scope);

}  // namespace minuted
