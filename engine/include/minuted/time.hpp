// Time inside minuted: integer milliseconds in, minutes within, UTC only, never local time. Also the
// clock everything reads, so that tests can own it, and the ISO 8601 forms people write.
// Pure values; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace minuted {

// Milliseconds since 1970-01-01T00:00:00Z. Negative before it.
struct Millis {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(const Millis&, const Millis&) = default;
};

// Whole minutes since 1970-01-01T00:00Z: 0 … kMinuteMax. The unit of every stored time.
struct Minute {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(const Minute&, const Minute&) = default;
};

inline constexpr std::int64_t kMillisPerSecond = 1000;
inline constexpr std::int64_t kMillisPerMinute = 60 * kMillisPerSecond;
inline constexpr std::uint32_t kMinutesPerHour = 60;
inline constexpr std::uint32_t kMinutesPerDay = 24 * kMinutesPerHour;
inline constexpr std::int64_t kMillisPerDay = kMinutesPerDay * kMillisPerMinute;

// 9999-12-31T23:59Z, the last minute a four-digit year can name.
inline constexpr Minute kMinuteMax{4223371679U};
inline constexpr Millis kMillisMax{std::int64_t{4223371680} * kMillisPerMinute - 1};

// Half-open: begin is in, end is not.
struct MinuteRange {
  Minute begin;
  Minute end;
  constexpr bool empty() const { return begin >= end; }
  constexpr bool contains(Minute m) const { return begin <= m && m < end; }
  friend constexpr bool operator==(const MinuteRange&, const MinuteRange&) = default;
};

// The minute that contains `t`. `t` must lie in [0, kMillisMax].
constexpr Minute minute_of(Millis t) {
  return Minute{static_cast<std::uint32_t>(t.value / kMillisPerMinute)};
}
constexpr Millis start_of(Minute m) { return Millis{m.value * kMillisPerMinute}; }
constexpr std::int64_t unix_seconds(Minute m) { return std::int64_t{m.value} * 60; }

// Start of the span of `length_minutes` that contains `m` (spans are aligned to 1970-01-01).
constexpr Minute floor_to(Minute m, std::uint32_t length_minutes) {
  return Minute{m.value - m.value % length_minutes};
}

// What the program takes for "now". Implementations are safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Millis now() const = 0;             // wall clock: may step in either direction
  virtual std::int64_t steady_ms() const = 0;  // never goes back; only differences mean anything
};

// The machine's clocks. Lives for the whole program.
const Clock& system_clock();

struct IsoTime {
  Millis start;    // the instant, or 00:00 UTC of a date-only form; digits past the millisecond dropped
  bool date_only;  // the text named a day, not an instant
  friend bool operator==(const IsoTime&, const IsoTime&) = default;
};

// Reads `2024-02-01`, or `2024-02-01T10:15[:30[.123…]]` with `Z`, `±hh:mm`, `±hhmm`, `±hh` or no zone
// (UTC); also a space for T, a comma for the point, small t and z. Years 0000–9999, Gregorian; no hour
// 24. Second 60 is read where a UTC day ends, as the day's last millisecond. nullopt for all else.
std::optional<IsoTime> parse_iso8601(std::string_view text);

// `2024-02-01T10:15:00.000Z`. `t` within years 0000–9999.
std::string format_iso8601(Millis t);

}  // namespace minuted
