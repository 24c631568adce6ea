// What the table of families promises to stores that exist, and to whoever derives a list from it.
#include "schema/families.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace minuted::test {
namespace {

// Persisted: a change is a change of the store's format. The order is RocksDB's numbering of new
// stores.
TEST(FamiliesTest, DiskNamesAreFrozen) {
  std::vector<std::string> names;
  for (const FamilyInfo& info : kFamilyTable) names.emplace_back(info.disk_name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"default", "raw", "minute", "hour", "day", "total", "repo",
                                      "catalog", "idempotency", "event_id", "minute_page",
                                      "minute_sketches", "hour_page", "hour_sketches", "archive",
                                      "day_signs", "host_state", "node", "repo_page"}));
}

// Dashboards and alerts name them.
TEST(FamiliesTest, MetricNamesAreFrozen) {
  std::vector<std::string> names;
  for (const FamilyInfo& info : kFamilyTable) names.emplace_back(info.metric_name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"meta", "raw", "minute", "hour", "day", "total", "repo",
                                      "series", "idempotency", "event_id", "minute_page",
                                      "minute_sketches", "hour_page", "hour_sketches", "archive",
                                      "day_signs", "host_state", "node", "repo_page"}));
}

TEST(FamiliesTest, MergeOperatorsAreFrozen) {
  const auto operator_of = [](Family family) {
    const char* const name = merge_operator_name(info_of(family).merge);
    return std::string(name == nullptr ? "" : name);
  };
  for (const Family family :
       {Family::kMinute, Family::kHour, Family::kDay, Family::kTotal, Family::kRepo}) {
    EXPECT_EQ(operator_of(family), "minuted.rollup.1");
  }
  EXPECT_EQ(operator_of(Family::kDaySigns), "minuted.day_signs.1");
  EXPECT_EQ(operator_of(Family::kHostState), "minuted.host_state.1");
  EXPECT_EQ(operator_of(Family::kNode), "minuted.node.1");
  const auto merged =
      families_where([](const FamilyInfo& i) { return i.merge != MergeRule::kNone; });
  EXPECT_EQ(merged.size(), 8U) << "the others replace their values";
}

TEST(FamiliesTest, NoTwoShareAName) {
  std::set<std::string_view> disk;
  std::set<std::string_view> metric;
  for (const FamilyInfo& info : kFamilyTable) {
    EXPECT_TRUE(disk.insert(info.disk_name).second) << info.disk_name;
    EXPECT_TRUE(metric.insert(info.metric_name).second) << info.metric_name;
  }
}

// Otherwise the inspection would show one of them in the place of the other.
TEST(FamiliesTest, NoTwoAreTheSamePartOfATier) {
  std::set<std::tuple<Tier, TierPart>> shown;
  for (const FamilyInfo& info : kFamilyTable) {
    EXPECT_TRUE(shown.insert({info.tier, info.part}).second) << info.disk_name;
  }
  for (std::size_t tier = 0; tier < kTiers; ++tier) {
    EXPECT_TRUE(shown.contains({static_cast<Tier>(tier), TierPart::kSingle})) << kTierNames[tier];
  }
}

// The inspection walks them side by side, repo by repo.
TEST(FamiliesTest, WhatCountsForARepoBeginsWithIt) {
  for (const FamilyInfo& info : kFamilyTable) {
    EXPECT_TRUE(!info.counts_for_repo || begins_with_pair(info.key)) << info.disk_name;
  }
}

TEST(FamiliesTest, ASelectionKeepsTheOrderOfTheTable) {
  constexpr auto kPairs =
      families_where([](const FamilyInfo& info) { return info.key == KeyShape::kPair; });
  static_assert(kPairs.size() == 2);
  EXPECT_EQ(kPairs, (std::array{Family::kTotal, Family::kHostState}));
}

}  // namespace
}  // namespace minuted::test
