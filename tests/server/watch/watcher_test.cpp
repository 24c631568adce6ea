// Each change of the engine's state is one line with its reason, and a state that lasts is none.
#include "watch/watcher.hpp"

#include <gtest/gtest.h>

#include "log_reader.hpp"

namespace minuted::watch {
namespace {

class WatcherTest : public testing::Test {
 protected:
  // The lines of the next second's look.
  std::string look() {
    now_ms_ += 1'000;
    watcher_.look(seen_, now_ms_);
    return reader_.lines();
  }
  std::string look_after(std::int64_t ms) {
    now_ms_ += ms - 1'000;
    return look();
  }

  test::LogReader reader_;
  Watcher watcher_{reader_.log()};
  Observation seen_;
  std::int64_t now_ms_ = 1'000'000;
};

TEST_F(WatcherTest, NothingIsSaidWhileAllIsWell) {
  EXPECT_EQ(look(), "");
  seen_.stats.events_committed = 100;
  seen_.stats.prune_passes = 7;
  seen_.stats.disk_free_bytes = 10;
  seen_.stats.disk_reserve_bytes = 10;
  EXPECT_EQ(look(), "");
}

TEST_F(WatcherTest, WritesThatStopAndResumeAreALineEach) {
  seen_.write_error = Error{ErrorCode::kIoError, "cannot write: No space left on device"};
  EXPECT_EQ(look(), "error writes stopped code=io_error reason=\"cannot write: No space left on device\"\n");
  EXPECT_EQ(look(), "");
  seen_.write_error->message = "cannot write: attempt 3";
  EXPECT_EQ(look(), "");
  seen_.write_error = Error{ErrorCode::kUnavailable, "the store is being opened again"};
  EXPECT_EQ(look(),
            "error writes are still stopped code=unavailable reason=\"the store is being opened "
            "again\"\n");
  seen_.write_error.reset();
  EXPECT_EQ(look(), "warn writes resumed stopped_seconds=4.000\n");
  EXPECT_EQ(look(), "");
}

// From the first look on: a store that is opened read-only has never served a write.
TEST_F(WatcherTest, WritesThatNeverStartedAreReported) {
  seen_.write_error = Error{ErrorCode::kIoError, "Read-only file system"};
  EXPECT_NE(look().find("error writes stopped"), std::string::npos);
}

TEST_F(WatcherTest, ADiskBelowItsReserveStopsWrites) {
  seen_.stats.disk_reserve_bytes = 1'000;
  seen_.stats.disk_free_bytes = 999;
  EXPECT_EQ(look(),
            "error writes stopped code=disk_full reason=\"only 999 bytes are free on the disk of "
            "the data, fewer than the reserve of 1000; make room, or lower the reserve\"\n");
  seen_.stats.disk_free_bytes = 500;
  EXPECT_EQ(look(), "");
  seen_.stats.disk_free_bytes = 1'000;
  EXPECT_EQ(look(), "warn writes resumed stopped_seconds=2.000\n");
}

TEST_F(WatcherTest, AClockThatIsNotBelievedIsALineAndItsReturnAnother) {
  seen_.clock_error = Error{ErrorCode::kUnavailable, "the clock is before the build's date"};
  EXPECT_EQ(look(), "error the clock is not believed reason=\"the clock is before the build's date\"\n");
  EXPECT_EQ(look(), "");
  seen_.clock_error.reset();
  EXPECT_EQ(look(), "warn the clock is believed again\n");
  EXPECT_EQ(look(), "");
}

TEST_F(WatcherTest, RetentionThatPausesAndResumesIsALineEach) {
  seen_.stats.retention_paused = true;
  EXPECT_EQ(look(),
            "warn retention paused reason=\"the clock is more than a day past the newest event and "
            "the last time on record; nothing is deleted until an event confirms the time, or a "
            "restart with --accept-clock does\"\n");
  EXPECT_EQ(look(), "");
  seen_.stats.retention_paused = false;
  EXPECT_EQ(look(), "warn retention resumed\n");
}

// The clock's own reason, where it is known.
TEST_F(WatcherTest, RetentionThatPausesForTheClockNamesItsReason) {
  seen_.clock_error = Error{ErrorCode::kUnavailable, "a year ahead"};
  seen_.stats.retention_paused = true;
  EXPECT_EQ(look(),
            "error the clock is not believed reason=\"a year ahead\"\n"
            "warn retention paused reason=\"a year ahead\"\n");
}

TEST_F(WatcherTest, APassOfRetentionIsOneLineHoweverManyItsSteps) {
  seen_.stats.keys_pruned = 100;
  EXPECT_EQ(look(), "");  // it is under way
  seen_.stats.keys_pruned = 250;
  seen_.minutes_from = minute_of(Millis{1'706'782'500'000});
  EXPECT_EQ(look(), "");
  seen_.stats.prune_passes = 1;
  EXPECT_EQ(look(),
            "info retention deleted expired data keys=250 kept_from=\"minute "
            "2024-02-01T10:15:00.000Z\"\n");
  EXPECT_EQ(look(), "");
}

TEST_F(WatcherTest, DeletionsAreALineAMinuteAtMost) {
  seen_.stats.keys_pruned = 5;
  seen_.stats.prune_passes = 1;
  EXPECT_EQ(look(), "info retention deleted expired data keys=5 kept_from=\"\"\n");
  for (int i = 0; i < 59; ++i) {
    seen_.stats.keys_pruned += 1;
    seen_.stats.prune_passes += 1;
    EXPECT_EQ(look(), "") << i;
  }
  EXPECT_EQ(look(), "info retention deleted expired data keys=59 kept_from=\"\"\n");
}

TEST_F(WatcherTest, ALongPassIsALineAMinute) {
  seen_.stats.keys_pruned = 1'000;
  EXPECT_EQ(look(), "");
  seen_.stats.keys_pruned = 60'000;
  EXPECT_EQ(look_after(Watcher::kRepeatMs), "info retention deleted expired data keys=60000 kept_from=\"\"\n");
}

TEST_F(WatcherTest, FailuresAreALineAMinuteWithTheirCountAndReason) {
  struct Case {
    std::uint64_t EngineStats::*failures;
    std::string EngineStats::*error;
    std::string line;
  };
  for (const Case& one :
       {Case{&EngineStats::prune_failures, &EngineStats::prune_error, "error retention failed"},
        Case{&EngineStats::fold_failures, &EngineStats::fold_error, "error folding failed"},
        Case{&EngineStats::roll_failures, &EngineStats::roll_error,
             "error writing hours and days failed"},
        Case{&EngineStats::seal_failures, &EngineStats::seal_error, "error sealing failed"}}) {
    seen_.stats.*one.failures = 1;
    seen_.stats.*one.error = "a key cannot be read";
    EXPECT_EQ(look(), one.line + " failures=1 reason=\"a key cannot be read\"\n");
    seen_.stats.*one.failures = 4;
    EXPECT_EQ(look(), "");
    EXPECT_EQ(look_after(Watcher::kRepeatMs), one.line + " failures=3 reason=\"a key cannot be read\"\n");
    EXPECT_EQ(look_after(Watcher::kRepeatMs), "");
  }
}

TEST_F(WatcherTest, CountersThatBeginAgainAreNotTakenForMore) {
  seen_.stats.fold_failures = 10;
  EXPECT_NE(look().find("failures=10"), std::string::npos);
  seen_.stats.fold_failures = 2;  // reopened
  EXPECT_NE(look_after(Watcher::kRepeatMs).find("failures=2 "), std::string::npos);
}

TEST_F(WatcherTest, WhatWasHeldBackIsWrittenAtTheEnd) {
  seen_.stats.keys_pruned = 5;
  seen_.stats.seal_failures = 1;
  EXPECT_NE(look().find("sealing failed"), std::string::npos);
  seen_.stats.seal_failures = 2;
  EXPECT_EQ(look(), "");
  watcher_.finish();
  EXPECT_EQ(reader_.lines(),
            "info retention deleted expired data keys=5 kept_from=\"\"\n"
            "error sealing failed failures=1 reason=\"\"\n");
}

}  // namespace
}  // namespace minuted::watch
