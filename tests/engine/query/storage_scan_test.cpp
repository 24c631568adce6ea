// Promise: usage over a window is the sum of exactly its events, in total or by entity, in the order of requests
// and then of ids, with or without points, whichever part of the entities is asked for and however little memory
// there is for points. Against the oracle. What every cursor does besides is in cursors_test.cpp.
#include "query/storage_scan.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/storage_oracle.hpp"
#include "query/planner.hpp"
#include "query/read_fixture.hpp"

namespace minuted::test {
namespace {

class StorageScanTest : public HistoryTest {
 protected:
  // All of the answer; a failure is the test's.
  OracleStorage read(const UsageQuery& query) {
    StorageScan cursor(begin_read(), query);
    OracleStorage answer;
    for (;;) {
      const auto ready = cursor.prepare();
      EXPECT_TRUE(ready.ok()) << ready.error().message;
      if (!ready.ok() || *ready) break;
    }
    answer.entities = cursor.entities();
    answer.requests = cursor.requests();
    UsageEntity entity;
    for (;;) {
      const auto more = cursor.next(entity);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) return answer;
      answer.page.push_back({std::string(entity.id), entity.totals,
                             {entity.points.begin(), entity.points.end()}});
    }
  }

  void describe(const std::string& repo, const RepoFactsChange& change) {
    const auto facts = committer_->update_repo(repo, change);
    ASSERT_TRUE(facts.ok()) << facts.error().message;
    facts_[repo] = *facts;
  }

  OracleStorage model(const UsageQuery& query) const {
    return storage_of(oracle_.rows({kEveryMinute, {}, {}, {}}), facts_, query);
  }

  UsageQuery random_query() {
    UsageQuery query;
    query.scope = static_cast<UsageScope>(random_.below(3));
    query.id = query.scope == UsageScope::kWorkspace ? "w" : random_.pick(names_.repos);
    if (random_.chance(30)) query.visible_repos = ascending(some(names_.repos));
    if (random_.chance(30)) query.buckets = ascending(some(names_.buckets));
    const auto back_ms = static_cast<std::int64_t>(random_.chance(50) ? 0 : random_.below(5 * kDayMs));
    query.window =
        storage_window(random_.below(std::size(kStorageWindows)), Millis{kNowMs - back_ms});
    if (random_.chance(75)) query.by = static_cast<UsageBy>(random_.below(5));
    query.series = random_.chance(50);
    if (random_.chance(30)) query.limit = random_.below(4);
    if (random_.chance(30)) query.offset = random_.below(4);
    return query;
  }

  FactsByRepo facts_;
};

TEST_F(StorageScanTest, EqualsTheOracleWhereverTheEventsLie) {
  for (int round = 0; round < 8; ++round) {
    go_on();
    RepoFactsChange change;
    if (random_.chance(70)) change.workspace = random_.chance(60) ? "w" : "v";
    if (random_.chance(50)) change.provider = random_.chance(50) ? "p" : "";
    describe(random_.pick(names_.repos), change);
    for (int question = 0; question < 25; ++question) {
      const UsageQuery query = random_query();
      ASSERT_TRUE(read(query) == model(query))
          << "round " << round << ", by " << (query.by ? static_cast<int>(*query.by) : -1)
          << ", points of " << query.window.point_minutes << ", scope "
          << static_cast<int>(query.scope) << ", buckets " << query.buckets.size() << ", series "
          << query.series;
    }
  }
}

TEST_F(StorageScanTest, PartsOfTheEntitiesAreTheWholeAnswer) {
  for (int i = 0; i < 3; ++i) go_on();
  for (const UsageBy by : {UsageBy::kRepo, UsageBy::kBucket, UsageBy::kNode}) {
    UsageQuery query;
    query.window = storage_window(1, Millis{kNowMs});
    query.by = by;
    query.series = true;
    const OracleStorage whole = model(query);
    ASSERT_TRUE(read(query) == whole);
    std::vector<OracleEntity> parts;
    for (query.offset = 0, query.limit = 2; query.offset < whole.page.size(); query.offset += 2) {
      const OracleStorage part = read(query);
      EXPECT_EQ(part.entities, whole.entities);
      EXPECT_TRUE(part.requests == whole.requests);
      parts.insert(parts.end(), part.page.begin(), part.page.end());
    }
    EXPECT_TRUE(parts == whole.page);
  }
}

// Points that do not fit at once are added up in a pass of their own, of the same view.
TEST_F(StorageScanTest, PointsAreAddedUpInAsManyPassesAsMemoryAsksFor) {
  std::vector<Event> events;
  for (int i = 0; i < 60; ++i) {
    events.push_back(own(event_at(kNowMs - i * 60'000)));
    events.back().repo = "repo-" + std::to_string(i);
    oracle_.add(events.back().view());
  }
  append(events);
  fold();
  UsageQuery query;
  query.window = storage_window(5, Millis{kNowMs});
  query.by = UsageBy::kRepo;
  query.series = true;
  const OracleStorage whole = model(query);
  ASSERT_EQ(whole.page.size(), 60U);
  reads_.memory.set_bytes_max(1U << 20);  // a quarter of which holds the points of some six entities
  EXPECT_TRUE(read(query) == whole);
  StorageScan cursor(begin_read(), query);
  UsageEntity entity;
  ASSERT_TRUE(*cursor.next(entity));
  append({event_at(kNowMs)});
  fold();
  std::size_t entities = 1;
  while (*cursor.next(entity)) {
    EXPECT_EQ(entity.totals.requests, 1U);
    ++entities;
  }
  EXPECT_EQ(entities, 60U);
}

TEST_F(StorageScanTest, MoreEntitiesThanTheBoundAreRefused) {
  append({event_at(kNowMs, "a"), event_at(kNowMs, "b"), event_at(kNowMs, "c")});
  read_options_.groups_max = 2;
  UsageQuery query;
  query.window = storage_window(0, Millis{kNowMs});
  query.by = UsageBy::kBucket;
  StorageScan cursor(begin_read(), query);
  UsageEntity entity;
  EXPECT_EQ(code_of(cursor.next(entity)), ErrorCode::kTooManyGroups);
  query.by = UsageBy::kRepo;
  StorageScan other(begin_read(), query);
  EXPECT_TRUE(*other.next(entity));
}

// Of a point that the horizon falls into, what is kept is in the answer.
TEST_F(StorageScanTest, ThePointThatTheHorizonFallsIntoHoldsWhatIsKept) {
  const std::int64_t slot_ms = kNowMs / 300'000 * 300'000;
  append({event_at(slot_ms - kHourMs), event_at(slot_ms - kHourMs + 120'000)});
  const Minute horizon = minute_of(Millis{slot_ms - kHourMs + 60'000});
  read_options_.horizons = {horizon, Minute{0}, Minute{0}};
  for (const bool folded : {false, true}) {
    if (folded) fold();
    for (const std::optional<UsageBy> by :
         {std::optional<UsageBy>(), std::optional(UsageBy::kRepo), std::optional(UsageBy::kBucket)}) {
      UsageQuery query;
      query.window = storage_window(0, Millis{kNowMs});
      query.by = by;
      query.series = true;
      const OracleStorage answer = read(query);
      ASSERT_EQ(answer.page.size(), 1U);
      EXPECT_EQ(answer.page[0].totals.requests, 1U);
    }
  }
}

}  // namespace
}  // namespace minuted::test
