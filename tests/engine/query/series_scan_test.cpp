// Promise: the known series come in the order of (repo, bucket, host), each once with its first and last minute,
// and a page of them begins where the last one ended. Against the oracle. What every cursor does besides is in
// cursors_test.cpp.
#include "query/series_scan.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "query/read_fixture.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

using Series = std::tuple<std::string, std::string, std::string, std::int64_t, std::int64_t>;

class SeriesScanTest : public HistoryTest {
 protected:
  std::vector<Series> read(const SeriesQuery& query, std::size_t rows_max = SIZE_MAX) {
    SeriesScan cursor(begin_read(), query);
    std::vector<Series> found;
    SeriesRow row;
    while (found.size() != rows_max) {
      const auto more = cursor.next(row);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) break;
      found.emplace_back(row.repo, row.bucket, row.host, row.first.value, row.last.value);
    }
    return found;
  }
  std::vector<Series> model(const SeriesQuery& query) const {
    std::vector<Series> found;
    for (const auto& [series, seen] :
         nodes_.series(query, read_options_.horizons[static_cast<std::size_t>(Span::kDay)])) {
      const auto& [repo, bucket, host] = series;
      found.emplace_back(repo, bucket, host, seen.first, seen.last_ms / 60'000);
    }
    return found;
  }
};

TEST_F(SeriesScanTest, EqualsTheOracleInPagesOfAnySize) {
  for (int round = 0; round < 8; ++round) {
    go_on();
    for (int question = 0; question < 12; ++question) {
      SeriesQuery query;
      query.repos = some(names_.repos);
      query.buckets = some(names_.buckets);
      if (random_.chance(30)) query.search = random_.pick(names_.hosts).substr(0, 1);
      const std::vector<Series> whole = model(query);
      ASSERT_EQ(read(query), whole);
      std::vector<Series> pages;
      const std::size_t limit = 1 + random_.below(5);
      for (;;) {
        const auto page = read(query, limit);
        if (page.empty() || pages.size() > whole.size()) break;
        pages.insert(pages.end(), page.begin(), page.end());
        const auto& [repo, bucket, host, first, last] = page.back();
        query.after = SeriesKey{repo, bucket, host};
      }
      ASSERT_EQ(pages, whole) << "by " << limit;
    }
  }
}

TEST_F(SeriesScanTest, SeriesThatEndedBeforeTheDaysThatAreKeptAreNotVisible) {
  append({event_at(kNowMs - 3 * kDayMs, "old"), event_at(kNowMs, "new")});
  const Minute today = floor_to({kNowMinute}, kMinutesPerDay);
  for (const bool folded : {false, true}) {
    if (folded) fold_and_roll();
    read_options_.horizons = {};
    EXPECT_EQ(read({}).size(), 2U);
    read_options_.horizons[static_cast<std::size_t>(Span::kDay)] = today;
    const auto found = read({});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(std::get<1>(found[0]), "new");
  }
}

// A worker that serves others too comes back between turns.
TEST_F(SeriesScanTest, ASearchThatFindsNothingIsCutIntoTurns) {
  std::vector<Event> events;
  for (int i = 0; i < 1200; ++i) {
    events.push_back(own(event_at(kNowMs)));
    events.back().bucket = "b" + std::to_string(i);
  }
  append(events);
  SeriesQuery query;
  query.search = "nobody's";
  SeriesScan cursor(begin_read(), query);
  int turns = 1;
  for (;; ++turns) {
    const auto ready = cursor.prepare();
    ASSERT_TRUE(ready.ok());
    if (*ready) break;
  }
  EXPECT_EQ(turns, 3);
  SeriesRow row;
  EXPECT_FALSE(*cursor.next(row));
}

TEST_F(SeriesScanTest, AStateThatCannotBeReadIsNamed) {
  append({event_at(kNowMs)});
  fold();
  WriteSet set(*store_);
  set.put(Family::kHostState, pair_prefix("r", "b"), "no state");
  ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  SeriesScan cursor(begin_read(), {});
  SeriesRow row;
  const auto step = cursor.next(row);
  ASSERT_EQ(code_of(step), ErrorCode::kCorruption);
  EXPECT_TRUE(step.error().message.starts_with("the state of hosts cannot be read: "));
}

}  // namespace
}  // namespace minuted::test
