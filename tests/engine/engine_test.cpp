// The engine's promises one by one: idempotency, bounds, late events, tiers, damage, expiry.
#include "minuted/engine.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <latch>
#include <thread>

#include "model/oracle.hpp"
#include "rollup/rollup_codec.hpp"
#include "store/key_codec.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'040'000;  // the first second of a minute
constexpr std::uint32_t kNowMinute = kNowMs / 60'000;
constexpr std::int64_t kHourMs = 3'600'000;
const MinuteRange kAllMinutes{{0}, {kMinuteMax.value + 1}};

EventView event_at(std::int64_t ms, std::string_view bucket = "b", std::string_view host = "h") {
  EventView e;
  e.repo = "r";
  e.bucket = bucket;
  e.host = host;
  e.timestamp = Millis{ms};
  e.op = OpClass::kPut;
  e.upl_bytes = 10;
  return e;
}

AppendRequest request_of(std::initializer_list<EventView> events) {
  AppendRequest request;
  for (const EventView& e : events) request.batch.add(e);
  return request;
}

AppendRequest keyed(const std::string& key, std::uint64_t body,
                    std::initializer_list<EventView> events) {
  AppendRequest request = request_of(events);
  request.idempotency = IdempotencyKey{"scope", key, {0, body}};
  return request;
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() : clock_(Millis{kNowMs}) {
    options_.path = dir_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
  }

  void open() {
    engine_.reset();
    auto opened = Engine::open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  Receipt append(AppendRequest request) {
    const auto receipt = engine_->append_and_wait(std::move(request));
    EXPECT_TRUE(receipt.ok()) << receipt.error().message;
    return receipt.ok() ? *receipt : Receipt{};
  }

  std::vector<OracleRow> read(const QuerySpec& spec = {kAllMinutes, {}, {}, {}}) {
    std::vector<OracleRow> rows;
    auto cursor = engine_->query(spec);
    EXPECT_TRUE(cursor.ok());
    Row row;
    for (;;) {
      const auto more = (*cursor)->next(row);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) return rows;
      rows.push_back(to_oracle(row));
    }
  }

  std::uint64_t requests_read() {
    std::uint64_t n = 0;
    for (const OracleRow& row : read()) n += row.requests;
    return n;
  }

  // Calls `queue` while the commit thread is held in a callback (of an event that is stored as well),
  // so that all it appends becomes one commit.
  template <class Queue>
  void in_one_commit(Queue queue) {
    // Shared: the callback may still look at them when this is left.
    const auto held = std::make_shared<std::latch>(1);
    const auto queued = std::make_shared<std::latch>(1);
    engine_->append(request_of({event_at(kNowMs)}), [held, queued](const Result<Receipt>&) {
      held->count_down();
      queued->wait();
    });
    held->wait();
    queue();
    queued->count_down();
  }

  TempDir dir_;
  ManualClock clock_;
  Options options_;
  std::unique_ptr<Engine> engine_;
};

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

TEST_F(EngineTest, RepeatedKeyAnswersTheFirstReceiptAndCountsNothing) {
  open();
  AppendRequest first = keyed("k", 1, {event_at(kNowMs)});
  first.rejected = 2;
  first.errors = {{4, "host", "must not be empty"}};
  const Receipt answer = append(std::move(first));
  EXPECT_EQ(answer.accepted, 1U);
  EXPECT_FALSE(answer.replayed);
  for (const bool reopened : {false, true}) {
    if (reopened) open();
    const Receipt again = append(keyed("k", 1, {event_at(kNowMs)}));
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.accepted, 1U);
    EXPECT_EQ(again.rejected, 2U);
    EXPECT_EQ(again.errors, answer.errors);
    EXPECT_EQ(requests_read(), 1U);
  }
  EXPECT_EQ(engine_->stats().batches_replayed, 1U);
}

TEST_F(EngineTest, KeyWithAnotherBodyIsRefusedAndStoresNothing) {
  open();
  append(keyed("k", 1, {event_at(kNowMs)}));
  const auto other = engine_->append_and_wait(keyed("k", 2, {event_at(kNowMs)}));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kKeyReused);
  EXPECT_EQ(requests_read(), 1U);
}

TEST_F(EngineTest, KeyIsForgottenAfterItsWindowAndNotBefore) {
  open();
  append(keyed("k", 1, {event_at(kNowMs)}));
  clock_.advance_ms(options_.idempotency_window_ms);
  EXPECT_TRUE(append(keyed("k", 1, {event_at(kNowMs)})).replayed);
  clock_.advance_ms(1);
  EXPECT_FALSE(append(keyed("k", 1, {event_at(kNowMs)})).replayed);
  EXPECT_EQ(requests_read(), 2U);
}

TEST_F(EngineTest, SameKeyOfAnotherScopeIsAnotherKey) {
  open();
  append(keyed("k", 1, {event_at(kNowMs)}));
  AppendRequest other = keyed("k", 1, {event_at(kNowMs)});
  other.idempotency->scope = "other";
  EXPECT_FALSE(append(std::move(other)).replayed);
  EXPECT_EQ(requests_read(), 2U);
}

TEST_F(EngineTest, OnlyIfKnownStoresNothing) {
  open();
  const auto ask = [&] {
    AppendRequest request = keyed("k", 1, {});
    request.only_if_known = true;
    return engine_->append_and_wait(std::move(request));
  };
  ASSERT_FALSE(ask().ok());
  EXPECT_EQ(ask().error().code, ErrorCode::kInvalidArgument);
  append(keyed("k", 1, {event_at(kNowMs)}));
  ASSERT_TRUE(ask().ok());
  EXPECT_TRUE(ask()->replayed);
  EXPECT_EQ(ask()->accepted, 1U);
}

EventView named(std::string_view id, std::int64_t ms = kNowMs, std::string_view host = "h") {
  EventView event = event_at(ms, "b", host);
  event.id = id;
  return event;
}

// Promise: an event with an id is counted once, in whatever batches it comes, across folds and
// restarts.
TEST_F(EngineTest, AnEventWithAnIdCountsOnce) {
  open();
  const Receipt first = append(request_of({named("a"), named("b"), named("a"), event_at(kNowMs)}));
  EXPECT_EQ(first.accepted, 3U);
  EXPECT_EQ(first.duplicates, 1U) << "within one batch";
  for (const bool reopened : {false, true}) {
    if (reopened) open();
    const Receipt again = append(request_of({named("b"), named("a")}));
    EXPECT_EQ(again.accepted, 0U);
    EXPECT_EQ(again.duplicates, 2U);
    const Receipt mixed = append(request_of({named("a"), named(reopened ? "d" : "c"), named("b")}));
    EXPECT_EQ(mixed.accepted, 1U);
    EXPECT_EQ(mixed.duplicates, 2U);
    ASSERT_TRUE(engine_->fold().ok());
  }
  EXPECT_EQ(requests_read(), 5U);
  EXPECT_EQ(engine_->stats().events_duplicate, 4U);
}

TEST_F(EngineTest, AnIdNamesAnEventOfItsBucketHostAndMinute) {
  open();
  EventView other_bucket = named("a");
  other_bucket.bucket = "b2";
  EventView other_repo = named("a");
  other_repo.repo = "r2";
  const Receipt receipt = append(request_of({named("a"), other_bucket, other_repo,
                                             named("a", kNowMs, "h2"), named("a", kNowMs + 60'000)}));
  EXPECT_EQ(receipt.accepted, 5U);
  EXPECT_EQ(append(request_of({named("a", kNowMs + 59'999)})).duplicates, 1U)
      << "the same minute, another moment";
}

TEST_F(EngineTest, AnIdIsForgottenAfterItsWindowAndNotBefore) {
  open();
  append(request_of({named("a")}));
  clock_.advance_ms(options_.idempotency_window_ms);
  EXPECT_EQ(append(request_of({named("a")})).duplicates, 1U);
  clock_.advance_ms(1);
  EXPECT_EQ(append(request_of({named("a")})).duplicates, 0U);
  EXPECT_EQ(append(request_of({named("a")})).duplicates, 1U);
  EXPECT_EQ(requests_read(), 2U);
}

TEST_F(EngineTest, ARepeatedKeyAnswersItsDuplicatesToo) {
  open();
  append(request_of({named("a")}));
  EXPECT_EQ(append(keyed("k", 1, {named("a"), named("b")})).duplicates, 1U);
  const Receipt again = append(keyed("k", 1, {named("a"), named("b")}));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.accepted, 1U);
  EXPECT_EQ(again.duplicates, 1U);
  EXPECT_EQ(requests_read(), 2U);
}

// What is refused leaves no id behind, or sending it again would lose it.
TEST_F(EngineTest, ARefusedEventsIdIsNotRemembered) {
  options_.series.total_max = 1;
  open();
  const Receipt first = append(request_of({named("x", kNowMs, "h2"), named("a"), named("a")}));
  EXPECT_EQ(first.accepted + first.rejected + first.duplicates, 3U);
  EXPECT_EQ(first.rejected, 2U);
  open();
  options_.series.total_max = 10;
  open();
  EXPECT_EQ(append(request_of({named("a")})).accepted, 1U);
}

TEST_F(EngineTest, EventsOfOneIdInOneCommitCountOnce) {
  open();
  std::vector<std::promise<Result<Receipt>>> answers(3);
  in_one_commit([&] {
    for (auto& answer : answers) {
      engine_->append(request_of({named("a")}),
                      [&](Result<Receipt> r) { answer.set_value(std::move(r)); });
    }
  });
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  for (auto& answer : answers) {
    const auto receipt = answer.get_future().get();
    accepted += receipt->accepted;
    duplicates += receipt->duplicates;
  }
  EXPECT_EQ(accepted, 1U);
  EXPECT_EQ(duplicates, 2U);
  EXPECT_EQ(requests_read(), 2U);
}

// Repeats that wait in the queue beside their first are answered by it: a client that times out and
// resends while the first is still being written must not be counted twice.
TEST_F(EngineTest, RepeatsInOneCommitShareTheFirstOnesFate) {
  open();
  std::vector<std::promise<Result<Receipt>>> answers(4);
  const std::uint64_t bodies[] = {1, 1, 2, 1};
  in_one_commit([&] {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      engine_->append(keyed("k", bodies[i], {event_at(kNowMs)}),
                      [&, i](Result<Receipt> r) { answers[i].set_value(std::move(r)); });
    }
  });
  EXPECT_FALSE(answers[0].get_future().get()->replayed);
  EXPECT_TRUE(answers[1].get_future().get()->replayed);
  EXPECT_EQ(answers[2].get_future().get().error().code, ErrorCode::kKeyReused);
  EXPECT_TRUE(answers[3].get_future().get()->replayed);
  EXPECT_EQ(requests_read(), 2U);
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

TEST_F(EngineTest, GroupedSumsAreExactAndLatenciesWeighted) {
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

TEST_F(EngineTest, MoreGroupsThanMayBeAreRefused) {
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
      "too_many_groups: the rows fall into more than 3 groups, as many as groups-max allows; ask "
      "for a shorter range or fewer ids, or group by fewer of repo, bucket and host";
  EXPECT_EQ(refusal_of(*engine_, grouped({})), (Refusal{message, 0}));
  EXPECT_EQ(refusal_of(*engine_, grouped({false, true, true})), (Refusal{message, 0}));
  EXPECT_EQ(refusal_of(*engine_, grouped({true, false, false})), (Refusal{message, 3}))
      << "the groups of one repo are held at a time";
  EXPECT_EQ(refusal_of(*engine_, grouped({true, true, false})), (Refusal{"", 7}))
      << "nothing is held but the row at hand";
}

TEST_F(EngineTest, GroupsOfAllReadsTogetherAreBounded) {
  options_.groups_max = 2;
  open();
  append(request_of({event_at(kNowMs), event_at(kNowMs - 60'000)}));
  std::vector<std::unique_ptr<RowCursor>> cursors;
  Row row;
  for (int i = 0; i < 4; ++i) {
    cursors.push_back(engine_->query(grouped({}, Columns::kSums)).value());
    ASSERT_TRUE(*cursors.back()->next(row));
  }
  EXPECT_EQ(refusal_of(*engine_, grouped({}, Columns::kSums)).message,
            "overloaded: all grouped reads together may hold 8 groups, which is reached; try again "
            "soon");
  EXPECT_EQ(refusal_of(*engine_, grouped({true, true, false})), (Refusal{"", 2}));
  while (*cursors.front()->next(row)) {
  }
  EXPECT_EQ(refusal_of(*engine_, grouped({}, Columns::kSums)), (Refusal{"", 2})) << "one has handed its groups out";
  cursors.clear();
  EXPECT_EQ(refusal_of(*engine_, grouped({}, Columns::kSums)), (Refusal{"", 2}));
}

TEST_F(EngineTest, GroupsAreAddedUpInStepsUntilTheSnapshotExpires) {
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
  EXPECT_EQ(sum(Family::kTotal), std::pair(2, std::uint64_t{6}));

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
    WriteSet set(**store);
    std::string key = pair_prefix("r", "b");
    append_minute(key, Minute{kNowMinute});
    append_sequence(key, 1);
    set.append_raw(key, "not a chunk");
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
  // What is folded after it does not make it forgotten.
  append(request_of({event_at(kNowMs, "a")}));
  ASSERT_FALSE(engine_->fold().ok());
  engine_.reset();
  open();
  expect_reported();
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
  EXPECT_EQ(refused.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(refused.error().message,
            "the store ends with commit 1, but commit 2 was acknowledged: its log has lost its "
            "end. Bring the files back from a copy, or accept the loss of the commits between");
  options_.accept_lost_commits = true;
  open();
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
