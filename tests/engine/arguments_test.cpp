// What no key could hold is refused where it enters the engine: an id with a NUL would end within a key, and
// name another repo or bucket. Embedding programs have no JSON decoder before the engine.
#include "engine/engine_fixture.hpp"

namespace minuted::test {
namespace {

using namespace std::string_view_literals;

class ArgumentsTest : public EngineTest {
 protected:
  void SetUp() override {
    options_.retention.raw_ms = 24 * kHourMs;
    open();
  }

  // The error of appending two events of which the second is this one.
  Error refusal_of(const EventView& event) {
    const auto receipt = engine_->append_and_wait(request_of({event_at(kNowMs), event}));
    EXPECT_FALSE(receipt.ok());
    EXPECT_TRUE(read().empty()) << "nothing of the batch is stored";
    return receipt.ok() ? Error{} : receipt.error();
  }

  static constexpr std::string_view kBad = "a\0b"sv;
};

TEST_F(ArgumentsTest, AnEventThatNoKeyCouldHoldRefusesItsBatch) {
  struct Case {
    const char* message;
    void (*spoil)(EventView&);
  };
  static const std::string kLong(256, 'x');
  const Case cases[] = {
      {"event 1 of the batch: repo \"a\\x00b\" must not contain control characters",
       [](EventView& e) { e.repo = kBad; }},
      {"event 1 of the batch: bucket \"a\\x00b\" must not contain control characters",
       [](EventView& e) { e.bucket = kBad; }},
      {"event 1 of the batch: host \"a\\x00b\" must not contain control characters",
       [](EventView& e) { e.host = kBad; }},
      {"event 1 of the batch: repo \"\" must not be empty", [](EventView& e) { e.repo = {}; }},
      {"event 1 of the batch: status 1000 is not within 0 and 999",
       [](EventView& e) { e.status = 1000; }},
      {"event 1 of the batch: timestamp -1 is not within 0 and ",
       [](EventView& e) { e.timestamp = Millis{-1}; }},
      {"event 1 of the batch: latency_us 10000000000001 is not within 0 and 10000000000000",
       [](EventView& e) { e.latency_us = kLatencyUsMax + 1; }},
      {"event 1 of the batch: id \"xxx", [](EventView& e) { e.id = kLong; }},
      {"event 1 of the batch: bucket \"xxx", [](EventView& e) { e.bucket = kLong; }},
  };
  for (const Case& one : cases) {
    EventView event = event_at(kNowMs);
    one.spoil(event);
    const Error error = refusal_of(event);
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(error.message.starts_with(one.message)) << error.message;
  }
  EXPECT_EQ(append(request_of({event_at(kNowMs)})).accepted, 1U) << "the engine goes on";
}

TEST_F(ArgumentsTest, AClearedBatchIsRightAgain) {
  EventBatch batch;
  EventView bad = event_at(kNowMs);
  bad.host = kBad;
  batch.add(bad, 7);
  ASSERT_TRUE(batch.fault().has_value());
  EXPECT_EQ(batch.fault()->index, 7U);
  EXPECT_TRUE(batch.empty());
  batch.clear();
  EXPECT_FALSE(batch.fault().has_value());
}

// With an id of "a", one of "a\0b" would find what it must not.
TEST_F(ArgumentsTest, QuestionsAndOrdersWithBadIdsAreRefused) {
  append(request_of({event_at(kNowMs)}));
  const std::string bad(kBad);
  const auto refused = [](const auto& result) {
    EXPECT_FALSE(result.ok());
    if (result.ok()) return;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(result.error().message.find("\"a\\x00b\" must not contain control characters"),
              std::string::npos)
        << result.error().message;
  };
  refused(engine_->query({kAllMinutes, {bad}, {}, {}}));
  refused(engine_->query({kAllMinutes, {}, {bad}, {}}));
  refused(engine_->query({kAllMinutes, {}, {}, {bad}}));
  QuerySpec after{kAllMinutes, {}, {}, {}};
  after.after = RowKey{"r", bad, Minute{1}, "h"};
  refused(engine_->query(after));
  refused(engine_->events({kAllMinutes, {bad}, {}, {}}));
  refused(engine_->totals({TotalsQuery::By::kBucket, {bad}, {}}));
  refused(engine_->nodes({{}, {bad}, std::nullopt}));
  refused(engine_->series({{bad}, {}, {}, std::nullopt}));
  UsageQuery storage;
  storage.scope = UsageScope::kRepo;
  storage.id = bad;
  refused(engine_->usage(storage));
  refused(engine_->remove({bad, std::nullopt, std::nullopt}));
  refused(engine_->remove({"r", bad, std::nullopt}));
  refused(engine_->tell_repo(bad, {"w", std::nullopt}));
  NodeUpdate node;
  node.node = bad;
  node.heartbeat.emplace();
  refused(engine_->tell_node_and_wait(std::move(node)));
  EXPECT_EQ(requests_read(), 1U);
}

}  // namespace
}  // namespace minuted::test
