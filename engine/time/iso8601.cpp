// ISO 8601 in and out, by the calendar's arithmetic and no locale or time zone database.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "minuted/time.hpp"

namespace minuted {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads a text from the left; every take_ either consumes what it names or leaves the position.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  std::optional<int> take_digits(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  // The character taken, or 0 if the next one is none of `any`.
  char take_any(std::string_view any) {
    if (rest_.empty() || any.find(rest_.front()) == any.npos) return 0;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // One or more digits after the decimal point; digits past the third are dropped.
  std::optional<int> take_millis() {
    if (rest_.empty() || !is_digit(rest_.front())) return std::nullopt;
    int value = 0;
    int scale = 100;
    while (!rest_.empty() && is_digit(rest_.front())) {
      value += (rest_.front() - '0') * scale;
      scale /= 10;
      rest_.remove_prefix(1);
    }
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<std::int64_t> take_day(Reader& in) {
  const auto year = in.take_digits(4);
  if (!year || !in.take_any("-")) return std::nullopt;
  const auto month = in.take_digits(2);
  if (!month || !in.take_any("-")) return std::nullopt;
  const auto day = in.take_digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

struct TimeOfDay {
  std::int64_t ms;   // local; of a leap second, the last millisecond of its minute
  bool leap_second;  // second 60
};

std::optional<TimeOfDay> take_time_of_day(Reader& in) {
  const auto hour = in.take_digits(2);
  if (!hour || *hour > 23 || !in.take_any(":")) return std::nullopt;
  const auto minute = in.take_digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  TimeOfDay time{(*hour * 60 + *minute) * kMillisPerMinute, false};
  if (in.take_any(":")) {
    const auto second = in.take_digits(2);
    if (!second || *second > 60) return std::nullopt;
    std::int64_t ms = *second * kMillisPerSecond;
    if (in.take_any(".,")) {
      const auto fraction = in.take_millis();
      if (!fraction) return std::nullopt;
      ms += *fraction;
    }
    time.leap_second = *second == 60;
    time.ms += std::min(ms, kMillisPerMinute - 1);
  }
  return time;
}

// How far local time runs ahead of UTC, of what is left: nothing, Z, or an offset.
std::optional<std::int64_t> take_zone_ms(Reader& in) {
  if (in.done() || in.take_any("Zz")) return 0;
  const char sign = in.take_any("+-");
  if (!sign) return std::nullopt;
  const auto hours = in.take_digits(2);
  if (!hours || *hours > 23) return std::nullopt;
  int minutes = 0;
  if (!in.done()) {
    in.take_any(":");
    const auto more = in.take_digits(2);
    if (!more || *more > 59) return std::nullopt;
    minutes = *more;
  }
  const std::int64_t ms = (*hours * 60 + minutes) * kMillisPerMinute;
  return sign == '-' ? -ms : ms;
}

}  // namespace

std::optional<IsoTime> parse_iso8601(std::string_view text) {
  Reader in(text);
  const auto day = take_day(in);
  if (!day) return std::nullopt;
  const std::int64_t midnight = *day * kMillisPerDay;
  if (in.done()) return IsoTime{Millis{midnight}, true};
  if (!in.take_any("Tt ")) return std::nullopt;
  const auto time = take_time_of_day(in);
  if (!time) return std::nullopt;
  const auto zone = take_zone_ms(in);
  if (!zone || !in.done()) return std::nullopt;
  const std::int64_t ms = midnight + time->ms - *zone;
  // Leap seconds end a UTC day, whatever the local time is then (RFC 3339, section 5.7).
  if (time->leap_second && (ms + 1) % kMillisPerDay != 0) return std::nullopt;
  return IsoTime{Millis{ms}, false};
}

std::string format_iso8601(Millis t) {
  std::int64_t day = t.value / kMillisPerDay;
  std::int64_t ms = t.value % kMillisPerDay;
  if (ms < 0) {
    ms += kMillisPerDay;
    --day;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  char text[64];
  const int size = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(ms / 3'600'000), static_cast<int>(ms / 60'000 % 60),
      static_cast<int>(ms / 1000 % 60), static_cast<int>(ms % 1000));
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace minuted
