// The bytes of keys. Ids hold no byte below 0x20 (event.hpp), so 0x00 ends each of them: keys are
// self-delimiting and sort as (repo, bucket, minute, …) do, bytewise. Numbers are big-endian.
//
//   pair prefix            repo 00 bucket 00
//   raw                    commit u64 | number of the part u32
//   archive                pair prefix | minute u32 | number of the generation's first commit u64
//   minute, hour, day      pair prefix | first minute of the span u32
//   day signs              as day
//   pages, sketches        pair prefix | first minute of the page's span u32
//   total, host state      pair prefix
//   repo values            span byte ('5' 5 minutes, '6' 6 hours, 'h', 'd', 't') | first minute u32 | repo,
//                          empty: the sum of all repos
//   repo pages             the same, with the first minute of the page's span
//   catalog, a series      'S' | pair prefix | host
//   catalog, bucket index  'B' | bucket 00 repo 00
//   catalog, host index    'H' | host 00 | pair prefix
//   node, its record       'N' | host
//   node, heartbeats       'D' | host 00 | first minute of the day u32
//   idempotency            16 bytes of hash of (scope, key)
//   event id               minute u32 | hashes of repo (8 bytes), pair (8) and (host, id) (12)
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/time.hpp"

namespace minuted {

inline constexpr std::size_t kMinuteKeyBytes = 4;
inline constexpr std::size_t kSequenceKeyBytes = 8;

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

// "repo 00 bucket 00".
std::string pair_prefix(std::string_view repo, std::string_view bucket);
// "repo 00": the prefix of all the repo's pairs.
std::string repo_prefix(std::string_view repo);

void append_minute(std::string& key, Minute minute);
void append_sequence(std::string& key, std::uint64_t sequence);

// Of a part of a commit's raw events; see chunk/raw_commit.hpp.
std::string raw_key(std::uint64_t commit, std::uint32_t part);
// The commit of such a key; nullopt if it is none.
std::optional<std::uint64_t> commit_of_raw_key(std::string_view key);

// Time comes before the repo, so that the values of all repos of a slot, or their pages, are neighbours,
// and so is what is past.
std::string repo_key(std::string_view repo, RepoSpan span, Minute first);
// The first key after those of the span.
std::string repo_span_end(RepoSpan span);

struct RepoKeyView {
  RepoSpan span;
  Minute first;
  std::string_view repo;
};
// Takes a key of repo values or pages apart; nullopt if it is none.
std::optional<RepoKeyView> split_repo_key(std::string_view key);
std::string series_key(std::string_view prefix, std::string_view host);
// The first key after those of all series.
std::string series_end();
std::string bucket_index_prefix(std::string_view bucket);
std::string bucket_index_key(std::string_view prefix);
// Of every series of a host; its prefix is that of no other.
std::string host_index_prefix(std::string_view host);
std::string host_index_key(std::string_view prefix, std::string_view host);

std::string node_key(std::string_view host);
// Of the days on which the node had heartbeats.
std::string node_days_prefix(std::string_view host);
std::string node_day_key(std::string_view host, Minute day);

// The first key after every key that starts with `prefix`, which must end in 00.
std::string after_prefix(std::string_view prefix);

struct PairView {
  std::string_view prefix;  // repo 00 bucket 00
  std::string_view repo;
  std::string_view bucket;
};

// Splits the pair off the front of a key of the archive, minute, hour, day or total family.
std::optional<PairView> split_pair(std::string_view key);

// The big-endian minute at the front of `bytes` (at least kMinuteKeyBytes long).
Minute read_minute(std::string_view bytes);

// The big-endian sequence at the front of `bytes` (at least kSequenceKeyBytes long).
std::uint64_t read_sequence(std::string_view bytes);

// The repo of a bucket index key.
std::optional<std::string_view> repo_of_bucket_index(std::string_view key, std::string_view prefix);

}  // namespace minuted
