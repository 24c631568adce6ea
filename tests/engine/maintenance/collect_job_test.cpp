// Holds up "a series goes when its last row has expired, and never while it has events": what a
// pass of the collection drops, and every moment at which an event can come in between.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "job_fixture.hpp"
#include "maintenance/collect/collect_job.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

class CollectJobTest : public JobTest {
 protected:
  CollectJobTest() { options_.retention = {2 * kDayMs, 2 * kDayMs, 2 * kDayMs}; }

  SeriesSlice slice() const { return {*store_, *table_, *committer_}; }
  CollectJob job() { return {slice(), *horizons_, passes_}; }

  // A snapshot in which these pairs have no rows, and the series of them to drop.
  SeriesToDrop candidates(std::initializer_list<std::string_view> buckets) const {
    SeriesToDrop drop;
    drop.folded_generations = slice().snapshot().folded_generations;
    for (const std::string_view bucket : buckets) {
      drop.pairs.push_back({pair_prefix("r", bucket), {"h"}});
    }
    return drop;
  }
  std::size_t dropped(const SeriesToDrop& drop) {
    const auto done = committer_->drop_series(drop);
    EXPECT_TRUE(done.ok());
    EXPECT_EQ(done->pairs, drop.pairs.size());
    return done->series;
  }

  Counter passes_{0};
};

TEST_F(CollectJobTest, FollowsEachPassOfThePrunerUnlessATierIsKeptForEver) {
  CollectJob collect = job();
  EXPECT_FALSE(collect.due());
  ++passes_;
  EXPECT_TRUE(collect.due());
  EXPECT_EQ(run(collect, {}), 1);
  EXPECT_FALSE(collect.due());

  options_.retention.day_ms = 0;
  close();
  open();
  CollectJob kept = job();
  ++passes_;
  EXPECT_TRUE(kept.due());
  EXPECT_FALSE(*kept.begin({}));
  EXPECT_FALSE(kept.due());
}

TEST_F(CollectJobTest, DropsSeriesWithoutADayThatIsKeptAndNoOther) {
  append({event_at(kNowMs, "old"), event_at(kNowMs, "old", "also"), event_at(kNowMs, "both")});
  clock_.advance_ms(kDayMs);
  fold_and_roll();
  clock_.advance_ms(kDayMs);
  append({event_at(kNowMs + 2 * kDayMs, "both", "new"), event_at(kNowMs + 2 * kDayMs, "open")});
  fold();  // not rolled: its day has no row yet
  clock_.advance_ms(kDayMs + kHourMs);
  append({event_at(kNowMs + 3 * kDayMs, "unfolded")});
  EXPECT_EQ(counters_.series_total, 6U);

  CollectJob collect = job();
  EXPECT_EQ(run(collect), 1);
  EXPECT_EQ(counters_.series_total, 3U);
  EXPECT_FALSE(has_series("old") || has_series("old", "also") || has_series("both"));
  EXPECT_TRUE(has_series("both", "new") && has_series("open") && has_series("unfolded"));
  EXPECT_TRUE(is_in_index("old")) << "it has a total";

  // And it is a new series when it comes back.
  append({event_at(kNowMs + 3 * kDayMs, "old")});
  EXPECT_TRUE(has_series("old"));
  EXPECT_EQ(counters_.series_total, 4U);
}

TEST_F(CollectJobTest, AStepLooksAtSomePairsAndTheNextGoesOnBehindThem) {
  AppendRequest request;
  std::vector<std::string> buckets;
  for (int i = 0; i < 5'000; ++i) buckets.push_back("b" + std::to_string(i));
  for (const std::string& bucket : buckets) request.batch.add(event_at(kNowMs, bucket));
  std::promise<Result<Receipt>> receipt;
  committer_->submit(std::move(request),
                     [&](Result<Receipt> result) { receipt.set_value(std::move(result)); });
  ASSERT_TRUE(receipt.get_future().get().ok());
  clock_.advance_ms(kDayMs);
  fold_and_roll();
  clock_.advance_ms(3 * kDayMs);
  CollectJob collect = job();
  EXPECT_EQ(run(collect), 3);
  EXPECT_EQ(counters_.series_total, 0U);
  EXPECT_EQ(keys(Family::kCatalog, "S").size(), 0U);
}

TEST_F(CollectJobTest, NothingIsDroppedWhileTheClockIsNotBelieved) {
  append({event_at(kNowMs, "old")});
  clock_.advance_ms(kDayMs);
  fold_and_roll();
  clock_.set_now(Millis{kNowMs + 30 * kDayMs});
  CollectJob collect = job();
  EXPECT_EQ(run(collect), 1);
  EXPECT_TRUE(has_series("old"));
}

// The moments at which an event can come.
TEST_F(CollectJobTest, AnEventBetweenTheLookAndTheDropKeepsItsSeries) {
  append({event_at(kNowMs, "a")});
  fold();
  const SeriesToDrop drop = candidates({"a", "b"});
  append({event_at(kNowMs, "a"), event_at(kNowMs, "b")});
  EXPECT_EQ(dropped(drop), 0U);
  EXPECT_TRUE(has_series("a") && has_series("b"));
}

TEST_F(CollectJobTest, AnEventThatIsFoldedBetweenTheLookAndTheDropKeepsItsSeries) {
  append({event_at(kNowMs, "a")});
  const SeriesToDrop drop = candidates({"a"});
  fold();
  EXPECT_EQ(dropped(drop), 0U);
  EXPECT_TRUE(has_series("a"));
}

TEST_F(CollectJobTest, AnEventInTheLotOfTheDropIsOfANewSeries) {
  append({event_at(kNowMs, "a")});
  fold();
  const SeriesToDrop drop = candidates({"a"});
  std::future<Result<Receipt>> before;
  std::future<Result<SeriesDropped>> dropping;
  std::future<Result<Receipt>> after;
  const auto queue_event = [this] {
    auto receipt = std::make_shared<std::promise<Result<Receipt>>>();
    auto answer = receipt->get_future();
    committer_->submit(request_of({event_at(kNowMs, "a")}), [receipt](Result<Receipt> result) {
      receipt->set_value(std::move(result));
    });
    return answer;
  };
  in_one_commit([&] {
    before = queue_event();
    const std::size_t bytes = counters_.queue_bytes;
    dropping = std::async(std::launch::async, [&] { return committer_->drop_series(drop); });
    await_queued(bytes);
    after = queue_event();
  });
  EXPECT_EQ(dropping.get()->series, 1U);
  EXPECT_TRUE(before.get().ok());
  EXPECT_TRUE(after.get().ok());
  EXPECT_TRUE(has_series("a"));
  EXPECT_TRUE(is_in_index("a"));
  EXPECT_EQ(counters_.series_total, 2U) << "with the one of in_one_commit";
  close();
  open();
  EXPECT_EQ(counters_.series_total, 2U);
}

TEST_F(CollectJobTest, ASeriesThatIsGoneOrNeverWasIsNotCountedAgain) {
  append({event_at(kNowMs, "a"), event_at(kNowMs, "b")});
  fold();
  SeriesToDrop drop = candidates({"a", "never"});
  drop.pairs[0].hosts = {"aaa", "h", "zzz"};
  EXPECT_EQ(dropped(drop), 1U);
  EXPECT_EQ(dropped(drop), 0U);
  EXPECT_EQ(counters_.series_total, 1U);
  EXPECT_FALSE(is_in_index("a")) << "no series, and no total yet";
  EXPECT_TRUE(is_in_index("b"));
}

TEST_F(CollectJobTest, TheIndexKeepsAPairThatHasAnotherSeries) {
  append({event_at(kNowMs, "a"), event_at(kNowMs, "a", "aa"), event_at(kNowMs, "a", "z")});
  fold();
  EXPECT_EQ(dropped(candidates({"a"})), 1U);
  EXPECT_TRUE(is_in_index("a"));
}

TEST_F(CollectJobTest, AClosedQueueAndAFailedStoreDropNothing) {
  append({event_at(kNowMs, "a")});
  fold();
  committer_->fail({ErrorCode::kIoError, "gone"});
  EXPECT_EQ(committer_->drop_series(candidates({"a"})).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(has_series("a"));
}

// One thread pushes, another folds and hands in every pair without a minute row: each such pair has
// only events that are unfolded, so none may go.
TEST_F(CollectJobTest, NoSeriesWithEventsGoesWhileEventsFoldsAndDropsRace) {
  constexpr int kRounds = 400;
  std::atomic<bool> is_done = false;
  std::thread pusher([&] {
    for (int i = 0; i < kRounds; ++i) {
      std::promise<Result<Receipt>> receipt;
      const std::string bucket = "b" + std::to_string(i % 97) + "-" + std::to_string(i / 97 / 2);
      committer_->submit(request_of({event_at(kNowMs, bucket)}), [&](Result<Receipt> result) {
        receipt.set_value(std::move(result));
      });
      EXPECT_TRUE(receipt.get_future().get().ok());
    }
    is_done = true;
  });
  while (!is_done) {
    const SeriesSlice series = slice();
    const auto snapshot = series.snapshot();
    // As a collection that did not wait for its answer would.
    fold();
    std::string from;
    do {
      const auto dropped =
          series.drop(snapshot, {}, from, [&](std::string_view prefix, SeriesSlice::Hosts& hosts) {
            const auto minutes = snapshot.view->cursor(Family::kMinute, prefix, after_prefix(prefix));
            if (minutes->valid()) hosts.clear();
            return Result<void>{};
          });
      ASSERT_TRUE(dropped.ok());
    } while (!from.empty());
  }
  pusher.join();
  fold();
  const auto minutes = keys(Family::kMinute);
  EXPECT_EQ(keys(Family::kCatalog, "S").size(), minutes.size());
  EXPECT_EQ(counters_.series_total, minutes.size());
}

}  // namespace
}  // namespace minuted::test
