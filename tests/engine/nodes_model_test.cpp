// Nodes and series against the oracle under random interleavings of events (some of them days late),
// heartbeats, descriptions, folds, rolls, seals, removals, retention and restarts. Holds up "status and uptime
// are derived from events and heartbeats, and survive restarts".
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "crash/stored_state.hpp"
#include "engine/rolling.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "model/node_oracle.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"
#include "support/long_form.hpp"
#include "support/manual_clock.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;

class NodeHistory {
 public:
  // `keeps`: for ever, and ranges are removed; else for three days, and none are.
  NodeHistory(std::uint64_t seed, bool keeps) : random_(seed), keeps_(keeps) {
    clock_.set_now(Millis{kStartMs});
    open();
  }

  void step() {
    switch (pick(15)) {
      case 0: fold(); break;
      case 1: open(); break;
      case 2: ASSERT_TRUE(engine_->seal().ok()); break;
      case 3: remove(); break;
      case 4: prune(); break;
      case 14: roll_some(); break;
      case 5: clock_.advance_ms(static_cast<std::int64_t>(pick(3) ? pick(200'000) : pick(90'000'000))); break;
      case 6:
      case 7: read(); break;
      case 8:
      case 9:
      case 10: tell(); break;
      default: append(); break;
    }
  }

  void fold() { ASSERT_TRUE(engine_->fold().ok()); }

  void read() {
    for (const bool days : {false, true}) {
      NodeQuery query;
      if (pick(2)) query.repos = {std::string(id()), std::string(id())};
      if (pick(2)) query.buckets = {std::string(id()), "absent", std::string(id())};
      if (days) {
        const auto now = static_cast<std::uint32_t>(clock_.now().value / 60'000);
        const auto begin = now - static_cast<std::uint32_t>(pick(12'000));
        query.days = MinuteRange{{begin}, {begin + 1 + static_cast<std::uint32_t>(pick(14'000))}};
        if (pick(4) == 0) query.days = MinuteRange{{0}, {kMinuteMax.value + 1}};
      }
      std::vector<OracleNode> rows;
      auto cursor = engine_->nodes(query);
      ASSERT_TRUE(cursor.ok());
      NodeRow row;
      for (;;) {
        const auto more = (*cursor)->next(row);
        ASSERT_TRUE(more.ok()) << more.error().message;
        if (!*more) break;
        rows.push_back(to_oracle(row));
      }
      ASSERT_EQ(rows, oracle_.nodes(query, clock_.now(), engine_->horizon(Span::kDay)));
    }
    read_series();
  }

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  void open() {
    engine_.reset();
    Options options;
    options.path = dir_ / "store";
    options.clock = &clock_;
    options.fold_interval_ms = 0;
    options.seal_interval_ms = 0;
    options.seal_after_ms = 0;
    options.accept_clock = true;
    if (!keeps_) options.retention = {3 * kMillisPerDay, 3 * kMillisPerDay, 3 * kMillisPerDay, 0};
    options.fold_batch_bytes = pick(2) ? 1 : 1U << 20;
    options.memtable_bytes = 1U << 20;
    auto opened = Engine::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  // Ids that are prefixes of each other, so that a sloppy key order shows.
  std::string_view id() {
    static constexpr std::string_view kIds[] = {"a", "aa", "a b", "\xC3\xA9"};
    return kIds[pick(std::size(kIds))];
  }

  void append() {
    AppendRequest request;
    std::vector<EventView> events;
    for (std::uint64_t i = 1 + pick(12); i != 0; --i) {
      EventView e;
      e.repo = id();
      e.bucket = id();
      e.host = id();
      const std::uint64_t late_ms = pick(6) ? pick(200'000) : pick(4 * 86'400'000ULL);
      // Up to ten minutes ahead.
      e.timestamp = Millis{clock_.now().value - static_cast<std::int64_t>(late_ms) +
                           (pick(10) == 0 ? 599'000 : 0)};
      if (pick(3)) e.latency_us = pick(1'000'000);
      if (e.timestamp < engine_->oldest_event()) continue;
      events.push_back(e);
      request.batch.add(e);
    }
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
    for (const EventView& e : events) oracle_.add(e);
  }

  void tell() {
    NodeUpdate update;
    update.node = id();
    if (pick(4) == 0) update.facts.version = std::to_string(pick(100));
    if (pick(4) != 0) {
      Heartbeat heartbeat{std::nullopt, pick(3) ? std::to_string(pick(10)) : "",
                          pick(3) ? std::to_string(pick(10)) : ""};
      if (pick(2)) heartbeat.latency_us = pick(1'000'000);
      update.heartbeat = heartbeat;
    }
    const auto told = engine_->tell_node_and_wait(update);
    ASSERT_TRUE(told.ok()) << told.error().message;
    if (update.facts.version) {
      EXPECT_EQ(told->version, *update.facts.version);
    }
    oracle_.tell(update, clock_.now());
  }

  void remove() {
    Removal removal{std::string(id()), std::nullopt, std::nullopt};
    if (pick(4) != 0) removal.bucket = std::string(id());
    if (keeps_ && pick(4) != 0) {
      const auto now = static_cast<std::uint32_t>(clock_.now().value / 60'000);
      const auto begin = now - static_cast<std::uint32_t>(pick(2) ? pick(6) : pick(6000));
      removal.range = MinuteRange{{begin}, {begin + static_cast<std::uint32_t>(pick(3000))}};
    }
    fold();  // as a removal does, with the boundaries of now
    const RollBoundaries boundaries = boundaries_of(*engine_);
    oracle_.roll([&](const std::string& repo, const std::string& bucket) {
      return boundaries.hour_of(pair_prefix(repo, bucket));
    });
    const auto removed = engine_->remove(removal);
    ASSERT_TRUE(removed.ok()) << removed.error().message;
    oracle_.remove(removal);
    check_store();
  }

  void prune() {
    if (keeps_) return;
    fold();
    ASSERT_TRUE(engine_->prune().ok());
    oracle_.prune(engine_->horizon(Span::kDay));
    check_store();
  }

  // As of some time among the events; half of the passes are cut short.
  void roll_some() {
    const auto back_ms = static_cast<std::int64_t>(pick(3) ? pick(7'200'000) : pick(4 * 86'400'000ULL));
    roll(*engine_, Millis{clock_.now().value - back_ms}, pick(2) ? SIZE_MAX : 1 + pick(6));
  }

  // What is kept of hosts goes with their series, and a day has activity when it has a row.
  void check_store() {
    std::vector<std::string> violations;
    const auto count = [&](Family family) {
      return keys_of(store_below(*engine_), family, violations).size();
    };
    if (engine_->stats().series_total == 0) {
      EXPECT_EQ(count(Family::kDaySigns) + count(Family::kHostState) + count(Family::kCatalog), 0U);
    }
    const RollBoundaries boundaries = boundaries_of(*engine_);
    std::set<std::string> rolled = keys_of(store_below(*engine_), Family::kDaySigns, violations);
    std::erase_if(rolled, [&](const std::string& key) {
      const std::string_view prefix = split_pair(key)->prefix;
      return read_minute(std::string_view(key).substr(prefix.size())) >= boundaries.day_of(prefix);
    });
    EXPECT_EQ(rolled, keys_of(store_below(*engine_), Family::kDay, violations));
    EXPECT_EQ(violations, std::vector<std::string>{});
  }

  void read_series() {
    SeriesQuery query;
    if (pick(2)) query.repos = {std::string(id()), std::string(id())};
    if (pick(2)) query.buckets = {std::string(id())};
    if (pick(2)) query.search = id();
    std::map<NodeOracle::Series, NodeOracle::Seen> rows;
    std::vector<NodeOracle::Series> order;
    // Page by page.
    const std::size_t page = 1 + pick(7);
    for (bool more_pages = true; more_pages;) {
      auto cursor = engine_->series(query);
      ASSERT_TRUE(cursor.ok());
      more_pages = false;
      for (std::size_t i = 0; i < page; ++i) {
        SeriesRow row;
        const auto more = (*cursor)->next(row);
        ASSERT_TRUE(more.ok()) << more.error().message;
        if (!*more) break;
        query.after = SeriesKey{std::string(row.repo), std::string(row.bucket), std::string(row.host)};
        order.emplace_back(row.repo, row.bucket, row.host);
        rows.emplace(order.back(), NodeOracle::Seen{row.first.value, row.last.value});
        more_pages = i + 1 == page;
      }
      if (pick(3) == 0) fold();
    }
    auto expected = oracle_.series(query, engine_->horizon(Span::kDay));
    for (auto& [series, seen] : expected) seen = {seen.first, seen.last_ms / 60'000};
    ASSERT_EQ(rows, expected);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    EXPECT_EQ(order.size(), rows.size());
  }

  std::mt19937_64 random_;
  const bool keeps_;
  TempDir dir_;
  ManualClock clock_;
  NodeOracle oracle_;
  std::unique_ptr<Engine> engine_;
};

TEST(NodesModelTest, NodesAndSeriesEqualTheOracleUnderRandomInterleavings) {
  const std::uint64_t seed = test_seed();
  const int histories = long_form() ? 300 : static_cast<int>(sampled(8));
  for (int i = 0; i < histories; ++i) {
    SCOPED_TRACE("history " + std::to_string(i));
    NodeHistory history(seed + static_cast<std::uint64_t>(i), i % 2 == 0);
    for (int step = 0; step < 200 && !testing::Test::HasFatalFailure(); ++step) history.step();
    if (testing::Test::HasFatalFailure()) return;
    history.read();
    history.fold();
    history.read();
  }
}

class NodesTest : public testing::Test {
 protected:
  void open(std::uint64_t nodes_max = 3) {
    engine_.reset();
    Options options;
    options.path = dir_ / "store";
    options.clock = &clock_;
    options.fold_interval_ms = 0;
    options.nodes_max = nodes_max;
    auto opened = Engine::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }
  Result<NodeFacts> tell(const std::string& node) {
    NodeUpdate update;
    update.node = node;
    update.heartbeat.emplace();
    return engine_->tell_node_and_wait(update);
  }

  TempDir dir_;
  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(NodesTest, OnlySoManyNodesAreKnownAlsoAfterARestart) {
  open();
  for (const char* node : {"a", "b", "c", "a"}) EXPECT_TRUE(tell(node).ok());
  EXPECT_EQ(tell("d").error().code, ErrorCode::kTooManyNodes);
  open();
  EXPECT_EQ(tell("d").error().code, ErrorCode::kTooManyNodes);
  EXPECT_TRUE(tell("b").ok());
  open(4);
  EXPECT_TRUE(tell("d").ok());
}

// Its heartbeats do; it goes altogether, and makes room, unless something was told of it.
TEST_F(NodesTest, HeartbeatsGoWithTheLastSeriesOfANode) {
  open();
  const auto append = [&](std::string_view repo) {
    AppendRequest request;
    EventView e;
    e.repo = repo;
    e.bucket = "b";
    e.host = "a";
    e.timestamp = clock_.now();
    request.batch.add(e);
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  };
  for (const char* node : {"a", "b", "c"}) EXPECT_TRUE(tell(node).ok());
  append("r");
  append("s");
  ASSERT_TRUE(engine_->remove({"r", std::nullopt, std::nullopt}).ok());
  EXPECT_FALSE(tell("d").ok()) << "a is in another repo still";
  ASSERT_TRUE(engine_->remove({"s", std::nullopt, std::nullopt}).ok());
  std::vector<std::string> violations;
  const auto keys = keys_of(store_below(*engine_), Family::kNode, violations);
  EXPECT_EQ(keys.size(), 4U) << "records and a day of two nodes";
  EXPECT_TRUE(tell("d").ok());
  // What was told stays until it is cleared.
  NodeUpdate update;
  update.node = "d";
  update.facts.region = "here";
  ASSERT_TRUE(engine_->tell_node_and_wait(update).ok());
  AppendRequest request;
  EventView e;
  e.repo = "t";
  e.bucket = "b";
  e.host = "d";
  e.timestamp = clock_.now();
  request.batch.add(e);
  ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  ASSERT_TRUE(engine_->remove({"t", std::nullopt, std::nullopt}).ok());
  const auto left = keys_of(store_below(*engine_), Family::kNode, violations);
  EXPECT_EQ(left.size(), 5U) << "records and a day of two nodes, and the record of d";
  EXPECT_EQ(tell("e").error().code, ErrorCode::kTooManyNodes);
}

// The rule of a node's state, case by case: see nodes.hpp.
class NodeStateTest : public NodesTest {
 protected:
  NodeStateTest() {
    clock_.set_now(Millis{kStartMs / kMillisPerMinute * kMillisPerMinute});
    open();
  }

  void event(std::int64_t ms, std::optional<std::uint64_t> latency_us = std::nullopt) {
    AppendRequest request;
    EventView e;
    e.repo = "r";
    e.bucket = "b";
    e.host = "a";
    e.timestamp = Millis{clock_.now().value + ms - before_ms_};
    e.latency_us = latency_us;
    request.batch.add(e);
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  }
  void beat(const Heartbeat& heartbeat) {
    NodeUpdate update;
    update.node = "a";
    update.heartbeat = heartbeat;
    ASSERT_TRUE(engine_->tell_node_and_wait(update).ok());
  }
  void remove_minute(std::int64_t ms) {
    const Minute minute = minute_of(Millis{clock_.now().value + ms - before_ms_});
    ASSERT_TRUE(engine_->remove({"r", "b", MinuteRange{minute, {minute.value + 1}}}).ok());
  }
  // Its last sign, in milliseconds since now, its latency in µs, -1 = none, "h" if a heartbeat was last, and
  // its ip.
  std::string state() {
    auto cursor = engine_->nodes({});
    NodeRow row;
    if (!cursor.ok() || !*(*cursor)->next(row)) return "none";
    const OracleNode node = to_oracle(row);
    return std::to_string(node.last_ms - clock_.now().value + before_ms_) + " " +
           std::to_string(node.last_latency_us) + (node.heartbeat_is_last ? " h" : "") +
           (node.ip.empty() ? "" : " " + node.ip);
  }
  void expect_state(const std::string& expected) {
    EXPECT_EQ(state(), expected) << "not folded";
    ASSERT_TRUE(engine_->fold().ok());
    EXPECT_EQ(state(), expected) << "folded";
    open();
    EXPECT_EQ(state(), expected) << "after a restart";
  }

  // What all times are told relative to lies so long before now.
  std::int64_t before_ms_ = 0;
};

TEST_F(NodeStateTest, AnEventWithoutALatencyLeavesTheOneBefore) {
  event(-5'000, 7);
  event(-4'000);
  expect_state("-4000 7");
  event(-4'500, 8);  // late
  event(-6'000, 9);
  expect_state("-4000 8");
}

TEST_F(NodeStateTest, AHeartbeatReplacesOnlyWhatItCarries) {
  event(-5'000, 7);
  beat({.latency_us = 3, .status = "up", .ip = "i"});
  expect_state("0 3 h i");
  clock_.advance_ms(1'000);
  beat({});
  expect_state("0 3 h i");
  clock_.advance_ms(2'000);
  event(-1'000);
  expect_state("-1000 3 i");
  event(-500, 5);
  expect_state("-500 5 i");
  clock_.advance_ms(1'500);
  beat({.latency_us = 4, .status = {}, .ip = {}});
  expect_state("0 4 h i");
  event(-100, 6);  // late: of the time before the heartbeat
  expect_state("0 4 h i");
}

// Of the minutes of an hour that is not rolled it is known when hosts were seen in them.
TEST_F(NodeStateTest, ARemovalFromAnOpenHourLeavesTheSignBefore) {
  event(-300'000 + 10, 4);
  event(-300'000 + 20, 7);
  event(-180'000 + 30);
  event(-120'000 + 40, 9);
  remove_minute(-180'000);
  expect_state("-119960 9");
  remove_minute(-120'000);
  expect_state("-299980 7");
  event(-300'000 + 5, 1);
  expect_state("-299980 7");
  remove_minute(-300'000);
  EXPECT_EQ(state(), "none");
}

// Signs of an hour that is rolled and of one that is not are one.
TEST_F(NodeStateTest, ARollLeavesTheStateAsItIs) {
  event(-7'200'000, 4);
  event(-7'100'000);
  expect_state("-7100000 4");
  ASSERT_TRUE(engine_->seal().ok());
  expect_state("-7100000 4");
  event(-1'000);
  expect_state("-1000 4");
  event(-7'150'000, 5);  // late, into an hour that is rolled
  expect_state("-1000 5");
  clock_.advance_ms(7'200'000);
  ASSERT_TRUE(engine_->seal().ok());
  expect_state("-7201000 5");
}

TEST_F(NodeStateTest, OnlyARemovalOfTheLastSignLeavesAMinutesStartAndMean) {
  before_ms_ = 7'200'000;
  event(-300'000 + 10, 4);
  event(-300'000 + 20, 7);
  event(-180'000 + 30);
  event(-120'000 + 40, 9);
  event(-60'000 + 50);
  ASSERT_TRUE(engine_->seal().ok());
  remove_minute(-180'000);
  expect_state("-59950 9");
  remove_minute(-60'000);
  expect_state("-119960 9");  // the last that remains is known, for it carried the latency
  remove_minute(-120'000);
  expect_state("-300000 6");
  event(-300'000 + 5, 1);
  expect_state("-299995 1");
  remove_minute(-300'000);
  EXPECT_EQ(state(), "none");
}

TEST_F(NodeStateTest, ARemovalOfTheLastLatencyAloneLeavesTheLastSign) {
  event(-300'000, 4);
  event(-120'000, 9);
  event(-60'000 + 50);
  remove_minute(-120'000);
  expect_state("-59950 4");
  remove_minute(-300'000);
  expect_state("-59950 -1");
}

// Many told at once share their syncs, and each is answered with what is known.
TEST_F(NodesTest, TheLastOfSeveralOfOneCommitIsKnown) {
  open();
  for (int i = 0; i < 100; ++i) {
    NodeUpdate update;
    update.node = "a";
    update.facts.version = std::to_string(i);
    engine_->tell_node(update, [](Result<NodeFacts> told) { EXPECT_TRUE(told.ok()); });
  }
  NodeUpdate last;
  last.node = "a";
  last.facts.region = "here";
  const auto known = engine_->tell_node_and_wait(last);
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(known->version, "99");
  EXPECT_EQ(known->region, "here");
}

}  // namespace
}  // namespace minuted::test
