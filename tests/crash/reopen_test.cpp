// Holds up "serving again by itself": a call of the file system fails once, or from then on until the
// disk is repaired, and with nobody's help the engine opens its store again and serves. All the while
// reads work and have every acknowledged event, and in the end each event is there exactly once. By
// default a sample; with MINUTED_TEST_LONG=1 every changing call, and hundreds of random breakdowns.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "crash/faulty_file_system.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"
#include "support/long_form.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kServedWithin{10};
// Those that let reads be.
constexpr Fault kFaults[] = {Fault::kReadOnly, Fault::kNoSpace, Fault::kShortWrite,
                             Fault::kSyncFails};

Options options_for(const std::string& path) {
  Options options;
  options.path = path;
  options.fold_interval_ms = 1;
  options.memtable_bytes = 1U << 20;
  options.block_cache_bytes = 1U << 20;
  options.disk_reserve_bytes = 0;
  options.disk_reserve_percent = 0;
  options.reopen_pause_ms_min = 1;
  options.reopen_pause_ms_max = 4;
  return options;
}

// A batch of its own bucket, so that it is known again, and of a hundred bytes an event.
AppendRequest batch_of(std::uint64_t number, std::uint64_t events = 3) {
  AppendRequest request;
  const std::string bucket = "bucket-" + std::to_string(number);
  for (std::uint64_t i = 0; i < events; ++i) {
    const std::string host = "host-" + std::to_string(i) + std::string(100, 'x');
    EventView event;
    event.repo = "repo";
    event.bucket = bucket;
    event.host = host;
    event.timestamp = Millis{1'700'000'000'000};
    event.op = OpClass::kPut;
    event.upl_bytes = 1;
    request.batch.add(event);
  }
  request.idempotency = IdempotencyKey{"scope", bucket, {0, number}};
  return request;
}

// Events by batch; nullopt if a read fails.
std::optional<std::map<std::string, std::uint64_t>> read_all(Engine& engine, std::string& error) {
  QuerySpec spec;
  spec.range = {{0}, kMinuteMax};
  auto cursor = engine.query(spec);
  if (!cursor) {
    error = cursor.error().message;
    return std::nullopt;
  }
  std::map<std::string, std::uint64_t> events;
  for (Row row;;) {
    const auto more = (*cursor)->next(row);
    if (!more) {
      error = more.error().message;
      return std::nullopt;
    }
    if (!*more) return events;
    events[std::string(row.bucket)] += row.rollup->requests();
  }
}

// What is wrong with what is read, given that batches [0, acknowledged) were acknowledged and no batch
// from `sent` on was sent; empty if nothing.
std::string wrong_with(Engine& engine, std::uint64_t acknowledged, std::uint64_t sent,
                       std::uint64_t events = 3) {
  std::string error;
  const auto found = read_all(engine, error);
  if (!found) return "a read fails: " + error;
  for (std::uint64_t i = 0; i < acknowledged; ++i) {
    const auto at = found->find("bucket-" + std::to_string(i));
    if (at == found->end()) return "batch " + std::to_string(i) + " is missing";
  }
  for (const auto& [bucket, count] : *found) {
    if (count != events) return bucket + " has " + std::to_string(count) + " events";
  }
  if (found->size() > sent) return "there are batches nobody sent";
  return {};
}

// Sends it until it is acknowledged; false if that takes too long.
bool send(Engine& engine, std::uint64_t number, std::uint64_t events = 3) {
  const auto end = steady_clock::now() + kServedWithin;
  while (!engine.append_and_wait(batch_of(number, events)).ok()) {
    if (steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class ReopenTest : public testing::Test {
 protected:
  // A run that fails the k-th changing call after the opening. Whether the call was reached.
  bool run(const FaultPlan& plan) {
    SCOPED_TRACE("call " + std::to_string(plan.at) + ", " + to_string(plan.fault) +
                 (plan.for_good ? " until it is repaired" : " once"));
    const TempDir dir;
    const Options options = options_for(dir / "store");
    {
      FaultyDisk sound(dir / "store", {});
      auto made = open_engine_over(options, sound.env.get());
      EXPECT_TRUE(made.ok());
      EXPECT_TRUE(send(**made, 0));
    }
    FaultyDisk disk(dir / "store", plan);
    {
      auto opened = open_engine_over(options, disk.env.get());
      EXPECT_TRUE(opened.ok()) << opened.error().message;
      if (!opened) return true;
      Engine& engine = **opened;
      std::uint64_t next = 1;
      for (; next < 20; ++next) {
        if (next % 5 == 0) (void)engine.fold();
        EXPECT_EQ(wrong_with(engine, next, next), "") << "before batch " << next;
        if (engine.append_and_wait(batch_of(next)).ok()) continue;
        // Refused while the disk is broken; reads go on.
        for (int i = 0; i < 5 && plan.for_good; ++i) {
          (void)engine.append_and_wait(batch_of(next));
          EXPECT_EQ(wrong_with(engine, next, next + 1), "") << "while it is broken";
        }
        disk.files->repair();
        EXPECT_TRUE(send(engine, next)) << "not served within 10 s";
      }
      disk.files->repair();
      EXPECT_TRUE(send(engine, next++)) << "not served within 10 s";
      EXPECT_EQ(wrong_with(engine, next, next), "") << "at the end";
      EXPECT_EQ(engine.failure(), std::nullopt);
    }
    FaultyDisk sound(dir / "store", {});
    auto again = open_engine_over(options, sound.env.get());
    EXPECT_TRUE(again.ok()) << again.error().message;
    if (again) {
      EXPECT_EQ(wrong_with(**again, 21, 21), "") << "after a restart";
    }
    return disk.files->hit();
  }
};

TEST_F(ReopenTest, AFailedCallStopsNothingForGood) {
  // About as many changing calls as a run makes; a sample is spread over them.
  constexpr std::uint64_t kCallsMax = 400;
  constexpr std::uint64_t kSampledCalls = 160;
  Random random(7);
  int runs = 0;
  int reached = 0;
  const auto fail_at = [&](std::uint64_t at, Fault fault, bool for_good) {
    reached += run({at, fault, for_good, /*counts_reads=*/false}) ? 1 : 0;
    ++runs;
  };
  const std::uint64_t calls = long_form() ? kCallsMax : 1;
  for (std::uint64_t at = 1; at <= calls && !HasFailure(); ++at) {
    const int before = reached;
    for (const Fault fault : kFaults) {
      for (const bool for_good : {false, true}) {
        fail_at(long_form() ? at : random.between(1, kSampledCalls), fault, for_good);
      }
    }
    if (reached == before && at > kSampledCalls) break;
  }
  std::fprintf(stderr, "reopen: %d runs, %d of them with a failed call\n", runs, reached);
  EXPECT_GT(reached, 0);
}

// Commits, folds, flushes and compactions at once, so that a failure meets RocksDB's threads wherever
// they are. An assertion of its library would end this test.
TEST_F(ReopenTest, RandomBreakdownsUnderLoad) {
  Random random(11);
  const TempDir dir;
  FaultyDisk disk(dir / "store", {});
  const Options options = options_for(dir / "store");
  auto opened = open_engine_over(options, disk.env.get());
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  Engine& engine = **opened;

  constexpr std::uint64_t kPushers = 4;
  constexpr std::uint64_t kEvents = 40;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> acknowledged = 0;
  std::array<std::atomic<std::uint64_t>, kPushers> of_pusher{};
  std::vector<std::thread> pushers;
  for (std::uint64_t p = 0; p < kPushers; ++p) {
    pushers.emplace_back([&, p] {
      for (std::uint64_t i = 0; !stop; ++i) {
        // The same batch until it is acknowledged.
        while (!stop && !engine.append_and_wait(batch_of(i * kPushers + p, kEvents)).ok()) {
          std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
        if (stop) return;
        ++of_pusher[p];
        ++acknowledged;
      }
    });
  }
  std::thread folder([&] {
    while (!stop) (void)engine.fold();
  });
  const int rounds = long_form() ? 200 : 12;
  std::chrono::milliseconds slowest{0};
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random.between(5, 60)));
    disk.files->break_down(kFaults[random.between(0, std::size(kFaults) - 1)]);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.between(0, 30)));
    std::string error;
    EXPECT_TRUE(read_all(engine, error)) << "a read fails: " << error;
    disk.files->repair();
    const auto repaired = steady_clock::now();
    const std::uint64_t before = acknowledged;
    while (acknowledged == before && steady_clock::now() - repaired < kServedWithin) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_GT(acknowledged, before) << "not served within 10 s in round " << round;
    slowest = std::max(slowest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                    steady_clock::now() - repaired));
  }
  stop = true;
  for (std::thread& pusher : pushers) pusher.join();
  folder.join();
  const EngineStats stats = engine.stats();
  std::fprintf(stderr,
               "random breakdowns: %d rounds, %llu failures, %llu reopens, %llu batches, served again "
               "after %lld ms at most\n",
               rounds, static_cast<unsigned long long>(stats.write_failures),
               static_cast<unsigned long long>(stats.reopens),
               static_cast<unsigned long long>(acknowledged.load()),
               static_cast<long long>(slowest.count()));
  EXPECT_GT(stats.reopens, 0U);

  const auto check = [&](Engine& read) {
    std::string error;
    const auto found = read_all(read, error);
    ASSERT_TRUE(found) << error;
    for (std::uint64_t p = 0; p < kPushers; ++p) {
      for (std::uint64_t i = 0; i < of_pusher[p]; ++i) {
        const auto at = found->find("bucket-" + std::to_string(i * kPushers + p));
        ASSERT_NE(at, found->end()) << "an acknowledged batch is lost";
      }
    }
    for (const auto& [bucket, count] : *found) ASSERT_EQ(count, kEvents) << bucket;
  };
  check(engine);
  opened->reset();
  auto again = Engine::open(options);
  ASSERT_TRUE(again.ok()) << again.error().message;
  check(**again);
}

// A cursor that was begun before the failure keeps its view while the store is opened again, and for
// as long as it lives; then its store is closed.
// RocksDB ends the process at the close of a store in which one family's memtable was full when the next log
// could not be made, unless it never takes one family's memtable for full.
TEST_F(ReopenTest, AStoreWhoseNextLogCannotBeMadeIsClosed) {
  const TempDir dir;
  FaultyDisk disk(dir / "store", {});
  StoreOptions options;
  options.path = dir / "store";
  options.memtable_bytes = 1U << 20;
  options.env = disk.env.get();
  auto opened = Store::open(options);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  std::unique_ptr<Store> store = std::move(*opened);
  const auto put = [&](int keys) {
    WriteSet set(*store);
    for (int i = 0; i < keys; ++i) {
      const std::string pair = pair_prefix("r", std::to_string(i));
      set.put(Family::kTotal, pair, std::string(20'000, 'v'));
      set.put(Family::kHostState, pair, "v");
    }
    return store->write(set, Durability::kBuffered).ok();
  };
  // More than half of what all families together may hold, and not all of it.
  ASSERT_TRUE(put(22));
  disk.files->break_down(Fault::kNoSpace);
  EXPECT_FALSE(put(1));
  disk.files->repair();
  store.reset();
  options.env = nullptr;
  EXPECT_TRUE(Store::open(options).ok());
}

// Numbers are asked for every few seconds, whatever the disk does.
TEST_F(ReopenTest, NumbersAreGivenWhileNoFileCanBeLookedAt) {
  const TempDir dir;
  FaultyDisk disk(dir / "store", {});
  auto opened = open_engine_over(options_for(dir / "store"), disk.env.get());
  ASSERT_TRUE(opened.ok());
  Engine& engine = **opened;
  ASSERT_TRUE(send(engine, 0));
  EXPECT_GT(engine.stats().store_wal_bytes, 0U);
  disk.files->break_down(Fault::kIoError);
  EXPECT_EQ(engine.stats().store_wal_bytes, 0U) << "unknown";
  EXPECT_EQ(engine.stats().batches_committed, 1U);
  disk.files->repair();
  EXPECT_GT(engine.stats().store_wal_bytes, 0U);
  EXPECT_TRUE(send(engine, 1));
}

TEST_F(ReopenTest, ReadsBegunBeforeKeepTheirView) {
  const TempDir dir;
  FaultyDisk disk(dir / "store", {});
  auto opened = open_engine_over(options_for(dir / "store"), disk.env.get());
  ASSERT_TRUE(opened.ok());
  Engine& engine = **opened;
  for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(send(engine, i));
  QuerySpec spec;
  spec.range = {{0}, kMinuteMax};
  auto cursor = engine.query(spec);
  ASSERT_TRUE(cursor.ok());
  Row row;
  ASSERT_TRUE((*cursor)->next(row).ok());

  disk.files->break_down(Fault::kReadOnly);
  EXPECT_FALSE(engine.append_and_wait(batch_of(10)).ok());
  ASSERT_NE(engine.failure(), std::nullopt);
  EXPECT_EQ(engine.status().state, EngineState::kStopped);
  disk.files->repair();
  ASSERT_TRUE(send(engine, 10));
  EXPECT_EQ(engine.status().state, EngineState::kWritable);
  EXPECT_EQ(engine.stats().stores_retired, 1U) << "the cursor's";

  std::uint64_t events = row.rollup->requests();
  for (;;) {
    const auto more = (*cursor)->next(row);
    ASSERT_TRUE(more.ok()) << more.error().message;
    if (!*more) break;
    events += row.rollup->requests();
  }
  EXPECT_EQ(events, 30U);
  cursor->reset();
  const auto end = steady_clock::now() + kServedWithin;
  while (engine.stats().stores_retired != 0 && steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(engine.stats().stores_retired, 0U);
  EXPECT_EQ(wrong_with(engine, 11, 11), "");
}

// A full disk is told from a broken one: nothing was tried, so there is nothing unknown.
TEST_F(ReopenTest, WhileThereIsNoSpaceAppendsAreRefusedAsSuch) {
  const TempDir dir;
  FaultyDisk disk(dir / "store", {});
  auto opened = open_engine_over(options_for(dir / "store"), disk.env.get());
  ASSERT_TRUE(opened.ok());
  Engine& engine = **opened;
  // In some rounds a fold or the timer's write of the mark meets the full disk before the append does, which
  // is refused then without being written.
  constexpr std::uint64_t kRoundsMax = 20;
  bool met_by_append = false;
  for (std::uint64_t round = 0; round < kRoundsMax && !met_by_append; ++round) {
    ASSERT_TRUE(send(engine, round));
    disk.files->break_down(Fault::kNoSpace);
    const auto first = engine.append_and_wait(batch_of(round + 1));
    ASSERT_FALSE(first.ok());
    met_by_append = first.error().code != ErrorCode::kDiskFull;
    const auto second = engine.append_and_wait(batch_of(round + 1));
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kDiskFull) << second.error().message;
    EXPECT_EQ(engine.failure()->code, ErrorCode::kDiskFull);
    disk.files->repair();
  }
  EXPECT_TRUE(met_by_append) << "the outcome of a failed write is unknown";
  EXPECT_TRUE(send(engine, kRoundsMax));
}

// A store whose directory takes no writes is served all the same, and becomes writable by itself.
TEST_F(ReopenTest, ADirectoryThatTakesNoWritesAtTheStartIsServedReadOnly) {
  for (const Fault fault : {Fault::kNoSpace, Fault::kReadOnly, Fault::kSyncFails}) {
    const TempDir dir;
    const Options options = options_for(dir / "store");
    {
      FaultyDisk sound(dir / "store", {});
      auto made = open_engine_over(options, sound.env.get());
      ASSERT_TRUE(made.ok());
      for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(send(**made, i));
    }
    FaultyDisk disk(dir / "store", {});
    disk.files->break_down(fault);
    auto opened = open_engine_over(options, disk.env.get());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    Engine& engine = **opened;
    EXPECT_EQ(engine.status().state, EngineState::kReadOnly);
    ASSERT_NE(engine.failure(), std::nullopt);
    EXPECT_EQ(wrong_with(engine, 5, 5), "");
    const auto refused = engine.append_and_wait(batch_of(5));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, fault == Fault::kNoSpace ? ErrorCode::kDiskFull
                                                             : ErrorCode::kUnavailable);
    EXPECT_FALSE(engine.fold().ok());
    EXPECT_FALSE(engine.tell_repo("repo", {}).ok());
    disk.files->repair();
    EXPECT_TRUE(send(engine, 5)) << "not served within 10 s";
    EXPECT_EQ(engine.status().state, EngineState::kWritable);
    EXPECT_EQ(wrong_with(engine, 6, 6), "");
  }
}

// Otherwise reads would lack acknowledged rows, and nothing would say so.
TEST_F(ReopenTest, AStoreThatLostCommitsIsNotServedReadOnly) {
  const TempDir dir;
  Options options = options_for(dir / "at work");
  options.mark_interval_ms = 0;
  {
    FaultyDisk sound(options.path, {});
    auto made = open_engine_over(options, sound.env.get());
    ASSERT_TRUE(made.ok());
    for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(send(**made, i));
    fs::copy(options.path, dir / "killed", fs::copy_options::recursive);
  }
  for (const auto& entry : fs::directory_iterator(dir / "killed/rocksdb")) {
    if (entry.path().extension() == ".log") fs::resize_file(entry.path(), 0);
  }
  options.path = dir / "killed";
  FaultyDisk disk(options.path, {});
  disk.files->break_down(Fault::kReadOnly);
  const auto opened = open_engine_over(options, disk.env.get());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCommitsLost) << opened.error().message;
}

}  // namespace
}  // namespace minuted::test
