// Promise: the parts of a window hold each of its minutes once, in spans as wide as there are, and the horizon cuts
// off exactly what is past.
#include "query/storage_plan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "model/storage_oracle.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

constexpr std::array<Minute, 3> kForEver{};
constexpr Millis kNow{1'700'000'040'000};

UsageQuery query_of(const UsageWindow& window, std::optional<UsageBy> by = std::nullopt) {
  UsageQuery query;
  query.window = window;
  query.by = by;
  return query;
}

TEST(StoragePlanTest, OnlyWhatReposHaveByThemselvesIsReadFromTheirValues) {
  UsageQuery query = query_of(storage_window(0, kNow));
  const auto from_repos = [&] { return plan_storage(query, kForEver).from_repos; };
  EXPECT_TRUE(from_repos());
  for (const UsageBy by : {UsageBy::kRepo, UsageBy::kWorkspace}) {
    query.by = by;
    EXPECT_TRUE(from_repos());
  }
  for (const UsageBy by : {UsageBy::kBucket, UsageBy::kNode, UsageBy::kProvider}) {
    query.by = by;
    EXPECT_FALSE(from_repos());
  }
  query.by = std::nullopt;
  query.buckets = {"b"};
  EXPECT_FALSE(from_repos());
}

TEST(StoragePlanTest, SlotsMakeUpThePointsOfEveryWindow) {
  for (std::size_t n = 0; n < std::size(kStorageWindows); ++n) {
    const UsageWindow window = storage_window(n, kNow);
    const StoragePlan plan = plan_storage(query_of(window), kForEver);
    EXPECT_EQ(window.point_minutes % plan.tier->slot_minutes, 0U);
    EXPECT_EQ(plan.minutes, (MinuteRange{window.begin, window.end()}));
    EXPECT_TRUE(plan.head.empty()) << "the window begins with a slot";
  }
}

TEST(StoragePlanTest, TheHeadIsWhatTheHorizonLeavesOfItsSlot) {
  const UsageWindow window = storage_window(1, kNow);  // of hours
  const Minute horizon{window.begin.value + 90};
  const std::array<Minute, 3> horizons{Minute{0}, horizon, Minute{0}};
  const StoragePlan plan = plan_storage(query_of(window), horizons);
  EXPECT_EQ(plan.minutes, (MinuteRange{horizon, window.end()}));
  EXPECT_EQ(plan.head, (MinuteRange{horizon, {window.begin.value + 120}}));
  const std::array<Minute, 3> all_past{Minute{0}, {window.end().value + 5}, Minute{0}};
  EXPECT_TRUE(plan_storage(query_of(window), all_past).minutes.empty());
  EXPECT_TRUE(plan_storage(query_of(window), all_past).head.empty());
  EXPECT_EQ(row_parts(plan_storage(query_of(window), all_past), false).size(), 0U);
}

TEST(StoragePlanTest, ANarrowerTierIsOfTheSameRetention) {
  for (const RepoTier& tier : kRepoTiers) {
    const RepoTier* const below = tier_below(tier);
    if (below == nullptr) continue;
    EXPECT_EQ(below->kept_as, tier.kept_as);
    EXPECT_LT(below->slot_minutes, tier.slot_minutes);
    EXPECT_EQ(tier.slot_minutes % below->slot_minutes, 0U);
  }
  EXPECT_EQ(tier_below(*repo_tier(RepoSpan::kSixHours)), repo_tier(RepoSpan::kHour));
  EXPECT_EQ(tier_below(*repo_tier(RepoSpan::kFiveMinutes)), nullptr);
}

TEST(StoragePlanTest, PartsHoldEachMinuteOfTheWindowOnce) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    const auto n = static_cast<std::size_t>(random.below(std::size(kStorageWindows)));
    const auto back_ms = static_cast<std::int64_t>(random.below(100 * 86'400'000ULL));
    const UsageWindow window = storage_window(n, Millis{kNow.value - back_ms});
    std::array<Minute, 3> horizons{};
    if (random.chance(50)) {
      const auto cut = static_cast<std::uint32_t>(random.below(window.points * window.point_minutes + 100));
      for (Minute& horizon : horizons) horizon = {window.begin.value + cut};
    }
    const StoragePlan plan = plan_storage(query_of(window, UsageBy::kBucket), horizons);
    for (const bool points : {false, true}) {
      // At every border how many parts begin less how many end; taken out, the other way round.
      std::map<std::uint32_t, int> steps;
      for (const RowPart& part : row_parts(plan, points)) {
        EXPECT_FALSE(part.minutes.empty());
        EXPECT_FALSE(points && part.take_out);
        EXPECT_LE(minutes_in(part.span), kMinutesPerDay);
        steps[part.minutes.begin.value] += part.take_out ? -1 : 1;
        steps[part.minutes.end.value] += part.take_out ? 1 : -1;
      }
      std::erase_if(steps, [](const auto& step) { return step.second == 0; });
      const std::map<std::uint32_t, int> whole{{plan.minutes.begin.value, 1},
                                               {plan.minutes.end.value, -1}};
      const std::map<std::uint32_t, int> none;
      EXPECT_EQ(steps, plan.minutes.empty() ? none : whole) << "round " << round;
    }
  }
}

// So that a window of a week of a million series is not read minute by minute.
TEST(StoragePlanTest, PartsAreAsWideAsThereAre) {
  const UsageWindow window = storage_window(1, kNow);
  const StoragePlan plan = plan_storage(query_of(window, UsageBy::kBucket), kForEver);
  const auto parts = row_parts(plan, false);
  ASSERT_FALSE(parts.empty());
  EXPECT_EQ(parts[0].span, Span::kDay);
  EXPECT_GE(parts[0].minutes.end.value - parts[0].minutes.begin.value, 6 * kMinutesPerDay);
  EXPECT_EQ(row_parts(plan, true).size(), 1U);
}

}  // namespace
}  // namespace minuted::test
