#include "minuted/time.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "support/manual_clock.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

// Promise: the last minute and millisecond are those of the year 9999.
TEST(TimeTest, LimitsAreTheEndOfTheYear9999) {
  EXPECT_EQ(kMinuteMax, minute_of(parse_iso8601("9999-12-31T23:59Z")->start));
  EXPECT_EQ(kMillisMax, parse_iso8601("9999-12-31T23:59:59.999Z")->start);
  EXPECT_EQ(kMinuteMax, minute_of(kMillisMax));
  EXPECT_EQ(kMillisMax.value + 1, start_of(kMinuteMax).value + kMillisPerMinute);
}

// Promise: a minute holds its first millisecond and not the next minute's.
TEST(TimeTest, MinutesHoldTheirMilliseconds) {
  EXPECT_EQ(minute_of(Millis{0}), Minute{0});
  EXPECT_EQ(minute_of(Millis{59'999}), Minute{0});
  EXPECT_EQ(minute_of(Millis{60'000}), Minute{1});
  test::Random random;
  for (int i = 0; i < 10'000; ++i) {
    const Minute m{static_cast<std::uint32_t>(random.between(0, kMinuteMax.value))};
    EXPECT_EQ(minute_of(start_of(m)), m);
    EXPECT_EQ(minute_of(Millis{start_of(m).value + kMillisPerMinute - 1}), m);
    EXPECT_EQ(unix_seconds(m) * kMillisPerSecond, start_of(m).value);
  }
}

// Promise: spans are aligned to 1970-01-01T00:00Z, and their start is in them.
TEST(TimeTest, SpansStartAtMultiplesOfTheirLength) {
  EXPECT_EQ(floor_to(Minute{61}, kMinutesPerHour), Minute{60});
  EXPECT_EQ(floor_to(Minute{60}, kMinutesPerHour), Minute{60});
  EXPECT_EQ(floor_to(Minute{59}, kMinutesPerHour), Minute{0});
  EXPECT_EQ(floor_to(minute_of(parse_iso8601("2024-02-29T23:59:59.999Z")->start), kMinutesPerDay),
            minute_of(parse_iso8601("2024-02-29")->start));
  EXPECT_EQ(floor_to(kMinuteMax, kMinutesPerDay), minute_of(parse_iso8601("9999-12-31")->start));
}

// Promise: ranges are half-open.
TEST(TimeTest, RangesHoldTheirBeginAndNotTheirEnd) {
  const MinuteRange range{Minute{10}, Minute{12}};
  EXPECT_FALSE(range.contains(Minute{9}));
  EXPECT_TRUE(range.contains(Minute{10}));
  EXPECT_TRUE(range.contains(Minute{11}));
  EXPECT_FALSE(range.contains(Minute{12}));
  EXPECT_FALSE(range.empty());
  EXPECT_TRUE((MinuteRange{Minute{10}, Minute{10}}.empty()));
  EXPECT_TRUE((MinuteRange{Minute{11}, Minute{10}}.empty()));
  EXPECT_FALSE((MinuteRange{Minute{11}, Minute{10}}.contains(Minute{10})));
}

// Promise: the machine's steady clock never goes back, and its wall clock counts from 1970 in UTC.
TEST(TimeTest, SystemClockRuns) {
  const Clock& clock = system_clock();
  EXPECT_EQ(&clock, &system_clock());
  EXPECT_GT(clock.now(), parse_iso8601("2024-01-01")->start);
  EXPECT_LT(clock.now(), kMillisMax);
  std::int64_t previous = clock.steady_ms();
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t next = clock.steady_ms();
    EXPECT_GE(next, previous);
    previous = next;
  }
}

// Promise: a test's clock shows what the test set, whichever thread asks.
TEST(TimeTest, ManualClockMovesOnlyWhenMoved) {
  test::ManualClock clock(Millis{5000}, 7);
  EXPECT_EQ(clock.now(), Millis{5000});
  EXPECT_EQ(clock.steady_ms(), 7);
  std::thread mover([&] { clock.advance_ms(60'000); });
  mover.join();
  EXPECT_EQ(clock.now(), Millis{65'000});
  EXPECT_EQ(clock.steady_ms(), 60'007);
  clock.set_now(Millis{1});
  EXPECT_EQ(clock.now(), Millis{1});
  EXPECT_EQ(clock.steady_ms(), 60'007);
  clock.set_steady_ms(70'000);
  EXPECT_EQ(clock.steady_ms(), 70'000);
}

}  // namespace
}  // namespace minuted
