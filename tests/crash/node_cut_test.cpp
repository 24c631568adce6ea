// Holds up "a heartbeat or description that was answered is durable, and signs of life are in the batches
// of the rollups": the power goes at a file-system call of a story of events, heartbeats and folds, the
// disk loses what was not synced, and the store that opens from the rest has all that was answered, with
// signs that agree with the minutes. By default a random sample of the calls; with MINUTED_TEST_LONG=1
// each of them.
#include <gtest/gtest.h>

#include "crash/scripted_run.hpp"
#include "crash/stored_state.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "support/long_form.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kSampledPoints = sampled(10);
constexpr std::uint32_t kFirst = 28'000'800;  // a day's first minute
constexpr int kBeats = 30;

// How many heartbeats of the node were answered; each says its number, a minute after the one before.
int tell(const std::string& path, ManualClock& clock, FaultyDisk& disk) {
  auto opened = open_engine_over(script_options(path, clock), disk.env.get());
  if (!opened) return 0;
  Engine& engine = **opened;
  int answered = 0;
  for (int i = 1; i <= kBeats; ++i) {
    EventView e;
    e.repo = "r";
    e.bucket = "b";
    e.host = i % 2 ? "h" : "i";
    e.timestamp = clock.now();
    AppendRequest request;
    request.batch.add(e);
    (void)engine.append_and_wait(std::move(request));
    NodeUpdate update;
    update.node = "h";
    update.facts.version = std::to_string(i);
    update.heartbeat = Heartbeat{std::nullopt, "", std::to_string(i)};
    if (engine.tell_node_and_wait(std::move(update)).ok()) answered = i;
    if (i % 7 == 0) (void)engine.fold();
    clock.advance_ms(kMillisPerMinute);
  }
  return answered;
}

void check(const std::string& path, int answered, const Clock& clock) {
  FaultyDisk disk(path, {});
  auto opened = open_engine_over(script_options(path, clock), disk.env.get());
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto expect_all = [&] {
    NodeQuery query;
    query.days = MinuteRange{{kFirst}, {kFirst + kMinutesPerDay}};
    auto cursor = (*opened)->nodes(query);
    ASSERT_TRUE(cursor.ok());
    NodeRow row;
    const auto more = (*cursor)->next(row);
    ASSERT_TRUE(more.ok());
    if (answered == 0) return;
    ASSERT_TRUE(*more);
    EXPECT_EQ(row.node, "h");
    EXPECT_GE(row.minutes_alive, static_cast<std::uint32_t>(answered));
    EXPECT_LE(row.minutes_alive, static_cast<std::uint32_t>(answered) + 1);
    EXPECT_GE(std::stoi(std::string(row.ip)), answered);
    EXPECT_EQ(row.facts->version, row.ip);
  };
  expect_all();
  ASSERT_TRUE((*opened)->fold().ok());
  expect_all();
  std::vector<std::string> violations;
  check_tiers(store_below(**opened), violations);
  EXPECT_EQ(violations, std::vector<std::string>{});
}

class NodeCutTest : public testing::Test {
 protected:
  // False if the story ended before call number `at`.
  bool cut_at(std::uint64_t at) {
    SCOPED_TRACE("call " + std::to_string(at));
    const TempDir dir;
    ManualClock clock(start_of(Minute{kFirst}));
    FaultyDisk disk(dir / "store", {at, Fault::kPowerCut, true, false});
    const int answered = tell(dir / "store", clock, disk);
    calls_ = disk.files->calls().size();
    if (at != 0 && !disk.files->hit()) return false;
    for (const Loss loss : kLosses) {
      const std::string survivors = dir / std::to_string(static_cast<int>(loss));
      disk.files->disk().write_survivors(survivors, loss, random_);
      SCOPED_TRACE(to_string(loss));
      check(survivors, answered, clock);
    }
    return true;
  }

  Random random_{1};
  std::size_t calls_ = 0;
};

TEST_F(NodeCutTest, WhatWasAnsweredIsThereAfterACutAtAnyCall) {
  cut_at(0);
  const std::uint64_t calls = calls_;
  ASSERT_GT(calls, 50U);
  if (long_form()) {
    for (std::uint64_t at = 1; cut_at(at); ++at) {
    }
    return;
  }
  for (std::size_t point = 0; point < kSampledPoints; ++point) cut_at(random_.between(1, calls));
}

}  // namespace
}  // namespace minuted::test
