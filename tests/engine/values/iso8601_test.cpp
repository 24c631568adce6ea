// The forms of time people write. The oracle is std::chrono's calendar, reached from the other
// side: from a date's fields to text, and from there through the parser back to an instant.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "minuted/time.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

using namespace std::string_literals;

constexpr std::int64_t kDay = 1'706'745'600'000;  // 2024-02-01T00:00Z
constexpr std::int64_t kHourMs = 3'600'000;

struct Accepted {
  std::string text;
  std::int64_t ms;
  bool date_only;
};

void expect_accepted(const Accepted& want) {
  const auto got = parse_iso8601(want.text);
  ASSERT_TRUE(got) << want.text;
  EXPECT_EQ(got->start, Millis{want.ms}) << want.text;
  EXPECT_EQ(got->date_only, want.date_only) << want.text;
}

// A date and time by std::chrono's arithmetic.
struct Fields {
  int year;
  unsigned month;
  unsigned day;
  std::int64_t ms_of_day;

  std::int64_t unix_ms() const {
    const std::chrono::sys_days days{std::chrono::year{year} / static_cast<int>(month) /
                                     static_cast<int>(day)};
    return std::chrono::milliseconds{days.time_since_epoch()}.count() + ms_of_day;
  }
};

std::string date_text(const Fields& f) {
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", f.year, f.month, f.day);
  return text;
}

std::string time_text(std::int64_t ms_of_day) {
  char text[48];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", static_cast<int>(ms_of_day / kHourMs),
                static_cast<int>(ms_of_day / 60'000 % 60), static_cast<int>(ms_of_day / 1000 % 60),
                static_cast<int>(ms_of_day % 1000));
  return text;
}

Fields random_fields(test::Random& random) {
  Fields f{};
  f.year = static_cast<int>(random.below(10'000));
  f.month = static_cast<unsigned>(random.between(1, 12));
  const std::chrono::year_month_day_last last{std::chrono::year{f.year} /
                                              static_cast<int>(f.month) / std::chrono::last};
  f.day = random.chance(20)
              ? static_cast<unsigned>(last.day())
              : static_cast<unsigned>(random.between(1, static_cast<unsigned>(last.day())));
  f.ms_of_day = static_cast<std::int64_t>(random.below(86'400'000));
  return f;
}

// Promise: each form the header lists is read, to the millisecond.
TEST(Iso8601Test, EveryFormIsRead) {
  const std::int64_t minute = kDay + 10 * kHourMs + 15 * 60'000;
  const std::vector<Accepted> forms{
      {"2024-02-01", kDay, true},
      {"2024-02-01T00:00", kDay, false},
      {"2024-02-01T10:15", minute, false},
      {"2024-02-01t10:15", minute, false},
      {"2024-02-01 10:15", minute, false},
      {"2024-02-01T10:15Z", minute, false},
      {"2024-02-01T10:15z", minute, false},
      {"2024-02-01T10:15:30", minute + 30'000, false},
      {"2024-02-01T10:15:30Z", minute + 30'000, false},
      {"2024-02-01T10:15:30.1", minute + 30'100, false},
      {"2024-02-01T10:15:30.12Z", minute + 30'120, false},
      {"2024-02-01T10:15:30.123Z", minute + 30'123, false},
      {"2024-02-01T10:15:30.1239999999999999999999Z", minute + 30'123, false},
      {"2024-02-01T10:15:30.000999+00:00", minute + 30'000, false},
      {"2024-02-01T10:15:30,1", minute + 30'100, false},
      {"2024-02-01T10:15:30,123Z", minute + 30'123, false},
      {"2024-02-01 10:15:30,1239+00:00", minute + 30'123, false},
      {"2024-02-01T10:15+05:30", minute - 5 * kHourMs - 30 * 60'000, false},
      {"2024-02-01T10:15+0530", minute - 5 * kHourMs - 30 * 60'000, false},
      {"2024-02-01T10:15+05", minute - 5 * kHourMs, false},
      {"2024-02-01T10:15:30.123-08:00", minute + 30'123 + 8 * kHourMs, false},
      {"2024-02-01 10:15:30-0800", minute + 30'000 + 8 * kHourMs, false},
      {"2024-02-01T10:15-00:00", minute, false},
      {"2024-02-01T23:59:59.999Z", kDay + 24 * kHourMs - 1, false},
      {"2024-02-01T00:30+23:59", kDay + 30 * 60'000 - 23 * kHourMs - 59 * 60'000, false},
      {"2024-02-29", kDay + 28 * 24 * kHourMs, true},
      {"2000-02-29", 951'782'400'000, true},
      {"1970-01-01", 0, true},
      {"1969-12-31T23:59:59.999Z", -1, false},
      {"1970-01-01T00:00:00+00:01", -60'000, false},
      {"0000-01-01", -62'167'219'200'000, true},
      {"0000-02-29", -62'162'121'600'000, true},
      {"9999-12-31", 253'402'214'400'000, true},
      {"9999-12-31T23:59:59.999Z", kMillisMax.value, false},
  };
  for (const Accepted& form : forms) expect_accepted(form);
}

// Promise: anything else is refused: fields out of range, missing or of another width, ISO 8601's
// other forms, and anything before or after.
TEST(Iso8601Test, EverythingElseIsRefused) {
  // clang-format off
  const std::vector<std::string> texts{
      "", " ", "2024", "2024-02", "2024-2-1", "2024-02-1", "24-02-01", "2024-02-001",
      // dates that are not
      "2024-02-30", "2023-02-29", "1900-02-29", "2024-00-01", "2024-13-01", "2024-01-00",
      "2024-01-32", "2024-04-31", "2024-99-99", "+2024-02-01", "-001-01-01", "-0001-01-01",
      "10000-01-01", "20240201", "2024-W05-4", "2024-032", "2024/02/01", "2024-02/01",
      "2024.02.01", "01-02-2024", "2O24-02-01", "2024-02-0l",
      // white space and neighbours
      " 2024-02-01", "2024-02-01 ", "\t2024-02-01", "2024-02-01\n", "2024-02-01\0"s,
      "2024-02-01T10:15\0"s, "\0"s, "2024-02-01T10:15 ", "2024-02-01  10:15", "2024-02-01_10:15",
      "2024-02-01TT10:15", "x2024-02-01", "2024-02-01x", "\"2024-02-01\"",
      // a zone needs a time
      "2024-02-01Z", "2024-02-01+01:00",
      // times that are not
      "2024-02-01T", "2024-02-01T1", "2024-02-01T10", "2024-02-01T10:", "2024-02-01T10:1",
      "2024-02-01T1:15", "2024-02-01T1015", "2024-02-01T10:60", "2024-02-01T24:00",
      "2024-02-01T24:00:00Z", "2024-02-01T25:00", "2024-02-01T-1:00", "2024-02-01T10:-1",
      "2024-02-01T10:15:", "2024-02-01T10:15:3", "2024-02-01T10:15:60", "2024-02-01T10:15:61",
      "2024-02-01T10:15:030",
      // leap seconds that are none
      "2016-12-31T23:59:61Z", "2016-12-31T23:58:60Z", "2016-12-31T00:00:60Z", "2016-12-31T22:59:60Z",
      "2016-12-31T23:59:60+01:00", "2016-12-31T23:59:60.Z", "2016-12-31T24:00:60Z",
      // fractions
      "2024-02-01T10:15:30.", "2024-02-01T10:15:30.Z", "2024-02-01T10:15:30,",
      "2024-02-01T10:15:30,Z", "2024-02-01T10:15,5", "2024-02-01T10:15:30.,1", "2024-02-01T10:15:30,1.2",
      "2024-02-01T10:15.5", "2024-02-01T10.5", "2024-02-01T10:15:30.1.2",
      "2024-02-01T10:15:30.-1", "2024-02-01T10:15:30. 1", "2024-02-01T10:15:30.1e3",
      // zones
      "2024-02-01T10:15ZZ", "2024-02-01T10:15 Z", "2024-02-01T10:15UTC", "2024-02-01T10:15GMT",
      "2024-02-01T10:15+", "2024-02-01T10:15+1", "2024-02-01T10:15+1:00", "2024-02-01T10:15+24:00",
      "2024-02-01T10:15+23:60", "2024-02-01T10:15-24", "2024-02-01T10:15+01:0",
      "2024-02-01T10:15+01:", "2024-02-01T10:15+01:000", "2024-02-01T10:15+010",
      "2024-02-01T10:15+01000", "2024-02-01T10:15+01:00Z", "2024-02-01T10:15Z+01:00",
      "2024-02-01T10:15 +01:00", "2024-02-01T10:15+-1:00", "2024-02-01T10:15++01:00",
      "2024-02-01T10:15\xE2\x88\x92" "01:00", "2024-02-01T10:15[Europe/Berlin]",
      // other things people write
      "now", "1706745600", "1706745600000", "Thu, 01 Feb 2024 10:15:00 GMT",
      "\xEF\xBB\xBF" "2024-02-01", "\xD9\xA2\xD9\xA0\xD9\xA2\xD9\xA4-02-01",
  };
  // clang-format on
  for (const std::string& text : texts) EXPECT_FALSE(parse_iso8601(text)) << text;
}

// Promise: a leap second is where a UTC day ends, in any zone, and counts in the day's last minute.
TEST(Iso8601Test, ALeapSecondCountsInItsMinute) {
  const std::int64_t last = 1'483'228'800'000 - 1;  // of 2016
  for (const char* text :
       {"2016-12-31T23:59:60Z", "2016-12-31T23:59:60", "2016-12-31 23:59:60.000Z",
        "2016-12-31T23:59:60.5Z", "2016-12-31T23:59:60,999999Z", "2016-12-31T23:59:60-00:00",
        "2017-01-01T00:59:60+01:00", "2016-12-31T15:59:60-08:00", "2017-01-01T05:29:60+0530"}) {
    expect_accepted({text, last, false});
  }
  expect_accepted({"1969-12-31T23:59:60Z", -1, false});
  expect_accepted({"9999-12-31T23:59:60Z", kMillisMax.value, false});
}

// Promise: a text that stops short means something only where a form ends.
TEST(Iso8601Test, APrefixIsReadOnlyWhereAFormEnds) {
  const std::string text = "2024-02-01T10:15:30.123+05:30";
  std::vector<std::size_t> read;
  for (std::size_t n = 0; n <= text.size(); ++n) {
    if (parse_iso8601(text.substr(0, n))) read.push_back(n);
  }
  EXPECT_EQ(read, (std::vector<std::size_t>{10, 16, 19, 21, 22, 23, 26, 29}));
}

// Promise: every offset from -23:59 to +23:59, in its three spellings, is taken off the local time.
TEST(Iso8601Test, EveryOffsetIsTakenOff) {
  for (int offset = -(24 * 60 - 1); offset <= 24 * 60 - 1; ++offset) {
    const int size = offset < 0 ? -offset : offset;
    char digits[16];
    std::snprintf(digits, sizeof digits, "%c%02d:%02d", offset < 0 ? '-' : '+', size / 60,
                  size % 60);
    const std::string colon = digits;
    const std::string local = "2024-02-01T00:00:00";
    const std::int64_t want = kDay - offset * 60'000LL;
    expect_accepted({local + colon, want, false});
    expect_accepted({local + colon.substr(0, 3) + colon.substr(4), want, false});
    if (size % 60 == 0) expect_accepted({local + colon.substr(0, 3), want, false});
  }
}

// Promise: a day exists for the parser exactly when it exists in the proleptic Gregorian calendar.
TEST(Iso8601Test, DaysExistAsTheCalendarSays) {
  for (const int year : {0,    1,    4,    100,  400,  1582, 1600, 1699, 1700, 1752, 1899, 1900,
                         1969, 1970, 1999, 2000, 2023, 2024, 2038, 2100, 2400, 9996, 9999}) {
    for (unsigned month = 0; month <= 13; ++month) {
      for (unsigned day = 0; day <= 32; ++day) {
        const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                               std::chrono::day{day}};
        const Fields fields{year, month, day, 0};
        const auto got = parse_iso8601(date_text(fields));
        ASSERT_EQ(got.has_value(), date.ok()) << date_text(fields);
        if (got) {
          ASSERT_EQ(got->start, Millis{fields.unix_ms()}) << date_text(fields);
        }
      }
    }
  }
}

// Promise: an instant written in any form is read back as the same instant.
TEST(Iso8601Test, RandomInstantsRoundTrip) {
  test::Random random;
  for (int i = 0; i < 50'000; ++i) {
    const Fields fields = random_fields(random);
    const std::int64_t ms = fields.unix_ms();
    const std::string date = date_text(fields);
    const std::string time = time_text(fields.ms_of_day);
    expect_accepted({date, ms - fields.ms_of_day, true});
    expect_accepted({date + "T" + time + "Z", ms, false});
    expect_accepted({date + " " + time, ms, false});
    expect_accepted(
        {date + "T" + time.substr(0, 8), ms - ms % 1000 + (ms % 1000 < 0 ? -1000 : 0), false});
    ASSERT_EQ(format_iso8601(Millis{ms}), date + "T" + time + "Z");
    if (::testing::Test::HasFailure()) return;
  }
}

// Promise: what is written is fixed in form, at both ends of the range and before 1970.
TEST(Iso8601Test, WritesOneForm) {
  EXPECT_EQ(format_iso8601(Millis{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_iso8601(Millis{-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_iso8601(Millis{kDay + 36'900'000}), "2024-02-01T10:15:00.000Z");
  EXPECT_EQ(format_iso8601(Millis{-62'167'219'200'000}), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(format_iso8601(kMillisMax), "9999-12-31T23:59:59.999Z");
}

// Promise: no text is misread: whatever is accepted names an instant that its own canonical form
// names too.
TEST(Iso8601Test, RandomTextsAreRefusedOrMeanWhatTheySay) {
  test::Random random;
  constexpr char kLetters[] = "0123456789-:TZtz+., ";
  for (int i = 0; i < 200'000; ++i) {
    std::string text = "2024-02-01T10:15:30.123+05:30";
    const std::uint64_t edits = random.between(1, 4);
    for (std::uint64_t e = 0; e < edits && !text.empty(); ++e) {
      const auto at = static_cast<std::size_t>(random.below(text.size()));
      const char c = random.chance(90) ? kLetters[random.below(sizeof kLetters - 1)]
                                       : static_cast<char>(random.bits());
      switch (random.below(3)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.erase(at, 1 + random.below(3));
          break;
        default:
          text.insert(at, 1, c);
      }
    }
    const auto got = parse_iso8601(text);
    if (!got || got->start < Millis{-62'167'219'200'000} || got->start > kMillisMax) continue;
    const auto again = parse_iso8601(format_iso8601(got->start));
    ASSERT_TRUE(again) << text;
    ASSERT_EQ(again->start, got->start) << text;
  }
}

}  // namespace
}  // namespace minuted
