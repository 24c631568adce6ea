// Promise: entities keep their sums, come in the order of requests and then of ids, and their points are those of
// the ones that were chosen, whether they come by slots or by pages. Against maps.
#include "query/usage_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/random.hpp"

namespace minuted::test {
namespace {

RepoRollup sums_of(std::uint64_t requests) {
  RepoRollup sums;
  for (std::uint64_t i = 0; i < requests; ++i) {
    EventView event;
    event.upl_bytes = 7;
    Rollup one;
    one.add(event);
    sums.add(one);
  }
  return sums;
}

constexpr UsageWindow kWindow{{1000}, 12, 10};  // points of two slots of five minutes

TEST(UsageTableTest, EntitiesComeByRequestsAndThenById) {
  Random random;
  for (int round = 0; round < 50; ++round) {
    UsageTable table(kWindow);
    std::map<std::string, std::uint64_t> model;
    UInt128 requests = 0;
    for (std::uint64_t i = random.below(200); i > 0; --i) {
      const std::string id = "e" + std::to_string(random.below(40));
      const std::uint64_t more = random.below(3);
      table.add(table.number_of(id), {1000}, sums_of(more));
      model[id] += more;
      requests += more;
    }
    std::vector<std::pair<std::uint64_t, std::string>> order;
    for (const auto& [id, count] : model) {
      if (count != 0) order.emplace_back(count, id);
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    table.list();
    ASSERT_EQ(table.listed(), order.size());
    EXPECT_TRUE(table.requests() == requests);
    const auto end = static_cast<std::size_t>(random.below(order.size() + 1));
    table.order(end);
    for (std::size_t place = 0; place < end; ++place) {
      const std::uint32_t entity = table.at(place);
      ASSERT_EQ(table.id(entity), order[place].second);
      ASSERT_TRUE(table.sums(entity) == sums_of(order[place].first));
    }
  }
}

TEST(UsageTableTest, WhatIsTakenOutIsAsIfItHadNotBeenAdded) {
  UsageTable table(kWindow);
  const std::uint32_t entity = table.number_of("e");
  table.add(entity, {1000}, sums_of(5));
  table.take_out(entity, sums_of(2));
  EXPECT_TRUE(table.sums(entity) == sums_of(3));
}

TEST(UsageTableTest, PointsAreOfTheChosenAlone) {
  std::string bytes;
  const std::vector<RepoSlot> slots = {{0, sums_of(1)}, {1, sums_of(2)}, {3, sums_of(4)}, {9, sums_of(8)}};
  encode_repo_page(slots, bytes);
  RepoPageReader page;
  ASSERT_TRUE(page.open(bytes));

  UsageTable table(kWindow);
  const std::uint32_t first = table.number_of("first");
  const std::uint32_t second = table.number_of("second");
  const std::uint32_t third = table.number_of("third");
  table.add(first, {1000}, sums_of(3));
  table.add(second, page, {0, 4}, {1000}, 5);
  table.add(third, {1000}, sums_of(1));
  EXPECT_TRUE(table.sums(second) == sums_of(7));
  table.list();
  table.order(3);
  ASSERT_EQ(table.at(0), second);
  ASSERT_EQ(table.at(1), first);

  const std::size_t before = table.memory_bytes();
  const std::size_t more = table.bytes_to_choose(2);
  EXPECT_GE(more, 2 * table.bytes_of_points());
  table.choose_points(0, 2);
  EXPECT_LE(table.memory_bytes(), before + more);
  EXPECT_GE(table.memory_bytes(), before + 2 * table.bytes_of_points());
  table.add(first, {1119}, sums_of(3));
  table.add(third, {1000}, sums_of(1));
  // A page that begins two slots before the window: the first of its slots that is asked for is the third.
  table.add(second, page, {2, 10}, {990}, 5);
  EXPECT_TRUE(table.is_chosen(first));
  EXPECT_FALSE(table.is_chosen(third));
  for (std::size_t point = 0; point < kWindow.points; ++point) {
    EXPECT_TRUE(table.points(first)[point] == (point == 11 ? sums_of(3) : RepoRollup{})) << point;
    const auto wanted = point == 0 ? 4U : point == 3 ? 8U : 0U;
    EXPECT_TRUE(table.points(second)[point] == sums_of(wanted)) << point;
  }
  EXPECT_TRUE(table.sums(first) == sums_of(3)) << "what was added up stays";

  EXPECT_LE(table.bytes_to_choose(1), before) << "the room of two is there";
  table.choose_points(2, 3);
  EXPECT_TRUE(table.is_chosen(third));
  EXPECT_TRUE(table.points(third)[0] == RepoRollup{});
}

TEST(UsageTableTest, TheSumsOfTheOnlyEntityAreThoseOfItsPoints) {
  UsageTable table(kWindow);
  table.list_the_one();
  table.choose_points(0, 1);
  table.add(0, {1000}, sums_of(1));
  table.add(0, {1115}, sums_of(2));
  table.sum_up_the_one();
  EXPECT_EQ(table.listed(), 1U);
  EXPECT_TRUE(table.requests() == UInt128{3});
  EXPECT_TRUE(table.sums(0) == sums_of(3));
  EXPECT_EQ(table.id(0), "");
}

}  // namespace
}  // namespace minuted::test
