// The engine's promises one by one: bounds, late events, tiers, damage, expiry.
#include <algorithm>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "chunk/raw_commit.hpp"
#include "engine/engine_fixture.hpp"
#include "engine/rolling.hpp"
#include "engine_over.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"

namespace minuted::test {
namespace {

TEST_F(EngineTest, AcknowledgedEventIsReadBeforeAndAfterTheFold) {
  open();
  append(request_of({event_at(kNowMs), event_at(kNowMs + 1)}));
  const auto before = read();
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].requests, 2U);
  EXPECT_EQ(before[0].minute, kNowMinute);
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(engine_->stats().raw_chunks_pending, 0U);
  EXPECT_EQ(read(), before);
}

TEST_F(EngineTest, LateEventLandsInItsFoldedMinute) {
  open();
  append(request_of({event_at(kNowMs)}));
  ASSERT_TRUE(engine_->fold().ok());
  append(request_of({event_at(kNowMs + 5)}));
  EXPECT_EQ(requests_read(), 2U) << "folded and raw of one minute are one row";
  EXPECT_EQ(read().size(), 1U);
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(requests_read(), 2U);
}

TEST_F(EngineTest, UnfoldedEventsAreCountedAndFoldedAfterReopening) {
  open();
  append(request_of({event_at(kNowMs), event_at(kNowMs - kHourMs)}));
  open();
  EXPECT_EQ(engine_->stats().raw_chunks_pending, 2U);
  EXPECT_EQ(requests_read(), 2U);
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(engine_->stats().events_folded, 2U);
  open();
  EXPECT_EQ(engine_->stats().raw_chunks_pending, 0U);
  EXPECT_EQ(requests_read(), 2U);
}

TEST_F(EngineTest, RowsOfOneMinuteAreInHostOrder) {
  open();
  append(request_of({event_at(kNowMs, "b", "h2"), event_at(kNowMs, "b", "h1")}));
  append(request_of({event_at(kNowMs, "b", "h10")}));
  const auto rows = read();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].host, "h1");
  EXPECT_EQ(rows[1].host, "h10");
  EXPECT_EQ(rows[2].host, "h2");
}

TEST_F(EngineTest, ChunksOfOneCommitAreOnePerGroup) {
  open();
  append(request_of({event_at(kNowMs, "a"), event_at(kNowMs, "b"), event_at(kNowMs + 1, "a"),
                     event_at(kNowMs + 60'000, "a")}));
  EXPECT_EQ(engine_->stats().chunks_written, 3U);
  EXPECT_EQ(engine_->stats().series_created, 2U);
}

TEST_F(EngineTest, FullQueueRefusesAndTakesMoreOnceEmptied) {
  options_.commit_queue_bytes_max = 16'384;
  open();
  std::atomic<int> refused = 0;
  std::atomic<int> accepted = 0;
  constexpr int kBatches = 50;
  in_one_commit([&] {
    for (int i = 0; i < kBatches; ++i) {
      engine_->append(request_of({event_at(kNowMs)}), [&](Result<Receipt> r) {
        if (r.ok()) {
          ++accepted;
        } else {
          EXPECT_EQ(r.error().code, ErrorCode::kOverloaded);
          ++refused;
        }
      });
    }
    EXPECT_GT(refused, 0);
    EXPECT_LE(engine_->stats().queue_bytes, options_.commit_queue_bytes_max);
  });
  while (accepted + refused < kBatches) std::this_thread::yield();
  EXPECT_EQ(engine_->stats().batches_overloaded, static_cast<std::uint64_t>(refused.load()));
  EXPECT_EQ(requests_read(), 1U + static_cast<std::uint64_t>(accepted.load()));
  while (engine_->stats().queue_bytes != 0) std::this_thread::yield();
  EXPECT_EQ(append(request_of({event_at(kNowMs)})).accepted, 1U);
}

// Memory is bounded whatever the folds do: a disk that stalls them, say.
TEST_F(EngineTest, TooMuchUnfoldedRefusesAndTakesMoreOnceFolded) {
  options_.unfolded_bytes_max = 100'000;
  options_.append_wait_ms_max = 0;
  open();
  std::uint64_t accepted = 0;
  Result<Receipt> answer = Receipt{};
  constexpr std::uint64_t kBatchesMax = 10'000;
  for (; answer.ok() && accepted < kBatchesMax; ++accepted) {
    answer = engine_->append_and_wait(request_of({event_at(kNowMs)}));
  }
  --accepted;
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kOverloaded);
  const EngineStats full = engine_->stats();
  EXPECT_GT(full.unfolded_memory_bytes, options_.unfolded_bytes_max);
  EXPECT_LT(full.unfolded_memory_bytes, options_.unfolded_bytes_max * 2);
  EXPECT_EQ(requests_read(), accepted);
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(engine_->stats().unfolded_memory_bytes, 0U);
  EXPECT_EQ(append(request_of({event_at(kNowMs)})).accepted, 1U);
  EXPECT_EQ(requests_read(), accepted + 1);
}

// Appends until the unfolded events take more memory than they may. How many events were accepted.
std::uint64_t fill_unfolded(Engine& engine, const Options& options) {
  std::uint64_t accepted = 0;
  for (; engine.stats().unfolded_memory_bytes <= options.unfolded_bytes_max; ++accepted) {
    EXPECT_TRUE(engine.append_and_wait(request_of({event_at(kNowMs)})).ok());
  }
  return accepted;
}

TEST_F(EngineTest, AppendsWaitForRoomInTheirOrder) {
  options_.unfolded_bytes_max = 100'000;
  open();
  std::uint64_t accepted = fill_unfolded(*engine_, options_);
  constexpr int kAppends = 20;
  std::mutex mutex;
  std::vector<int> answered;
  for (int i = 0; i < kAppends; ++i) {
    engine_->append(request_of({event_at(kNowMs)}), [&, i](const Result<Receipt>& receipt) {
      EXPECT_TRUE(receipt.ok()) << receipt.error().message;
      const std::lock_guard lock(mutex);
      answered.push_back(i);
    });
  }
  // What is told of a node needs no room among the events. It is committed while they wait.
  NodeUpdate update;
  update.node = "n";
  update.heartbeat = Heartbeat{};
  ASSERT_TRUE(engine_->tell_node_and_wait(std::move(update)).ok());
  {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(answered.empty());
  }
  EXPECT_GT(engine_->stats().queue_bytes, 0U);
  EXPECT_EQ(requests_read(), accepted);
  clock_.advance_ms(options_.append_wait_ms_max - 1);
  ASSERT_TRUE(engine_->fold().ok());
  accepted += kAppends;
  EXPECT_TRUE(append(request_of({event_at(kNowMs)})).accepted == 1) << "behind all of them";
  const std::lock_guard lock(mutex);
  ASSERT_EQ(answered.size(), static_cast<std::size_t>(kAppends));
  EXPECT_TRUE(std::is_sorted(answered.begin(), answered.end()));
  EXPECT_EQ(requests_read(), accepted + 1);
  EXPECT_EQ(engine_->stats().batches_overloaded, 0U);
}

TEST_F(EngineTest, AnAppendThatFindsNoRoomInTimeIsRefused) {
  options_.unfolded_bytes_max = 100'000;
  open();
  const std::uint64_t accepted = fill_unfolded(*engine_, options_);
  std::promise<Result<Receipt>> done;
  engine_->append(request_of({event_at(kNowMs)}),
                  [&](Result<Receipt> receipt) { done.set_value(std::move(receipt)); });
  auto answer = done.get_future();
  clock_.advance_ms(options_.append_wait_ms_max - 1);
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  clock_.advance_ms(1);
  const auto refused = answer.get();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_NE(refused.error().message.find("5000 ms"), std::string::npos) << refused.error().message;
  EXPECT_EQ(engine_->stats().batches_overloaded, 1U);
  EXPECT_EQ(requests_read(), accepted);
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(append(request_of({event_at(kNowMs)})).accepted, 1U);
}

TEST_F(EngineTest, ClosingCommitsWhatWaitsForRoom) {
  options_.unfolded_bytes_max = 100'000;
  open();
  const std::uint64_t accepted = fill_unfolded(*engine_, options_);
  std::atomic<int> answered = 0;
  for (int i = 0; i < 10; ++i) {
    engine_->append(request_of({event_at(kNowMs)}), [&](const Result<Receipt>& r) {
      if (r.ok()) ++answered;
    });
  }
  open();
  EXPECT_EQ(answered, 10);
  EXPECT_EQ(requests_read(), accepted + 10);
}

TEST_F(EngineTest, MuchUnfoldedIsFoldedBeforeItsInterval) {
  options_.unfolded_bytes_max = 300'000;
  options_.fold_interval_ms = 3'600'000;
  open();
  constexpr std::uint64_t kBatches = 3'000;
  for (std::uint64_t i = 0; i < kBatches; ++i) append(request_of({event_at(kNowMs)}));
  EXPECT_GT(engine_->stats().folds, 0U);
  EXPECT_EQ(requests_read(), kBatches);
}

TEST_F(EngineTest, ClosingCommitsWhatIsQueued) {
  open();
  std::atomic<int> answered = 0;
  for (int i = 0; i < 100; ++i) {
    engine_->append(request_of({event_at(kNowMs + i)}), [&](const Result<Receipt>& r) {
      if (r.ok()) ++answered;
    });
  }
  open();
  EXPECT_EQ(answered, 100);
  EXPECT_EQ(requests_read(), 100U);
}

TEST_F(EngineTest, CursorSeesTheMomentItWasMade) {
  open();
  append(request_of({event_at(kNowMs)}));
  auto cursor = engine_->query({kAllMinutes, {}, {}, {}});
  append(request_of({event_at(kNowMs, "b", "h2")}));
  ASSERT_TRUE(engine_->fold().ok());
  Row row;
  ASSERT_TRUE(*(*cursor)->next(row));
  EXPECT_EQ(row.host, "h");
  EXPECT_FALSE(*(*cursor)->next(row));
}

TEST_F(EngineTest, CursorExpiresWithItsSnapshot) {
  open();
  for (int i = 0; i < 1000; ++i) append(request_of({event_at(kNowMs - i * 60'000)}));
  auto cursor = engine_->query({kAllMinutes, {}, {}, {}});
  Row row;
  ASSERT_TRUE((*cursor)->next(row).ok());
  clock_.advance_ms(options_.snapshot_ms_max + 1);
  Result<bool> more = true;
  int rows = 0;
  while (more.ok() && *more) {
    more = (*cursor)->next(row);
    ++rows;
  }
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().code, ErrorCode::kExpired);
  EXPECT_LT(rows, 600) << "noticed within some hundred rows";
  EXPECT_EQ(engine_->stats().cursors_expired, 1U);
  const auto after = (*cursor)->next(row);
  EXPECT_TRUE(after.ok() && !*after) << "nothing more after an error";
}

TEST_F(EngineTest, BucketIsFoundWithoutItsRepo) {
  open();
  for (const std::string_view repo : {"r1", "r2", "r3"}) {
    EventView e = event_at(kNowMs, repo == "r2" ? "other" : "shared");
    e.repo = repo;
    append(request_of({e}));
  }
  const auto rows = read({kAllMinutes, {}, {"shared"}, {}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].repo, "r1");
  EXPECT_EQ(rows[1].repo, "r3");
  EXPECT_TRUE(read({kAllMinutes, {}, {"unknown"}, {}}).empty());
}

// Every tier is written in the same batch as the minutes, so their sums agree at all times.
TEST_F(EngineTest, TiersHoldTheSameSums) {
  open();
  const std::int64_t day_ms = 24 * kHourMs;
  append(request_of({event_at(kNowMs), event_at(kNowMs - kHourMs), event_at(kNowMs - day_ms),
                     event_at(kNowMs, "b2", "h2")}));
  ASSERT_TRUE(engine_->fold().ok());
  append(request_of({event_at(kNowMs + 1), event_at(kNowMs + 2)}));
  ASSERT_TRUE(engine_->fold().ok());
  roll(*engine_, Millis{kNowMs + day_ms});
  engine_.reset();

  StoreOptions store_options;
  store_options.path = options_.path;
  const auto store = Store::open(store_options);
  ASSERT_TRUE(store.ok());
  const auto view = (*store)->view();
  const auto sum = [&](Family family) {
    std::pair<int, std::uint64_t> keys_and_requests{0, 0};
    const auto cursor = view->cursor(family, {}, {});
    for (; cursor->valid(); cursor->next()) {
      HostRollups hosts;
      EXPECT_TRUE(merge_encoded_hosts(cursor->value(), hosts));
      ++keys_and_requests.first;
      for (const auto& e : hosts.entries()) keys_and_requests.second += e.rollup.requests();
    }
    return keys_and_requests;
  };
  EXPECT_EQ(sum(Family::kMinute), std::pair(4, std::uint64_t{6}));
  EXPECT_EQ(sum(Family::kHour), std::pair(4, std::uint64_t{6}));
  EXPECT_EQ(sum(Family::kDay), std::pair(3, std::uint64_t{6}));
  EXPECT_EQ(sum(Family::kTotal), std::pair(2, std::uint64_t{6})) << "all of it is rolled";

  const auto repo_value = [&](RepoSpan span, Minute first) {
    RepoRollup repo;
    const auto value = (*store)->get(Family::kRepo, repo_key("r", span, first));
    EXPECT_TRUE(value->has_value() && merge_encoded_repo(**value, repo));
    return repo.requests;
  };
  const Minute now{kNowMinute};
  EXPECT_EQ(repo_value(RepoSpan::kFiveMinutes, floor_to(now, 5)), 4U);
  EXPECT_EQ(repo_value(RepoSpan::kHour, floor_to(now, kMinutesPerHour)), 4U);
  EXPECT_EQ(repo_value(RepoSpan::kDay, floor_to(now, kMinutesPerDay)), 5U);
  EXPECT_EQ(repo_value(RepoSpan::kTotal, {0}), 6U);
}

// Bytes that cannot be read are reported where they lie and hold up nothing else.
TEST_F(EngineTest, UnreadableRawChunkIsReportedAndTheRestIsFolded) {
  open();
  append(request_of({event_at(kNowMs, "a"), event_at(kNowMs, "c")}));
  engine_.reset();
  {
    StoreOptions store_options;
    store_options.path = options_.path;
    const auto store = Store::open(store_options);
    RawCommitEncoder commit;
    commit.add(pair_prefix("r", "b"), Minute{kNowMinute}, "not a chunk");
    WriteSet set(**store);
    set.put(Family::kRaw, raw_key(2, 0), commit.part(0));
    (*store)->mark_commit(2, set);
    ASSERT_TRUE((*store)->write(set, Durability::kSynced).ok());
  }
  open();
  const auto folded = engine_->fold();
  ASSERT_FALSE(folded.ok());
  EXPECT_EQ(folded.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(engine_->stats().events_folded, 2U);
  EXPECT_EQ(engine_->stats().raw_chunks_pending, 1U);
  EXPECT_EQ(read({kAllMinutes, {"r"}, {"a", "c"}, {}}).size(), 2U);
  const auto expect_reported = [&] {
    auto cursor = engine_->query({kAllMinutes, {"r"}, {"b"}, {}});
    Row row;
    const auto damaged = (*cursor)->next(row);
    ASSERT_FALSE(damaged.ok());
    EXPECT_EQ(damaged.error().message,
              "a raw chunk of repo \"r\", bucket \"b\", minute 2023-11-14T22:14:00.000Z cannot be "
              "read");
  };
  expect_reported();
  // What is folded after it does not make it forgotten, and it does not hold up the floor.
  append(request_of({event_at(kNowMs, "a")}));
  ASSERT_FALSE(engine_->fold().ok());
  EXPECT_EQ(engine_->stats().raw_chunks_pending, 1U);
  EXPECT_EQ(*store_below(*engine_).view()->raw_floor(), 4U);
  for (int restart = 0; restart < 2; ++restart) {
    engine_.reset();
    open();
    EXPECT_EQ(engine_->stats().raw_chunks_pending, 1U);
    expect_reported();
    EXPECT_EQ(read({kAllMinutes, {"r"}, {"a", "c"}, {}}).size(), 2U);
    EXPECT_TRUE(engine_->fold().error().message.starts_with(
        "1 minutes of raw events cannot be read, the first is "))
        << engine_->fold().error().message;
  }
}

// The engine does not guess what else was in a commit that is damaged as a whole.
TEST_F(EngineTest, ADamagedCommitKeepsTheStoreShut) {
  open();
  append(request_of({event_at(kNowMs, "a")}));
  {
    Store& store = store_below(*engine_);
    WriteSet set(store);
    set.put(Family::kRaw, raw_key(1, 0), "\x01 but nothing behind it");
    ASSERT_TRUE(store.write(set, Durability::kSynced).ok());
  }
  engine_.reset();
  const auto refused = Engine::open(options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(refused.error().message, "the raw events of commit 1 are damaged");
}

TEST_F(EngineTest, BackgroundFoldRunsByItself) {
  options_.fold_interval_ms = 1;
  open();
  append(request_of({event_at(kNowMs)}));
  while (engine_->stats().raw_chunks_pending != 0) std::this_thread::yield();
  EXPECT_EQ(requests_read(), 1U);
}

// A log that lost its tail reads as one that ends early; that must not pass for a whole store.
TEST_F(EngineTest, LogThatLostAcknowledgedCommitsIsRefusedUnlessAccepted) {
  open();
  append(request_of({event_at(kNowMs)}));
  engine_.reset();
  // Set the store back, and leave the record of what was acknowledged.
  std::filesystem::copy(options_.path, dir_ / "old", std::filesystem::copy_options::recursive);
  open();
  append(request_of({event_at(kNowMs)}));
  engine_.reset();
  std::filesystem::remove_all(options_.path + "/rocksdb");
  std::filesystem::copy(dir_ / "old/rocksdb", options_.path + "/rocksdb",
                        std::filesystem::copy_options::recursive);
  const auto refused = Engine::open(options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCommitsLost);
  EXPECT_TRUE(refused.error().message.starts_with(
      "the store is an older one than the commits up to number 2, which were acknowledged: "))
      << refused.error().message;
  options_.accept_lost_commits = true;
  open();
  EXPECT_EQ(engine_->opening_notes().size(), 1U);
  EXPECT_EQ(requests_read(), 1U);
  append(request_of({event_at(kNowMs)}));
  options_.accept_lost_commits = false;
  open();
  EXPECT_EQ(requests_read(), 2U);
}

TEST(EngineOpenTest, BadOptionsAreRefusedByName) {
  Options options;
  options.fold_interval_ms = -1;
  const auto opened = Engine::open(options);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().message, "Options::fold_interval_ms is -1; 0 or more is accepted");
  Options no_groups;
  no_groups.groups_max = 0;
  const auto refused = Engine::open(no_groups);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "Options::groups_max is 0; 1 to 100000000 is accepted");
}

}  // namespace
}  // namespace minuted::test
