// What a store's keys are about, as its inspection shows it: the tiers of rows, and what is kept
// beside them. Constants.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace minuted {

enum class Tier : std::uint8_t {
  kRaw,      // events that no fold has added up yet
  kArchive,  // events that are folded, and kept
  kMinute,
  kHour,
  kDay,
  kTotal,
  kRepo,         // sums of repos, and of all of them
  kSeries,       // the known series, and their buckets' repos
  kIdempotency,  // keys of requests
  kEventId,
  kMeta,       // what the store knows of itself
  kDaySigns,   // on which minutes of a day hosts had events
  kHostState,  // when hosts were seen
  kNode,       // what was told of nodes
};
inline constexpr std::size_t kTiers = 14;
inline constexpr std::array<std::string_view, kTiers> kTierNames = {
    "raw",    "archive",     "minute",   "hour", "day",       "total",      "repo",
    "series", "idempotency", "event_id", "meta", "day_signs", "host_state", "node"};

}  // namespace minuted
