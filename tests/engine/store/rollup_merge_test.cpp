// The merge operator's function: exact whatever the order and grouping, and it never fails, for one
// bad operand must not make its neighbours unreadable nor vanish silently.
#include "store/rollup_merge.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "rollup/rollup_codec.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

std::string hosts_value(Random& random) {
  HostRollups hosts;
  const std::uint64_t count = 1 + random.below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    static const Names kNames{{"r"}, {"b"}, {"h0", "h1", "h2", "h3", "h4", "h5"}};
    const Event e = random.event(kNames, Millis{0}, 60'000);
    hosts.of(e.host).add(e.view());
  }
  std::string out;
  encode_hosts(hosts, out);
  return out;
}

std::string merge(const std::vector<std::string>& operands) {
  const std::vector<std::string_view> views(operands.begin(), operands.end());
  return merge_rollups(views);
}

TEST(RollupMergeTest, AnyOrderAndGroupingGivesTheSameBytes) {
  Random random;
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> operands;
    for (int i = 0; i < 8; ++i) operands.push_back(hosts_value(random));
    if (round % 3 == 0) operands[random.below(8)] = "\x7F garbage";
    if (round % 5 == 0) operands[random.below(8)] = std::string("\x01\x01", 2);
    const std::string at_once = merge(operands);
    random.shuffle(operands);
    while (operands.size() > 1) {
      const std::size_t i = random.below(operands.size() - 1);
      operands[i] = merge({operands[i], operands[i + 1]});
      operands.erase(operands.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
    ASSERT_EQ(operands[0], at_once) << "round " << round;
  }
}

TEST(RollupMergeTest, SumsEqualTheMergedRollups) {
  Random random;
  HostRollups model;
  std::vector<std::string> operands;
  for (int i = 0; i < 60; ++i) {
    operands.push_back(hosts_value(random));
    ASSERT_TRUE(merge_encoded_hosts(operands.back(), model));
  }
  HostRollups merged;
  ASSERT_TRUE(merge_encoded_hosts(merge(operands), merged));
  EXPECT_EQ(merged, model);
}

TEST(RollupMergeTest, BadOperandIsKeptAndReportedAndTheRestStillAddsUp) {
  Random random;
  const std::string a = hosts_value(random);
  const std::string b = hosts_value(random);
  const std::string damaged = merge({a, "no rollup", b});
  ASSERT_EQ(damaged[0], static_cast<char>(ValueKind::kDamaged));
  HostRollups hosts;
  EXPECT_FALSE(merge_encoded_hosts(damaged, hosts)) << "a reader must not take it for a sum";
  EXPECT_NE(damaged.find("no rollup"), damaged.npos);
  EXPECT_NE(damaged.find(merge({a, b})), damaged.npos);
  EXPECT_EQ(merge({damaged, b, a}), merge({a, b, a, b, "no rollup"}));
}

TEST(RollupMergeTest, TornOperandLeavesNothingOfItselfInTheSum) {
  Random random;
  const std::string a = hosts_value(random);
  std::string torn = hosts_value(random);
  torn.pop_back();
  const std::string merged = merge({a, torn});
  ASSERT_EQ(merged[0], static_cast<char>(ValueKind::kDamaged));
  ByteReader in(std::string_view(merged).substr(1));
  HostRollups kept;
  HostRollups expected;
  ASSERT_TRUE(merge_encoded_hosts(in.string(), kept));
  ASSERT_TRUE(merge_encoded_hosts(a, expected));
  EXPECT_EQ(kept, expected);
}

TEST(RollupMergeTest, RepoValuesAddUpAndDoNotMixWithHosts) {
  Random random;
  RepoRollup repo;
  for (int i = 0; i < 5; ++i) repo.add(random.rollup());
  std::string value;
  encode_repo(repo, value);
  RepoRollup twice = repo;
  twice.merge(repo);
  RepoRollup merged;
  ASSERT_TRUE(merge_encoded_repo(merge({value, value}), merged));
  EXPECT_EQ(merged, twice);
  EXPECT_EQ(merge({value, hosts_value(random)})[0], static_cast<char>(ValueKind::kDamaged));
}

TEST(RollupMergeTest, EmptyOperandIsDamageNotNothing) {
  Random random;
  EXPECT_EQ(merge({hosts_value(random), ""})[0], static_cast<char>(ValueKind::kDamaged));
}

}  // namespace
}  // namespace minuted::test
