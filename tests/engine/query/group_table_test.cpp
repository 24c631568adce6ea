// Promise: ids keep their numbers and come back in bytewise order; groups are found again however many there are,
// come back in order, and the memory that they say they take grows with them. Against maps.
#include "query/group_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "support/random.hpp"

namespace minuted::test {
namespace {

TEST(GroupTableTest, IdsKeepTheirNumbers) {
  Random random;
  std::vector<std::string> pool;
  for (int i = 0; i < 500; ++i) pool.push_back(random.id());
  IdNumbers ids;
  EXPECT_EQ(ids.memory_bytes(), 0U);
  std::map<std::string, std::uint32_t> model;
  for (int i = 0; i < 20'000; ++i) {
    // The same order over and over, as rows have it, and now and then another id.
    const std::string& id = random.chance(90) ? pool[static_cast<std::size_t>(i) % pool.size()]
                                              : random.pick(pool);
    const auto number = static_cast<std::uint32_t>(model.size());
    const auto [at, is_new] = model.try_emplace(id, number);
    ASSERT_EQ(ids.number_of(id), at->second) << i;
    ASSERT_EQ(ids.id(at->second), id);
  }
  ASSERT_EQ(ids.size(), model.size());
  std::vector<std::uint32_t> wanted;
  for (const auto& [id, number] : model) wanted.push_back(number);
  EXPECT_EQ(ids.sorted(), wanted);
  EXPECT_GE(ids.memory_bytes(), model.size() * 16);
}

TEST(GroupTableTest, GroupsComeBackInOrderWithTheirSums) {
  Random random;
  for (const Columns columns : {Columns::kSums, Columns::kAll, Columns::kSketch}) {
    GroupTable table(columns);
    EXPECT_EQ(table.memory_bytes(), 0U);
    std::map<std::tuple<std::string, std::uint32_t, std::string>, std::uint64_t> model;
    for (int i = 0; i < 5'000; ++i) {
      const std::string bucket = "b" + std::to_string(random.below(20));
      const auto minute = static_cast<std::uint32_t>(random.below(50));
      const std::string host = "h" + std::to_string(random.below(5));
      Rollup rollup;
      EventView event;
      event.latency_us = random.latency_us();
      columns == Columns::kSketch ? rollup.add(event) : rollup.add_sums(event);
      table.add(bucket, {minute}, host, rollup);
      ++model[{bucket, minute, host}];
    }
    ASSERT_EQ(table.size(), model.size());
    EXPECT_GE(table.memory_bytes(), table.size() * sizeof(RepoRollup));
    EXPECT_EQ(table.sketch_bytes() != 0, columns == Columns::kSketch);
    EXPECT_GT(table.sorted_bytes(), table.memory_bytes());
    table.sort();
    std::size_t place = 0;
    for (const auto& [key, requests] : model) {
      Rollup rollup;
      const GroupTable::Group group = table.take(place++, rollup);
      ASSERT_EQ(std::make_tuple(std::string(group.bucket), group.minute.value, std::string(group.host)),
                key);
      ASSERT_EQ(rollup.requests(), requests);
      ASSERT_EQ(rollup.latency_count, requests);
      ASSERT_EQ(rollup.sketch.count(), columns == Columns::kSketch ? requests : 0);
    }
  }
}

}  // namespace
}  // namespace minuted::test
