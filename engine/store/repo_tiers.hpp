// The spans that repo values are kept in, and how their closed slots are paged. Persisted: a change of a
// length is a change of the store's format.
//
// A fold adds to a row of Family::kRepo for each repo it has events of, and to one of all repos together;
// whoever keeps the store moves the rows of slots that are closed into the repo's page of Family::kRepoPage,
// in one batch, also while the page's span is still open. A late event makes a row again: what a slot holds
// is the page's value and the row's and the raw events, together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "minuted/query.hpp"
#include "minuted/result.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"

namespace minuted {

struct RepoTier {
  RepoSpan span;
  Span kept_as;  // the tier whose retention it follows
  std::uint32_t slot_minutes;
  // So long that any window is in three pages at most, and at most 512 slots, so that one is written
  // anew in microseconds.
  std::uint32_t page_minutes;
};

inline constexpr std::array<RepoTier, 4> kRepoTiers = {{
    {RepoSpan::kFiveMinutes, Span::kMinute, 5, kMinutesPerDay},
    {RepoSpan::kHour, Span::kHour, kMinutesPerHour, 16 * kMinutesPerDay},
    {RepoSpan::kSixHours, Span::kHour, 6 * kMinutesPerHour, 128 * kMinutesPerDay},
    {RepoSpan::kDay, Span::kDay, kMinutesPerDay, 512 * kMinutesPerDay},
}};

// Of a span; nullptr for totals, which have no slots.
constexpr const RepoTier* repo_tier(RepoSpan span) {
  for (const RepoTier& tier : kRepoTiers) {
    if (tier.span == span) return &tier;
  }
  return nullptr;
}

// Where the rows of each tier begin: no row of it begins before, so that nobody steps over what is left
// in a memtable of rows that have become pages.
//
//   in the meta family, "repo rows"   first minute u32 of each of kRepoTiers, big-endian
//
// Whoever writes rows owns it and keeps it true in the batch that writes them. One thread at a time.
struct RepoRowsBegin {
  std::array<Minute, kRepoTiers.size()> first{};

  // Rows of `minute`, and of none before, are about to be written by `set`.
  void lower(Minute minute, WriteSet& set);
  void put(WriteSet& set) const;
};

// kCorruption, kIoError.
Result<RepoRowsBegin> read_repo_rows_begin(const Store& store);
Result<RepoRowsBegin> read_repo_rows_begin(const View& view);

}  // namespace minuted
