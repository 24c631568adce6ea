// Holds up "bounded memory" and "durable at acknowledgement" while the disk takes nothing: what waits is
// bounded, the rest is refused at once, reads go on, and when the disk comes back all that was taken
// in is acknowledged and counted, and more is taken, without anybody's doing.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "crash/faulty_file_system.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kBytesMax = 1U << 20;
constexpr std::uint64_t kEventsPerBatch = 100;

class StalledDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.path = dir_ / "store";
    options_.fold_interval_ms = 5;
    options_.commit_queue_bytes_max = kBytesMax;
    options_.unfolded_bytes_max = kBytesMax;
    options_.memtable_bytes = kBytesMax;
    options_.block_cache_bytes = kBytesMax;
    options_.disk_reserve_bytes = 0;
    options_.disk_reserve_percent = 0;
    auto opened = open_engine_over(options_, disk_.env.get());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  static AppendRequest batch() {
    AppendRequest request;
    for (std::uint64_t i = 0; i < kEventsPerBatch; ++i) {
      const std::string bucket = "bucket-" + std::to_string(i);
      EventView event;
      event.repo = "repo";
      event.bucket = bucket;
      event.host = "host";
      event.timestamp = Millis{1'700'000'000'000};
      request.batch.add(event);
    }
    return request;
  }

  void push() {
    ++pushed_;
    engine_->append(batch(), [this](const Result<Receipt>& receipt) {
      if (receipt.ok()) {
        ++accepted_;
      } else {
        EXPECT_EQ(receipt.error().code, ErrorCode::kOverloaded) << receipt.error().message;
        ++refused_;
      }
    });
  }

  std::uint64_t events_read() {
    QuerySpec spec;
    spec.range = {{0}, kMinuteMax};
    auto cursor = engine_->query(spec);
    EXPECT_TRUE(cursor.ok());
    std::uint64_t events = 0;
    for (Row row; cursor.ok();) {
      const auto more = (*cursor)->next(row);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) break;
      events += row.rollup->requests();
    }
    return events;
  }

  void wait_for_answers() {
    while (accepted_ + refused_ < pushed_) std::this_thread::yield();
  }

  TempDir dir_;
  FaultyDisk disk_{dir_ / "store", {}};
  Options options_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t pushed_ = 0;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
};

TEST_F(StalledDiskTest, WhatWaitsIsBoundedAndTheRateReturnsByItself) {
  for (int i = 0; i < 20; ++i) push();
  wait_for_answers();
  ASSERT_EQ(accepted_, 20U);

  disk_.files->stall();
  constexpr int kBatchesMax = 10'000;
  for (int i = 0; i < kBatchesMax && refused_ == 0; ++i) push();
  ASSERT_GT(refused_, 0U) << "more than the bounds allow was taken in";
  for (int i = 0; i < 1'000; ++i) {
    push();
    const EngineStats stats = engine_->stats();
    ASSERT_LE(stats.queue_bytes, kBytesMax);
    ASSERT_LE(stats.unfolded_memory_bytes, 2 * kBytesMax);
  }
  EXPECT_EQ(accepted_, 20U) << "nothing is acknowledged that is not on disk";
  EXPECT_EQ(events_read(), 20 * kEventsPerBatch) << "reads go on";

  disk_.files->resume();
  wait_for_answers();
  EXPECT_GT(accepted_, 20U);
  EXPECT_EQ(events_read(), accepted_ * kEventsPerBatch);
  const std::uint64_t refused_before = refused_;
  for (int i = 0; i < 200; ++i) {
    // By its thread as well, but that may be late on a busy machine.
    if (i % 10 == 0) {
      ASSERT_TRUE(engine_->fold().ok());
    }
    push();
    wait_for_answers();
  }
  EXPECT_EQ(refused_, refused_before) << "the rate is back";
  EXPECT_EQ(events_read(), accepted_ * kEventsPerBatch);
}

// Through commits, folds and flushes, and what a restart finds of them.
TEST_F(StalledDiskTest, StallsInARowLoseNothing) {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 40; ++i) push();
    disk_.files->stall();
    for (int i = 0; i < 40; ++i) push();
    disk_.files->resume();
  }
  wait_for_answers();
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(events_read(), accepted_ * kEventsPerBatch);
  engine_.reset();
  auto opened = Engine::open(options_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  engine_ = std::move(*opened);
  EXPECT_EQ(events_read(), accepted_ * kEventsPerBatch);
}

}  // namespace
}  // namespace minuted::test
