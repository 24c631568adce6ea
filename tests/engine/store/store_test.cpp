// The store's own promises: atomic writes, consistent views, one process at a time, and no guessing
// at directories or formats that are not ours.
#include "store/store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "codec/bytes.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "schema/meta_records.hpp"
#include "store/catalog.hpp"
#include "store/event_ids.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

class StoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Store>> open() {
    StoreOptions options;
    options.path = dir_ / "store";
    options.clock = &clock_;
    options.idempotency_window_ms = 1000;
    return Store::open(options);
  }

  std::unique_ptr<Store> must_open() {
    auto store = open();
    EXPECT_TRUE(store.ok()) << store.error().message;
    return std::move(*store);
  }

  void write_marker(const std::string& text) {
    std::filesystem::create_directories(dir_ / "store");
    std::ofstream(dir_ / "store/minuted.store") << text;
  }

  TempDir dir_;
  ManualClock clock_;
};

// A damaged time of an event's id is no time: what is far in the future would never expire.
TEST(EventIdRecordTest, ATimeOutOfRangeIsDamaged) {
  const auto record_at = [](std::uint64_t time) {
    std::string record("\x02");
    put_varint(record, time);
    put_varint(record, std::uint64_t{1});
    return record;
  };
  const auto last = static_cast<std::uint64_t>(kMillisMax.value);
  EXPECT_EQ(event_id_time(record_at(last)), kMillisMax);
  EXPECT_EQ(event_id_time(record_at(last + 1)), std::nullopt);
  EXPECT_EQ(event_id_time(record_at(UINT64_MAX)), std::nullopt);
}

// A cursor shows the moment of its view however often memtables are flushed and compacted under it, and
// does not keep them in memory beyond its next step.
TEST_F(StoreTest, ACursorLetsFlushedMemtablesGoAndShowsTheSame) {
  const auto store = must_open();
  constexpr int kKeys = 400;
  const auto key_of = [](int i) { return pair_prefix("r", std::to_string(1000 + i)); };
  const auto write_all = [&](const std::string& value) {
    WriteSet set(*store);
    for (int i = 0; i < kKeys; ++i) set.put(Family::kTotal, key_of(i), value);
    ASSERT_TRUE(store->write(set, Durability::kBuffered).ok());
  };
  const std::string old_value(200, 'o');
  const std::string new_value(200, 'n');
  write_all(old_value);
  const auto view = store->view();
  const auto cursor = view->cursor(Family::kTotal, {}, {});
  const auto moving = view->moving_cursor(Family::kTotal);
  moving->seek_below(key_of(7), key_of(9));
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(cursor->valid()) << i;
    EXPECT_EQ(cursor->key(), key_of(i));
    EXPECT_EQ(cursor->value(), old_value) << i;
    if (i % 100 == 50) {
      write_all(new_value);
      ASSERT_TRUE(store->flush().ok());
      EXPECT_GT(store->kept_memtable_bytes(), kKeys * old_value.size()) << "kept by both cursors";
      if (i == 250) {
        ASSERT_TRUE(store->compact().ok());
      }
    }
    cursor->next();
    // The bound stays what it was.
    if (i % 100 != 50) continue;
    ASSERT_TRUE(moving->valid());
    EXPECT_EQ(moving->key(), key_of(7));
    moving->next();
    EXPECT_EQ(moving->value(), old_value);
    moving->next();
    EXPECT_FALSE(moving->valid());
    moving->seek_below(key_of(7), key_of(9));
    // A flush wakes those that wait for it before it tells the cursors, which is when their next step
    // lets go.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (store->kept_memtable_bytes() != 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
      cursor->seek(std::string(cursor->key()));
      moving->seek_below(key_of(7), key_of(9));
    }
    EXPECT_EQ(store->kept_memtable_bytes(), 0U);
  }
  EXPECT_FALSE(cursor->valid());
  EXPECT_TRUE(cursor->status().ok());
  EXPECT_EQ(store->view()->get(Family::kTotal, key_of(0))->value(), new_value);
}

// A day's value gets an operand from each fold: all of them, and what was deleted in between, is all
// there is, in this process and the next.
TEST_F(StoreTest, ARepoValueOfManyOperandsIsTheirSum) {
  auto store = must_open();
  const std::string key = repo_key("r", RepoSpan::kDay, Minute{1440});
  const auto add = [&](std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
      WriteSet set(*store);
      std::string operand;
      encode_repo({1, i, 2, -3, 1, 4}, operand);
      set.merge(Family::kRepo, key, operand);
      ASSERT_TRUE(store->write(set, Durability::kBuffered).ok());
    }
  };
  const auto sum = [&] {
    RepoRollup repo;
    const auto value = store->get(Family::kRepo, key);
    EXPECT_TRUE(value.ok() && value->has_value() && merge_encoded_repo(**value, repo));
    return repo;
  };
  add(1000);
  EXPECT_EQ(sum(), (RepoRollup{1000, 499'500, 2000, -3000, 1000, 4000}));
  auto before = store->view();
  WriteSet set(*store);
  set.remove(Family::kRepo, key);
  ASSERT_TRUE(store->write(set, Durability::kBuffered).ok());
  add(100);
  EXPECT_EQ(sum(), (RepoRollup{100, 4950, 200, -300, 100, 400}));
  RepoRollup then;
  ASSERT_TRUE(merge_encoded_repo(**before->get(Family::kRepo, key), then));
  EXPECT_EQ(then.requests, 1000U) << "a view does not see what came later";
  before.reset();
  store.reset();
  store = must_open();
  EXPECT_EQ(sum().requests, 100U);
}

// Disk is bounded: what is past its window goes when tables are rewritten, and nothing sooner.
TEST_F(StoreTest, RecordsPastTheirWindowGoWithACompaction) {
  const auto store = must_open();
  EventIds ids(*store, 1000);
  const EventIdPair pair = ids.pair_of(pair_prefix("r", "b"));
  const EventIdKey old = ids.key_of(pair, {"h", Minute{1}, "old"});
  const EventIdKey young = ids.key_of(pair, {"h", Minute{1}, "young"});
  const auto there = [&](const EventIdKey& key) {
    return store->get(Family::kEventId, {key.data(), key.size()})->has_value();
  };
  WriteSet set(*store);
  ASSERT_TRUE(ids.add(old));
  ids.put(clock_.now(), 1, set);
  ids.clear();
  clock_.advance_ms(500);
  ASSERT_TRUE(ids.add(young));
  ASSERT_FALSE(ids.add(young)) << "twice in a commit";
  ids.put(clock_.now(), 2, set);
  ids.clear();
  ASSERT_TRUE(store->write(set, Durability::kSynced).ok());
  EXPECT_TRUE(*ids.knows(old, clock_.now()));
  clock_.advance_ms(501);
  EXPECT_FALSE(*ids.knows(old, clock_.now()));
  EXPECT_TRUE(*ids.knows(young, clock_.now()));
  EXPECT_TRUE(there(old));
  ASSERT_TRUE(store->compact().ok());
  EXPECT_FALSE(there(old));
  EXPECT_TRUE(there(young));
}

// Of a repo or a pair, in some minutes, and of commits before one: what is committed while a removal runs
// stays.
TEST_F(StoreTest, IdsAreRemovedByRepoPairMinuteAndCommit) {
  const auto store = must_open();
  EventIds ids(*store, 1000);
  struct Id {
    std::string prefix;
    std::uint32_t minute;
    std::uint64_t commit;
  };
  std::vector<Id> all;
  for (const std::string& prefix : {pair_prefix("r", "b"), pair_prefix("r", "c"), pair_prefix("s", "b")}) {
    for (std::uint32_t minute = 1; minute <= 3; ++minute) {
      for (std::uint64_t commit = 5; commit <= 6; ++commit) all.push_back({prefix, minute, commit});
    }
  }
  const auto key_of = [&](const Id& id) {
    return ids.key_of(ids.pair_of(id.prefix), {"h", Minute{id.minute}, std::to_string(id.commit)});
  };
  const auto left_after = [&](std::string_view prefix, std::size_t scope_bytes, MinuteRange minutes,
                              std::uint64_t commits_end, auto is_gone) {
    WriteSet set(*store);
    for (const Id& id : all) {
      ids.clear();
      ids.add(key_of(id));
      ids.put(clock_.now(), id.commit, set);
    }
    EXPECT_TRUE(store->write(set, Durability::kBuffered).ok());
    set.clear();
    const EventIdPair pair = ids.pair_of(prefix);
    std::string from;
    do {
      EXPECT_TRUE(remove_event_ids(*store, {{pair.data(), scope_bytes}, minutes, commits_end}, from, set).ok());
    } while (!from.empty());
    EXPECT_TRUE(store->write(set, Durability::kBuffered).ok());
    for (const Id& id : all) {
      EXPECT_EQ(*ids.knows(key_of(id), clock_.now()), !is_gone(id))
          << id.prefix << id.minute << " of commit " << id.commit;
    }
  };
  const MinuteRange any{{0}, {kMinuteMax.value + 1}};
  left_after(pair_prefix("r", "b"), kEventIdPairBytes, any, 7,
             [](const Id& id) { return id.prefix == pair_prefix("r", "b"); });
  left_after(pair_prefix("r", "b"), kEventIdPairBytes, {{2}, {3}}, 6, [](const Id& id) {
    return id.prefix == pair_prefix("r", "b") && id.minute == 2 && id.commit == 5;
  });
  left_after(repo_prefix("r"), kEventIdRepoBytes, any, 6,
             [](const Id& id) { return id.prefix.starts_with("r") && id.commit == 5; });
  left_after(repo_prefix("absent"), kEventIdRepoBytes, any, 7, [](const Id&) { return false; });
}

TEST_F(StoreTest, WhatWasWrittenIsThereAfterReopening) {
  {
    const auto store = must_open();
    WriteSet set(*store);
    set.put(Family::kArchive, "key", "value");
    ASSERT_TRUE(store->write(set, Durability::kSynced).ok());
  }
  const auto store = must_open();
  EXPECT_EQ(*store->get(Family::kArchive, "key"), "value");
  EXPECT_EQ(*store->get(Family::kMinute, "key"), std::nullopt);
}

TEST_F(StoreTest, AViewDoesNotSeeLaterWrites) {
  const auto store = must_open();
  WriteSet set(*store);
  set.put(Family::kArchive, "a", "1");
  ASSERT_TRUE(store->write(set, Durability::kSynced).ok());
  const auto view = store->view();
  set.clear();
  set.remove(Family::kArchive, "a");
  set.put(Family::kArchive, "b", "2");
  ASSERT_TRUE(store->write(set, Durability::kSynced).ok());
  const auto old = view->cursor(Family::kArchive, {}, {});
  ASSERT_TRUE(old->valid());
  EXPECT_EQ(old->key(), "a");
  old->next();
  EXPECT_FALSE(old->valid());
  EXPECT_TRUE(old->status().ok());
  EXPECT_EQ(store->view()->cursor(Family::kArchive, {}, {})->key(), "b");
}

TEST_F(StoreTest, CursorKeepsToItsBounds) {
  const auto store = must_open();
  WriteSet set(*store);
  for (const char* key : {"a", "b", "c", "d"}) set.put(Family::kArchive, key, key);
  ASSERT_TRUE(store->write(set, Durability::kBuffered).ok());
  const auto view = store->view();
  const auto cursor = view->cursor(Family::kArchive, "b", "d");
  std::string seen;
  for (; cursor->valid(); cursor->next()) seen += cursor->key();
  EXPECT_EQ(seen, "bc");
}

TEST_F(StoreTest, SecretStaysAndEpochChangesWithEveryOpening) {
  auto store = must_open();
  const std::string secret(store->secret());
  const std::uint64_t epoch = store->epoch();
  EXPECT_EQ(secret.size(), SecretRecord::kBytes);
  store.reset();
  store = must_open();
  EXPECT_EQ(store->secret(), secret);
  EXPECT_NE(store->epoch(), epoch);
}

TEST_F(StoreTest, SecondOpeningIsRefusedWhileTheFirstLives) {
  const auto first = must_open();
  const auto second = open();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kLocked);
  EXPECT_EQ(second.error().message,
            "another process has the data directory " + (dir_ / "store") + " open");
}

TEST_F(StoreTest, OtherFormatIsRefusedByNumber) {
  write_marker("minuted store, format 999\n");
  const auto store = open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kUnsupportedFormat);
  EXPECT_EQ(store.error().message,
            "the data directory is of format 999, this build reads and writes format " +
                std::to_string(kFormatVersion) +
                " only; start with an empty directory, or use the build that wrote it");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "store/rocksdb")) << "nothing may be touched";
}

TEST_F(StoreTest, UnreadableMarkerIsRefused) {
  write_marker("something else\n");
  const auto store = open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kCorruption);
}

TEST_F(StoreTest, MarkerCutShortAtItsMakingIsWrittenAnew) {
  write_marker("");
  EXPECT_TRUE(open().ok());
  std::stringstream marker;
  marker << std::ifstream(dir_ / "store/minuted.store").rdbuf();
  std::ostringstream expected;
  expected << "minuted store, format " << kFormatVersion << "\n";
  EXPECT_EQ(marker.str(), expected.str());
}

TEST_F(StoreTest, SomebodyElsesDirectoryIsLeftAlone) {
  std::filesystem::create_directories(dir_ / "store");
  std::ofstream(dir_ / "store/holiday.jpg") << "x";
  const auto store = open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "store/minuted.store"));
}

TEST_F(StoreTest, PathThatIsAFileIsRefused) {
  std::ofstream(dir_ / "store") << "x";
  const auto store = open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(StoreTest, CatalogKnowsASeriesAcrossReopenings) {
  const auto prefix = pair_prefix("repo", "bucket");
  for (const bool known : {false, true}) {
    const auto store = must_open();
    SeriesCatalog catalog(*store);
    ASSERT_TRUE(catalog.open().ok());
    EXPECT_EQ(catalog.total(), known ? 1U : 0U);
    EXPECT_EQ(*catalog.knows(catalog.name(prefix, "host")), known);
    if (known) break;
    WriteSet set(*store);
    catalog.add(catalog.name(prefix, "host"), set);
    EXPECT_TRUE(*catalog.knows(catalog.name(prefix, "host")));
    EXPECT_FALSE(*catalog.knows(catalog.name(prefix, "host-2")));
    catalog.finish(set);
    ASSERT_TRUE(store->write(set, Durability::kSynced).ok());
    catalog.written();
    EXPECT_TRUE(*catalog.knows(catalog.name(prefix, "host")));
    EXPECT_EQ(catalog.total(), 1U);
    EXPECT_EQ(*catalog.count_of_repo("repo"), 1U);
    EXPECT_EQ(*catalog.count_of_repo("rep"), 0U);
    EXPECT_TRUE(store->get(Family::kCatalog, bucket_index_key(prefix))->has_value());
  }
}

// A pair's record in the index of its bucket is written with the first of its series; it may be taken out by
// somebody else when the pair has none left, and is written again with the next.
TEST_F(StoreTest, CatalogWritesThePairOfABucketOnceUntilItsSeriesAreForgotten) {
  const auto prefix = pair_prefix("repo", "bucket");
  auto store = must_open();
  SeriesCatalog catalog(*store);
  ASSERT_TRUE(catalog.open().ok());
  const auto write = [&](auto change) {
    WriteSet set(*store);
    change(set);
    catalog.finish(set);
    const std::size_t bytes = set.bytes();
    EXPECT_TRUE(store->write(set, Durability::kSynced).ok());
    catalog.written();
    return bytes;
  };
  const auto add = [&](std::string_view host) {
    return write([&](WriteSet& set) { catalog.add(catalog.name(prefix, host), set); });
  };
  const auto indexed = [&] {
    return store->get(Family::kCatalog, bucket_index_key(prefix))->has_value();
  };
  const std::size_t first_bytes = add("h1");
  EXPECT_GT(first_bytes, add("h2"));
  EXPECT_TRUE(indexed());
  const std::string h1 = series_key(prefix, "h1");
  const std::string h2 = series_key(prefix, "h2");
  write([&](WriteSet& set) {
    catalog.remove(h1, false, set);
    catalog.remove(h2, false, set);  // a total keeps the pair in the index …
  });
  EXPECT_FALSE(*catalog.knows(catalog.name(prefix, "h1")));
  EXPECT_EQ(catalog.total(), 0U);
  EXPECT_TRUE(indexed());
  write([&](WriteSet& set) { set.remove(Family::kCatalog, bucket_index_key(prefix)); });  // … until it goes
  add("h3");
  EXPECT_TRUE(indexed());
  EXPECT_TRUE(*catalog.knows(catalog.name(prefix, "h3")));
  // Another process knows nothing at first, and asks the store.
  SeriesCatalog later(*store);
  ASSERT_TRUE(later.open().ok());
  EXPECT_EQ(later.total(), 1U);
  EXPECT_TRUE(*later.knows(later.name(prefix, "h3")));
  EXPECT_FALSE(*later.knows(later.name(prefix, "h1")));
}

TEST_F(StoreTest, GaugesTellOfTheLog) {
  const auto store = must_open();
  WriteSet set(*store);
  set.put(Family::kArchive, "key", std::string(100'000, 'x'));
  ASSERT_TRUE(store->write(set, Durability::kSynced).ok());
  EXPECT_GE(store->gauges().wal_bytes, 100'000U);
  EXPECT_GE(store->gauges().memtable_bytes, 100'000U);
  EXPECT_FALSE(store->gauges().write_stopped);
}

// Memtables that fill faster than they can be flushed hold writes up, and the time is counted.
TEST_F(StoreTest, CountsTheTimeThatWritesAreHeldBack) {
  StoreOptions options;
  options.path = dir_ / "store";
  options.clock = &clock_;
  options.memtable_bytes = 64U << 10;
  auto store = Store::open(options);
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store)->gauges().stall_micros, 0U);
  const std::string value(16U << 10, 'v');
  constexpr int kWritesMax = 20'000;
  int writes = 0;
  for (; writes < kWritesMax && (*store)->gauges().stall_micros == 0; ++writes) {
    WriteSet set(**store);
    set.put(Family::kEventId, "key " + std::to_string(writes), value);
    ASSERT_TRUE((*store)->write(set, Durability::kBuffered).ok());
  }
  EXPECT_LT(writes, kWritesMax) << "no write was ever held back";
}

// Promise: what was deleted gives its space back by itself, in an idle store too.
TEST_F(StoreTest, DeletedRowsGiveTheirSpaceBackWithoutFurtherWrites) {
  const auto store = must_open();
  HostRollups hosts;
  hosts.of("h").ops[0] = 1;
  std::string value;
  encode_hosts(hosts, value);
  const auto key = [](std::uint32_t minute) {
    std::string row = pair_prefix("r", "b");
    append_minute(row, Minute{minute});
    return row;
  };
  const auto bytes = [&] {
    return store->gauges().families[static_cast<std::size_t>(Family::kMinute)].table_bytes;
  };
  constexpr std::uint32_t kRows = 10'000;
  WriteSet set(*store);
  for (std::uint32_t i = 0; i < kRows; ++i) set.put(Family::kMinute, key(i), value);
  ASSERT_TRUE(store->write(set, Durability::kBuffered).ok());
  ASSERT_TRUE(store->flush().ok());
  const std::uint64_t before = bytes();
  ASSERT_GT(before, 0U);

  set.clear();
  for (std::uint32_t i = 0; i < kDeletionsFlushed - 1; ++i) set.remove(Family::kMinute, key(i));
  ASSERT_TRUE(store->write(set, Durability::kBuffered).ok());
  ASSERT_TRUE(store->flush_deletions(0).ok());
  ASSERT_TRUE(store->flush_deletions(10 * kDeletionsPatienceMs).ok());
  EXPECT_EQ(bytes(), before) << "too few are worth no flush";

  set.clear();
  for (std::uint32_t i = kDeletionsFlushed - 1; i < kRows; ++i) set.remove(Family::kMinute, key(i));
  ASSERT_TRUE(store->write(set, Durability::kBuffered).ok());
  ASSERT_TRUE(store->flush_deletions(1'000).ok());
  ASSERT_TRUE(store->flush_deletions(1'000 + kDeletionsPatienceMs - 1).ok());
  EXPECT_EQ(bytes(), before) << "one may come by itself";
  ASSERT_TRUE(store->flush_deletions(1'000 + kDeletionsPatienceMs).ok());
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (bytes() != 0 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(bytes(), 0U);
}

}  // namespace
}  // namespace minuted::test
