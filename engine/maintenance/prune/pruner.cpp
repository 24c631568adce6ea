#include "maintenance/prune/pruner.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "schema/families.hpp"
#include "schema/keys.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted {
namespace {

// Pairs looked at in one step, at most: one that has nothing to give costs a seek.
constexpr std::size_t kPairsPerStep = 2'000;

// The parts of a pass; the repos' values and the nodes' heartbeats come last.
constexpr std::size_t kRowParts = 7;
constexpr std::size_t kNodePart = kRowParts + 2 * kRepoTiers.size();

}  // namespace

// What a pass goes through. Of pages, the sketches beside them.
struct Pruner::Part {
  std::optional<Span> span;  // nullopt: the archive
  Family family;
  Family beside;
  std::uint32_t minutes;      // a key's
  std::size_t suffix_bytes = 0;  // of a key, behind its minute
};

namespace {

template <class Part>
constexpr std::array<Part, kRowParts> kRowPart{{
    {Span::kMinute, Family::kMinute, Family::kMinute, 1},
    {Span::kMinute, Family::kMinutePage, Family::kMinuteSketches, kSealedTiers[0].page_minutes},
    {Span::kHour, Family::kHour, Family::kHour, kMinutesPerHour},
    {Span::kHour, Family::kHourPage, Family::kHourSketches, kSealedTiers[1].page_minutes},
    {Span::kDay, Family::kDay, Family::kDay, kMinutesPerDay},
    {Span::kDay, Family::kDaySigns, Family::kDaySigns, kMinutesPerDay},
    {std::nullopt, Family::kArchive, Family::kArchive, 1, kSequenceKeyBytes},
}};

// Whether a pass deletes what is past of each family whose rows expire with a tier's retention.
template <class Part>
constexpr bool covers_all_rows() {
  for (const FamilyInfo& info : kFamilyTable) {
    const bool by_minute = info.expiry == Expiry::kMinuteRetention ||
                           info.expiry == Expiry::kHourRetention ||
                           info.expiry == Expiry::kDayRetention ||
                           info.expiry == Expiry::kArchiveRetention;
    if (!by_minute || !begins_with_pair(info.key)) continue;
    bool found = false;
    for (const Part& part : kRowPart<Part>) {
      found = found || part.family == info.family || part.beside == info.family;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

// Rows and pages of each tier.
Pruner::RepoPart Pruner::repo_part(std::size_t number) {
  const RepoTier& tier = kRepoTiers[number / 2];
  if (number % 2 == 0) return {&tier, Family::kRepo, tier.slot_minutes};
  return {&tier, Family::kRepoPage, tier.page_minutes};
}

Pruner::Pruner(Store& store, const Horizons& horizons, PruneCounters& counters, Options options)
    : store_(store),
      horizons_(horizons),
      counters_(counters),
      options_(std::move(options)),
      next_pass_ms_(options_.clock->steady_ms()),
      set_(store) {
  static_assert(covers_all_rows<Part>(), "a family of the table expires, and is in no part");
}

bool Pruner::due() const {
  if (options_.interval_ms == 0 || passing_) return false;
  if (options_.clock->steady_ms() < next_pass_ms_) return false;
  return horizons_.limits_archive() || horizons_.limits(Span::kMinute) || horizons_.limits(Span::kHour) ||
         horizons_.limits(Span::kDay);
}

Result<bool> Pruner::begin(const Demand&) {
  passing_ = true;
  part_ = 0;
  position_.clear();
  next_pass_ms_ = options_.clock->steady_ms() + options_.interval_ms;
  return true;
}

Result<bool> Pruner::step() {
  if (!passing_) return false;
  if (horizons_.paused()) {
    passing_ = false;
    return false;
  }
  auto more = step_in(part_);
  if (!more) {
    counters_.last_error.set(more.error().message);
    ++counters_.failures;
    passing_ = false;  // tried again with the next pass
    return more;
  }
  if (*more) return true;
  position_.clear();
  if (++part_ <= kNodePart) return true;
  passing_ = false;
  ++counters_.passes;
  return false;
}

// True if the part has more.
Result<bool> Pruner::step_in(std::size_t part) {
  set_.clear();
  keys_ = 0;
  Result<void> pruned;
  if (part == kNodePart) {
    pruned = prune_heartbeats();
  } else if (part >= kRowParts) {
    pruned = prune_repo_values(repo_part(part - kRowParts));
  } else {
    const Part& p = kRowPart<Part>[part];
    Minute horizon = p.span ? horizons_.of(*p.span) : horizons_.of_archive();
    const auto boundaries = read_roll_boundaries(store_);
    if (!boundaries) return boundaries.error();
    if (p.span == Span::kMinute) horizon = std::min(horizon, boundaries->hour.current);
    if (p.span == Span::kHour) horizon = std::min(horizon, boundaries->day.current);
    if (horizon.value == 0) return false;
    pruned = prune_rows(p, horizon);
  }
  if (pruned.ok()) pruned = write();
  if (!pruned) return pruned.error();
  return !position_.empty();
}

Result<void> Pruner::prune_rows(const Part& part, Minute horizon) {
  const auto view = store_.view();
  const auto keys = view->cursor(part.family, position_, {});
  std::size_t pairs = 0;
  while (keys->valid()) {
    const std::string_view key = keys->key();
    const auto pair = split_pair(key);
    if (!pair || key.size() != pair->prefix.size() + kMinuteKeyBytes + part.suffix_bytes) {
      return Error{ErrorCode::kCorruption, "a key names no row: " + shorten(key)};
    }
    const bool full = !set_.empty() && set_.bytes() >= options_.batch_bytes;
    if (full || pairs > kPairsPerStep) {
      position_.assign(key);
      return {};
    }
    const Minute first = read_minute(key.substr(pair->prefix.size()));
    if (first.value + part.minutes <= horizon.value) {
      set_.remove(part.family, key);
      if (part.beside != part.family) set_.remove(part.beside, key);
      ++keys_;
      keys->next();
    } else {
      ++pairs;
      keys->seek(after_prefix(pair->prefix));
    }
  }
  position_.clear();
  return keys->status();
}

// Of one tier what is past lies before all that is not.
Result<void> Pruner::prune_repo_values(const RepoPart& part) {
  const Minute horizon = horizons_.of(part.tier->kept_as);
  const auto view = store_.view();
  const std::string lower = position_.empty() ? repo_key({}, part.tier->span, {0}) : position_;
  const auto keys = view->cursor(part.family, lower, repo_key({}, part.tier->span, horizon));
  for (; keys->valid(); keys->next()) {
    const auto key = split_repo_key(keys->key());
    if (!key) {
      return Error{ErrorCode::kCorruption, "a key names no value of a repo: " + shorten(keys->key())};
    }
    if (key->first.value + part.minutes > horizon.value) break;
    if (!set_.empty() && set_.bytes() >= options_.batch_bytes) {
      position_.assign(keys->key());
      return {};
    }
    set_.remove(part.family, keys->key());
    ++keys_;
  }
  position_.clear();
  return keys->status();
}

// Their records stay: the latest state is kept as long as the node is known.
Result<void> Pruner::prune_heartbeats() {
  const Minute horizon = horizons_.of(Span::kDay);
  const auto view = store_.view();
  const auto keys =
      view->cursor(Family::kNode, position_.empty() ? kNodeDaysBegin : position_, kNodeDaysEnd);
  std::size_t nodes = 0;
  while (keys->valid()) {
    const std::string_view key = keys->key();
    const std::size_t host_end = key.find('\0');
    if (host_end == std::string_view::npos || key.size() != host_end + 1 + kMinuteKeyBytes) {
      return Error{ErrorCode::kCorruption, "a key names no day of a node: " + shorten(key)};
    }
    const bool full = !set_.empty() && set_.bytes() >= options_.batch_bytes;
    if (full || nodes > kPairsPerStep) {
      position_.assign(key);
      return {};
    }
    if (read_minute(key.substr(host_end + 1)).value + kMinutesPerDay <= horizon.value) {
      set_.remove(Family::kNode, key);
      ++keys_;
      keys->next();
    } else {
      ++nodes;
      keys->seek(after_prefix(key.substr(0, host_end + 1)));
    }
  }
  position_.clear();
  return keys->status();
}

Result<void> Pruner::write() {
  if (set_.empty()) return {};
  // Buffered: if it is lost in a crash, what it removed is back, and past its horizon still.
  auto written = store_.write(set_, Durability::kBuffered);
  if (!written) {
    options_.on_write_failure(written.error());
    return written;
  }
  counters_.keys += keys_;
  set_.clear();
  return {};
}

}  // namespace minuted
