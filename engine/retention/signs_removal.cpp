#include "retention/signs_removal.hpp"

#include <algorithm>
#include <string>

#include "minuted/event.hpp"
#include "nodes/signs.hpp"
#include "retention/tier_rows.hpp"
#include "store/key_codec.hpp"

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

bool touches(const HostState& state, const MinuteRange& minutes) {
  return minutes.contains(state.first) || minutes.contains(minute_of(state.last));
}

Result<ByHost<Seen>> seen_in_days(const View& view, std::string_view prefix) {
  ByHost<Seen> seen;
  const auto days = view.cursor(Family::kDaySigns, prefix, after_prefix(prefix));
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

// Rounded half up; -1 = none.
Result<std::int64_t> latency_of(const View& view, std::string_view prefix, Minute minute,
                                std::string_view host) {
  auto rows = read_rows(view, *sealed_tier(Span::kMinute), prefix, {minute, {minute.value + 1}});
  if (!rows) return rows.error();
  for (const auto& [at, hosts] : *rows) {
    for (const HostRollups::Entry& e : hosts.entries()) {
      if (e.host != host || e.rollup.latency_count == 0) continue;
      const UInt128 count = e.rollup.latency_count;
      return static_cast<std::int64_t>((2 * e.rollup.latency_sum_us + count) / (2 * count));
    }
  }
  return std::int64_t{-1};
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
                              const MinuteRange& minutes, WriteSet& set) {
  const auto stored = view.get(Family::kHostState, prefix);
  if (!stored) return stored.error();
  if (!stored->has_value()) return {};
  HostStates states;
  if (!merge_encoded(**stored, states)) {
    return Error{ErrorCode::kCorruption, "the state of hosts cannot be read: " + shorten(prefix)};
  }
  const auto is_touched = [&](const HostStates::Entry& e) { return touches(e.kept, minutes); };
  if (std::none_of(states.entries().begin(), states.entries().end(), is_touched)) return {};
  const auto seen = seen_in_days(view, prefix);
  if (!seen) return seen.error();
  for (HostStates::Entry& e : states.entries()) {
    if (!is_touched(e)) continue;
    HostState left;
    const Seen* const days = seen->find(e.host);
    if (days != nullptr) left.first = days->first;
    if (!minutes.contains(e.kept.first)) left.first = std::min(left.first, e.kept.first);
    if (!minutes.contains(minute_of(e.kept.last))) {
      left.last = e.kept.last;
      left.latency_us = e.kept.latency_us;
      left.first = std::min(left.first, minute_of(left.last));
    } else if (days != nullptr) {
      left.last = start_of(days->last);
      const auto latency = latency_of(view, prefix, days->last, e.host);
      if (!latency) return latency.error();
      left.latency_us = *latency;
    } else if (!minutes.contains(e.kept.first)) {
      left.last = start_of(e.kept.first);  // of days that are past
    }
    e.kept = left;
  }
  states.drop_if([](const HostStates::Entry& e) { return e.kept.last.value < 0; });
  return replace(Family::kHostState, prefix, states, set);
}

}  // namespace minuted
