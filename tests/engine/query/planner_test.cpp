// Promise: a plan names the pairs, whole spans and walk that answer a question, whatever the order and repetition
// of its lists, and no minute of a range wraps around or is lost at either end of time.
#include "query/planner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "schema/keys.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

using Walk = QueryPlan::Walk;
using Ids = std::vector<std::string>;

QuerySpec spec_of(Ids repos, Ids buckets = {}) {
  QuerySpec spec;
  spec.range = {{10}, {20}};
  spec.repos = std::move(repos);
  spec.buckets = std::move(buckets);
  return spec;
}

MinuteRange minutes_of(Span span, Minute begin, Minute end) {
  QuerySpec spec;
  spec.range = {begin, end};
  spec.span = span;
  return plan_query(spec).minutes;
}

TEST(PlannerTest, ListsDecideHowPairsAreFound) {
  EXPECT_EQ(plan_query(spec_of({"r"}, {"b"})).walk, Walk::kPairs);
  EXPECT_EQ(plan_query(spec_of({}, {"b"})).walk, Walk::kIndexed);
  const QueryPlan of_repos = plan_query(spec_of({"r2", "r1"}));
  EXPECT_EQ(of_repos.walk, Walk::kRanges);
  EXPECT_EQ(of_repos.ranges, (Ids{repo_prefix("r1"), repo_prefix("r2")}));
  const QueryPlan of_all = plan_query(spec_of({}));
  EXPECT_EQ(of_all.walk, Walk::kRanges);
  EXPECT_EQ(of_all.ranges, Ids{""});
}

TEST(PlannerTest, ListsAreSets) {
  QuerySpec spec = spec_of({"b", "a", "b"}, {"y", "x", "y", "x"});
  spec.hosts = {"h2", "h1", "h2"};
  const QueryPlan plan = plan_query(spec);
  EXPECT_EQ(plan.repos, (Ids{"a", "b"}));
  EXPECT_EQ(plan.buckets, (Ids{"x", "y"}));
  EXPECT_EQ(plan.hosts, (Ids{"h1", "h2"}));
}

TEST(PlannerTest, MinutesAreTheWholeSpansThatTheRangeTouches) {
  const Minute day{3 * kMinutesPerDay};
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    const std::uint32_t length = minutes_in(span);
    const Minute next{day.value + length};
    EXPECT_EQ(minutes_of(span, day, next), (MinuteRange{day, next})) << "one, whole";
    EXPECT_EQ(minutes_of(span, {next.value - 1}, next), (MinuteRange{day, next}))
        << "its last minute alone";
    EXPECT_EQ(minutes_of(span, {next.value - 1}, {next.value + 1}),
              (MinuteRange{day, {next.value + length}}))
        << "the last minute of one and the first of the next";
  }
}

TEST(PlannerTest, AnEmptyRangeStaysEmpty) {
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    EXPECT_TRUE(minutes_of(span, {100}, {100}).empty());
    EXPECT_TRUE(minutes_of(span, {101}, {100}).empty());
    EXPECT_TRUE(minutes_of(span, {UINT32_MAX}, {0}).empty());
    EXPECT_TRUE(minutes_of(span, {kMinuteMax.value + 1}, {UINT32_MAX}).empty())
        << "no event is so late";
  }
}

// A range that reaches beyond the last minute of the year 9999 is cut there: its end would wrap around.
TEST(PlannerTest, ARangeEndsWithTimeItself) {
  const Minute end{kMinuteMax.value + 1};
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    EXPECT_EQ(minutes_of(span, {0}, end), (MinuteRange{{0}, end}));
    EXPECT_EQ(minutes_of(span, {0}, {UINT32_MAX}), (MinuteRange{{0}, end}));
    EXPECT_EQ(minutes_of(span, kMinuteMax, end),
              (MinuteRange{{end.value - minutes_in(span)}, end}));
    EXPECT_EQ(minutes_of(span, {0}, {1}), (MinuteRange{{0}, {minutes_in(span)}}));
  }
}

TEST(PlannerTest, APageBeginsBehindTheRowThatEndedTheLast) {
  QuerySpec spec = spec_of({});
  EXPECT_TRUE(is_after(plan_query(spec), pair_prefix("r", "b"), {0}, ""));
  spec.after = RowKey{"r", "b", {5}, "h"};
  const QueryPlan plan = plan_query(spec);
  const std::string prefix = pair_prefix("r", "b");
  EXPECT_EQ(plan.after_prefix, prefix);
  EXPECT_FALSE(is_after(plan, prefix, {4}, "z"));
  EXPECT_FALSE(is_after(plan, prefix, {5}, "a"));
  EXPECT_FALSE(is_after(plan, prefix, {5}, "h"));
  EXPECT_TRUE(is_after(plan, prefix, {5}, "h2"));
  EXPECT_TRUE(is_after(plan, prefix, {6}, "a"));
  EXPECT_TRUE(is_after(plan, pair_prefix("r", "c"), {0}, "a"));
}

TEST(PlannerTest, AnEmptyListNamesEverything) {
  EXPECT_TRUE(names({}, "x"));
  EXPECT_TRUE(names({"a", "x"}, "x"));
  EXPECT_FALSE(names({"a", "y"}, "x"));
  Random random;
  for (int round = 0; round < 200; ++round) {
    Ids ids;
    for (std::uint64_t i = random.below(6); i > 0; --i) ids.push_back(random.id());
    const std::string id = ids.empty() || random.chance(50) ? random.id() : random.pick(ids);
    const bool named = ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
    EXPECT_EQ(names(ascending(ids), id), named);
  }
}

}  // namespace
}  // namespace minuted::test
