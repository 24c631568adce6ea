// What reads keep in memory of events that were folded since they began is bounded: past the bound the
// oldest reads end, with an error that says so, and newer ones go on. What they kept is free then.
#include "engine/engine_fixture.hpp"

namespace minuted::test {
namespace {

class KeptMemoryTest : public EngineTest {
 protected:
  // What a fold makes of a generation of append_and_fold() takes about so many bytes, or twice.
  static constexpr std::size_t kFoldBytes = 64U << 10;

  void SetUp() override {
    options_.read_kept_bytes_max = 4 * kFoldBytes;
    options_.retention.raw_ms = 24 * kHourMs;
    open();
  }

  void append_hosts() {
    AppendRequest request;
    for (std::size_t i = 0; i < kFoldBytes / 256; ++i) {
      const std::string name = std::string(200, 'h') + std::to_string(i);
      request.batch.add(event_at(kNowMs, "b", name));
    }
    append(std::move(request));
  }
  void append_and_fold() {
    append_hosts();
    ASSERT_TRUE(engine_->fold().ok());
  }

  std::unique_ptr<RowCursor> begin_read() {
    auto cursor = engine_->query({kAllMinutes, {}, {}, {}});
    EXPECT_TRUE(cursor.ok());
    return std::move(*cursor);
  }

  // Steps to the end; how it ended.
  Result<void> finish(RowCursor& cursor) {
    Row row;
    for (;;) {
      const auto more = cursor.next(row);
      if (!more) return more.error();
      if (!*more) return {};
    }
  }
};

TEST_F(KeptMemoryTest, AReadWithinTheBoundIsNotDisturbed) {
  append_hosts();
  const auto cursor = begin_read();
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_GT(engine_->stats().read_kept_bytes, kFoldBytes / 2);
  for (int i = 0; i < 50; ++i) append_and_fold();  // which it does not keep
  EXPECT_TRUE(finish(*cursor).ok());
  EXPECT_EQ(engine_->stats().reads_recalled, 0U);
  EXPECT_EQ(engine_->recalled_before(), 0U);
}

TEST_F(KeptMemoryTest, TheOldestReadsEndAndNewerOnesGoOn) {
  // Each has the generation that is open when it begins.
  constexpr std::size_t kReads = 12;
  std::vector<std::unique_ptr<RowCursor>> cursors;
  std::vector<std::uint64_t> moments;
  for (std::size_t i = 0; i < kReads; ++i) {
    append_hosts();
    moments.push_back(engine_->read_moment());
    cursors.push_back(begin_read());
    ASSERT_TRUE(engine_->fold().ok());
  }
  const EngineStats stats = engine_->stats();
  EXPECT_GT(stats.read_kept_bytes, options_.read_kept_bytes_max);
  EXPECT_EQ(stats.read_kept_bytes_max, options_.read_kept_bytes_max);

  std::size_t recalled = 0;
  for (; recalled < cursors.size(); ++recalled) {
    const auto ended = finish(*cursors[recalled]);
    EXPECT_EQ(ended.ok(), moments[recalled] >= engine_->recalled_before());
    if (ended.ok()) break;
    EXPECT_EQ(ended.error().code, ErrorCode::kOverloaded);
    EXPECT_NE(ended.error().message.find(std::to_string(options_.read_kept_bytes_max)),
              std::string::npos)
        << ended.error().message;
  }
  EXPECT_GE(recalled, kReads - 4) << "the oldest are ended";
  EXPECT_LT(recalled, kReads) << "and no more than need be";
  for (std::size_t i = recalled; i < kReads; ++i) {
    EXPECT_TRUE(finish(*cursors[i]).ok()) << i << " is newer than one that was not recalled";
  }
  EXPECT_EQ(engine_->stats().reads_recalled, recalled);

  // The memory of those that ended is free, although their cursors are still there.
  append_and_fold();
  EXPECT_EQ(engine_->stats().read_kept_bytes, 0U);
  EXPECT_TRUE(finish(*begin_read()).ok()) << "a read that begins now";
}

TEST_F(KeptMemoryTest, EveryKindOfReadIsRecalled) {
  append_hosts();
  auto rows = engine_->query({kAllMinutes, {}, {}, {}});
  auto events = engine_->events({kAllMinutes, {}, {}, {}});
  auto totals = engine_->totals({});
  auto nodes = engine_->nodes({});
  auto series = engine_->series({});
  UsageQuery query;
  query.window = {{kNowMinute / kMinutesPerDay * kMinutesPerDay}, 288, 5};
  auto storage = engine_->usage(query);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  ASSERT_TRUE(events.ok()) << events.error().message;
  ASSERT_TRUE(totals.ok()) << totals.error().message;
  ASSERT_TRUE(nodes.ok()) << nodes.error().message;
  ASSERT_TRUE(series.ok()) << series.error().message;
  ASSERT_TRUE(storage.ok()) << storage.error().message;
  std::vector<std::unique_ptr<RowCursor>> later;
  for (int i = 0; i < 12; ++i) {
    append_and_fold();
    append_hosts();
    later.push_back(begin_read());
  }
  Row row;
  EventView event;
  Totals total;
  NodeRow node;
  SeriesRow one_series;
  UsageEntity entity;
  const auto code = [](const Result<bool>& ended) {
    return ended.ok() ? ErrorCode::kUnavailable : ended.error().code;
  };
  EXPECT_EQ(code((*rows)->next(row)), ErrorCode::kOverloaded);
  EXPECT_EQ(code((*events)->next(event)), ErrorCode::kOverloaded);
  EXPECT_EQ(code((*totals)->next(total)), ErrorCode::kOverloaded);
  EXPECT_EQ(code((*nodes)->next(node)), ErrorCode::kOverloaded);
  EXPECT_EQ(code((*series)->next(one_series)), ErrorCode::kOverloaded);
  EXPECT_EQ(code((*storage)->next(entity)), ErrorCode::kOverloaded);
}

// Of the memtables the same: reads that stand on them are recalled once too much has been flushed.
TEST_F(KeptMemoryTest, FlushedMemtablesCount) {
  options_.read_kept_bytes_max = 1U << 20;
  options_.memtable_bytes = 2U << 20;
  open();
  std::vector<std::unique_ptr<RowCursor>> cursors;
  Row row;
  std::size_t times = 0;
  while (engine_->recalled_before() == 0 && times++ < 400) {
    append_and_fold();
    cursors.push_back(begin_read());
    ASSERT_TRUE(cursors.back()->next(row).ok());  // its iterators are made by that
  }
  EXPECT_GT(engine_->recalled_before(), 0U);
  for (const auto& cursor : cursors) (void)finish(*cursor);
  cursors.clear();
  append_and_fold();
  EXPECT_EQ(engine_->stats().read_kept_bytes, 0U);
}

}  // namespace
}  // namespace minuted::test
