// The tiers of rows that are sealed: what they are kept in, and how long the spans are that one page
// holds. Persisted: a change of a length is a change of the store's format. Constants; any thread.
//
// A span is aligned to 1970-01-01. Its rows lie in `rows`, one key each, until it is closed; a seal
// moves them into one page and one value of sketches, both under (pair, first minute of the span),
// and deletes them in the same batch. A late event becomes a row again, to be added to the page's:
// what a minute holds is the page's row and the rows' and the raw events, together.
#pragma once

#include <array>
#include <cstdint>

#include "minuted/query.hpp"
#include "schema/families.hpp"

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

}  // namespace minuted
