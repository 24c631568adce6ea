// Promise: nodes come in the order of (bucket, day, node) with their last sign of life, latency, metadata and active
// minutes, of all their events and heartbeats, wherever the events lie. Against the oracle, whose longer history is
// in nodes_model_test.cpp. What every cursor does besides is in cursors_test.cpp.
#include "query/node_scan.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "query/read_fixture.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

class NodeScanTest : public HistoryTest {
 protected:
  void update(const NodeUpdate& update) {
    std::promise<Result<NodeFacts>> promise;
    auto done = promise.get_future();
    committer_->submit_node(update, [&](Result<NodeFacts> facts) { promise.set_value(std::move(facts)); });
    const auto facts = done.get();
    ASSERT_TRUE(facts.ok()) << facts.error().message;
    nodes_.tell(update, clock_.now());
  }

  std::vector<OracleNode> read(const NodeQuery& query) {
    read_options_.now = clock_.now();
    NodeScan cursor(begin_read(), query);
    std::vector<OracleNode> found;
    NodeRow row;
    for (;;) {
      const auto more = cursor.next(row);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) return found;
      found.push_back(to_oracle(row));
    }
  }
  std::vector<OracleNode> model(const NodeQuery& query) const {
    return nodes_.nodes(query, clock_.now(),
                        read_options_.horizons[static_cast<std::size_t>(Span::kDay)]);
  }
};

TEST_F(NodeScanTest, EqualsTheOracleWhereverTheEventsLie) {
  for (int round = 0; round < 8; ++round) {
    go_on();
    NodeUpdate told;
    told.node = random_.pick(names_.hosts);
    if (random_.chance(50)) told.facts.version = std::to_string(round);
    told.heartbeat = Heartbeat{std::nullopt, "up", random_.chance(50) ? "10.0.0.1" : ""};
    if (random_.chance(50)) told.heartbeat->latency_us = random_.below(1000);
    update(told);
    clock_.advance_ms(static_cast<std::int64_t>(random_.below(100'000)));
    for (int question = 0; question < 12; ++question) {
      NodeQuery query;
      query.repos = some(names_.repos);
      query.buckets = some(names_.buckets);
      if (random_.chance(60)) {
        const auto ago = static_cast<std::uint32_t>(random_.below(5 * kMinutesPerDay));
        query.days = random_.chance(40) ? kEveryMinute
                                        : MinuteRange{{kNowMinute - ago}, {kNowMinute - ago / 2 + 1}};
      }
      ASSERT_EQ(read(query), model(query)) << "round " << round;
    }
  }
}

TEST_F(NodeScanTest, DaysBeforeTheHorizonAreNotVisible) {
  append({event_at(kNowMs - 2 * kDayMs), event_at(kNowMs)});
  const Minute today = floor_to({kNowMinute}, kMinutesPerDay);
  read_options_.horizons[static_cast<std::size_t>(Span::kDay)] = today;
  for (const bool folded : {false, true}) {
    if (folded) fold_and_roll();
    NodeQuery query;
    query.days = kEveryMinute;
    const auto found = read(query);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].day, today.value);
  }
}

// So many days of nodes are put together in several lots.
TEST_F(NodeScanTest, ManyDaysOfManyNodesAreEachThereOnce) {
  std::vector<Event> events;
  for (int host = 0; host < 60; ++host) {
    for (int day = 0; day < 100; ++day) {
      events.push_back(own(event_at(kNowMs - day * kDayMs)));
      events.back().host = "h" + std::to_string(host);
    }
  }
  append(events);
  fold_and_roll();
  for (const Event& event : events) nodes_.add(event.view());
  NodeQuery query;
  query.days = kEveryMinute;
  const auto found = read(query);
  EXPECT_EQ(found.size(), 6000U);
  EXPECT_TRUE(found == model(query));
}

TEST_F(NodeScanTest, ValuesThatCannotBeReadAreNamed) {
  append({event_at(kNowMs - 2 * kDayMs)});
  fold_and_roll();
  const std::string prefix = pair_prefix("r", "b");
  const Minute day = floor_to({kNowMinute - 2 * kMinutesPerDay}, kMinutesPerDay);
  const std::pair<Family, std::string> kinds[] = {{Family::kNode, node_key("h")},
                                                  {Family::kDaySigns, row_key(prefix, day)},
                                                  {Family::kDay, row_key(prefix, day)},
                                                  {Family::kHostState, prefix}};
  for (const auto& [family, key] : kinds) {
    const auto before = store_->get(family, key);
    ASSERT_TRUE(before.ok());
    WriteSet set(*store_);
    set.put(family, key, "no value");
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
    NodeQuery query;
    query.days = kEveryMinute;
    NodeScan cursor(begin_read(), query);
    NodeRow row;
    EXPECT_EQ(code_of(cursor.next(row)), ErrorCode::kCorruption) << static_cast<int>(family);
    set.clear();
    set.remove(family, key);
    if (before->has_value()) set.put(family, key, **before);
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  }
}

}  // namespace
}  // namespace minuted::test
