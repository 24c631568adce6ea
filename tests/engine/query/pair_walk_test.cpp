// Promise: a walk hands out the pairs that a question may have rows of, in the order of their keys and each once,
// from the pair of `after` on, and its bounds hold all of them. Against a set of pairs.
#include "query/pair_walk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "query/read_fixture.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

using Ids = std::vector<std::string>;

class PairWalkTest : public ReadTest {
 protected:
  void know(WriteSet& set, const std::string& repo, const std::string& bucket, int hosts) {
    const std::string prefix = pair_prefix(repo, bucket);
    for (int host = 0; host < hosts; ++host) {
      set.put(Family::kCatalog, series_key(prefix, "h" + std::to_string(host)), "");
    }
    set.put(Family::kCatalog, bucket_index_key(prefix), "");
    known_.insert(prefix);
  }
  void write(WriteSet& set) { ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok()); }

  Ids walked(const QuerySpec& spec) {
    const auto read = begin_read();
    const QueryPlan plan = plan_query(spec);
    PairWalk walk(*read, plan);
    EXPECT_TRUE(walk.open().ok());
    const PairWalk::Bounds bounds = walk.bounds();
    Ids found;
    std::string prefix;
    for (;;) {
      const auto more = walk.next(prefix);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) return found;
      EXPECT_TRUE(found.empty() || found.back() < prefix);
      found.push_back(prefix);
      EXPECT_LE(bounds.lower, row_key(prefix, plan.minutes.begin));
      const std::string last = row_key(prefix, {plan.minutes.end.value - 1});
      EXPECT_TRUE(bounds.upper.empty() || last < bounds.upper);
    }
  }

  // Of pairs that are listed by the question, those that nobody has may be among them.
  Ids wanted(const QuerySpec& spec) const {
    const auto names = [](const Ids& ids, std::string_view id) {
      return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    std::set<std::string> all;
    for (const std::string& prefix : known_) {
      const auto pair = split_pair(prefix);
      if (names(spec.repos, pair->repo) && names(spec.buckets, pair->bucket)) all.insert(prefix);
    }
    if (!spec.repos.empty() && !spec.buckets.empty()) {
      for (const std::string& repo : spec.repos) {
        for (const std::string& bucket : spec.buckets) all.insert(pair_prefix(repo, bucket));
      }
    }
    if (spec.after) {
      const std::string first = pair_prefix(spec.after->repo, spec.after->bucket);
      std::erase_if(all, [&](const std::string& prefix) { return prefix < first; });
    }
    return {all.begin(), all.end()};
  }

  std::set<std::string> known_;
};

TEST_F(PairWalkTest, FindsWhatTheQuestionIsAbout) {
  Random random;
  // Ids that are each other's beginnings, and one that nobody has.
  const Ids ids = {"a", "a!", "aa", "b", "b\x01", "c", "nobody's"};
  const auto some = [&] {
    Ids list;
    for (std::uint64_t i = random.below(4); i > 0; --i) list.push_back(random.pick(ids));
    return list;
  };
  for (int round = 0; round < 30; ++round) {
    WriteSet set(*store_);
    know(set, ids[random.below(ids.size() - 1)], ids[random.below(ids.size() - 1)],
         1 + static_cast<int>(random.below(8)));
    write(set);
    for (int question = 0; question < 20; ++question) {
      QuerySpec spec;
      spec.range = {{10}, {20}};
      spec.repos = some();
      spec.buckets = some();
      if (random.chance(50)) {
        spec.after = RowKey{random.pick(ids), random.pick(ids), {15}, "h"};
      }
      ASSERT_EQ(walked(spec), wanted(spec));
    }
  }
}

TEST_F(PairWalkTest, OfABucketThatNobodyHasThereIsNothing) {
  WriteSet set(*store_);
  know(set, "a", "x", 1);
  write(set);
  QuerySpec spec;
  spec.range = {{10}, {20}};
  spec.buckets = {"nobody's"};
  EXPECT_EQ(walked(spec), Ids{});
}

// A list of them would not be bounded: the known series are walked instead.
TEST_F(PairWalkTest, ABucketOfVeryManyReposIsFoundWithoutAList) {
  WriteSet set(*store_);
  for (std::size_t i = 0; i <= kIndexedPairsMax; ++i) {
    know(set, "r" + std::to_string(i), "shared", 1);
  }
  know(set, "r1", "a", 1);
  know(set, "r1", "z", 1);
  write(set);
  QuerySpec spec;
  spec.range = {{10}, {20}};
  spec.buckets = {"shared"};
  EXPECT_EQ(walked(spec), wanted(spec));
  const auto read = begin_read();
  const QueryPlan plan = plan_query(spec);
  PairWalk walk(*read, plan);
  ASSERT_TRUE(walk.open().ok());
  EXPECT_EQ(walk.memory_bytes(), 0U);
}

TEST_F(PairWalkTest, AccountsForThePairsThatItLists) {
  WriteSet set(*store_);
  for (int i = 0; i < 1000; ++i) know(set, "repo" + std::to_string(i), "b", 1);
  write(set);
  QuerySpec spec;
  spec.range = {{10}, {20}};
  spec.buckets = {"b"};
  const auto read = begin_read();
  const QueryPlan plan = plan_query(spec);
  PairWalk walk(*read, plan);
  ASSERT_TRUE(walk.open().ok());
  EXPECT_GE(walk.memory_bytes(), 1000 * sizeof(std::string));
  EXPECT_LE(walk.memory_bytes(), 1000 * 128U);
}

// Buckets that are passed over are steps, too.
TEST_F(PairWalkTest, EndsWithItsTime) {
  WriteSet set(*store_);
  for (int i = 0; i < 10; ++i) know(set, "r", "b" + std::to_string(i), 1);
  write(set);
  const auto read = begin_read({.clock = &clock_, .lifetime_ms = -1});
  QueryPlan plan = plan_query({.range = {{10}, {20}}, .repos = {"r"}, .buckets = {}, .hosts = {}});
  plan.buckets = {"b9"};
  PairWalk walk(*read, plan);
  ASSERT_TRUE(walk.open().ok());
  std::string prefix;
  EXPECT_EQ(code_of(walk.next(prefix)), ErrorCode::kExpired);
}

TEST_F(PairWalkTest, AKeyThatNamesNoPairIsCorrupt) {
  WriteSet set(*store_);
  set.put(Family::kCatalog, series_key("no pair", {}), "");
  set.put(Family::kCatalog, bucket_index_prefix("b"), "");
  write(set);
  const auto read = begin_read();
  std::string prefix;
  const QueryPlan all = plan_query({.range = {{10}, {20}}, .repos = {}, .buckets = {}, .hosts = {}});
  PairWalk walk(*read, all);
  ASSERT_TRUE(walk.open().ok());
  EXPECT_EQ(code_of(walk.next(prefix)), ErrorCode::kCorruption);
  const QueryPlan of_bucket =
      plan_query({.range = {{10}, {20}}, .repos = {}, .buckets = {"b"}, .hosts = {}});
  PairWalk indexed(*read, of_bucket);
  const auto opened = indexed.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace minuted::test
