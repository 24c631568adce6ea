// Promise: totals since the beginning come by id in bytewise order, each id once, of all events of the repos asked
// for wherever these lie, and ids that have none are left out. Against a map. What every cursor does besides is in
// cursors_test.cpp.
#include "query/totals_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "query/read_fixture.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

struct Total {
  std::string id;
  std::uint64_t requests = 0;
  UInt128 upl_bytes = 0;
  UInt128 dwl_bytes = 0;
  Int128 size_change = 0;
  friend bool operator==(const Total&, const Total&) = default;
};

class TotalsScanTest : public HistoryTest {
 protected:
  std::vector<Total> read(const TotalsQuery& query) {
    TotalsScan cursor(begin_read(), query);
    std::vector<Total> found;
    Totals totals;
    for (;;) {
      const auto more = cursor.next(totals);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) return found;
      found.push_back({std::string(totals.id), totals.requests, totals.upl_bytes,
                       totals.dwl_bytes, totals.size_change});
    }
  }
  std::vector<Total> model(const TotalsQuery& query) const {
    const auto names = [](const std::vector<std::string>& ids, const std::string& id) {
      return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    std::map<std::string, Total> totals;
    for (const Event& e : events_) {
      const std::string& id = query.by == TotalsQuery::By::kRepo ? e.repo : e.bucket;
      if (!names(query.ids, id) || !names(query.repos, e.repo)) continue;
      Total& total = totals[id];
      total.id = id;
      ++total.requests;
      total.upl_bytes += e.upl_bytes;
      total.dwl_bytes += e.dwl_bytes;
      total.size_change += e.size_change;
    }
    std::vector<Total> found;
    for (const auto& [id, total] : totals) found.push_back(total);
    return found;
  }
};

TEST_F(TotalsScanTest, EqualsTheModelWhereverTheEventsLie) {
  for (int round = 0; round < 10; ++round) {
    go_on();
    for (int question = 0; question < 12; ++question) {
      TotalsQuery query;
      query.by = random_.chance(50) ? TotalsQuery::By::kRepo : TotalsQuery::By::kBucket;
      query.ids = some(query.by == TotalsQuery::By::kRepo ? names_.repos : names_.buckets);
      query.repos = some(names_.repos);
      ASSERT_TRUE(read(query) == model(query)) << "round " << round;
    }
  }
}

TEST_F(TotalsScanTest, OutliveTheSeriesThatTheyAreOf) {
  append({event_at(kNowMs, "a"), event_at(kNowMs - 3 * kDayMs, "b")});
  fold_and_roll();
  WriteSet set(*store_);
  set.remove(Family::kCatalog, series_key(pair_prefix("r", "b"), "h"));
  ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  EXPECT_EQ(read({TotalsQuery::By::kBucket, {}, {}}).size(), 2U);
  EXPECT_EQ(read({TotalsQuery::By::kBucket, {}, {"r"}}).size(), 2U);
  set.clear();
  set.remove(Family::kCatalog, series_key(pair_prefix("r", "a"), "h"));
  ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  const auto repos = read({TotalsQuery::By::kRepo, {}, {}});
  ASSERT_EQ(repos.size(), 1U);
  EXPECT_EQ(repos[0].requests, 2U);
}

TEST_F(TotalsScanTest, ValuesThatCannotBeReadAreNamed) {
  append({event_at(kNowMs - 3 * kDayMs)});
  fold_and_roll();
  WriteSet set(*store_);
  set.put(Family::kTotal, pair_prefix("r", "b"), "no total");
  set.put(Family::kRepo, repo_key("r", RepoSpan::kTotal, {0}), "no total");
  ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  for (const auto by : {TotalsQuery::By::kRepo, TotalsQuery::By::kBucket}) {
    TotalsScan cursor(begin_read(), {by, {}, {}});
    Totals totals;
    EXPECT_EQ(code_of(cursor.next(totals)), ErrorCode::kCorruption);
  }
}

}  // namespace
}  // namespace minuted::test
