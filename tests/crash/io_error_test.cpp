// Holds up "I/O errors never lie": a file-system call of a scripted run fails (EIO, ENOSPC, a short
// write, a failed sync; once, or from then on), and still nothing is acknowledged after a failed
// sync of a log, no read is short of anything, and the store that opens afterwards, with or without
// a power cut between, has every acknowledged batch exactly once. By default a random sample of the
// calls; with MINUTED_TEST_LONG=1 every fault that can happen to each of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <vector>

#include "crash/scripted_run.hpp"
#include "support/long_form.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kSampledFaults = sampled(20);
constexpr std::size_t kLossesShownMax = 20;
constexpr std::uint64_t kProgressEvery = 200;
constexpr Fault kFaults[] = {Fault::kIoError, Fault::kNoSpace, Fault::kShortWrite,
                             Fault::kSyncFails};

class IoErrorTest : public testing::Test {
 protected:
  IoErrorTest() : random_(2), batches_(make_batches(random_)) {}

  // Every fault of every call of a run, as that run's calls were.
  std::vector<FaultPlan> all_plans() {
    const TempDir dir;
    ManualClock clock;
    FaultyDisk disk(dir / "store", {});
    ScriptedRun run(dir / "store", batches_, disk, clock);
    run.run();
    found("no fault", run.violations());
    std::vector<FaultPlan> plans;
    calls_ = disk.files->calls();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      for (const Fault fault : kFaults) {
        if (!applies(fault, calls_[i].call)) continue;
        for (const bool for_good : {false, true}) plans.push_back({i + 1, fault, for_good, true});
      }
    }
    return plans;
  }

  // As many of one kind of call as of another, for most calls are reads, and few are of logs.
  std::vector<FaultPlan> sample(const std::vector<FaultPlan>& plans) {
    std::map<MadeCall, std::vector<FaultPlan>> by_call;
    for (const FaultPlan& plan : plans) by_call[calls_[plan.at - 1]].push_back(plan);
    std::vector<FaultPlan> chosen;
    while (chosen.size() < kSampledFaults) {
      for (const auto& [call, those] : by_call) chosen.push_back(random_.pick(those));
    }
    return chosen;
  }

  void fail(const FaultPlan& plan) {
    const TempDir dir;
    ManualClock clock;
    const std::string path = dir / "store";
    Receipts receipts;
    {
      FaultyDisk disk(path, plan);
      ScriptedRun run(path, batches_, disk, clock);
      run.run();
      receipts = run.receipts();
      found(where(plan, "while running"), run.violations());
      ++faults_;
      acknowledged_ += static_cast<std::uint64_t>(
          std::count_if(receipts.begin(), receipts.end(), [](const auto& r) { return r; }));
      disk.files->disk().write_survivors(dir / "cut", Loss::kAll, random_);
    }
    found(where(plan, "reopened"), check_recovered(path, batches_, receipts, clock));
    found(where(plan, "reopened after a power cut"),
          check_recovered(dir / "cut", batches_, receipts, clock));
  }

  static std::string where(const FaultPlan& plan, const char* when) {
    return "call " + std::to_string(plan.at) + ", " + to_string(plan.fault) +
           (plan.for_good ? " for good, " : " once, ") + when;
  }

  void found(const std::string& where, const Violations& violations) {
    for (const std::string& violation : violations) {
      if (++losses_ <= kLossesShownMax) ADD_FAILURE() << where << ": " << violation;
    }
  }

  void print(const char* when) const {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    std::fprintf(stderr,
                 "I/O errors, %s: %llu calls, %llu faults, %llu acknowledgements beside them, "
                 "%llu losses, %.1f s\n",
                 when, static_cast<unsigned long long>(calls_.size()),
                 static_cast<unsigned long long>(faults_),
                 static_cast<unsigned long long>(acknowledged_),
                 static_cast<unsigned long long>(losses_), seconds);
  }

  Random random_;
  const std::vector<Batch> batches_;
  std::vector<MadeCall> calls_;  // of a run without a fault
  std::uint64_t faults_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t losses_ = 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST_F(IoErrorTest, FailedCallsLoseNothingAcknowledged) {
  std::vector<FaultPlan> plans = all_plans();
  ASSERT_GT(plans.size(), kSampledFaults);
  if (!long_form()) plans = sample(plans);
  for (const FaultPlan& plan : plans) {
    fail(plan);
    if (faults_ % kProgressEvery == 0) print("so far");
  }
  print("in all");
  EXPECT_EQ(losses_, 0U);
  EXPECT_GT(acknowledged_, 0U);
}

}  // namespace
}  // namespace minuted::test
