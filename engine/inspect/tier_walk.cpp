#include "inspect/tier_walk.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "minuted/event.hpp"
#include "rollup/rollup_codec.hpp"
#include "store/event_ids.hpp"
#include "store/key_codec.hpp"

namespace minuted {
namespace {

// The first byte of a series' key; see store/key_codec.hpp.
constexpr char kSeriesMark = 'S';

void add_damage(std::string_view key, TierInspection& tier) {
  if (tier.damaged++ == 0) tier.first_damaged = shorten(key);
}

void add_minutes(const MinuteBounds& more, TierInspection& tier) {
  if (!tier.minutes) {
    tier.minutes = more;
    return;
  }
  tier.minutes->first = std::min(tier.minutes->first, more.first);
  tier.minutes->last = std::max(tier.minutes->last, more.last);
}

// The minute behind the pair of a key that ends with it and so many bytes more.
std::optional<Minute> minute_of_pair_key(std::string_view key, std::size_t more = 0) {
  const auto pair = split_pair(key);
  if (!pair || key.size() != pair->prefix.size() + kMinuteKeyBytes + more) return std::nullopt;
  return read_minute(key.substr(pair->prefix.size()));
}

// Hosts of a value; nullopt if it is damaged.
std::optional<std::uint64_t> count_hosts(std::string_view value) {
  HostsReader reader(value);
  std::string_view host;
  Rollup rollup;
  std::uint64_t hosts = 0;
  while (reader.next(host, rollup)) ++hosts;
  if (!reader.ok()) return std::nullopt;
  return hosts;
}

}  // namespace

template <class Look>
Result<void> TierWalk::each(Family family, StoredKeys& keys, Look look) {
  const auto cursor = view_.cursor(family, {}, {});
  keys.keys = 0;
  for (; cursor->valid(); cursor->next()) {
    ++keys.keys;
    keys.data_bytes += cursor->key().size() + cursor->value().size();
    look(cursor->key(), cursor->value());
    if (++progress_.keys % kProgressEveryKeys == 0 && options_.progress) {
      options_.progress(progress_);
    }
  }
  return cursor->status();
}

Result<void> TierWalk::walk_raw() {
  TierInspection& tier = found_.tier(Tier::kRaw);
  return each(Family::kRaw, tier.single, [&](std::string_view key, std::string_view value) {
    events_.clear();
    const auto minute = minute_of_pair_key(key, kSequenceKeyBytes);
    const auto chunks = decode_chunks(value, events_);
    if (!minute || !chunks) return add_damage(key, tier);
    tier.chunks += *chunks;
    tier.events += events_.size();
    add_minutes({*minute, *minute}, tier);
  });
}

// Of totals a key is the pair alone, and there is no minute.
Result<void> TierWalk::walk_rows(Tier of, Family family, const SealedTier* sealed) {
  TierInspection& tier = found_.tier(of);
  std::string span;  // the pair and first minute of the one at hand
  std::string key_of_span;
  return each(family, tier.single, [&](std::string_view key, std::string_view value) {
    const auto hosts = count_hosts(value);
    const auto minute = minute_of_pair_key(key);
    if (!hosts || (!minute && family != Family::kTotal)) return add_damage(key, tier);
    tier.rows_open += *hosts;
    if (!minute || family == Family::kTotal) return;
    add_minutes({*minute, *minute}, tier);
    if (sealed == nullptr) return;
    key_of_span.assign(key.substr(0, key.size() - kMinuteKeyBytes));
    append_minute(key_of_span, floor_to(*minute, sealed->page_minutes));
    if (key_of_span == span) return;
    span.swap(key_of_span);
    ++tier.spans_open;
  });
}

Result<void> TierWalk::walk_pages(Tier of, const SealedTier& sealed) {
  TierInspection& tier = found_.tier(of);
  auto pages = each(sealed.pages, tier.pages, [&](std::string_view key, std::string_view value) {
    const auto first = minute_of_pair_key(key);
    if (!first || !page_.open(value)) return add_damage(key, tier);
    std::uint32_t slot = 0;
    std::uint32_t first_slot = kPageSlotsMax;
    std::string_view host;
    Rollup rollup;
    std::uint64_t rows = 0;
    for (; page_.next(slot, host, rollup); ++rows) first_slot = std::min(first_slot, slot);
    if (!page_.ok()) return add_damage(key, tier);
    ++tier.spans_sealed;
    tier.rows_sealed += rows;
    add_minutes({{first->value + first_slot * sealed.row_minutes},
                 {first->value + slot * sealed.row_minutes}}, tier);
  });
  if (!pages) return pages;
  return each(sealed.sketches, tier.sketches, [](std::string_view, std::string_view) {});
}

Result<void> TierWalk::walk_repos() {
  TierInspection& tier = found_.tier(Tier::kRepo);
  return each(Family::kRepo, tier.single, [&](std::string_view key, std::string_view value) {
    RepoRollup repo;
    const std::size_t end = key.find('\0');
    if (end == key.npos || key.size() != end + 2 + kMinuteKeyBytes ||
        !merge_encoded_repo(value, repo)) {
      return add_damage(key, tier);
    }
    ++tier.rows_open;
    if (key[end + 1] == static_cast<char>(RepoSpan::kTotal)) return;
    const Minute minute = read_minute(key.substr(end + 2));
    add_minutes({minute, minute}, tier);
  });
}

Result<void> TierWalk::walk_event_ids() {
  TierInspection& tier = found_.tier(Tier::kEventId);
  return each(Family::kEventId, tier.single, [&](std::string_view key, std::string_view) {
    if (key.size() != kEventIdKeyBytes) return add_damage(key, tier);
    const Minute minute = read_minute(key);
    add_minutes({minute, minute}, tier);
  });
}

Result<void> TierWalk::run() {
  if (auto done = walk_raw(); !done) return done;
  for (const auto& [tier, family, span] :
       {std::tuple{Tier::kMinute, Family::kMinute, Span::kMinute},
        std::tuple{Tier::kHour, Family::kHour, Span::kHour},
        std::tuple{Tier::kDay, Family::kDay, Span::kDay},
        std::tuple{Tier::kTotal, Family::kTotal, Span::kDay}}) {
    const SealedTier* const sealed = sealed_tier(span);
    if (auto done = walk_rows(tier, family, sealed); !done) return done;
    if (sealed == nullptr) continue;
    if (auto done = walk_pages(tier, *sealed); !done) return done;
  }
  if (auto done = walk_repos(); !done) return done;
  if (auto done = walk_event_ids(); !done) return done;
  found_.series = 0;
  const auto count_series = [&](std::string_view key, std::string_view) {
    if (key.starts_with(kSeriesMark)) ++found_.series;
  };
  auto series = each(Family::kCatalog, found_.tier(Tier::kSeries).single, count_series);
  if (!series) return series;
  for (const auto& [tier, family] : {std::pair{Tier::kIdempotency, Family::kIdempotency},
                                     std::pair{Tier::kMeta, Family::kMeta}}) {
    auto done = each(family, found_.tier(tier).single, [](std::string_view, std::string_view) {});
    if (!done) return done;
  }
  return {};
}

}  // namespace minuted
