// Promise: a client that makes up ids cannot fill the store, and no batch is too large for ever.
#include "write/series_limiter.hpp"

#include <gtest/gtest.h>

namespace minuted {
namespace {

SeriesLimits limits(std::uint64_t per_minute, std::uint64_t total) {
  SeriesLimits limits;
  limits.new_per_minute_max = per_minute;
  limits.total_max = total;
  return limits;
}

// Reserves `count` series of `repo` as one batch; how many there was room for.
std::uint64_t reserve(SeriesLimiter& limiter, std::uint64_t count, std::string_view repo = "r") {
  limiter.begin();
  std::uint64_t reserved = 0;
  for (std::uint64_t i = 0; i < count; ++i) reserved += limiter.reserve(repo);
  return reserved;
}

TEST(SeriesLimiterTest, TheBatchThatUsesTheMinuteUpIsLetInAndTheNextWaits) {
  const SeriesLimits bounds = limits(100, 1'000'000);
  SeriesLimiter limiter(bounds);
  EXPECT_EQ(reserve(limiter, 250), 250U);
  EXPECT_EQ(limiter.admit(0), std::nullopt);
  EXPECT_EQ(reserve(limiter, 1), 1U);
  EXPECT_EQ(limiter.admit(0),
            "more than 100 new series (repo, bucket, host) came within a minute");
  EXPECT_NE(limiter.admit(60'000), std::nullopt);   // 150 are owed, 100 came back
  EXPECT_EQ(limiter.admit(91'000), std::nullopt);
}

TEST(SeriesLimiterTest, BatchesWithoutNewSeriesAlwaysPass) {
  const SeriesLimits bounds = limits(0, 0);
  SeriesLimiter limiter(bounds);
  limiter.begin();
  EXPECT_EQ(limiter.admit(0), std::nullopt);
}

TEST(SeriesLimiterTest, TheTotalStopsAtItsBoundAndARefusedBatchCountsNothing) {
  const SeriesLimits bounds = limits(1'000, 10);
  SeriesLimiter limiter(bounds);
  limiter.set_total(7);
  EXPECT_EQ(reserve(limiter, 5), 3U);
  EXPECT_EQ(reserve(limiter, 5), 3U);  // the first was never admitted
  EXPECT_EQ(limiter.admit(0), std::nullopt);
  EXPECT_EQ(reserve(limiter, 1), 0U);
}

TEST(SeriesLimiterTest, AReposOwnBoundsHoldForItAlone) {
  SeriesLimits bounds = limits(1'000, 1'000);
  bounds.repo_total_max["small"] = 2;
  bounds.repo_new_per_minute_max["slow"] = 1;
  SeriesLimiter limiter(bounds);
  limiter.set_repo_total("small", 1);
  EXPECT_EQ(reserve(limiter, 3, "small"), 1U);
  EXPECT_EQ(limiter.admit(0), std::nullopt);
  EXPECT_EQ(reserve(limiter, 3, "small"), 0U);
  EXPECT_EQ(reserve(limiter, 3, "slow"), 3U);
  EXPECT_EQ(limiter.admit(0), std::nullopt);
  EXPECT_EQ(reserve(limiter, 1, "slow"), 1U);
  EXPECT_EQ(limiter.admit(0),
            "more than 1 new series (bucket, host) of repo \"slow\" came within a minute");
  EXPECT_EQ(reserve(limiter, 3, "other"), 3U);
  EXPECT_EQ(limiter.admit(0), std::nullopt);
}

}  // namespace
}  // namespace minuted
