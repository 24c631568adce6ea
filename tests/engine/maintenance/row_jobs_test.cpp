// The jobs that make and delete rows, each alone over a hand-made store: what a pass does, how it
// is cut into steps, and when it is due. That every answer stays the same is what the models and
// the crash tests hold up.
#include <gtest/gtest.h>

#include "job_fixture.hpp"
#include "maintenance/fold/fold_job.hpp"
#include "maintenance/seal/seal_job.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kSpanMs = 6 * kHourMs;  // of a page of minutes

class RowJobsTest : public JobTest {
 protected:
  std::size_t count(Family family) const { return keys(family).size(); }
};

TEST_F(RowJobsTest, AFoldIsOneStepOfAllThatIsUnfolded) {
  KeptMemory kept(*store_, *table_, recall_);
  FoldJob job(*folder_, kept);
  EXPECT_FALSE(job.due()) << "the scheduler knows when";
  append({event_at(kNowMs, "a"), event_at(kNowMs, "b"), event_at(kNowMs - 60'000, "a")});
  EXPECT_EQ(count(Family::kMinute), 0U);
  EXPECT_EQ(run(job), 1);
  EXPECT_EQ(count(Family::kMinute), 3U);
  EXPECT_EQ(table_->size().chunks, 0U);
}

TEST_F(RowJobsTest, AFoldReportsWhatItCannotReadAndFoldsTheRest) {
  KeptMemory kept(*store_, *table_, recall_);
  FoldJob job(*folder_, kept);
  const std::string prefix = pair_prefix("r", "damaged");
  table_->load_unreadable({prefix, Minute{kNowMinute}, "no chunk"}, {1, 8}, 0);
  append({event_at(kNowMs, "a")});
  ASSERT_TRUE(*job.begin(kAsked));
  EXPECT_EQ(job.step().error().code, ErrorCode::kCorruption);
  EXPECT_EQ(count(Family::kMinute), 1U);
  EXPECT_FALSE(*job.step());
}

TEST_F(RowJobsTest, AFoldThatMayHaveBeenCutShortIsNotReportedAsDone) {
  KeptMemory kept(*store_, *table_, recall_);
  FoldJob job(*folder_, kept);
  append({event_at(kNowMs, "a")});
  ASSERT_TRUE(*job.begin(kAsked));
  job.stop();
  EXPECT_EQ(job.step().error().code, ErrorCode::kUnavailable);
}

TEST_F(RowJobsTest, ARollIsCutIntoStepsByItsBatchAndFollowsAPassThatItContinues) {
  append({event_at(kNowMs - 5 * kHourMs, "a"), event_at(kNowMs - 5 * kHourMs, "b"),
          event_at(kNowMs - 5 * kHourMs, "c")});
  fold();
  RollCounters counters;
  const Roller::Options options{&clock_, 0, 0, 1, [](const Error&) {}};
  {
    Roller cut(*store_, counters, options);
    ASSERT_TRUE(*cut.begin({}));
    ASSERT_TRUE(*cut.step());
    EXPECT_EQ(count(Family::kHour), 1U);
  }
  append({event_at(kNowMs + kHourMs, "a")});
  clock_.advance_ms(3 * kHourMs);
  fold();
  // Another process continues the pass, and then does what has closed since.
  Roller roller(*store_, counters, options);
  ASSERT_TRUE(roller.open().ok());
  EXPECT_TRUE(roller.due());
  EXPECT_GT(run(roller), 2);
  EXPECT_EQ(count(Family::kHour), 4U);
  EXPECT_FALSE(*roller.begin(kAsked)) << "there is nothing to do";
}

TEST_F(RowJobsTest, ARollIsNotDueByAClockThatIsNotBelieved) {
  append({event_at(kNowMs - 5 * kHourMs, "a")});
  fold();
  RollCounters counters;
  Roller roller(*store_, counters, {&clock_, 0, 0, 1, [](const Error&) {}, believed_.get()});
  EXPECT_TRUE(roller.due());
  clock_.set_now(Millis{kNowMs + 30 * kDayMs});
  EXPECT_FALSE(roller.due());
}

TEST_F(RowJobsTest, ASealTakesReposFirstAndIsCutIntoStepsByItsBatch) {
  const std::int64_t old = (kNowMs - 4 * kDayMs) / kSpanMs * kSpanMs;
  append({event_at(old, "a"), event_at(old, "b"), event_at(old, "c")});
  fold_and_roll();
  SealCounters counters;
  Sealer rows(*store_, counters, {&clock_, 0, 1'000, 1, [](const Error&) {}});
  RepoSealer repos(*store_, repo_rows_begin_, counters, {&clock_, 1'000, [](const Error&) {}});
  SealJob job(repos, rows, true);
  SealJob asked_only(repos, rows, false);
  EXPECT_FALSE(job.due()) << "before the first interval";
  clock_.advance_ms(1'000);
  EXPECT_TRUE(job.due());
  EXPECT_FALSE(asked_only.due());
  ASSERT_TRUE(*job.begin({}));
  ASSERT_TRUE(*job.step());
  EXPECT_NE(count(Family::kRepoPage), 0U);
  EXPECT_EQ(count(Family::kMinutePage), 0U);
  EXPECT_GT(finish(job), 3);
  EXPECT_EQ(count(Family::kMinute), 0U);
  EXPECT_EQ(count(Family::kMinutePage), 3U);
  EXPECT_FALSE(job.due());
}

TEST_F(RowJobsTest, APruneIsCutIntoStepsByItsBatchAndStopsWithTheClock) {
  options_.retention = {2 * kDayMs, 2 * kDayMs, 2 * kDayMs};
  close();
  open();
  append({event_at(kNowMs, "a"), event_at(kNowMs, "b"), event_at(kNowMs, "c")});
  clock_.advance_ms(kDayMs);
  fold_and_roll();
  PruneCounters counters;
  Pruner pruner(*store_, *horizons_, counters, {&clock_, 1'000, 1, [](const Error&) {}});
  Pruner asked_only(*store_, *horizons_, counters, {&clock_, 0, 1, [](const Error&) {}});
  EXPECT_TRUE(pruner.due());
  EXPECT_FALSE(asked_only.due());
  EXPECT_FALSE(pruner.needs_room());
  run(pruner);
  EXPECT_EQ(count(Family::kMinute), 3U) << "nothing is past";
  EXPECT_FALSE(pruner.due());

  clock_.set_now(Millis{kNowMs + 60 * kDayMs});
  ASSERT_TRUE(*pruner.begin(kAsked));
  EXPECT_FALSE(*pruner.step()) << "the clock is not believed";
  clock_.set_now(Millis{kNowMs + kDayMs});
  clock_.advance_ms(3 * kDayMs);
  EXPECT_TRUE(pruner.due());
  const std::uint64_t passes = counters.passes;
  EXPECT_GT(run(pruner), 9);
  EXPECT_EQ(counters.passes, passes + 1);
  EXPECT_EQ(count(Family::kMinute) + count(Family::kHour) + count(Family::kDay), 0U);
  EXPECT_EQ(count(Family::kTotal), 3U);
}

}  // namespace
}  // namespace minuted::test
