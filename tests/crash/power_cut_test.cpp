// Holds up "durable at acknowledgement": the power goes at a file-system call of a scripted run,
// the disk loses what was not synced, and the store that opens from the rest has every acknowledged
// batch exactly once and every other wholly or not at all. By default a random sample of the calls;
// with MINUTED_TEST_LONG=1 each of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "crash/scripted_run.hpp"
#include "engine_over.hpp"
#include "support/long_form.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kSampledPoints = sampled(24);
constexpr std::size_t kSampledTwice = sampled(12);
constexpr std::size_t kTwiceLong = 1'500;  // of far more pairs of calls
// Opening a store takes fewer calls that change something; a cut past the end is none.
constexpr std::uint64_t kOpeningCallsMax = 60;
constexpr std::size_t kLossesShownMax = 20;
constexpr std::uint64_t kProgressEvery = 100;

class PowerCutTest : public testing::Test {
 protected:
  PowerCutTest() : random_(1), batches_(make_batches(random_)) {}

  // Runs the script up to its call number `at` (0 = to the end) and loses what was not synced in
  // each form. False if the script ended before that call.
  bool cut_at(std::uint64_t at) {
    const TempDir dir;
    ManualClock clock;
    const std::string path = dir / "store";
    FaultyDisk disk(path, {at, Fault::kPowerCut, true, false});
    ScriptedRun run(path, batches_, disk, clock);
    run.run();
    const std::string where = "call " + std::to_string(at);
    found(where, run.violations());
    calls_ = disk.files->calls();
    if (at != 0 && !disk.files->hit()) return false;
    ++points_;
    for (const Loss loss : kLosses) {
      const std::string survivors = dir / std::to_string(static_cast<int>(loss));
      disk.files->disk().write_survivors(survivors, loss, random_);
      ++cuts_;
      const std::string what = where + ", " + to_string(loss);
      found(what, check_recovered(survivors, batches_, run.receipts(), clock));
    }
    return true;
  }

  // The same, and the power goes again while the store opens from what the first cut left.
  void cut_twice_at(std::uint64_t at) {
    const TempDir dir;
    ManualClock clock;
    FaultyDisk disk(dir / "store", {at, Fault::kPowerCut, true, false});
    ScriptedRun run(dir / "store", batches_, disk, clock);
    run.run();
    const Loss first_loss = random_.pick(kLosses);
    const Loss second_loss = random_.pick(kLosses);
    const std::uint64_t second = random_.between(1, kOpeningCallsMax);
    disk.files->disk().write_survivors(dir / "once", first_loss, random_);
    {
      FaultyDisk again(dir / "once", {second, Fault::kPowerCut, true, false});
      // Opens, or is cut short; either way its batches of before must outlive it.
      (void)open_engine_over(script_options(dir / "once", clock), again.env.get());
      again.files->disk().write_survivors(dir / "twice", second_loss, random_);
    }
    ++points_;
    ++cuts_;
    found("call " + std::to_string(at) + ", " + to_string(first_loss) + "; then call " +
              std::to_string(second) + " of opening, " + to_string(second_loss),
          check_recovered(dir / "twice", batches_, run.receipts(), clock));
  }

  // Numbers of calls of a whole run: half of them on logs, for those are few.
  std::vector<std::uint64_t> sample(std::size_t count) {
    cut_at(0);
    std::vector<std::uint64_t> on_logs;
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      all.push_back(i + 1);
      if (calls_[i].on_log) on_logs.push_back(i + 1);
    }
    std::vector<std::uint64_t> chosen;
    while (chosen.size() < count) {
      chosen.push_back(random_.pick(all));
      chosen.push_back(random_.pick(on_logs));
    }
    return chosen;
  }

  void found(const std::string& where, const Violations& violations) {
    for (const std::string& violation : violations) {
      if (++losses_ <= kLossesShownMax) ADD_FAILURE() << where << ": " << violation;
    }
  }

  void progress() const {
    if (points_ % kProgressEvery == 0) print("so far");
  }

  void print(const char* when) const {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    std::fprintf(stderr, "power cuts, %s: %llu cut points, %llu cuts, %llu losses, %.1f s\n", when,
                 static_cast<unsigned long long>(points_), static_cast<unsigned long long>(cuts_),
                 static_cast<unsigned long long>(losses_), seconds);
  }

  Random random_;
  const std::vector<Batch> batches_;
  std::vector<MadeCall> calls_;  // of the last run
  std::uint64_t points_ = 0;
  std::uint64_t cuts_ = 0;
  std::uint64_t losses_ = 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST_F(PowerCutTest, RunWithoutACutLosesNothing) {
  cut_at(0);
  EXPECT_GT(calls_.size(), 100U) << "the script has become too short to cut";
  EXPECT_EQ(losses_, 0U);
}

TEST_F(PowerCutTest, AcknowledgedBatchesOutliveACutAtAnyCall) {
  if (long_form()) {
    for (std::uint64_t at = 1; cut_at(at); ++at) progress();
  } else {
    for (const std::uint64_t at : sample(kSampledPoints)) cut_at(at);
  }
  print("in all");
  EXPECT_EQ(losses_, 0U);
}

TEST_F(PowerCutTest, AcknowledgedBatchesOutliveASecondCutDuringRecovery) {
  for (const std::uint64_t at : sample(long_form() ? kTwiceLong : kSampledTwice)) {
    cut_twice_at(at);
    progress();
  }
  print("in all, twice each");
  EXPECT_EQ(losses_, 0U);
}

}  // namespace
}  // namespace minuted::test
