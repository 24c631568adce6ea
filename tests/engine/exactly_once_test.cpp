// Exactly once, one promise after the other: idempotency keys, and ids of events.
#include <future>

#include "engine/engine_fixture.hpp"

namespace minuted::test {
namespace {

using ExactlyOnceTest = EngineTest;

TEST_F(ExactlyOnceTest, RepeatedKeyAnswersTheFirstReceiptAndCountsNothing) {
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

TEST_F(ExactlyOnceTest, KeyWithAnotherBodyIsRefusedAndStoresNothing) {
  open();
  append(keyed("k", 1, {event_at(kNowMs)}));
  const auto other = engine_->append_and_wait(keyed("k", 2, {event_at(kNowMs)}));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kKeyReused);
  EXPECT_EQ(requests_read(), 1U);
}

TEST_F(ExactlyOnceTest, KeyIsForgottenAfterItsWindowAndNotBefore) {
  open();
  append(keyed("k", 1, {event_at(kNowMs)}));
  clock_.advance_ms(options_.idempotency_window_ms);
  EXPECT_TRUE(append(keyed("k", 1, {event_at(kNowMs)})).replayed);
  clock_.advance_ms(1);
  EXPECT_FALSE(append(keyed("k", 1, {event_at(kNowMs)})).replayed);
  EXPECT_EQ(requests_read(), 2U);
}

TEST_F(ExactlyOnceTest, SameKeyOfAnotherScopeIsAnotherKey) {
  open();
  append(keyed("k", 1, {event_at(kNowMs)}));
  AppendRequest other = keyed("k", 1, {event_at(kNowMs)});
  other.idempotency->scope = "other";
  EXPECT_FALSE(append(std::move(other)).replayed);
  EXPECT_EQ(requests_read(), 2U);
}

TEST_F(ExactlyOnceTest, OnlyIfKnownStoresNothing) {
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
TEST_F(ExactlyOnceTest, AnEventWithAnIdCountsOnce) {
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

TEST_F(ExactlyOnceTest, AnIdNamesAnEventOfItsBucketHostAndMinute) {
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

TEST_F(ExactlyOnceTest, AnIdIsForgottenAfterItsWindowAndNotBefore) {
  open();
  append(request_of({named("a")}));
  clock_.advance_ms(options_.idempotency_window_ms);
  EXPECT_EQ(append(request_of({named("a")})).duplicates, 1U);
  clock_.advance_ms(1);
  EXPECT_EQ(append(request_of({named("a")})).duplicates, 0U);
  EXPECT_EQ(append(request_of({named("a")})).duplicates, 1U);
  EXPECT_EQ(requests_read(), 2U);
}

TEST_F(ExactlyOnceTest, ARepeatedKeyAnswersItsDuplicatesToo) {
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
TEST_F(ExactlyOnceTest, ARefusedEventsIdIsNotRemembered) {
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

TEST_F(ExactlyOnceTest, EventsOfOneIdInOneCommitCountOnce) {
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
TEST_F(ExactlyOnceTest, RepeatsInOneCommitShareTheFirstOnesFate) {
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

}  // namespace
}  // namespace minuted::test
