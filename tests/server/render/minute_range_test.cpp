// Promise: a range holds the minute of each of its ends and nothing beyond, whichever of the dates
// are given and in whatever form.
#include <gtest/gtest.h>

#include <cstdio>
#include <ostream>

#include "render/minute_params.hpp"
#include "support/random.hpp"

namespace minuted {

void PrintTo(const MinuteRange& range, std::ostream* out) {
  *out << '[' << range.begin.value << ", " << range.end.value << ')';
}

namespace render {
namespace {

constexpr Minute kEnd{kMinuteMax.value + 1};  // of a range that is open towards the future

Minute minute(std::string_view iso) { return minute_of(parse_iso8601(iso).value().start); }

// Half-open, from text as people write it, both ends included.
MinuteRange through(std::string_view first, std::string_view last) {
  return {minute(first), Minute{minute(last).value + 1}};
}

const Millis kNow{parse_iso8601("2024-02-10T12:34:56.789Z").value().start};

MinuteRange range_of(std::string_view query, Millis now = kNow) {
  auto result = parse_minute_params(query, now, SecretKey{});
  if (const auto* error = std::get_if<ParameterError>(&result)) {
    ADD_FAILURE() << query << ": " << error->message;
    return {};
  }
  return std::get<MinuteParams>(result).spec.range;
}

std::string refusal_of(std::string_view query) {
  auto result = parse_minute_params(query, kNow, SecretKey{});
  const auto* const error = std::get_if<ParameterError>(&result);
  if (error == nullptr) return "accepted";
  return std::string(error->code) + ": " + error->message;
}

TEST(MinuteRangeTest, NoDateIsTheLastDayAndWhateverComes) {
  EXPECT_EQ(range_of(""), (MinuteRange{minute("2024-02-09T12:34"), kEnd}));
  EXPECT_EQ(range_of("startDate=&endDate="), (MinuteRange{minute("2024-02-09T12:34"), kEnd}));
}

TEST(MinuteRangeTest, NoDateNearTheEpochBeginsWithIt) {
  EXPECT_EQ(range_of("", Millis{0}), (MinuteRange{Minute{0}, kEnd}));
  EXPECT_EQ(range_of("", Millis{kMillisPerDay + 59'999}), (MinuteRange{Minute{0}, kEnd}));
  EXPECT_EQ(range_of("", Millis{kMillisPerDay + 60'000}), (MinuteRange{Minute{1}, kEnd}));
}

TEST(MinuteRangeTest, OnlyAStartIsFromThereOn) {
  EXPECT_EQ(range_of("startDate=2024-02-01"), (MinuteRange{minute("2024-02-01T00:00"), kEnd}));
  EXPECT_EQ(range_of("startDate=2024-02-01T10:15:59.999Z"),
            (MinuteRange{minute("2024-02-01T10:15"), kEnd}));
  EXPECT_EQ(range_of("startDate=2999-01-01"), (MinuteRange{minute("2999-01-01T00:00"), kEnd}));
}

TEST(MinuteRangeTest, OnlyAnEndIsTheDayBeforeIt) {
  EXPECT_EQ(range_of("endDate=2024-02-01T10:15:30Z"),
            through("2024-01-31T10:15", "2024-02-01T10:15"));
  EXPECT_EQ(range_of("endDate=2024-02-01T00:00:00Z"),
            through("2024-01-31T00:00", "2024-02-01T00:00"));
}

TEST(MinuteRangeTest, OnlyAnEndDayIsThatDay) {
  EXPECT_EQ(range_of("endDate=2024-02-01"), through("2024-02-01T00:00", "2024-02-01T23:59"));
}

TEST(MinuteRangeTest, OneDayTwiceIsThatDay) {
  EXPECT_EQ(range_of("startDate=2024-02-29&endDate=2024-02-29"),
            through("2024-02-29T00:00", "2024-02-29T23:59"));
}

TEST(MinuteRangeTest, EachEndsMinuteIsIn) {
  EXPECT_EQ(range_of("startDate=2024-02-01T10:15:59.999Z&endDate=2024-02-01T10:16:00Z"),
            through("2024-02-01T10:15", "2024-02-01T10:16"));
  EXPECT_EQ(range_of("startDate=2024-02-01T10:15&endDate=2024-02-01T10:15"),
            through("2024-02-01T10:15", "2024-02-01T10:15"));
  EXPECT_EQ(range_of("startDate=2024-02-01T10:15&endDate=2024-02-03"),
            through("2024-02-01T10:15", "2024-02-03T23:59"));
}

TEST(MinuteRangeTest, AnEndAfterTheStartWithinOneMinuteIsThatMinute) {
  EXPECT_EQ(range_of("startDate=2024-02-01T10:15:10Z&endDate=2024-02-01T10:15:10.001Z"),
            through("2024-02-01T10:15", "2024-02-01T10:15"));
}

TEST(MinuteRangeTest, OffsetsAreTakenEscapedOrNot) {
  const MinuteRange expected{minute("2024-02-01T08:15"), kEnd};
  for (const char* const date :
       {"2024-02-01T10:15:00+02:00", "2024-02-01T10:15:00%2B02:00", "2024-02-01T10:15+02:00",
        "2024-02-01T10:15:00.000%2B0200", "2024-02-01T10:15:00%2B02", "2024-02-01T03:15:00-05:00",
        "2024-02-01+10:15:00+02:00", "2024-02-01%2010:15:00%2B02:00", "2024-02-01+08:15:00",
        "2024-02-01%2B08:15:00", "2024-02-01+08:15", "2024-02-01 08:15:00Z",
        "2024-02-01t08:15:00z"}) {
    EXPECT_EQ(range_of(std::string("startDate=") + date), expected) << date;
  }
}

TEST(MinuteRangeTest, TheSameDateTwiceIsOne) {
  EXPECT_EQ(range_of("startDate=2024-02-01&startDate=&startDate=2024-02-01"),
            (MinuteRange{minute("2024-02-01T00:00"), kEnd}));
  EXPECT_EQ(range_of("endDate=2024-02-01T10:15Z&endDate=2024-02-01T12:15:00+02:00"),
            through("2024-01-31T10:15", "2024-02-01T10:15"));
}

TEST(MinuteRangeTest, BeforeTheEpochIsClampedAndOtherwiseEmpty) {
  EXPECT_EQ(range_of("startDate=1969-01-01&endDate=1970-01-01T00:00Z"),
            (MinuteRange{Minute{0}, Minute{1}}));
  EXPECT_EQ(range_of("startDate=0000-01-01"), (MinuteRange{Minute{0}, kEnd}));
  EXPECT_EQ(range_of("endDate=1970-01-01T00:00:30Z"), (MinuteRange{Minute{0}, Minute{1}}));
  for (const char* const query :
       {"startDate=1969-01-01&endDate=1969-12-31", "endDate=1969-12-31T23:59:59.999Z",
        "endDate=1969-12-31", "endDate=0000-01-01",
        "startDate=1960-01-01&endDate=1970-01-01T00:30%2B01:00"}) {
    EXPECT_TRUE(range_of(query).empty()) << query;
  }
}

TEST(MinuteRangeTest, TheEndOfTimeIsClamped) {
  EXPECT_EQ(range_of("startDate=9999-12-31T23:59Z"), (MinuteRange{kMinuteMax, kEnd}));
  EXPECT_EQ(range_of("startDate=9999-12-31&endDate=9999-12-31"),
            (MinuteRange{Minute{kEnd.value - kMinutesPerDay}, kEnd}));
  EXPECT_EQ(range_of("startDate=9999-12-31T23:59Z&endDate=9999-12-31T23:59-05:00"),
            (MinuteRange{kMinuteMax, kEnd}));
  EXPECT_TRUE(range_of("startDate=9999-12-31T23:59-05:00").empty());
}

TEST(MinuteRangeTest, AStartAfterTheEndIsRefused) {
  EXPECT_EQ(refusal_of("startDate=2024-02-02&endDate=2024-02-01"),
            "invalid_parameter: startDate \"2024-02-02\" is after endDate \"2024-02-01\"; give a "
            "startDate that is not after the endDate");
  EXPECT_EQ(refusal_of("endDate=2024-02-01T10:15:00Z&startDate=2024-02-01T10:15:30Z"),
            "invalid_parameter: startDate \"2024-02-01T10:15:30Z\" is after endDate "
            "\"2024-02-01T10:15:00Z\"; give a startDate that is not after the endDate");
  EXPECT_EQ(refusal_of("startDate=2024-02-01T23:59:59.999Z&endDate=2024-02-01"), "accepted");
  EXPECT_NE(refusal_of("startDate=2024-02-01T23:59:00-00:01&endDate=2024-02-01"), "accepted");
  EXPECT_EQ(refusal_of("startDate=2024-02-01T02:00%2B02:00&endDate=2024-02-01T00:00Z"), "accepted");
}

TEST(MinuteRangeTest, WhatIsNoDateIsRefused) {
  EXPECT_EQ(refusal_of("startDate=yesterday"),
            "invalid_parameter: startDate \"yesterday\" is not an ISO 8601 date; give a day like "
            "2024-02-01 or a time like 2024-02-01T10:15:00Z or 2024-02-01T10:15:00+02:00");
  for (const char* const value :
       {"1700000000", "1700000000000", "2024-02-30", "2023-02-29", "2024-2-1", "01.02.2024",
        "2024-02-01T", "2024-02-01T10", "2024-02-01T24:00", "2024-02-01T10:15:60", "%20",
        "2024-02-01,2024-02-02",
        "2024-02-01T10:15%2B24:00", "2024-02-01%00", "null", "-1"}) {
    const std::string refusal = refusal_of(std::string("endDate=") + value);
    EXPECT_TRUE(refusal.starts_with("invalid_parameter: endDate \"")) << value << ": " << refusal;
    EXPECT_TRUE(
        refusal.ends_with("is not an ISO 8601 date; give a day like 2024-02-01 or a time "
                          "like 2024-02-01T10:15:00Z or 2024-02-01T10:15:00+02:00"))
        << value << ": " << refusal;
  }
}

// A plus is a space in a query; the date is told as it was sent.
TEST(MinuteRangeTest, APlusThatIsNoZonesIsExplained) {
  for (const std::string value : {"2024-02-01T10:15:00+0200", "+2024-02-01", "2024-02-01+"}) {
    EXPECT_EQ(refusal_of("endDate=" + value),
              "invalid_parameter: endDate \"" + value + "\" has a + that is not before hh:mm, and so a space; "
              "write %2B for a plus, or leave it out");
  }
}

TEST(MinuteRangeTest, TwoDifferentDatesForOneEndAreRefused) {
  EXPECT_EQ(refusal_of("startDate=2024-02-01&startDate=2024-02-02"),
            "invalid_parameter: startDate is given twice, as \"2024-02-01\" and \"2024-02-02\"; "
            "give one value");
  // A day and its first instant are different ends.
  EXPECT_EQ(refusal_of("endDate=2024-02-01&endDate=2024-02-01T00:00Z"),
            "invalid_parameter: endDate is given twice, as \"2024-02-01\" and "
            "\"2024-02-01T00:00Z\"; give one value");
}

// Any two instants in any zone, in any encoding, against plain arithmetic.
TEST(MinuteRangeTest, RandomInstantsGiveTheMinutesThatContainThem) {
  test::Random random;
  const auto written = [&](std::int64_t ms) {
    const std::int64_t offset = static_cast<std::int64_t>(random.below(28 * 60 + 1)) - 14 * 60;
    std::string text = format_iso8601(Millis{ms + offset * kMillisPerMinute});
    text.pop_back();
    if (random.chance(50)) text[10] = '+';
    char zone[16];
    std::snprintf(zone, sizeof zone, "%02d:%02d", static_cast<int>(std::abs(offset) / 60),
                  static_cast<int>(std::abs(offset) % 60));
    const char* const plus = random.chance(50) ? "+" : "%2B";
    return text + (offset < 0 ? "-" : plus) + zone;
  };
  for (int round = 0; round < 3000; ++round) {
    // 1800 to 2200, half of them within two minutes of each other.
    const auto instant = [&] {
      return static_cast<std::int64_t>(random.below(12'622'780'800'000)) - 5'364'662'400'000;
    };
    std::int64_t first = instant();
    std::int64_t last =
        random.chance(50) ? first + static_cast<std::int64_t>(random.below(120'000)) : instant();
    if (first > last) std::swap(first, last);
    const auto floor_minute = [](std::int64_t ms) {
      std::int64_t minute_number = 0;
      if (ms >= 0) minute_number = ms / 60'000;
      return static_cast<std::uint32_t>(minute_number);
    };
    const MinuteRange expected{Minute{floor_minute(first)},
                               Minute{last < 0 ? 0 : floor_minute(last) + 1}};
    const std::string query = "startDate=" + written(first) + "&endDate=" + written(last);
    ASSERT_EQ(range_of(query), expected) << query;
  }
}

}  // namespace
}  // namespace render
}  // namespace minuted
