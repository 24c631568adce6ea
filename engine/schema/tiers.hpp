// How rows become pages: which families the tiers of rows are kept in, and how long the spans are
// that one page holds; and the same of the values of repos. Persisted: a change of a length is a
// change of the store's format. Constants; any thread.
//
// A span is aligned to 1970-01-01. Its rows lie in `rows`, one key each, until it is closed; a seal
// moves them into one page and one value of sketches, both under (pair, first minute of the span),
// and deletes them in the same batch. A late event becomes a row again, to be added to the page's:
// what a minute holds is the page's row and the rows' and the raw events, together.
//
// A fold adds to a row of Family::kRepo for each repo it has events of, and to one of all repos
// together. The rows of slots that are closed are moved into the repo's page of Family::kRepoPage,
// in one batch, also while the page's span is still open. A late event makes a row again.
#pragma once

#include <array>
#include <cstdint>

#include "minuted/query.hpp"
#include "schema/families.hpp"
#include "schema/keys.hpp"

namespace minuted {

struct SealedTier {
  Span span;
  Family rows;
  Family pages;
  Family sketches;
  std::uint32_t row_minutes;
  // A page is read whole from the disk, so it is long enough that a row's key, dictionary and seek
  // cost next to nothing, and no longer: an hour of each bucket reads one page a bucket.
  std::uint32_t page_minutes;
};

inline constexpr std::array<SealedTier, 2> kSealedTiers = {{
    {Span::kMinute, Family::kMinute, Family::kMinutePage, Family::kMinuteSketches, 1,
     6 * kMinutesPerHour},
    {Span::kHour, Family::kHour, Family::kHourPage, Family::kHourSketches, kMinutesPerHour,
     15 * kMinutesPerDay},
}};

// Of the rows of a span; nullptr for days, which stay rows.
constexpr const SealedTier* sealed_tier(Span span) {
  for (const SealedTier& tier : kSealedTiers) {
    if (tier.span == span) return &tier;
  }
  return nullptr;
}
// The tier whose rows or pages the family has; nullptr if none has.
constexpr const SealedTier* sealed_tier(Family family) {
  for (const SealedTier& tier : kSealedTiers) {
    if (tier.rows == family || tier.pages == family) return &tier;
  }
  return nullptr;
}

struct RepoTier {
  RepoSpan span;
  Span kept_as;  // the tier whose retention it follows
  std::uint32_t slot_minutes;
  // So long that any window is in three pages at most, and at most 512 slots, so that one is
  // written anew in microseconds.
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

}  // namespace minuted
