// Holds up "a deletion is on record before anything of it is gone, and ended wherever it is cut
// short": the job step by step, by the side of commits, and cut after each of its steps.
#include <gtest/gtest.h>

#include <future>

#include "job_fixture.hpp"
#include "maintenance/remove/remover.hpp"
#include "store/meta.hpp"

namespace minuted::test {
namespace {

class DeleteJobTest : public JobTest {
 protected:
  std::unique_ptr<Remover> job() {
    return std::make_unique<Remover>(*store_, *table_, *horizons_, *committer_,
                                     Remover::Options{1U << 20, [](const Error&) {}});
  }
  static Demand demand(Removal removal) { return {true, std::move(removal)}; }

  void push_two_buckets() {
    append({event_at(kNowMs - kDayMs, "gone"), event_at(kNowMs, "gone"), event_at(kNowMs, "kept")});
    fold_and_roll();
  }
  // The families in which the bucket has keys.
  std::size_t rows_of(std::string_view bucket) const {
    std::size_t rows = 0;
    for (const Family family : {Family::kMinute, Family::kHour, Family::kDay, Family::kTotal,
                                Family::kHostState, Family::kDaySigns}) {
      rows += keys(family, pair_prefix("r", bucket)).size();
    }
    return rows;
  }
  bool is_on_record() const {
    const auto record = read_meta<RemovalRecord>(*store_);
    EXPECT_TRUE(record.ok());
    return record.ok() && record->has_value();
  }
};

TEST_F(DeleteJobTest, IsOnRecordFromItsBeginToItsLastStep) {
  push_two_buckets();
  const auto remover = job();
  EXPECT_FALSE(remover->due());
  EXPECT_TRUE(remover->is_exclusive());
  EXPECT_FALSE(remover->needs_room());
  const std::size_t kept = rows_of("kept");
  ASSERT_TRUE(*remover->begin(demand({"r", "gone", std::nullopt})));
  EXPECT_TRUE(is_on_record());
  EXPECT_NE(rows_of("gone"), 0U);
  EXPECT_GT(finish(*remover), 3);
  EXPECT_FALSE(is_on_record());
  EXPECT_EQ(rows_of("gone"), 0U);
  EXPECT_EQ(rows_of("kept"), kept);
  EXPECT_FALSE(has_series("gone") || is_in_index("gone"));
  EXPECT_TRUE(has_series("kept") && is_in_index("kept"));
}

TEST_F(DeleteJobTest, IsEndedByTheNextStartWhereverItIsCutShort) {
  for (const Removal& removal :
       {Removal{"r", "gone", std::nullopt}, Removal{"r", std::nullopt, std::nullopt},
        Removal{"r", "gone", MinuteRange{{kNowMinute - 2 * 1440}, {kNowMinute + 1}}}}) {
    push_two_buckets();
    const int steps = run(*job(), demand(removal));
    EXPECT_GE(steps, 2);
    for (int cut = 0; cut < steps; ++cut) {
      push_two_buckets();
      auto remover = job();
      ASSERT_TRUE(*remover->begin(demand(removal)));
      for (int step = 0; step < cut; ++step) ASSERT_TRUE(*remover->step());
      remover.reset();
      close();
      open();
      EXPECT_TRUE(is_on_record()) << cut << " of " << steps;
      ASSERT_TRUE(job()->resume().ok());
      EXPECT_FALSE(is_on_record());
      EXPECT_EQ(keys(Family::kMinute, pair_prefix("r", "gone")).size(), 0U);
      EXPECT_EQ(keys(Family::kTotal, pair_prefix("r", "gone")).size(), 0U);
      EXPECT_EQ(has_series("gone"), removal.range.has_value());
      EXPECT_EQ(rows_of("kept") != 0, removal.bucket.has_value());
      ASSERT_TRUE(job()->resume().ok()) << "there is nothing to do";
    }
  }
}

TEST_F(DeleteJobTest, EventsOfItsOwnCommitAndLaterOnesStay) {
  push_two_buckets();
  const auto remover = job();
  std::future<Result<bool>> begun;
  in_one_commit([&] {
    const std::size_t bytes = counters_.queue_bytes;
    begun = std::async(std::launch::async,
                       [&] { return remover->begin(demand({"r", "gone", std::nullopt})); });
    await_queued(bytes);
    committer_->submit(request_of({event_at(kNowMs, "gone", "same")}), [](Result<Receipt>) {});
  });
  ASSERT_TRUE(*begun.get());
  append({event_at(kNowMs, "gone", "later")});
  finish(*remover);
  EXPECT_EQ(rows_of("gone"), 0U);
  // Whose events wait is not known: all series of the pair stay until they are folded.
  EXPECT_TRUE(has_series("gone", "same") && has_series("gone", "later"));
  fold();
  EXPECT_EQ(keys(Family::kMinute, pair_prefix("r", "gone")).size(), 1U);
}

TEST_F(DeleteJobTest, TheIdsOfLaterEventsStayKnown) {
  EventView first = event_at(kNowMs, "gone");
  first.id = "1";
  EventView second = event_at(kNowMs, "gone");
  second.id = "2";
  append({first});
  fold();
  const auto remover = job();
  ASSERT_TRUE(*remover->begin(demand({"r", "gone", std::nullopt})));
  append({second});
  finish(*remover);
  const std::uint64_t duplicates = counters_.duplicates;
  append({second});
  EXPECT_EQ(counters_.duplicates, duplicates + 1);
  append({first});
  EXPECT_EQ(counters_.duplicates, duplicates + 1) << "its event is gone";
}

TEST_F(DeleteJobTest, ABeginThatIsRejectedLeavesNoRecord) {
  options_.retention.minute_ms = kDayMs;
  close();
  open();
  const auto remover = job();
  const MinuteRange cut{{kNowMinute - 10 * 1440 + 7}, {kNowMinute}};
  EXPECT_EQ(remover->begin(demand({"r", std::nullopt, cut})).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_FALSE(*remover->begin(demand({"r", std::nullopt, MinuteRange{{5}, {5}}})));
  committer_->fail({ErrorCode::kIoError, "gone"});
  EXPECT_EQ(remover->begin(demand({"r", std::nullopt, std::nullopt})).error().code,
            ErrorCode::kUnavailable);
  EXPECT_FALSE(is_on_record());
  EXPECT_FALSE(remover->is_under_way());
}

TEST_F(DeleteJobTest, BeginsWhileTheDiskIsFull) {
  push_two_buckets();
  std::uint64_t free = 1U << 30;
  options_.disk_reserve_bytes = 1U << 20;
  options_.disk_probe = [&free](const std::string&) { return DiskSpace{free, 1U << 30}; };
  close();
  open();
  free = 0;
  clock_.advance_ms(1'000);
  std::promise<Result<Receipt>> receipt;
  committer_->submit(request_of({event_at(kNowMs)}),
                     [&](Result<Receipt> result) { receipt.set_value(std::move(result)); });
  EXPECT_EQ(receipt.get_future().get().error().code, ErrorCode::kDiskFull);
  EXPECT_EQ(committer_->update_repo("r", {"w", std::nullopt}).error().code, ErrorCode::kDiskFull);
  const auto remover = job();
  EXPECT_GT(run(*remover, demand({"r", "gone", std::nullopt})), 3);
  EXPECT_EQ(rows_of("gone"), 0U);
}

TEST_F(DeleteJobTest, AStoppedOneIsEndedByTheNextStart) {
  push_two_buckets();
  auto remover = job();
  ASSERT_TRUE(*remover->begin(demand({"r", std::nullopt, std::nullopt})));
  ASSERT_TRUE(*remover->step());
  remover->stop();
  EXPECT_EQ(remover->step().error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(remover->is_under_way());
  EXPECT_TRUE(is_on_record());
  remover.reset();
  close();
  open();
  ASSERT_TRUE(job()->resume().ok());
  EXPECT_EQ(rows_of("gone") + rows_of("kept"), 0U);
}

}  // namespace
}  // namespace minuted::test
