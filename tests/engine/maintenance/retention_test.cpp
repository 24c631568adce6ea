// Retention: what is past its tier's horizon is in no answer, at once; its space comes back; totals
// stay; and a clock that ran ahead takes nothing with it.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "engine/engine_fixture.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "model/oracle.hpp"
#include "model/storage_oracle.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kNowMs = 1'700'000'000'000 / (15 * kDayMs) * (15 * kDayMs) + 3 * kHourMs;

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() {
    options_.path = dir_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
    options_.seal_after_ms = 0;
    options_.retention = {2 * kDayMs, 20 * kDayMs, 40 * kDayMs};
    clock_.set_now(Millis{kNowMs});
  }

  void open() {
    engine_.reset();
    auto opened = Engine::open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  void append(std::int64_t before_ms, std::string_view repo = "r", std::string_view bucket = "b") {
    EventView e;
    e.repo = repo;
    e.bucket = bucket;
    e.host = "h";
    e.timestamp = Millis{kNowMs - before_ms};
    e.upl_bytes = 1;
    AppendRequest request;
    request.batch.add(e);
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
    oracle_.add(e);
  }

  // What the oracle says of such rows from a minute on.
  void expect_rows_from(Span span, Minute first) {
    QuerySpec spec{kAllMinutes, {}, {}, {}, span};
    QuerySpec kept{{first, kAllMinutes.end}, {}, {}, {}, span};
    EXPECT_EQ(read_rows(*engine_, spec), oracle_.rows(kept));
  }

  std::size_t count(Family family) {
    std::size_t keys = 0;
    const auto view = store_below(*engine_).view();
    const auto cursor = view->cursor(family, {}, {});
    for (; cursor->valid(); cursor->next()) ++keys;
    return keys;
  }

  static Minute minute_before(std::int64_t before_ms) { return minute_of(Millis{kNowMs - before_ms}); }

  TempDir dir_;
  ManualClock clock_;
  Options options_;
  Oracle oracle_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(RetentionTest, WhatIsPastIsInNoAnswerAtOnceAndIsDeletedLater) {
  open();
  for (const std::int64_t hours : {0, 1, 47, 48, 49, 60, 479, 480, 500, 900, 960, 1000}) {
    append(hours * kHourMs);
  }
  const auto expect_clipped = [this] {
    expect_rows_from(Span::kMinute, minute_before(48 * kHourMs));
    expect_rows_from(Span::kHour, floor_to(minute_before(480 * kHourMs), 60));
    expect_rows_from(Span::kDay, floor_to(minute_before(960 * kHourMs), 1440));
  };
  expect_clipped();
  ASSERT_TRUE(engine_->fold().ok());
  expect_clipped();
  EXPECT_EQ(count(Family::kMinute), 12U);
  ASSERT_TRUE(engine_->prune().ok());
  expect_clipped();
  EXPECT_EQ(count(Family::kMinute), 4U) << "48 hours ago is the horizon's own minute";
  EXPECT_EQ(count(Family::kHour), 7U) << "the present hour is not over";
  // Those of 47 to 49, 60, 479 and 480, 500, 900, 960 hours ago: the horizon's own day stays, and the present
  // one is not over.
  EXPECT_EQ(count(Family::kDay), 6U);
  EXPECT_EQ(engine_->stats().prune_passes, 1U);

  const auto total = store_below(*engine_).get(Family::kTotal, pair_prefix("r", "b"));
  HostRollups hosts;
  ASSERT_TRUE(total.ok() && total->has_value() && merge_encoded_hosts(**total, hosts));
  EXPECT_EQ(hosts.entries()[0].rollup.requests(), 10U) << "totals outlive every tier";
}

TEST_F(RetentionTest, PagesGoWhenTheirLastRowIsPast) {
  options_.retention = {2 * kDayMs, 0, 0};
  open();
  for (std::int64_t hour = 0; hour < 96; ++hour) append(hour * kHourMs);
  append(95 * kHourMs, "another", "bucket");
  ASSERT_TRUE(engine_->fold().ok());
  ASSERT_TRUE(engine_->seal().ok());
  const std::size_t pages = count(Family::kMinutePage);
  ASSERT_TRUE(engine_->prune().ok());
  // Half of 96 hours is past; the page that the horizon cuts stays.
  EXPECT_EQ(count(Family::kMinutePage), pages / 2);
  EXPECT_EQ(count(Family::kMinuteSketches), 0U);
  expect_rows_from(Span::kMinute, minute_before(48 * kHourMs));
  expect_rows_from(Span::kHour, {0});
}

// Every listing of totals, by what it is asked for: those of which no row and no series is kept included.
TEST_F(RetentionTest, TotalsAreListedWhateverIsPast) {
  const auto listed = [this](const TotalsQuery& query) {
    std::string text;
    auto cursor = engine_->totals(query);
    EXPECT_TRUE(cursor.ok());
    Totals totals;
    for (;;) {
      const auto more = (*cursor)->next(totals);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) return text;
      text += std::string(totals.id) + "=" +
              std::to_string(static_cast<std::uint64_t>(totals.upl_bytes)) + " ";
    }
  };
  const auto expect_all = [&] {
    using enum TotalsQuery::By;
    EXPECT_EQ(listed({kRepo, {}, {}}), "a=1 r=3 s=1 ");
    EXPECT_EQ(listed({kRepo, {"r", "x"}, {}}), "r=3 ");
    EXPECT_EQ(listed({kRepo, {}, {"a", "r"}}), "a=1 r=3 ");
    EXPECT_EQ(listed({kBucket, {}, {}}), "b=2 live=1 old=2 ");
    EXPECT_EQ(listed({kBucket, {"old"}, {}}), "old=2 ");
    EXPECT_EQ(listed({kBucket, {}, {"r"}}), "b=1 live=1 old=1 ") << "as much as the repo";
    EXPECT_EQ(listed({kBucket, {}, {"a", "s"}}), "b=1 old=1 ");
    EXPECT_EQ(listed({kBucket, {"old", "b"}, {"a"}}), "old=1 ");
  };
  open();
  append(60 * kDayMs, "a", "old");
  append(60 * kDayMs, "r", "old");
  append(60 * kDayMs, "r", "b");
  append(60 * kDayMs, "s", "b");
  append(kHourMs, "r", "live");
  expect_all();
  ASSERT_TRUE(engine_->fold().ok());
  expect_all();
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(engine_->stats().series_total, 1U);
  expect_all();
  open();
  expect_all();
  append(0, "r", "old");
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(listed({TotalsQuery::By::kBucket, {}, {"r"}}), "b=1 live=1 old=2 ");
}

// A series and a node of which no row is kept are in no answer, whether or not the pruner has come by.
TEST_F(RetentionTest, SeriesThatArePastAreHiddenAtOnce) {
  const auto series = [this] {
    std::string text;
    auto cursor = engine_->series({});
    EXPECT_TRUE(cursor.ok());
    SeriesRow row;
    for (;;) {
      const auto more = (*cursor)->next(row);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) break;
      text += std::string(row.repo) + " ";
    }
    auto nodes = engine_->nodes({});
    EXPECT_TRUE(nodes.ok());
    NodeRow node;
    for (;;) {
      const auto more = (*nodes)->next(node);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) return text;
      text += std::string(node.bucket) + " ";
    }
  };
  open();
  append(60 * kDayMs, "gone", "g");
  append(39 * kDayMs, "kept", "k");
  EXPECT_EQ(series(), "kept k ");
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(series(), "kept k ");
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(series(), "kept k ");
}

TEST_F(RetentionTest, ReposSmallValuesGoWithTheirTier) {
  open();
  append(0);
  append(3 * kDayMs);
  append(30 * kDayMs);
  append(50 * kDayMs);
  append(50 * kDayMs, "s");
  ASSERT_TRUE(engine_->fold().ok());
  // Of 5 minutes, an hour, 6 hours, a day: four times each and a total; one each of the other repo.
  EXPECT_EQ(count(Family::kRepo), 2 * (4U * 4 + 1) + 5) << "and of both together";
  ASSERT_TRUE(engine_->prune().ok());
  // One of 5 minutes, two hours, two of 6 hours, three days, a total; and the other repo's total.
  EXPECT_EQ(count(Family::kRepo), 2 * (1U + 2 + 2 + 3 + 1) + 1);
}

TEST_F(RetentionTest, ReposPagesGoWhenTheirLastSlotIsPast) {
  open();
  for (std::int64_t day = 0; day < 60; ++day) append(day * kDayMs + 4 * kHourMs);
  ASSERT_TRUE(engine_->fold().ok());
  ASSERT_TRUE(engine_->seal().ok());
  EXPECT_EQ(count(Family::kRepo), 2U) << "the totals";
  const auto pages = [&](RepoSpan span) {
    std::size_t keys = 0;
    const auto view = store_below(*engine_).view();
    const auto cursor =
        view->cursor(Family::kRepoPage, repo_key({}, span, {0}), repo_span_end(span));
    for (; cursor->valid(); cursor->next()) ++keys;
    return keys;
  };
  EXPECT_EQ(pages(RepoSpan::kFiveMinutes), 2U * 60);
  const std::size_t hours = pages(RepoSpan::kHour);
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(pages(RepoSpan::kFiveMinutes), 2U * 2) << "yesterday, and the day that the horizon cuts";
  EXPECT_LT(pages(RepoSpan::kHour), hours);
  EXPECT_EQ(pages(RepoSpan::kDay), 2U * 1);
}

// Points hold all rows from the horizon of the tier they are of on, also where it falls within a point, and
// none before, in whatever it is broken down by, before a prune and after it.
TEST_F(RetentionTest, StorageBeginsAtTheHorizonOfItsRows) {
  options_.retention = {12 * kHourMs, 20 * kDayMs, 40 * kDayMs};
  open();
  // The minutes' horizon is in the middle of five minutes, the hours' in the middle of six hours.
  clock_.set_now(Millis{kNowMs + 2 * kMillisPerMinute});
  for (std::int64_t minute = -9; minute < 9; ++minute) {
    append(12 * kHourMs + minute * kMillisPerMinute, minute % 2 == 0 ? "r" : "s");
  }
  for (std::int64_t hour = -9; hour < 9; ++hour) append(20 * kDayMs + hour * kHourMs);
  std::vector<std::string> repos = {"r", "s"};
  for (std::int64_t hour = 0; hour < 60 * 24; hour += 5) {
    append(hour * kHourMs, repos[static_cast<std::size_t>(hour % 2)], hour % 3 == 0 ? "b" : "c");
  }
  ASSERT_TRUE(engine_->fold().ok());
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    for (std::size_t number = 0; number < std::size(kStorageWindows); ++number) {
      SCOPED_TRACE(number);
      UsageQuery query;
      query.window = storage_window(number, clock_.now());
      query.series = true;
      const Span tier = query.window.point_minutes == 5      ? Span::kMinute
                        : query.window.point_minutes == 1440 ? Span::kDay
                                                             : Span::kHour;
      const Minute first = engine_->horizon(tier);
      std::vector<OracleRow> kept = oracle_.rows({kAllMinutes, {}, {}, {}});
      std::erase_if(kept, [&](const OracleRow& row) { return row.minute < first.value; });
      std::string failed;
      EXPECT_TRUE(read_storage(*engine_, query, failed) == storage_of(kept, {}, query)) << failed;
      for (int by = 0; by < 5; ++by) {
        SCOPED_TRACE(by);
        query.by = static_cast<UsageBy>(by);
        EXPECT_TRUE(read_storage(*engine_, query, failed) == storage_of(kept, {}, query)) << failed;
      }
    }
    if (round == 0) {
      ASSERT_TRUE(engine_->prune().ok());
    } else {
      ASSERT_TRUE(engine_->seal().ok());
    }
  }
}

// Two windows that reach behind the horizon have the same rows, and so the same total.
TEST_F(RetentionTest, WindowsOfOneTierAgreeAsFarAsRowsAreHeld) {
  options_.retention = {2 * kDayMs, 5 * kDayMs, 5 * kDayMs};
  open();
  for (const std::int64_t hours : {1, 118, 119, 120, 121, 122}) append(hours * kHourMs);
  for (int folded = 0; folded < 2; ++folded) {
    for (const std::size_t number : {1U, 2U, 3U}) {
      UsageQuery query;
      query.window = storage_window(number, clock_.now());
      std::string failed;
      EXPECT_TRUE(read_storage(*engine_, query, failed).requests == 4) << number << failed;
    }
    ASSERT_TRUE(engine_->fold().ok());
  }
}

TEST_F(RetentionTest, EventsOlderThanTheMinutesAreTooOld) {
  open();
  EXPECT_EQ(engine_->oldest_event().value, kNowMs - 2 * kDayMs);
  options_.retention = {};
  open();
  EXPECT_EQ(engine_->oldest_event().value, 0);
}

// A clock that ran ahead takes nothing with it, until an event or an operator says it is right.
TEST_F(RetentionTest, AClockThatRanAheadMovesNoHorizon) {
  open();
  append(0);
  append(kDayMs);
  ASSERT_TRUE(engine_->fold().ok());
  clock_.set_now(Millis{kNowMs + 1000 * kDayMs});
  EXPECT_TRUE(engine_->stats().retention_paused);
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(count(Family::kMinute), 2U);
  expect_rows_from(Span::kMinute, {0});
  open();
  EXPECT_TRUE(engine_->stats().retention_paused) << "nor after a restart";
  expect_rows_from(Span::kMinute, {0});

  options_.accept_clock = true;
  open();
  EXPECT_FALSE(engine_->stats().retention_paused);
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(count(Family::kMinute), 0U);
  EXPECT_EQ(count(Family::kDay), 0U);
  EXPECT_EQ(count(Family::kTotal), 1U);
}

TEST_F(RetentionTest, AnEventOfTheClocksTimeConfirmsIt) {
  open();
  append(0);
  ASSERT_TRUE(engine_->fold().ok());
  clock_.set_now(Millis{kNowMs + 10 * kDayMs});
  EXPECT_TRUE(engine_->stats().retention_paused);
  append(-10 * kDayMs);
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_FALSE(engine_->stats().retention_paused);
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(count(Family::kMinute), 1U);
  expect_rows_from(Span::kMinute, minute_before(-8 * kDayMs));
}

// Raw events: those that are folded are kept as long as they are told to be, those that are not are
// held as well, each once, as it was.
class ArchiveTest : public RetentionTest {
 protected:
  ArchiveTest() {
    options_.retention = {};
    options_.retention.raw_ms = 2 * kDayMs;
  }

  std::vector<std::string> events(const EventQuery& query = {kAllMinutes, {}, {}, {}}) {
    std::vector<std::string> texts;
    auto cursor = engine_->events(query);
    EXPECT_TRUE(cursor.ok());
    EventView e;
    for (;;) {
      const auto more = (*cursor)->next(e);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) return texts;
      texts.push_back(std::string(e.repo) + "/" + std::string(e.bucket) + " " +
                      std::to_string((kNowMs - e.timestamp.value) / kHourMs));
    }
  }
};

TEST_F(ArchiveTest, EventsAreHeldRawOrFoldedEachOnceInTheirOrder) {
  open();
  append(kHourMs);
  append(2 * kHourMs, "q", "x");
  append(3 * kHourMs);
  const std::vector<std::string> first{"q/x 2", "r/b 3", "r/b 1"};
  EXPECT_EQ(events(), first);
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(events(), first);
  append(kHourMs);
  append(0, "r", "c");
  const std::vector<std::string> second{"q/x 2", "r/b 3", "r/b 1", "r/b 1", "r/c 0"};
  EXPECT_EQ(events(), second);
  ASSERT_TRUE(engine_->fold().ok());
  ASSERT_TRUE(engine_->seal().ok());
  open();
  EXPECT_EQ(events(), second);
  EXPECT_EQ(events({{minute_before(kHourMs), kAllMinutes.end}, {"r"}, {}, {}}),
            (std::vector<std::string>{"r/b 1", "r/b 1", "r/c 0"}));
  EXPECT_EQ(events({kAllMinutes, {}, {"c", "x"}, {"h"}}), (std::vector<std::string>{"q/x 2", "r/c 0"}));
  EXPECT_EQ(events({kAllMinutes, {}, {}, {"i"}}), std::vector<std::string>{});
}

// Whatever the order they were committed in, folded or not; those of one millisecond in that order.
TEST_F(ArchiveTest, EventsOfAMinuteAreOrderedByTime) {
  open();
  std::vector<std::pair<std::int64_t, std::uint64_t>> expected;
  std::uint64_t upl_bytes = 0;
  const std::int64_t begin = kNowMs / kMillisPerMinute * kMillisPerMinute - kHourMs;
  const auto events_of_minute = [&] {
    std::vector<std::pair<std::int64_t, std::uint64_t>> found;
    auto cursor = engine_->events({kAllMinutes, {}, {}, {}});
    EventView e;
    for (auto more = (*cursor)->next(e); more.ok() && *more; more = (*cursor)->next(e)) {
      found.emplace_back(e.timestamp.value - begin, e.upl_bytes);
    }
    return found;
  };
  const std::vector<std::vector<std::int64_t>> batches = {
      {59'999, 5, 30'000, 5}, {7, 0, 30'000}, {59'998, 6}};
  for (const std::vector<std::int64_t>& batch : batches) {
    AppendRequest request;
    for (const std::int64_t ms : batch) {
      EventView e;
      e.repo = "r";
      e.bucket = "b";
      e.host = "h";
      e.timestamp = Millis{begin + ms};
      e.upl_bytes = ++upl_bytes;
      request.batch.add(e);
      expected.emplace_back(ms, upl_bytes);
    }
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(events_of_minute(), expected);
    if (batch.size() == 3) {
      ASSERT_TRUE(engine_->fold().ok());
      EXPECT_EQ(events_of_minute(), expected);
    }
  }
}

TEST_F(ArchiveTest, WhatIsPastOrRemovedGoes) {
  open();
  append(kHourMs);
  append(49 * kHourMs);
  append(3 * kHourMs, "s");
  append(5 * kHourMs, "s");
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(events(), (std::vector<std::string>{"r/b 1", "s/b 5", "s/b 3"}));
  EXPECT_EQ(count(Family::kArchive), 4U);
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(count(Family::kArchive), 3U);
  const Minute at = minute_before(3 * kHourMs);
  ASSERT_TRUE(engine_->remove({"s", "b", MinuteRange{at, {at.value + 1}}}).ok());
  EXPECT_EQ(events(), (std::vector<std::string>{"r/b 1", "s/b 5"}));
  ASSERT_TRUE(engine_->remove({"s", std::nullopt, std::nullopt}).ok());
  EXPECT_EQ(events(), (std::vector<std::string>{"r/b 1"}));
  // Once they are no longer kept, those that were go.
  options_.retention.raw_ms = 0;
  open();
  EXPECT_EQ(engine_->events({kAllMinutes, {}, {}, {}}).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(count(Family::kArchive), 0U);
}

TEST_F(RetentionTest, TheThreadPrunesByItselfInManySteps) {
  for (int i = 0; i < 2; ++i) {
    open();
    for (int bucket = 0; bucket < 30; ++bucket) append(kHourMs * bucket, "r", std::to_string(bucket));
    ASSERT_TRUE(engine_->fold().ok());
  }
  options_.fold_interval_ms = 1;
  options_.fold_batch_bytes = 1;
  options_.prune_interval_ms = 1;
  options_.seal_interval_ms = 1;  // hours are written when no event has come for so long
  options_.seal_after_ms = 30 * kDayMs;
  options_.accept_clock = true;
  clock_.set_now(Millis{kNowMs + 3 * kDayMs});
  open();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (count(Family::kMinute) != 0 && std::chrono::steady_clock::now() < end) {
    clock_.advance_ms(1);
    std::this_thread::yield();
  }
  EXPECT_EQ(count(Family::kMinute), 0U);
  EXPECT_EQ(count(Family::kHour), 30U);
}

}  // namespace
}  // namespace minuted::test
