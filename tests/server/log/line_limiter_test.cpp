#include "log/line_limiter.hpp"

#include <gtest/gtest.h>

namespace minuted::log {
namespace {

using LeftOut = LineLimiter::LeftOut;

TEST(LineLimiterTest, ABurstIsWrittenThenALineAnInterval) {
  LineLimiter limiter;
  std::int64_t now = 1'000'000;
  for (int i = 0; i < LineLimiter::kBurst; ++i) EXPECT_EQ(limiter.admit("a", now), 0U);
  EXPECT_EQ(limiter.admit("a", now), std::nullopt);
  now += LineLimiter::kIntervalMs - 1;
  EXPECT_EQ(limiter.admit("a", now), std::nullopt);
  now += 1;
  EXPECT_EQ(limiter.admit("a", now), 2U);
  EXPECT_EQ(limiter.admit("a", now), std::nullopt);
  // After a long silence there is a burst again, and no more than one.
  now += 100 * LineLimiter::kIntervalMs;
  EXPECT_EQ(limiter.admit("a", now), 1U);
  for (int i = 1; i < LineLimiter::kBurst; ++i) EXPECT_EQ(limiter.admit("a", now), 0U);
  EXPECT_EQ(limiter.admit("a", now), std::nullopt);
}

TEST(LineLimiterTest, WhatWasLeftOutAtTheEndIsTakenOnce) {
  LineLimiter limiter;
  for (int i = 0; i < LineLimiter::kBurst + 3; ++i) {
    (void)limiter.admit("b", 0);
    (void)limiter.admit("a", 0);
  }
  EXPECT_TRUE(limiter.take_left_out(LineLimiter::kReportAfterMs - 1).empty());
  EXPECT_EQ(limiter.take_left_out(LineLimiter::kReportAfterMs),
            (std::vector<LeftOut>{{"a", 3}, {"b", 3}}));
  EXPECT_TRUE(limiter.take_left_out(LineLimiter::kReportAfterMs).empty());
}

TEST(LineLimiterTest, ReasonsBeyondTheMostShareOneAllowance) {
  LineLimiter limiter;
  std::size_t written = 0;
  for (int i = 0; i < 10'000; ++i) {
    written += limiter.admit("reason " + std::to_string(i), 0).has_value() ? 1 : 0;
  }
  EXPECT_EQ(written, LineLimiter::kReasonsMax + LineLimiter::kBurst);
}

}  // namespace
}  // namespace minuted::log
