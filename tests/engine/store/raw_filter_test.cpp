// Raw events that are folded reach no table, and leave those they are in; what is not folded, or whose
// fold may still be lost with the log, stays.
#include "store/raw_filter.hpp"

#include <gtest/gtest.h>

#include <set>

#include "schema/keys.hpp"
#include "store/store.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

TEST(RawFloorsTest, AFlushGoesByTheFloorOfTheOldestMemtable) {
  RawFloors floors;
  floors.opened(3);
  EXPECT_EQ(floors.of_flush(), 3U);
  EXPECT_EQ(floors.of_tables(), 3U);
  floors.written(5);
  EXPECT_EQ(floors.written(), 5U);
  EXPECT_EQ(floors.of_flush(), 3U) << "no memtable that holds it is sealed";
  floors.sealed(100);
  floors.written(9);
  EXPECT_EQ(floors.of_flush(), 5U);
  floors.sealed(200);
  EXPECT_EQ(floors.of_flush(), 5U) << "the flush that comes next may be of the first alone";
  EXPECT_EQ(floors.of_tables(), 3U);
  floors.flushed(150);
  EXPECT_EQ(floors.of_tables(), 5U);
  EXPECT_EQ(floors.of_flush(), 9U);
  floors.sealed(300);
  floors.flushed(400);
  EXPECT_EQ(floors.of_tables(), 9U) << "two memtables were flushed at once";
  EXPECT_EQ(floors.of_flush(), 9U);
}

class RawDropTest : public testing::Test {
 protected:
  void SetUp() override {
    StoreOptions options;
    options.path = directory_ / "store";
    auto opened = Store::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }

  void restart() {
    store_.reset();
    SetUp();
  }
  // As the commit thread does: its raw events, and its number.
  void commit(std::uint64_t sequence, std::size_t bytes = 10) {
    WriteSet set(*store_);
    std::string value(bytes, 'x');
    for (char& c : value) c = static_cast<char>(random_.bits());  // not to be compressed away
    set.put(Family::kRaw, raw_key(sequence, 0), value);
    set.put(Family::kRaw, raw_key(sequence, 1), value);
    store_->mark_commit(sequence, set);
    ASSERT_TRUE(store_->write(set, Durability::kSynced).ok());
  }
  // As a fold does.
  void fold_below(std::uint64_t sequence) {
    WriteSet set(*store_);
    set.raise_raw_floor(sequence);
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  }
  void flush() { ASSERT_TRUE(store_->flush().ok()); }
  void drop(std::int64_t steady_ms = 0) { ASSERT_TRUE(store_->drop_folded_raw(steady_ms).ok()); }

  // Whose raw events there are.
  std::set<std::uint64_t> commits() {
    std::set<std::uint64_t> found;
    const auto view = store_->view();
    const auto cursor = view->cursor(Family::kRaw, {}, {});
    for (; cursor->valid(); cursor->next()) found.insert(*commit_of_raw_key(cursor->key()));
    EXPECT_TRUE(cursor->status().ok());
    return found;
  }
  std::uint64_t table_bytes() { return store_->size_of(Family::kRaw).table_bytes; }

  using Commits = std::set<std::uint64_t>;
  Random random_;
  TempDir directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(RawDropTest, WhatIsFoldedBeforeAFlushReachesNoTable) {
  commit(1);
  commit(2);
  fold_below(3);
  EXPECT_EQ(commits(), (Commits{1, 2}));
  flush();
  EXPECT_EQ(commits(), Commits{});
  EXPECT_EQ(table_bytes(), 0U);
  restart();
  EXPECT_EQ(commits(), Commits{});
}

TEST_F(RawDropTest, WhatIsNotFoldedOutlivesFlushesAndRestarts) {
  commit(1);
  commit(2);
  fold_below(2);
  flush();
  EXPECT_EQ(commits(), Commits{2});
  commit(3);
  flush();
  drop();
  EXPECT_EQ(commits(), (Commits{2, 3}));
  EXPECT_EQ(store_->gauges().folded_raw_bytes, 0U);
  restart();
  drop();
  EXPECT_EQ(commits(), (Commits{2, 3}));
}

// A fold that is only in the log may be lost with it, if the log is damaged: the table is then all there is.
TEST_F(RawDropTest, ATableGoesWhenTheFoldOfItsEventsIsInTablesToo) {
  commit(1);
  flush();
  commit(2);
  flush();
  fold_below(2);
  drop();
  EXPECT_EQ(commits(), (Commits{1, 2}));
  EXPECT_GT(store_->gauges().folded_raw_bytes, 0U);
  commit(3);
  flush();
  drop();
  EXPECT_EQ(commits(), (Commits{2, 3}));
  EXPECT_EQ(store_->gauges().folded_raw_bytes, 0U);
  fold_below(4);
  flush();
  drop();
  EXPECT_EQ(commits(), Commits{});
  EXPECT_EQ(table_bytes(), 0U);
}

TEST_F(RawDropTest, ARestartKnowsWhatTablesHoldOfTheFloor) {
  commit(1);
  flush();
  fold_below(2);
  restart();
  drop();
  EXPECT_EQ(commits(), Commits{});
}

TEST_F(RawDropTest, WithoutWritesAFlushIsMadeAfterAWhileIfItIsWorthIt) {
  commit(1);
  flush();
  fold_below(2);
  drop(0);
  drop(10 * kFoldedRawPatienceMs);
  EXPECT_EQ(commits(), Commits{1}) << "a few bytes are not worth a flush";
  fold_below(2);
  commit(2, kFoldedRawBytesMax);
  flush();
  drop();
  EXPECT_EQ(commits(), Commits{2});
  fold_below(3);
  drop(1000);
  drop(999 + kFoldedRawPatienceMs);
  EXPECT_EQ(commits(), Commits{2});
  drop(1000 + kFoldedRawPatienceMs);
  drop(1001 + kFoldedRawPatienceMs);
  EXPECT_EQ(commits(), Commits{});
}

// What a compaction by hand leaves is the same as what it would without the filter, but for what is folded.
TEST_F(RawDropTest, ACompactionDropsWhatIsFolded) {
  for (std::uint64_t sequence = 1; sequence <= 6; ++sequence) {
    commit(sequence);
    flush();
  }
  fold_below(4);
  ASSERT_TRUE(store_->compact().ok());
  EXPECT_EQ(commits(), (Commits{4, 5, 6}));
  fold_below(7);
  ASSERT_TRUE(store_->compact().ok());
  EXPECT_EQ(commits(), Commits{});
}

}  // namespace
}  // namespace minuted::test
