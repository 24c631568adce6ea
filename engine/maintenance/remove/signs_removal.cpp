#include "maintenance/remove/signs_removal.hpp"

#include <algorithm>
#include <string>

#include "minuted/event.hpp"
#include "nodes/signs.hpp"
#include "maintenance/remove/tier_rows.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "store/open_rows.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted {
namespace {

// The first and the last minute of a day's worth of signs, and of several days'.
struct Seen {
  Minute first = kMinuteMax;
  Minute last{0};

  void merge(const Seen& other) {
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
};

template <class Value>
Result<void> replace(Family family, std::string_view key, const Value& value, WriteSet& set) {
  set.remove(family, key);
  if (value.empty()) return {};
  std::string bytes;
  encode_value(value, bytes);
  set.put(family, key, bytes);
  return {};
}

// Whether its last latency was in them.
bool takes_latency(const MinuteRange& minutes, const HostState& state) {
  return state.latency_us >= 0 && minutes.contains(minute_of(state.latency_at));
}

bool touches(const HostState& state, const MinuteRange& minutes) {
  return minutes.contains(state.first) || minutes.contains(minute_of(state.last)) ||
         takes_latency(minutes, state);
}

std::string key_of(std::string_view prefix, Minute minute) {
  std::string key(prefix);
  append_minute(key, minute);
  return key;
}

// On the days that are kept, pruned or not, as far as hours are rolled.
Result<ByHost<Seen>> seen_in_days(const View& view, std::string_view prefix, Minute horizon) {
  ByHost<Seen> seen;
  const auto days = view.cursor(Family::kDaySigns, key_of(prefix, horizon), after_prefix(prefix));
  for (; days->valid(); days->next()) {
    DaySigns signs;
    if (!merge_encoded(days->value(), signs)) {
      return Error{ErrorCode::kCorruption, "a day's signs cannot be read: " + shorten(days->key())};
    }
    const Minute day = read_minute(days->key().substr(prefix.size()));
    for (const DaySigns::Entry& e : signs.entries()) {
      seen.of(e.host).merge({{day.value + e.kept.first()}, {day.value + e.kept.last()}});
    }
  }
  if (auto status = days->status(); !status) return status.error();
  return seen;
}

// The last day on which each host carried a latency, as far as hours are rolled.
Result<ByHost<Minute>> latency_days(const View& view, std::string_view prefix, Minute horizon,
                                    const RollBoundaries& boundaries) {
  ByHost<Minute> days;
  const auto cursor = view.cursor(Family::kDay, key_of(prefix, horizon), after_prefix(prefix));
  for (; cursor->valid(); cursor->next()) {
    const Minute day = read_minute(cursor->key().substr(prefix.size()));
    HostsReader hosts(cursor->value());
    std::string_view host;
    Rollup rollup;
    while (hosts.next(host, rollup)) {
      if (rollup.latency_count != 0) days.of(host) = day;
    }
    if (!hosts.ok()) {
      return Error{ErrorCode::kCorruption, "a day cannot be read: " + shorten(cursor->key())};
    }
  }
  if (auto status = cursor->status(); !status) return status.error();
  // The hours that no day has yet.
  OpenRows hours(view, boundaries, Span::kDay);
  for (hours.enter(prefix, {horizon, boundaries.hour_of(prefix)}); hours.valid(); hours.next()) {
    HostsReader hosts(hours.value());
    std::string_view host;
    Rollup rollup;
    while (hosts.next(host, rollup)) {
      if (rollup.latency_count != 0) days.of(host) = floor_to(hours.minute(), kMinutesPerDay);
    }
    if (!hosts.ok()) {
      return Error{ErrorCode::kCorruption, "an hour cannot be read: " + shorten(hours.key())};
    }
  }
  if (auto status = hours.status(); !status) return status.error();
  return days;
}

struct LastLatency {
  Millis at{-1};
  std::int64_t us = -1;  // -1 = none
};

// The mean latency, rounded half up, of the host's last minute before `end` that has one on that day, as of
// the minute's start. No minute before `horizon` is looked at, so that it does not matter whether it is pruned.
Result<LastLatency> last_latency_of(const View& view, std::string_view prefix, Minute day,
                                    Minute horizon, Minute end, std::string_view host) {
  const MinuteRange minutes{std::max(day, horizon), std::min(end, Minute{day.value + kMinutesPerDay})};
  if (minutes.empty()) return LastLatency{};
  auto rows = read_rows(view, *sealed_tier(Span::kMinute), prefix, minutes);
  if (!rows) return rows.error();
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    for (const HostRollups::Entry& e : row->second.entries()) {
      if (e.host != host || e.rollup.latency_count == 0) continue;
      const UInt128 count = e.rollup.latency_count;
      return LastLatency{
          start_of(row->first),
          static_cast<std::int64_t>((2 * e.rollup.latency_sum_us + count) / (2 * count))};
    }
  }
  return LastLatency{};
}

}  // namespace

Result<void> take_from_signs(const View& view, std::string_view key, Minute day,
                             const MinuteRange& minutes, WriteSet& set) {
  const auto stored = view.get(Family::kDaySigns, key);
  if (!stored) return stored.error();
  if (!stored->has_value()) return {};
  DaySigns signs;
  if (!merge_encoded(**stored, signs)) {
    return Error{ErrorCode::kCorruption, "a day's signs cannot be read: " + shorten(key)};
  }
  for (DaySigns::Entry& e : signs.entries()) {
    e.kept.take_out(minutes.begin.value - day.value, minutes.end.value - day.value);
  }
  signs.drop_if([](const DaySigns::Entry& e) { return e.kept.empty(); });
  return replace(Family::kDaySigns, key, signs, set);
}

Result<void> take_from_states(const View& view, std::string_view prefix,
                              const MinuteRange& minutes, const Horizons& horizons,
                              WriteSet& set) {
  const auto stored = view.get(Family::kHostState, prefix);
  if (!stored) return stored.error();
  if (!stored->has_value()) return {};
  HostStates states;
  if (!merge_encoded(**stored, states)) {
    return Error{ErrorCode::kCorruption, "the state of hosts cannot be read: " + shorten(prefix)};
  }
  const auto is_touched = [&](const HostStates::Entry& e) { return touches(e.kept, minutes); };
  if (std::none_of(states.entries().begin(), states.entries().end(), is_touched)) return {};
  const auto boundaries = read_roll_boundaries(view);
  if (!boundaries) return boundaries.error();
  const Minute days_begin = horizons.of(Span::kDay);
  const auto seen = seen_in_days(view, prefix, days_begin);
  if (!seen) return seen.error();
  const auto latencies = latency_days(view, prefix, days_begin, *boundaries);
  if (!latencies) return latencies.error();
  for (HostStates::Entry& e : states.entries()) {
    if (!is_touched(e)) continue;
    HostState left;
    const Seen* const days = seen->find(e.host);
    if (days != nullptr) left.first = days->first;
    if (!minutes.contains(e.kept.first)) left.first = std::min(left.first, e.kept.first);
    if (!minutes.contains(minute_of(e.kept.last))) {
      left.last = e.kept.last;
    } else if (days != nullptr) {
      left.last = start_of(days->last);
    } else if (!minutes.contains(e.kept.first)) {
      left.last = start_of(e.kept.first);  // of days that are past
    }
    if (!takes_latency(minutes, e.kept)) {
      left.latency_at = e.kept.latency_at;
      left.latency_us = e.kept.latency_us;
    } else if (const Minute* const day = latencies->find(e.host); day != nullptr) {
      const auto latency =
          last_latency_of(view, prefix, *day, horizons.of(Span::kMinute),
                          boundaries->hour_of(prefix), e.host);
      if (!latency) return latency.error();
      left.latency_at = latency->at;
      left.latency_us = latency->us;
    }
    // An event that is known to the millisecond says more than its minute does.
    left.last = std::max(left.last, left.latency_at);
    if (left.last.value >= 0) left.first = std::min(left.first, minute_of(left.last));
    if (left.latency_us >= 0) left.first = std::min(left.first, minute_of(left.latency_at));
    e.kept = left;
  }
  states.drop_if([](const HostStates::Entry& e) { return e.kept.last.value < 0; });
  return replace(Family::kHostState, prefix, states, set);
}

}  // namespace minuted
