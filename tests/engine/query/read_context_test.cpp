// Promise: a read shows the store and its unfolded events at one moment, whatever is folded and rolled beside it; it
// ends when its time is up or it is recalled; what its parts hold is bounded together; and it gives all of
// it back when it is released, although its context lives on.
#include "query/read_context.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "query/read_fixture.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

class ReadContextTest : public ReadTest {
 protected:
  static std::size_t unfolded_values(const ReadContext& context) {
    std::size_t values = 0;
    const auto cursor = context.unfolded();
    if (!cursor) return 0;
    for (cursor->seek({}); cursor->valid(); cursor->next()) values += cursor->values().size();
    return values;
  }
  static std::size_t keys_in(const ReadContext& context, Family family) {
    std::size_t keys = 0;
    const auto cursor = context.view().cursor(family, {}, {});
    for (; cursor->valid(); cursor->next()) ++keys;
    EXPECT_TRUE(cursor->status().ok());
    return keys;
  }
  static std::size_t rows_in(OpenRows& rows, std::string_view bucket) {
    std::size_t count = 0;
    for (rows.enter(pair_prefix("r", bucket), kEveryMinute); rows.valid(); rows.next()) ++count;
    EXPECT_TRUE(rows.status().ok());
    return count;
  }
};

TEST_F(ReadContextTest, EachEventIsUnfoldedOrInARowWhateverIsFoldedMeanwhile) {
  append({event_at(kNowMs, "a")});
  append({event_at(kNowMs, "b")});
  const auto before = begin_read();
  fold();
  append({event_at(kNowMs, "c")});
  const auto between = begin_read();
  fold();
  const auto after = begin_read();
  EXPECT_EQ(unfolded_values(*before), 2U);
  EXPECT_EQ(keys_in(*before, Family::kMinute), 0U);
  EXPECT_EQ(unfolded_values(*between), 1U);
  EXPECT_EQ(keys_in(*between, Family::kMinute), 2U);
  EXPECT_EQ(unfolded_values(*after), 0U);
  EXPECT_EQ(keys_in(*after, Family::kMinute), 3U);
}

TEST_F(ReadContextTest, FinerRowsAreThoseThatNoRowOfTheTierHadAtItsMoment) {
  append({event_at(kNowMs - 2 * kHourMs, "a"), event_at(kNowMs - 2 * kDayMs, "a")});
  fold();
  const auto before = begin_read();
  fold_and_roll();
  const auto after = begin_read();
  // Two minutes that no hour has; after the pass the hour of today that no day has.
  EXPECT_EQ(rows_in(**before->open_rows(Span::kHour), "a"), 2U);
  EXPECT_EQ(rows_in(**before->open_rows(Span::kDay), "a"), 2U);
  EXPECT_EQ(rows_in(**after->open_rows(Span::kHour), "a"), 0U);
  EXPECT_EQ(rows_in(**after->open_rows(Span::kDay), "a"), 1U);
}

TEST_F(ReadContextTest, FinerRowsAreNotLookedForWhereThereCanBeNone) {
  RawView view = table_->view(*store_);
  view.rolled = {{kNowMinute}, {kNowMinute - 1}};
  const auto read = ReadContext::open(std::move(view), *store_, nullptr, read_options_, reads_);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*(*read)->open_rows(Span::kMinute), nullptr) << "there is no finer tier";
  EXPECT_EQ(*(*read)->open_rows(Span::kHour, {{0}, {kNowMinute}}), nullptr);
  EXPECT_NE(*(*read)->open_rows(Span::kHour, {{0}, {kNowMinute + 1}}), nullptr);
  EXPECT_EQ(*(*read)->open_rows(Span::kDay, {{0}, {kNowMinute - 1}}), nullptr);
  EXPECT_NE(*(*read)->open_rows(Span::kDay, {{0}, {kNowMinute}}), nullptr);
}

TEST_F(ReadContextTest, ItsTimeIsUpAfterItsLifetime) {
  read_options_.steps_per_clock_check = 10;
  const auto read = begin_read();
  EXPECT_TRUE(read->check().ok());
  clock_.advance_ms(read_options_.lifetime_ms);
  for (int step = 0; step < 30; ++step) ASSERT_TRUE(read->check().ok());
  clock_.advance_ms(1);
  int steps = 0;
  while (read->check().ok()) ASSERT_LT(++steps, 11);
  EXPECT_EQ(reads_.expired, 1U);
  const auto late = begin_read({.clock = &clock_, .lifetime_ms = -1});
  const auto first = late->check();
  ASSERT_FALSE(first.ok()) << "the first step looks at the clock";
  EXPECT_EQ(first.error().code, ErrorCode::kExpired);
  EXPECT_EQ(first.error().message, "the read took longer than its snapshot may live, -1 ms");
}

TEST_F(ReadContextTest, ARecalledReadFailsFromThenOnAndCountsOnce) {
  read_options_.steps_per_clock_check = 0;
  // Moments are counted by the table of unfolded events, which has a recall of its own here.
  RawView view = table_->view(*store_);
  view.began = 5;
  const auto read = ReadContext::open(std::move(view), *store_, nullptr, read_options_, reads_);
  reads_.recall.recall_before(5);
  EXPECT_TRUE((*read)->check().ok());
  reads_.recall.recall_before(6);
  for (int step = 0; step < 3; ++step) {
    const auto recalled = (*read)->check();
    ASSERT_FALSE(recalled.ok());
    EXPECT_EQ(recalled.error().code, ErrorCode::kOverloaded);
    EXPECT_NE(recalled.error().message.find("its bound of 1000 bytes"), std::string::npos)
        << recalled.error().message;
  }
  EXPECT_EQ(reads_.recall.reads_recalled, 1U);
}

TEST_F(ReadContextTest, ThePartsOfAReadAreBoundedTogether) {
  constexpr std::size_t kMebibyte = 1U << 20;
  reads_.memory.set_bytes_max(8 * kMebibyte);  // one read may hold seven
  const auto read = begin_read();
  const auto other = begin_read();
  EXPECT_EQ(read->memory_bytes_max(), 7 * kMebibyte);
  ReadMemory rows(*read);
  ReadMemory groups(*read);
  ReadMemory of_other(*other);
  ASSERT_TRUE(rows.hold(3 * kMebibyte).ok());
  ASSERT_TRUE(groups.hold(4 * kMebibyte).ok());
  EXPECT_EQ(groups.hold(5 * kMebibyte).error().code, ErrorCode::kQueryTooLarge)
      << "however much is free, the two may not have it";
  EXPECT_EQ(of_other.hold(2 * kMebibyte).error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(reads_.memory.held(), 7 * kMebibyte) << "an error changes nothing";
  rows.release();
  EXPECT_EQ(reads_.memory.held(), 4 * kMebibyte);
  ASSERT_TRUE(groups.hold(7 * kMebibyte).ok());
  groups.release();
  ASSERT_TRUE(of_other.hold(7 * kMebibyte).ok());
  EXPECT_EQ(groups.hold(2 * kMebibyte).error().code, ErrorCode::kOverloaded);
}

// Waiting for others is in vain for who holds all there is.
TEST_F(ReadContextTest, APartThatFindsNoMemoryBesideItsOwnReadIsTooLarge) {
  reads_.memory.set_bytes_max(8U << 20);
  const auto read = begin_read();
  ReadMemory rows(*read);
  ReadMemory groups(*read);
  ASSERT_TRUE(groups.hold(7U << 20).ok());
  EXPECT_EQ(rows.hold(kCursorBytes).error().code, ErrorCode::kQueryTooLarge);
}

TEST_F(ReadContextTest, ReleasedItKeepsNothing) {
  append({event_at(kNowMs, "a")});
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> owned = owner;
  auto opened = ReadContext::open(table_->view(*store_), *store_, std::move(owner), read_options_,
                                  reads_);
  ASSERT_TRUE(opened.ok());
  std::shared_ptr<ReadContext> read = std::move(*opened);
  EXPECT_EQ(reads_.queries, 1U);
  EXPECT_EQ(reads_.open, 1U);
  fold();
  EXPECT_EQ(table_->kept_for_readers().size(), 1U);
  read->count_row();
  EXPECT_EQ(reads_.rows, 0U) << "told in strides";
  read->release();
  EXPECT_EQ(reads_.rows, 1U);
  EXPECT_TRUE(owned.expired());
  EXPECT_EQ(table_->kept_for_readers().size(), 0U);
  read->release();
  EXPECT_EQ(reads_.open, 1U) << "its caller still has it";
  read.reset();
  EXPECT_EQ(reads_.open, 0U);
  EXPECT_EQ(reads_.queries, 1U);
}

TEST_F(ReadContextTest, ACountOfRowsIsAStrideBehindAtMost) {
  const auto read = begin_read();
  for (int row = 0; row < 2500; ++row) read->count_row();
  EXPECT_GT(reads_.rows, 2500U - 1024U);
  read->release();
  EXPECT_EQ(reads_.rows, 2500U);
}

TEST_F(ReadContextTest, AMarkThatCannotBeReadFailsTheRead) {
  append({event_at(kNowMs, "a")});
  WriteSet set(*store_);
  set.put(Family::kMeta, FoldMarkRecord::kKey, "no mark");
  ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  const auto read =
      ReadContext::open(table_->view(*store_), *store_, nullptr, read_options_, reads_);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(reads_.open, 0U);
}

}  // namespace
}  // namespace minuted::test
