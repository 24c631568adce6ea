// Holds up "one thread does all maintenance, and no fold waits for more than one step of another
// job": the order of folds, requests and background passes, what a full disk and a fault do to
// each, and that a stop answers everybody who waits. Jobs are scripts, time is the test's, and
// turn() is called in the place of the thread, but for the last tests.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "maintenance/scheduler.hpp"

namespace minuted::test {
namespace {

using std::chrono::milliseconds;

using Log = std::vector<std::string>;

// Puts what it is asked into the log. Each step takes the next of `results`; there is more until
// they end.
class ScriptedJob final : public Job {
 public:
  ScriptedJob(std::string name, Log& log) : name_(std::move(name)), log_(log) {}

  bool due() const override { return is_due; }
  Result<bool> begin(const Demand& demand) override {
    is_due = false;
    if (demand.all) log_.push_back(name_ + " asked");
    left_ = results;
    return !left_.empty();
  }
  bool is_under_way() const override { return !left_.empty(); }
  Result<bool> step() override {
    if (left_.empty()) return false;
    log_.push_back(name_);
    if (on_step) on_step();
    const Result<void> result = left_.front();
    left_.pop_front();
    if (result.ok()) return !left_.empty();
    if (result.error().code != ErrorCode::kCorruption) left_.clear();
    return result.error();
  }
  bool needs_room() const override { return waits_for_room; }
  bool is_exclusive() const override { return exclusive; }
  void stop() override { stopped = true; }

  std::deque<Result<void>> results = {Result<void>{}};
  bool is_due = false;
  bool waits_for_room = true;
  bool exclusive = false;
  std::atomic<bool> stopped = false;
  std::function<void()> on_step;

 private:
  const std::string name_;
  Log& log_;
  std::deque<Result<void>> left_;
};

class SchedulerTest : public testing::Test {
 protected:
  // Folds by itself each 10 s, unless told otherwise.
  void make(milliseconds interval = milliseconds(10'000)) {
    Scheduler::Options options;
    options.fold_interval = interval;
    options.check_room = [this] { return room_; };
    options.sync = [this] {
      log_.push_back("sync");
      return Result<void>{};
    };
    options.after_fold = [this] { log_.push_back("chores"); };
    options.now = [this] { return now_; };
    scheduler_ = std::make_unique<Scheduler>(fold_, std::vector<Job*>{&a_, &b_, &exclusive_},
                                             std::move(options));
  }

  // So many turns at the present time; all there are to do, by default.
  Log turns(int count = 1'000) {
    log_.clear();
    for (int i = 0; i < count; ++i) {
      if (scheduler_->turn(now_)) return log_;
    }
    return log_;
  }
  void pass(milliseconds time) { now_ += time; }

  static Scheduler::Request request_of(std::initializer_list<Job*> jobs) {
    Scheduler::Request request;
    for (Job* const job : jobs) request.stages.push_back({job});
    return request;
  }
  static bool is_answered(const std::future<Result<void>>& answer) {
    return answer.wait_for(milliseconds(0)) == std::future_status::ready;
  }
  static std::deque<Result<void>> steps(std::size_t count) { return {count, Result<void>{}}; }

  Log log_;
  Scheduler::Time now_{};
  Result<void> room_;
  ScriptedJob fold_{"fold", log_};
  ScriptedJob a_{"a", log_};
  ScriptedJob b_{"b", log_};
  ScriptedJob exclusive_{"exclusive", log_};
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, FoldsAtItsIntervalAndSoonerWhenHurried) {
  make();
  EXPECT_EQ(turns(), Log{});
  pass(milliseconds(9'999));
  EXPECT_EQ(turns(), Log{});
  pass(milliseconds(1));
  EXPECT_EQ(turns(), (Log{"fold", "chores"}));
  EXPECT_EQ(turns(), Log{});
  scheduler_->hurry();
  EXPECT_EQ(turns(), (Log{"fold", "chores"}));
  EXPECT_EQ(turns(), Log{}) << "once";
}

TEST_F(SchedulerTest, WithoutAnIntervalNothingIsDoneButWhatIsAskedFor) {
  make(milliseconds(0));
  a_.is_due = true;
  scheduler_->hurry();
  pass(milliseconds(1'000'000));
  EXPECT_EQ(turns(), Log{});
  auto answer = scheduler_->ask(request_of({&a_}));
  EXPECT_EQ(turns(), (Log{"a asked", "a", "sync"}));
  EXPECT_TRUE(answer.get().ok());
}

TEST_F(SchedulerTest, DueJobsStepByTurnsForHalfTheInterval) {
  make();
  a_.is_due = b_.is_due = true;
  a_.results = steps(3);
  b_.results = steps(100);
  pass(milliseconds(10'000));
  EXPECT_EQ(turns(6), (Log{"fold", "chores", "a", "b", "a", "b", "a"}));
  b_.on_step = [this] { pass(milliseconds(2'500)); };
  EXPECT_EQ(turns(), (Log{"b", "b"})) << "until 5 s have passed";
  // The interval begins at the end of it.
  pass(milliseconds(9'999));
  EXPECT_EQ(turns(), Log{});
  pass(milliseconds(1));
  EXPECT_EQ(turns(3), (Log{"fold", "chores", "b", "b"}));
}

TEST_F(SchedulerTest, AJobIsBegunWhenAnotherMakesItDue) {
  make();
  a_.is_due = true;
  a_.on_step = [this] { b_.is_due = true; };
  pass(milliseconds(10'000));
  EXPECT_EQ(turns(), (Log{"fold", "chores", "a", "b"}));
}

TEST_F(SchedulerTest, AFoldWaitsForOneStepOfARequestAndOfABackgroundPass) {
  make();
  a_.results = steps(5);
  auto answer = scheduler_->ask(request_of({&a_}));
  EXPECT_EQ(turns(2), (Log{"a asked", "a", "a"}));
  scheduler_->hurry();
  EXPECT_EQ(turns(1), (Log{"fold", "chores"}));
  auto fold = scheduler_->ask(request_of({&fold_}));
  // A step comes between two folds, so that these cannot starve it.
  EXPECT_EQ(turns(2), (Log{"a", "fold asked", "fold", "sync"}));
  EXPECT_TRUE(is_answered(fold));
  EXPECT_FALSE(is_answered(answer));
  EXPECT_EQ(turns(2), (Log{"a", "a", "sync"}));
  EXPECT_TRUE(answer.get().ok());

  b_.is_due = true;
  b_.results = steps(5);
  scheduler_->hurry();
  EXPECT_EQ(turns(2), (Log{"fold", "chores", "b"}));
  scheduler_->hurry();
  EXPECT_EQ(turns(2), (Log{"fold", "chores", "b"}));
}

TEST_F(SchedulerTest, HurriedFoldsDoNotStarveOtherJobs) {
  make();
  a_.is_due = b_.is_due = true;
  a_.results = b_.results = steps(2);
  fold_.on_step = [this] {
    scheduler_->hurry();
    pass(milliseconds(60'000));  // longer than any budget
  };
  pass(milliseconds(10'000));
  EXPECT_EQ(turns(8), (Log{"fold", "chores", "a", "fold", "chores", "b", "fold", "chores", "a", "fold",
                           "chores", "b"}));
}

TEST_F(SchedulerTest, NoFoldRunsWithinAnExclusiveJob) {
  make();
  exclusive_.exclusive = true;
  exclusive_.results = steps(3);
  auto answer = scheduler_->ask(request_of({&fold_, &exclusive_}));
  EXPECT_EQ(turns(2), (Log{"fold asked", "fold", "exclusive asked", "exclusive"}));
  auto fold = scheduler_->ask(request_of({&fold_}));
  scheduler_->hurry();
  EXPECT_EQ(turns(2), (Log{"exclusive", "exclusive", "sync"}));
  EXPECT_TRUE(answer.get().ok());
  EXPECT_FALSE(is_answered(fold));
  EXPECT_EQ(turns(), (Log{"fold", "chores", "fold asked", "fold", "sync"}));
}

TEST_F(SchedulerTest, RequestsAreServedInTheOrderOfAskingAndPassByPass) {
  make(milliseconds(0));
  a_.results = steps(2);
  auto first = scheduler_->ask(request_of({&a_, &b_}));
  auto second = scheduler_->ask(request_of({&b_}));
  EXPECT_EQ(turns(), (Log{"a asked", "a", "a", "b asked", "b", "sync", "b asked", "b", "sync"}));
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
}

TEST_F(SchedulerTest, WhatCannotBeReadIsPassedOverAndReported) {
  make(milliseconds(0));
  const Error damage{ErrorCode::kCorruption, "a row"};
  a_.results = {Result<void>{}, Result<void>(damage), Result<void>{}};
  auto answer = scheduler_->ask(request_of({&a_, &b_}));
  EXPECT_EQ(turns(), (Log{"a asked", "a", "a", "a"})) << "and the next stage is not begun";
  EXPECT_EQ(answer.get().error().message, "a row");
}

TEST_F(SchedulerTest, AnotherErrorEndsTheRequestAtOnce) {
  make(milliseconds(0));
  a_.results = {Result<void>(Error{ErrorCode::kIoError, "gone"}), Result<void>{}};
  auto answer = scheduler_->ask(request_of({&a_, &b_}));
  EXPECT_EQ(turns(), (Log{"a asked", "a"}));
  EXPECT_EQ(answer.get().error().code, ErrorCode::kIoError);
}

TEST_F(SchedulerTest, AFullDiskEndsWhatNeedsRoomAndNothingElse) {
  make();
  room_ = Error{ErrorCode::kDiskFull, "full"};
  b_.waits_for_room = false;
  auto needs = scheduler_->ask(request_of({&a_}));
  auto makes = scheduler_->ask(request_of({&b_}));
  auto passes = [&] {
    auto request = request_of({&a_, &b_});
    request.stages[0].passed_when_full = true;
    return scheduler_->ask(std::move(request));
  }();
  auto unchecked = [&] {
    auto request = request_of({&a_});
    request.stages[0].checks_room = false;
    return scheduler_->ask(std::move(request));
  }();
  turns();
  EXPECT_EQ(needs.get().error().code, ErrorCode::kDiskFull);
  EXPECT_TRUE(makes.get().ok());
  EXPECT_TRUE(passes.get().ok());
  EXPECT_TRUE(unchecked.get().ok());

  // In the background those that need room wait for it, and then go on where they were.
  a_.is_due = b_.is_due = true;
  a_.results = b_.results = steps(2);
  pass(milliseconds(10'000));
  EXPECT_EQ(turns(), (Log{"chores", "b", "b"}));
  room_ = {};
  pass(milliseconds(10'000));
  EXPECT_EQ(turns(), (Log{"fold", "chores", "a", "a"}));
}

TEST_F(SchedulerTest, AStopAnswersTheRequestUnderWayAndThoseThatWait) {
  make(milliseconds(0));
  a_.results = steps(3);
  auto under_way = scheduler_->ask(request_of({&a_}));
  auto waiting = scheduler_->ask(request_of({&b_}));
  EXPECT_EQ(turns(1), (Log{"a asked", "a"}));
  scheduler_->stop();
  EXPECT_EQ(under_way.get().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(waiting.get().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(scheduler_->ask(request_of({&b_})).get().error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(fold_.stopped && a_.stopped && b_.stopped);
}

TEST_F(SchedulerTest, TheThreadServesRequestsAndAStopDuringAStepAnswersThem) {
  make(milliseconds(0));
  scheduler_->start();
  EXPECT_TRUE(scheduler_->ask(request_of({&b_})).get().ok());
  std::latch stepping(1);
  std::latch released(1);
  a_.results = steps(1'000);
  a_.on_step = [&, is_first = true]() mutable {
    if (std::exchange(is_first, false)) {
      stepping.count_down();
      released.wait();
    }
  };
  auto under_way = scheduler_->ask(request_of({&a_}));
  stepping.wait();
  auto waiting = scheduler_->ask(request_of({&fold_}));
  auto stop = std::async(std::launch::async, [this] { scheduler_->stop(); });
  while (!a_.stopped) std::this_thread::yield();
  released.count_down();
  stop.get();
  EXPECT_EQ(under_way.get().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(waiting.get().error().code, ErrorCode::kUnavailable);
}

TEST_F(SchedulerTest, TheThreadFoldsWhenHurried) {
  make(milliseconds(1'000'000));
  std::promise<void> folded;
  fold_.on_step = [&] { folded.set_value(); };
  scheduler_->start();
  scheduler_->hurry();
  folded.get_future().get();
  scheduler_->stop();
}

}  // namespace
}  // namespace minuted::test
