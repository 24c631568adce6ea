// The watcher over a real engine, with a disk and a clock of the test's: what an operator reads when the
// disk is full, when the clock leaps, and when retention deletes.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "log_reader.hpp"
#include "minuted/engine.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"
#include "watch/watcher.hpp"

namespace minuted::watch {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'040'000;
constexpr std::uint64_t kGigabyte = 1'000'000'000;

class EngineWatchTest : public testing::Test {
 protected:
  EngineWatchTest() {
    options_.path = directory_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
    options_.prune_interval_ms = 0;
    options_.disk_reserve_bytes = kGigabyte;
    options_.disk_reserve_percent = 0;
    options_.disk_probe = [this](const std::string&) {
      return DiskSpace{free_bytes_.load(), 100 * kGigabyte};
    };
  }

  void open() {
    auto opened = Engine::open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  Result<Receipt> append(std::int64_t before_ms) {
    EventView event;
    event.repo = "r";
    event.bucket = "b";
    event.host = "h";
    event.timestamp = Millis{clock_.now().value - before_ms};
    AppendRequest request;
    request.batch.add(event);
    return engine_->append_and_wait(std::move(request));
  }

  // The lines a second later.
  std::string look() {
    clock_.advance_ms(1'000);
    watcher_.look(observe(*engine_), clock_.steady_ms());
    return reader_.lines();
  }

  test::TempDir directory_;
  test::ManualClock clock_{Millis{kStartMs}};
  std::atomic<std::uint64_t> free_bytes_{50 * kGigabyte};
  Options options_;
  std::unique_ptr<Engine> engine_;
  test::LogReader reader_;
  Watcher watcher_{reader_.log()};
};

TEST_F(EngineWatchTest, AFullDiskIsALineAndRoomIsAnother) {
  open();
  ASSERT_TRUE(append(0).ok());
  EXPECT_EQ(look(), "");
  free_bytes_ = 7;
  const std::string stopped = look();
  EXPECT_EQ(stopped.find("error writes stopped code=disk_full reason=\"only 7 bytes are free"), 0U)
      << stopped;
  const auto refused = append(0);
  ASSERT_FALSE(refused.ok());
  // The line says what the pushes are told.
  EXPECT_NE(stopped.find(refused.error().message), std::string::npos) << refused.error().message;
  EXPECT_EQ(look(), "");
  free_bytes_ = 50 * kGigabyte;
  EXPECT_EQ(look(), "warn writes resumed stopped_seconds=2.000\n");
  EXPECT_TRUE(append(0).ok());
}

TEST_F(EngineWatchTest, WhatRetentionDeletesIsCounted) {
  open();
  ASSERT_TRUE(append(10 * kMillisPerDay).ok());
  ASSERT_TRUE(append(0).ok());
  ASSERT_TRUE(engine_->fold().ok());
  engine_.reset();
  options_.retention = {kMillisPerDay, 2 * kMillisPerDay, 3 * kMillisPerDay};
  open();
  EXPECT_EQ(look(), "");
  ASSERT_TRUE(engine_->prune().ok());
  const std::string line = look();
  const std::uint64_t keys = engine_->stats().keys_pruned;
  EXPECT_GT(keys, 0U);
  EXPECT_EQ(line, "info retention deleted expired data keys=" + std::to_string(keys) +
                      " kept_from=\"minute 2023-11-13T22:14:00.000Z, hour 2023-11-12T22:00:00.000Z, "
                      "day 2023-11-11T00:00:00.000Z\"\n");
  EXPECT_EQ(look(), "");
}

}  // namespace
}  // namespace minuted::watch
