// Promise: rows are the sums of exactly the events that a question is about, wherever these lie: unfolded, in
// minutes, in hours and days, in pages, or in several of them at once, and wherever a page of the answer
// begins. Against the oracle.
#include "query/row_iterator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/oracle.hpp"
#include "query/read_fixture.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

class RowIteratorTest : public ReadTest {
 protected:
  void append(const std::vector<Event>& events) {
    ReadTest::append(events);
    for (const Event& event : events) oracle_.add(event.view());
  }

  static std::vector<OracleRow> rows_of(const std::shared_ptr<ReadContext>& read,
                                        const QuerySpec& spec, std::size_t rows_max = SIZE_MAX) {
    ReadMemory memory(*read);
    RowIterator rows(*read, memory, spec);
    std::vector<OracleRow> found;
    Row row;
    while (found.size() != rows_max) {
      const auto more = rows.next(row);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) break;
      found.push_back(to_oracle(row));
      found.back().sketch.clear();
    }
    return found;
  }

  static Result<bool> first_step(const std::shared_ptr<ReadContext>& read, const QuerySpec& spec) {
    ReadMemory memory(*read);
    RowIterator rows(*read, memory, spec);
    Row row;
    return rows.next(row);
  }

  QuerySpec random_spec(Random& random, const Names& names, Minute first, Minute last) {
    const auto some = [&](const std::vector<std::string>& ids) {
      std::vector<std::string> list;
      if (random.chance(60)) return list;
      for (std::uint64_t i = 1 + random.below(3); i > 0; --i) list.push_back(random.pick(ids));
      return list;
    };
    QuerySpec spec;
    spec.repos = some(names.repos);
    spec.buckets = some(names.buckets);
    spec.hosts = some(names.hosts);
    spec.span = random.pick(std::array{Span::kMinute, Span::kHour, Span::kDay});
    const std::uint32_t length = last.value - first.value;
    const auto a = first.value + static_cast<std::uint32_t>(random.below(length));
    const auto b = first.value + static_cast<std::uint32_t>(random.below(length));
    spec.range = random.chance(30) ? kEveryMinute : MinuteRange{{std::min(a, b)}, {std::max(a, b)}};
    if (random.chance(40)) {
      spec.after = RowKey{random.pick(names.repos), random.pick(names.buckets),
                          floor_to({a}, minutes_in(spec.span)), random.pick(names.hosts)};
    }
    return spec;
  }

  Oracle oracle_;
};

TEST_F(RowIteratorTest, EqualsTheOracleWhereverTheEventsLie) {
  Random random;
  const Names names = random.names(3, 3, 3);
  constexpr std::int64_t kDays = 20;  // more than a page of hours
  const Millis begin{(kNowMs / kDayMs - kDays) * kDayMs};
  const Minute last{kNowMinute + 1};
  for (int round = 0; round < 12; ++round) {
    std::vector<Event> events;
    for (std::uint64_t i = random.below(60); i > 0; --i) {
      // Some close together, so that rows of one span lie in several places.
      const bool close = random.chance(50);
      const Millis from{close ? begin.value + 3 * kDayMs : begin.value};
      const std::uint64_t length = close ? 2 * kHourMs : kDays * kDayMs;
      events.push_back(random.event(names, from, length));
      events.back().id.clear();
    }
    append(events);
    if (random.chance(60)) fold();
    if (random.chance(40)) fold_and_roll();
    if (random.chance(30)) seal();
    const auto read = begin_read();
    for (int question = 0; question < 25; ++question) {
      const QuerySpec spec = random_spec(random, names, minute_of(begin), last);
      ASSERT_EQ(rows_of(read, spec), oracle_.rows(spec)) << "round " << round;
    }
  }
}

TEST_F(RowIteratorTest, PagesOfTheAnswerAreTheWholeAnswer) {
  Random random;
  const Names names = random.names(2, 2, 3);
  std::vector<Event> events;
  for (int i = 0; i < 60; ++i) {
    events.push_back(random.event(names, Millis{kNowMs - 3 * kDayMs}, 4 * kHourMs));
    events.back().id.clear();
  }
  append(events);
  fold_and_roll();
  seal();
  append({events.begin(), events.begin() + 20});
  const auto read = begin_read();
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    for (const std::size_t limit : {1U, 3U, 10U}) {
      QuerySpec spec;
      spec.range = kEveryMinute;
      spec.span = span;
      const std::vector<OracleRow> whole = oracle_.rows(spec);
      std::vector<OracleRow> pages;
      for (;;) {
        const auto page = rows_of(read, spec, limit);
        if (page.empty() || pages.size() > whole.size()) break;
        pages.insert(pages.end(), page.begin(), page.end());
        const OracleRow& at = page.back();
        spec.after = RowKey{at.repo, at.bucket, {static_cast<std::uint32_t>(at.minute)}, at.host};
      }
      ASSERT_EQ(pages, whole) << limit;
    }
  }
}

TEST_F(RowIteratorTest, ColumnsThatAreNotAskedForAreLeftOut) {
  Event event = own(event_at(kNowMs - kDayMs));
  event.status = 500;
  event.latency_us = 7;
  append({event, event, event, event});
  for (const char* state : {"unfolded", "folded", "sealed"}) {
    const auto read = begin_read();
    ReadMemory memory(*read);
    const auto rollup_of = [&](Columns columns) {
      QuerySpec spec;
      spec.range = kEveryMinute;
      spec.columns = columns;
      RowIterator rows(*read, memory, spec);
      Row row;
      EXPECT_TRUE(*rows.next(row)) << state;
      return *row.rollup;
    };
    EXPECT_EQ(rollup_of(Columns::kSums).latency_sum_us, 28U) << state;
    EXPECT_EQ(rollup_of(Columns::kAll).server_errors, 4U) << state;
    EXPECT_TRUE(rollup_of(Columns::kAll).sketch.buckets().empty()) << state;
    EXPECT_EQ(rollup_of(Columns::kSketch).sketch.count(), 4U) << state;
    if (std::string(state) == "unfolded") fold_and_roll();
    if (std::string(state) == "folded") seal();
  }
}

TEST_F(RowIteratorTest, RowsBeforeTheHorizonOfTheirTierAreNotVisible) {
  append({own(event_at(kNowMs - 2 * kDayMs)), own(event_at(kNowMs))});
  const Minute hour = floor_to({kNowMinute}, kMinutesPerHour);
  read_options_.horizons = {Minute{kNowMinute}, hour, Minute{0}};
  for (const bool folded : {false, true}) {
    if (folded) fold_and_roll();
    const auto read = begin_read();
    QuerySpec spec;
    spec.range = kEveryMinute;
    EXPECT_EQ(rows_of(read, spec).size(), 1U);
    spec.span = Span::kHour;
    EXPECT_EQ(rows_of(read, spec).size(), 1U);
    spec.span = Span::kDay;
    EXPECT_EQ(rows_of(read, spec).size(), 2U);
    spec.span = Span::kMinute;
    spec.range = {{0}, {kNowMinute}};
    EXPECT_EQ(rows_of(read, spec).size(), 0U) << "all of the range is past";
  }
}

TEST_F(RowIteratorTest, ShowsOneMomentWhileEventsAreFoldedRolledAndSealed) {
  append({own(event_at(kNowMs - 5 * kDayMs, "a")), own(event_at(kNowMs - 5 * kDayMs, "b"))});
  fold();
  append({own(event_at(kNowMs - 5 * kDayMs, "b")), own(event_at(kNowMs, "c"))});
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    QuerySpec spec;
    spec.range = kEveryMinute;
    spec.span = span;
    const std::vector<OracleRow> before = oracle_.rows(spec);
    const auto read = begin_read();
    ReadMemory memory(*read);
    RowIterator rows(*read, memory, spec);
    std::vector<OracleRow> found;
    Row row;
    for (int step = 0; *rows.next(row); ++step) {
      found.push_back(to_oracle(row));
      found.back().sketch.clear();
      append({own(event_at(kNowMs - 5 * kDayMs, "a")), own(event_at(kNowMs, "b"))});
      if (step == 0) fold();
      if (step == 1) fold_and_roll();
      if (step == 2) seal();
    }
    EXPECT_EQ(found, before);
    EXPECT_EQ(rows_of(begin_read(), spec), oracle_.rows(spec));
  }
}

TEST_F(RowIteratorTest, EndsWithItsTimeAndWithItsMemory) {
  append({own(event_at(kNowMs))});
  QuerySpec spec;
  spec.range = kEveryMinute;
  EXPECT_EQ(code_of(first_step(begin_read({.clock = &clock_, .lifetime_ms = -1}), spec)),
            ErrorCode::kExpired);
  reads_.memory.set_bytes_max(kCursorBytes / 2);
  EXPECT_EQ(code_of(first_step(begin_read(), spec)), ErrorCode::kQueryTooLarge);
  EXPECT_EQ(reads_.memory.held(), 0U);
}

// What cannot be read ends the read, with an error that says where it lies.
TEST_F(RowIteratorTest, ValuesThatCannotBeReadAreNamed) {
  const std::string key = row_key(pair_prefix("r", "b"), {kNowMinute});
  const std::pair<Family, std::string_view> kinds[] = {{Family::kMinute, "the folded value of repo"},
                                                       {Family::kMinutePage, "the page of repo"}};
  for (const auto& [family, what] : kinds) {
    const Minute page = floor_to({kNowMinute}, 6 * kMinutesPerHour);
    const std::string at = family == Family::kMinute ? key : row_key(pair_prefix("r", "b"), page);
    WriteSet set(*store_);
    set.put(Family::kCatalog, series_key(pair_prefix("r", "b"), "h"), "");
    set.put(family, at, "no value");
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
    QuerySpec spec;
    spec.range = kEveryMinute;
    const auto step = first_step(begin_read(), spec);
    ASSERT_EQ(code_of(step), ErrorCode::kCorruption);
    EXPECT_TRUE(step.error().message.starts_with(what)) << step.error().message;
    set.clear();
    set.remove(family, at);
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  }
}

}  // namespace
}  // namespace minuted::test
