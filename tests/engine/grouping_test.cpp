// Grouped reads of an engine: exact sums, and bounds on what they hold.
#include "engine/engine_fixture.hpp"

namespace minuted::test {
namespace {

using GroupingTest = EngineTest;

QuerySpec grouped(const Grouping& kept, Columns columns = Columns::kAll) {
  QuerySpec spec{kAllMinutes, {}, {}, {}};
  spec.grouping = kept;
  spec.columns = columns;
  return spec;
}

// The error that ends the query's rows, and how many come before it.
struct Refusal {
  std::string message;
  int rows = 0;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.rows << " rows, then: " << refusal.message;
}

Refusal refusal_of(Engine& engine, const QuerySpec& spec) {
  auto cursor = engine.query(spec);
  Row row;
  for (Refusal refusal;; ++refusal.rows) {
    const auto more = (*cursor)->next(row);
    if (!more) {
      refusal.message = std::string(to_string(more.error().code)) + ": " + more.error().message;
      const auto after = (*cursor)->next(row);
      EXPECT_TRUE(after.ok() && !*after) << "nothing more after an error";
    }
    if (!more || !*more) return refusal;
  }
}

TEST_F(GroupingTest, GroupedSumsAreExactAndLatenciesWeighted) {
  open();
  EventView huge = event_at(kNowMs);
  huge.upl_bytes = huge.dwl_bytes = kBytesMax;
  huge.size_change = INT64_MIN;
  huge.latency_us = 1000;
  EventView quick = huge;
  quick.repo = "r2";
  quick.host = "i";
  quick.latency_us = 1;
  EventView silent = huge;
  silent.bucket = "c";
  silent.latency_us.reset();
  append(request_of({huge, huge, quick, silent}));
  OracleRow expected;
  expected.minute = kNowMinute;
  expected.requests = 4;
  expected.upl_bytes = expected.dwl_bytes = UInt128{kBytesMax} * 4;
  expected.size_change = Int128{INT64_MIN} * 4;
  expected.latency_count = 3;
  expected.latency_sum_us = 2001;
  expected.latency_min_us = 1;
  expected.latency_max_us = 1000;
  expected.ops[static_cast<std::size_t>(huge.op)] = 4;
  EXPECT_EQ(read(grouped({})), std::vector{expected});
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_EQ(read(grouped({})), std::vector{expected});
}

TEST_F(GroupingTest, MoreGroupsThanMayBeAreRefused) {
  options_.groups_max = 3;
  open();
  for (const char* repo : {"r1", "r2"}) {
    for (int i = 0; i < 3; ++i) {
      EventView event = event_at(kNowMs - i * 60'000, i == 2 ? "b2" : "b1");
      event.repo = repo;
      append(request_of({event}));
    }
  }
  EXPECT_EQ(refusal_of(*engine_, grouped({})), (Refusal{"", 3})) << "as many as may be";
  EXPECT_EQ(refusal_of(*engine_, grouped({true, false, true})), (Refusal{"", 6}));
  EventView one_more = event_at(kNowMs + 60'000, "b1");
  one_more.repo = "r2";
  append(request_of({one_more}));
  const std::string message =
      "too_many_groups: the rows fall into more than 3 groups, as many as are allowed; ask "
      "for a shorter range or fewer ids, or group by fewer of repo, bucket and host";
  EXPECT_EQ(refusal_of(*engine_, grouped({})), (Refusal{message, 0}));
  EXPECT_EQ(refusal_of(*engine_, grouped({false, true, true})), (Refusal{message, 0}));
  EXPECT_EQ(refusal_of(*engine_, grouped({true, false, false})), (Refusal{message, 3}))
      << "the groups of one repo are held at a time";
  EXPECT_EQ(refusal_of(*engine_, grouped({true, true, false})), (Refusal{"", 7}))
      << "nothing is held but the row at hand";
}

TEST_F(GroupingTest, TheMemoryOfAllReadsTogetherIsBounded) {
  options_.query_bytes_max = 1U << 20;
  open();
  append(request_of({event_at(kNowMs), event_at(kNowMs - 60'000)}));
  std::vector<std::unique_ptr<RowCursor>> cursors;
  Row row;
  for (;;) {
    cursors.push_back(engine_->query(grouped({}, Columns::kSums)).value());
    const auto more = cursors.back()->next(row);
    if (!more.ok()) {
      EXPECT_EQ(more.error().code, ErrorCode::kOverloaded);
      break;
    }
    ASSERT_LT(cursors.size(), 20U);
  }
  EXPECT_GT(cursors.size(), 2U);
  EXPECT_LE(engine_->stats().query_bytes, 1U << 20);
  EXPECT_EQ(engine_->stats().query_bytes_max, 1U << 20);
  EXPECT_EQ(engine_->stats().queries_over_memory, 1U);
  EXPECT_TRUE(refusal_of(*engine_, grouped({}, Columns::kSums))
                  .message.starts_with("overloaded: the reads under way hold "));
  while (*cursors.front()->next(row)) {
  }
  EXPECT_EQ(refusal_of(*engine_, grouped({}, Columns::kSums)), (Refusal{"", 2})) << "one has ended";
  cursors.clear();
  EXPECT_EQ(engine_->stats().query_bytes, 0U);
}

TEST_F(GroupingTest, GroupsAreAddedUpInStepsUntilTheSnapshotExpires) {
  open();
  AppendRequest request;
  for (int i = 0; i < 20'000; ++i) request.batch.add(event_at(kNowMs - i * 60'000));
  append(std::move(request));
  Row row;
  auto cursor = engine_->query(grouped({false, true, false})).value();
  auto ready = cursor->prepare();
  ASSERT_TRUE(ready.ok() && !*ready) << "the first step is not all";
  ready = cursor->prepare();
  ASSERT_TRUE(ready.ok() && *ready);
  clock_.advance_ms(options_.snapshot_ms_max + 1);
  int rows = 0;
  while (*cursor->next(row)) ++rows;
  EXPECT_EQ(rows, 20'000) << "what is added up needs no snapshot";

  cursor = engine_->query(grouped({})).value();
  ready = cursor->prepare();
  ASSERT_TRUE(ready.ok() && !*ready);
  clock_.advance_ms(options_.snapshot_ms_max + 1);
  ready = cursor->prepare();
  ASSERT_FALSE(ready.ok());
  EXPECT_EQ(ready.error().code, ErrorCode::kExpired);
  const auto after = cursor->next(row);
  EXPECT_TRUE(after.ok() && !*after) << "nothing more after an error";
}

}  // namespace
}  // namespace minuted::test
