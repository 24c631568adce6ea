#include "inspect/tier_walk.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "minuted/event.hpp"
#include "chunk/raw_commit.hpp"
#include "nodes/signs.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/families.hpp"
#include "schema/keys.hpp"
#include "schema/meta_records.hpp"
#include "store/fold_progress.hpp"
#include "store/node_book.hpp"

namespace minuted {
namespace {

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

// The repo of a key and the zero after it; empty if it has none.
std::string_view repo_part(std::string_view key) { return key.substr(0, key.find('\0') + 1); }

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

void TierWalk::count(const StoreCursor& cursor, StoredKeys& keys, const Look& look) {
  ++keys.keys;
  keys.data_bytes += cursor.key().size() + cursor.value().size();
  if (look) look(cursor.key(), cursor.value());
  if (++progress_.keys % kProgressEveryKeys == 0 && options_.progress) options_.progress(progress_);
}

Result<void> TierWalk::walk_all(Family family, const Look& look) {
  StoredKeys& keys = keys_of(found_, family);
  keys.keys = 0;
  const auto cursor = view_.cursor(family, {}, {});
  for (; cursor->valid(); cursor->next()) count(*cursor, keys, look);
  return cursor->status();
}

// What is folded counts only as bytes that wait to be dropped.
Result<void> TierWalk::walk_raw() {
  TierInspection& tier = found_.tier(Tier::kRaw);
  tier.single.keys = 0;
  const auto progress = FoldProgress::read(view_);
  if (!progress) return progress.error();
  const auto add_value = [&](std::string_view prefix, Minute minute, std::string_view raw_value) {
    events_.clear();
    const auto chunks = decode_chunks(raw_value, events_);
    if (!chunks) {
      std::string key(prefix);
      append_minute(key, minute);
      return add_damage(key, tier);
    }
    tier.chunks += *chunks;
    tier.events += events_.size();
    add_minutes({minute, minute}, tier);
  };
  const auto set_aside =
      for_each_unreadable(view_, [&](std::string_view key, std::string_view raw_value) {
        ++tier.single.keys;
        tier.single.data_bytes += key.size() + raw_value.size();
        const std::string_view prefix = key.substr(0, key.size() - kMinuteKeyBytes);
        add_value(prefix, read_minute(key.substr(prefix.size())), raw_value);
      });
  if (!set_aside) return set_aside;
  const auto cursor = view_.cursor(Family::kRaw, {}, {});
  for (; cursor->valid(); cursor->next()) {
    StoredKeys counted;
    count(*cursor, counted, {});
    const auto commit = commit_of_raw_key(cursor->key());
    RawCommitReader in(cursor->value());
    bool folded = true;
    while (commit && in.next()) {
      if (progress->is_folded(*commit, in.prefix(), in.minute())) continue;
      folded = false;
      add_value(in.prefix(), in.minute(), in.raw_value());
    }
    if (!commit || !in.ok()) {
      folded = false;
      add_damage(cursor->key(), tier);
    }
    if (folded) {
      tier.folded_bytes += counted.data_bytes;
      continue;
    }
    ++tier.single.keys;
    tier.single.data_bytes += counted.data_bytes;
  }
  return cursor->status();
}

TierWalk::Look TierWalk::archive_look() {
  TierInspection& tier = found_.tier(Tier::kArchive);
  return [this, &tier](std::string_view key, std::string_view value) {
    events_.clear();
    const auto minute = minute_of_pair_key(key, kSequenceKeyBytes);
    const auto chunks = decode_chunks(value, events_);
    if (!minute || !chunks) return add_damage(key, tier);
    tier.chunks += *chunks;
    tier.events += events_.size();
    add_minutes({*minute, *minute}, tier);
  };
}

// Of totals a key is the pair alone, and there is no minute.
TierWalk::Look TierWalk::rows_look(Family family) {
  TierInspection& tier = found_.tier(info_of(family).tier);
  const SealedTier* const sealed = sealed_tier(family);
  std::string span;  // the pair and first minute of the one at hand
  std::string span_of_key;
  return [&tier, family, sealed, span, span_of_key](std::string_view key,
                                                    std::string_view value) mutable {
    const auto hosts = count_hosts(value);
    const auto minute = minute_of_pair_key(key);
    if (!hosts || (!minute && family != Family::kTotal)) return add_damage(key, tier);
    tier.rows_open += *hosts;
    if (!minute || family == Family::kTotal) return;
    add_minutes({*minute, *minute}, tier);
    if (sealed == nullptr) return;
    span_of_key.assign(key.substr(0, key.size() - kMinuteKeyBytes));
    append_minute(span_of_key, floor_to(*minute, sealed->page_minutes));
    if (span_of_key == span) return;
    span.swap(span_of_key);
    ++tier.spans_open;
  };
}

TierWalk::Look TierWalk::pages_look(Family family) {
  TierInspection& tier = found_.tier(info_of(family).tier);
  const SealedTier& sealed = *sealed_tier(family);
  return [this, &tier, &sealed](std::string_view key, std::string_view value) {
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
  };
}

TierWalk::Look TierWalk::repos_look() {
  TierInspection& tier = found_.tier(Tier::kRepo);
  return [&tier](std::string_view key, std::string_view value) {
    RepoRollup repo;
    const auto place = split_repo_key(key);
    if (!place || !merge_encoded_repo(value, repo)) return add_damage(key, tier);
    ++tier.rows_open;
    if (place->span == RepoSpan::kTotal) return;
    add_minutes({place->first, place->first}, tier);
  };
}

TierWalk::Look TierWalk::repo_pages_look() {
  TierInspection& tier = found_.tier(Tier::kRepo);
  return [this, &tier](std::string_view key, std::string_view value) {
    const auto place = split_repo_key(key);
    const RepoTier* const of = place ? repo_tier(place->span) : nullptr;
    if (of == nullptr || !repo_page_.open(value)) return add_damage(key, tier);
    ++tier.spans_sealed;
    tier.rows_sealed += repo_page_.size();
    const auto minute_of_slot = [&](std::size_t number) {
      return Minute{place->first.value + repo_page_.slot(number) * of->slot_minutes};
    };
    add_minutes({minute_of_slot(0), minute_of_slot(repo_page_.size() - 1)}, tier);
  };
}

Result<void> TierWalk::walk_lanes() {
  std::string repo;
  for (;;) {
    const StoreCursor* least = nullptr;
    for (const Lane& lane : lanes_) {
      if (auto status = lane.cursor->status(); !status) return status;
      if (!lane.cursor->valid()) continue;
      if (least == nullptr || repo_part(lane.cursor->key()) < repo_part(least->key())) {
        least = lane.cursor.get();
      }
    }
    if (least == nullptr) return {};
    repo = repo_part(least->key());
    RepoBytes bytes{.repo = repo.substr(0, repo.size() - 1)};
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      StoreCursor& cursor = *lanes_[i].cursor;
      const std::uint64_t before = lanes_[i].keys->data_bytes;
      for (; cursor.valid() && repo_part(cursor.key()) == repo; cursor.next()) {
        count(cursor, *lanes_[i].keys, lanes_[i].look);
      }
      bytes.by_lane[i] = lanes_[i].keys->data_bytes - before;
      bytes.sum += bytes.by_lane[i];
    }
    largest_.push_back(std::move(bytes));
    // Now and then, so that it costs little.
    if (largest_.size() >= 2 * options_.repos_max + kRepoFamilies.size()) {
      keep_largest(options_.repos_max);
    }
  }
}

void TierWalk::keep_largest(std::size_t most) {
  std::sort(largest_.begin(), largest_.end(), [](const RepoBytes& a, const RepoBytes& b) {
    return a.sum != b.sum ? a.sum > b.sum : a.repo < b.repo;
  });
  if (largest_.size() > most) largest_.resize(most);
}

Result<void> TierWalk::tell_largest() {
  keep_largest(options_.repos_max);
  for (const RepoBytes& bytes : largest_) {
    RepoInspection repo{.repo = bytes.repo};
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const StoredKeys& all = *lanes_[i].keys;
      if (all.data_bytes == 0) continue;
      repo.bytes += static_cast<std::uint64_t>(UInt128{bytes.by_lane[i]} *
                                               (all.table_bytes + all.memtable_bytes) /
                                               all.data_bytes);
    }
    if (auto described = describe(view_, repo); !described) return described;
    found_.largest_repos.push_back(std::move(repo));
  }
  std::sort(found_.largest_repos.begin(), found_.largest_repos.end(), is_larger);
  return {};
}

TierWalk::Look TierWalk::series_look() {
  TierInspection& tier = found_.tier(Tier::kSeries);
  found_.series = 0;
  return [this, &tier, last = std::string(), last_repo = std::string()](
             std::string_view key, std::string_view) mutable {
    if (!is_series_key(key)) return;
    const auto pair = split_pair(key.substr(1));
    if (!pair) return add_damage(key, tier);
    ++found_.series;
    if (pair->prefix == last) return;
    last = pair->prefix;
    ++found_.buckets;
    if (pair->repo == last_repo) return;
    last_repo = pair->repo;
    ++found_.repos;
  };
}

TierWalk::Look TierWalk::event_ids_look() {
  TierInspection& tier = found_.tier(Tier::kEventId);
  return [&tier](std::string_view key, std::string_view) {
    if (key.size() != kEventIdKeyBytes) return add_damage(key, tier);
    const Minute minute = read_minute(key);
    add_minutes({minute, minute}, tier);
  };
}

TierWalk::Look TierWalk::day_signs_look() {
  TierInspection& days = found_.tier(Tier::kDaySigns);
  return [&days](std::string_view key, std::string_view value) {
    DaySigns signs;
    const auto day = minute_of_pair_key(key);
    if (!day || !merge_encoded(value, signs)) return add_damage(key, days);
    days.rows_open += signs.entries().size();
    add_minutes({*day, *day}, days);
  };
}

TierWalk::Look TierWalk::host_states_look() {
  TierInspection& states = found_.tier(Tier::kHostState);
  return [&states](std::string_view key, std::string_view value) {
    HostStates hosts;
    if (!merge_encoded(value, hosts)) return add_damage(key, states);
    states.rows_open += hosts.entries().size();
  };
}

TierWalk::Look TierWalk::nodes_look() {
  TierInspection& nodes = found_.tier(Tier::kNode);
  return [&nodes](std::string_view key, std::string_view value) {
    HeartbeatDay day;
    const bool whole = is_node_key(key) ? decode_node(value).has_value() : merge_encoded(value, day);
    if (!whole) add_damage(key, nodes);
  };
}

TierWalk::Look TierWalk::meta_look() {
  TierInspection& meta = found_.tier(Tier::kMeta);
  return [&meta](std::string_view key, std::string_view value) {
    if (!is_meta_record(key, value)) add_damage(key, meta);
  };
}

// Complete: the compiler warns of a family that is missing.
TierWalk::Look TierWalk::look_of(Family family) {
  switch (family) {
    case Family::kMinute:
    case Family::kHour:
    case Family::kDay:
    case Family::kTotal: return rows_look(family);
    case Family::kMinutePage:
    case Family::kHourPage: return pages_look(family);
    case Family::kArchive: return archive_look();
    case Family::kRepo: return repos_look();
    case Family::kRepoPage: return repo_pages_look();
    case Family::kCatalog: return series_look();
    case Family::kEventId: return event_ids_look();
    case Family::kDaySigns: return day_signs_look();
    case Family::kHostState: return host_states_look();
    case Family::kNode: return nodes_look();
    case Family::kMeta: return meta_look();
    case Family::kRaw:  // see walk_raw()
    case Family::kMinuteSketches:
    case Family::kHourSketches:
    case Family::kIdempotency: return {};
  }
  return {};
}

Result<void> TierWalk::run() {
  for (const Family family : kRepoFamilies) {
    StoredKeys& keys = keys_of(found_, family);
    keys.keys = 0;
    lanes_.push_back({&keys, look_of(family), view_.cursor(family, {}, {})});
  }
  if (auto done = walk_lanes(); !done) return done;
  if (auto done = tell_largest(); !done) return done;
  if (auto done = walk_raw(); !done) return done;
  for (const FamilyInfo& info : kFamilyTable) {
    if (info.counts_for_repo || info.family == Family::kRaw) continue;
    if (auto done = walk_all(info.family, look_of(info.family)); !done) return done;
  }
  return {};
}

}  // namespace minuted
