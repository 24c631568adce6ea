// Holds up "I/O errors never lie" where several clients push at once: a commit or a flush fails while
// others are queued behind it, at any call, and once more pushes are refused the engine is closed. The store
// opens again on a sound disk, without an operator's word, and has every batch that was acknowledged. By
// default a sample of the calls; with MINUTED_TEST_LONG=1 each of them.
#include <gtest/gtest.h>

#include <rocksdb/env.h>

#include <cstdio>
#include <mutex>
#include <thread>

#include "crash/scripted_run.hpp"
#include "engine_over.hpp"
#include "store/store.hpp"
#include "store/watermark.hpp"
#include "support/long_form.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kPushers = 4;
constexpr std::size_t kBatchesEach = 8;
constexpr std::size_t kSampled = 4;
constexpr Fault kFaults[] = {Fault::kIoError, Fault::kSyncFails, Fault::kNoSpace,
                             Fault::kShortWrite};

AppendRequest batch_of(std::size_t pusher, std::size_t number) {
  const std::string name = std::to_string(pusher) + "-" + std::to_string(number);
  EventView event;
  event.repo = "repo";
  event.bucket = name;
  event.host = "node";
  event.timestamp = Millis{1'700'000'000'000};
  event.upl_bytes = 1;
  AppendRequest request;
  request.batch.add(event);
  request.idempotency = IdempotencyKey{"scope", name, {0, 1}};
  return request;
}

class FailedCommitTest : public testing::Test {
 protected:
  // False if the run ended before that call.
  bool fail_at(std::uint64_t at, Fault fault) {
    const TempDir dir;
    const std::string path = dir / "store";
    const std::string where = std::string(to_string(fault)) + " at call " + std::to_string(at);
    std::vector<std::string> acknowledged;
    FaultyDisk disk(path, {at, fault, false, false});
    if (auto engine = open_engine_over(script_options(path, clock_), disk.env.get())) {
      acknowledged = push_all(**engine);
    }
    ++runs_;
    const auto recorded = recorded_commit(path);

    FaultyDisk sound(path, {});
    const auto engine = open_engine_over(script_options(path, clock_), sound.env.get());
    if (!engine) {
      ADD_FAILURE() << where << ": does not open again: " << engine.error().message;
      return disk.files->hit();
    }
    EXPECT_LE(recorded, *store_below(**engine).last_commit())
        << where << ": a commit is on record as acknowledged whose write failed";
    for (const std::string& name : acknowledged) {
      AppendRequest question;
      question.only_if_known = true;
      question.idempotency = IdempotencyKey{"scope", name, {0, 1}};
      EXPECT_TRUE((*engine)->append_and_wait(std::move(question)).ok())
          << where << ": batch " << name << " was acknowledged and is lost";
    }
    return disk.files->hit();
  }

  // The last commit on record as acknowledged; 0 if the store was never finished.
  static std::uint64_t recorded_commit(const std::string& path) {
    const auto watermark = Watermark::open(*rocksdb::Env::Default(), path);
    return watermark ? (*watermark)->mark().commit : 0;
  }

  // Each pusher goes on after a failure, as a client would. The names of what was acknowledged.
  static std::vector<std::string> push_all(Engine& engine) {
    std::mutex mutex;
    std::vector<std::string> acknowledged;
    std::vector<std::thread> pushers;
    for (std::size_t p = 0; p < kPushers; ++p) {
      pushers.emplace_back([&, p] {
        for (std::size_t n = 0; n < kBatchesEach; ++n) {
          AppendRequest request = batch_of(p, n);
          const std::string name = request.idempotency->key;
          if (!engine.append_and_wait(std::move(request))) continue;
          const std::lock_guard lock(mutex);
          acknowledged.push_back(name);
        }
      });
    }
    (void)engine.fold();
    // Held: a failed write would have it closed under the flush.
    if (const auto store = held_store_below(engine)) (void)store->flush();
    (void)engine.fold();
    for (std::thread& pusher : pushers) pusher.join();
    return acknowledged;
  }

  ManualClock clock_;
  std::size_t runs_ = 0;
};

TEST_F(FailedCommitTest, LeavesAStoreThatOpensWithAllThatWasAcknowledged) {
  Random random(5);
  for (const Fault fault : kFaults) {
    if (long_form()) {
      for (std::uint64_t at = 1; fail_at(at, fault); ++at) {}
      continue;
    }
    // The calls of the opening, which are many, have tests of their own.
    for (std::size_t i = 0; i < kSampled; ++i) fail_at(random.between(60, 200), fault);
  }
  std::fprintf(stderr, "failed commits: %zu runs\n", runs_);
}

}  // namespace
}  // namespace minuted::test
