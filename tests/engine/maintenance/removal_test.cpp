// Removal: what an operator names is in no answer and in no tier, and all else stays. That every tier
// then agrees, whatever came before, is the model test's; here are the edges.
#include <gtest/gtest.h>

#include "crash/stored_state.hpp"
#include "engine/engine_fixture.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "model/oracle.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::uint32_t kDay = 1440;
constexpr std::uint32_t kFirst = 28'000'800;  // a day's first minute
const QuerySpec kEverything{{{0}, {kMinuteMax.value + 1}}, {}, {}, {}};

class RemovalTest : public testing::Test {
 protected:
  RemovalTest() {
    options_.path = dir_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
    clock_.set_now(start_of(Minute{kFirst + 10 * kDay}));
    open();
  }

  void open() {
    engine_.reset();
    auto opened = Engine::open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  void append(std::uint32_t minute, std::string_view repo = "r",
              std::string_view bucket = "b", std::string_view host = "h") {
    EventView e;
    e.repo = repo;
    e.bucket = bucket;
    e.host = host;
    e.timestamp = start_of(Minute{kFirst + minute});
    e.upl_bytes = minute + 1;
    e.latency_us = minute;
    AppendRequest request;
    request.batch.add(e);
    oracle_.add(e);
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  }

  void remove(const Removal& removal) {
    const auto removed = engine_->remove(removal);
    ASSERT_TRUE(removed.ok()) << removed.error().message;
    oracle_.remove(removal);
    std::vector<std::string> violations;
    check_tiers(store_below(*engine_), violations);
    EXPECT_EQ(violations, std::vector<std::string>{});
    expect_rows();
  }

  void expect_rows() {
    EXPECT_EQ(read_rows(*engine_, kEverything), oracle_.rows(kEverything));
  }

  // What becomes of an event with an id, which the oracle hears of if it is counted.
  Receipt push(std::uint32_t minute, std::string_view id, std::string_view repo = "r",
               std::string_view bucket = "b") {
    EventView e;
    e.repo = repo;
    e.bucket = bucket;
    e.host = "h";
    e.timestamp = start_of(Minute{kFirst + minute});
    e.upl_bytes = 1;
    e.id = id;
    AppendRequest request;
    request.batch.add(e);
    const auto receipt = engine_->append_and_wait(std::move(request));
    EXPECT_TRUE(receipt.ok());
    if (!receipt.ok()) return {};
    if (receipt->accepted == 1) oracle_.add(e);
    return *receipt;
  }

  void expect_counted(std::uint32_t minute, std::string_view id, std::string_view repo = "r",
                      std::string_view bucket = "b") {
    const Receipt receipt = push(minute, id, repo, bucket);
    EXPECT_EQ(receipt.accepted, 1U) << repo << '/' << bucket << '@' << minute << ' ' << id;
    EXPECT_EQ(receipt.duplicates, 0U);
  }
  void expect_duplicate(std::uint32_t minute, std::string_view id, std::string_view repo = "r",
                        std::string_view bucket = "b") {
    const Receipt receipt = push(minute, id, repo, bucket);
    EXPECT_EQ(receipt.accepted, 0U) << repo << '/' << bucket << '@' << minute << ' ' << id;
    EXPECT_EQ(receipt.duplicates, 1U);
  }

  // "id count" of each, as a listing without ids gives them.
  std::vector<std::string> totals(TotalsQuery query) {
    std::vector<std::string> found;
    auto cursor = engine_->totals(query);
    EXPECT_TRUE(cursor.ok());
    Totals totals;
    for (;;) {
      const auto more = (*cursor)->next(totals);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) return found;
      found.push_back(std::string(totals.id) + " " + std::to_string(totals.requests));
    }
  }

  std::size_t count(Family family) {
    std::vector<std::string> violations;
    return keys_of(store_below(*engine_), family, violations).size();
  }

  static MinuteRange minutes(std::uint32_t begin, std::uint32_t end) {
    return {{kFirst + begin}, {kFirst + end}};
  }

  TempDir dir_;
  ManualClock clock_;
  Options options_;
  Oracle oracle_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(RemovalTest, ARepoLeavesNothingButOthers) {
  append(1);
  append(2, "r", "c");
  append(3, "rr");
  append(3, "q");
  ASSERT_TRUE(engine_->fold().ok());
  ASSERT_TRUE(engine_->seal().ok());
  EXPECT_EQ(count(Family::kTotal), 4U);
  remove({"r", std::nullopt, std::nullopt});
  EXPECT_EQ(count(Family::kTotal), 2U);
  EXPECT_EQ(count(Family::kCatalog), 6U) << "a series and two indexes of each other repo";
  EXPECT_EQ(engine_->stats().series_total, 2U);
}

TEST_F(RemovalTest, ABucketLeavesItsRepoWithoutIt) {
  append(1);
  append(1, "r", "c");
  append(1, "r", "bb");
  remove({"r", "b", std::nullopt});
  EXPECT_EQ(engine_->stats().series_total, 2U);
  remove({"r", "absent", std::nullopt});
  remove({"absent", std::nullopt, std::nullopt});
}

TEST_F(RemovalTest, MinutesOfHoursAndDaysThatAreCutAreTakenOutAlone) {
  for (std::uint32_t minute = 0; minute < 3 * kDay; minute += 7) append(minute);
  ASSERT_TRUE(engine_->fold().ok());
  ASSERT_TRUE(engine_->seal().ok());
  EXPECT_EQ(count(Family::kMinute), 0U);
  remove({"r", "b", minutes(7, 8)});                     // a minute
  remove({"r", std::nullopt, minutes(30, 130)});         // hours
  remove({"r", "b", minutes(kDay - 1, 2 * kDay + 61)});  // a day, and of those beside
  remove({"r", "b", minutes(0, 0)});                     // nothing
  EXPECT_EQ(engine_->stats().series_total, 1U) << "a series stays known";
  remove({"r", "b", MinuteRange{{0}, {kMinuteMax.value + 1}}});
  EXPECT_EQ(count(Family::kTotal) + count(Family::kRepo) + count(Family::kDay), 0U);
}

TEST_F(RemovalTest, WhatComesLaterIsKeptAndItsSeriesKnownAgain) {
  append(1);
  remove({"r", std::nullopt, std::nullopt});
  EXPECT_EQ(engine_->stats().series_total, 0U);
  append(1);
  append(2, "r", "b", "i");
  EXPECT_EQ(engine_->stats().series_total, 2U);
  expect_rows();
  ASSERT_TRUE(engine_->fold().ok());
  open();
  expect_rows();
  EXPECT_EQ(engine_->stats().series_total, 2U);
}

TEST_F(RemovalTest, AKeyStaysKnown) {
  AppendRequest request;
  EventView e;
  e.repo = "r";
  e.bucket = "b";
  e.host = "h";
  e.timestamp = start_of(Minute{kFirst});
  request.batch.add(e);
  request.idempotency = IdempotencyKey{"scope", "key", {1, 2}};
  AppendRequest again;
  again.batch.add(e);
  again.idempotency = request.idempotency;
  ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  remove({"r", std::nullopt, std::nullopt});
  const auto receipt = engine_->append_and_wait(std::move(again));
  ASSERT_TRUE(receipt.ok());
  EXPECT_TRUE(receipt->replayed);
  expect_rows();
}

// With the rows go the ids of their events, and no others, so that a corrected event can be pushed.
TEST_F(RemovalTest, ACorrectedEventIsCountedOnceItsRowsAreRemoved) {
  const std::vector<Removal> removals = {
      {"r", std::nullopt, std::nullopt},
      {"r", "b", std::nullopt},
      {"r", std::nullopt, minutes(5, 6)},
      {"r", "b", minutes(5, 6)},
      {"r", "b", minutes(0, kDay)},
  };
  std::uint32_t number = 0;
  for (const Removal& removal : removals) {
    for (const bool folded : {false, true}) {
      SCOPED_TRACE("removal " + std::to_string(number));
      const std::string id = "id-" + std::to_string(number++);
      expect_counted(5, id);
      expect_counted(7, id);
      expect_counted(5, id, "r", "c");
      expect_counted(5, id, "rr");
      expect_counted(5, id, "q");
      if (folded) {
        ASSERT_TRUE(engine_->fold().ok());
        open();
      }
      remove(removal);
      const bool whole = !removal.range;
      const bool all_minutes = whole || removal.range->contains(Minute{kFirst + 7});
      expect_counted(5, id);
      all_minutes ? expect_counted(7, id) : expect_duplicate(7, id);
      removal.bucket ? expect_duplicate(5, id, "r", "c") : expect_counted(5, id, "r", "c");
      expect_duplicate(5, id, "rr");
      expect_duplicate(5, id, "q");
      expect_duplicate(5, id);
      expect_rows();
    }
  }
}

// More ids than are forgotten in one lot, among as many of another repo.
TEST_F(RemovalTest, ManyIdsAreForgottenLotByLot) {
  const auto push_many = [this](std::string_view repo) {
    AppendRequest request;
    for (std::uint32_t i = 0; i < 6'000; ++i) {
      const std::string id = std::to_string(i);
      EventView e;
      e.repo = repo;
      e.bucket = "b";
      e.host = "h";
      e.timestamp = start_of(Minute{kFirst + i % 700});
      e.id = id;
      request.batch.add(e);
    }
    const auto receipt = engine_->append_and_wait(std::move(request));
    EXPECT_TRUE(receipt.ok());
    return receipt->accepted;
  };
  for (const char* repo : {"r", "s", "t"}) EXPECT_EQ(push_many(repo), 6'000U);
  ASSERT_TRUE(engine_->remove({"s", std::nullopt, std::nullopt}).ok());
  EXPECT_EQ(push_many("r"), 0U);
  EXPECT_EQ(push_many("s"), 6'000U);
  EXPECT_EQ(push_many("t"), 0U);
  ASSERT_TRUE(engine_->remove({"s", "b", minutes(100, 200)}).ok());
  std::uint64_t in_range = 0;
  for (std::uint32_t i = 0; i < 6'000; ++i) in_range += i % 700 >= 100 && i % 700 < 200;
  EXPECT_EQ(push_many("s"), in_range);
  EXPECT_EQ(push_many("r"), 0U);
}

// What is past every horizon stays in the totals, so its events stay known, pruned or not, until all goes.
TEST_F(RemovalTest, IdsPastEveryHorizonStayKnownUnlessAllGoes) {
  options_.idempotency_window_ms = 100 * kMillisPerDay;
  for (const bool pruned : {false, true}) {
    SCOPED_TRACE(pruned);
    options_.path = dir_ / (pruned ? "pruned" : "as it is");
    options_.retention = {};
    open();
    EXPECT_EQ(push(0, "old").accepted, 1U);
    EXPECT_EQ(push(9 * kDay, "young").accepted, 1U);
    ASSERT_TRUE(engine_->fold().ok());
    options_.retention = {2 * kMillisPerDay, 2 * kMillisPerDay, 2 * kMillisPerDay};
    open();
    if (pruned) {
      ASSERT_TRUE(engine_->prune().ok());
    }
    ASSERT_TRUE(engine_->remove({"r", std::nullopt, minutes(0, 10 * kDay)}).ok());
    EXPECT_EQ(totals({TotalsQuery::By::kRepo, {}, {}}), std::vector<std::string>{"r 1"});
    EXPECT_EQ(totals({TotalsQuery::By::kBucket, {}, {}}), std::vector<std::string>{"b 1"});
    EXPECT_EQ(push(0, "old").duplicates, 1U);
    EXPECT_EQ(push(9 * kDay, "young").accepted, 1U);
    ASSERT_TRUE(engine_->remove({"r", pruned ? std::optional<std::string>("b") : std::nullopt,
                                 std::nullopt}).ok());
    EXPECT_EQ(totals({TotalsQuery::By::kRepo, {}, {}}), std::vector<std::string>{});
    EXPECT_EQ(push(0, "old").accepted, 1U);
    EXPECT_EQ(push(9 * kDay, "young").accepted, 1U);
  }
}

// What an operator told of a repo and a node is not of its events.
TEST_F(RemovalTest, WhatWasToldOfReposAndNodesStays) {
  ASSERT_TRUE(engine_->tell_repo("r", {"w", "p"}).ok());
  NodeUpdate update;
  update.node = "h";
  update.facts.region = "here";
  ASSERT_TRUE(engine_->tell_node_and_wait(update).ok());
  append(1);
  remove({"r", std::nullopt, std::nullopt});
  open();
  EXPECT_EQ(*engine_->tell_repo("r", {}), (RepoFacts{"w", "p"}));
  NodeUpdate nothing;
  nothing.node = "h";
  EXPECT_EQ(engine_->tell_node_and_wait(nothing)->region, "here");
}

// The rest of such a day could not be made anew.
TEST_F(RemovalTest, ARangeThatCutsADayWhoseMinutesArePastIsRefused) {
  options_.retention.minute_ms = 8 * kMillisPerDay;
  open();
  append(kDay);
  append(3 * kDay);
  ASSERT_TRUE(engine_->fold().ok());
  const auto refused = engine_->remove({"r", std::nullopt, minutes(kDay + 1, 3 * kDay + 1)});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  const auto text = [](std::uint32_t minute) {
    return format_iso8601(start_of(Minute{kFirst + minute}));
  };
  EXPECT_NE(refused.error().message.find("from " + text(kDay) + " up to " + text(3 * kDay + 1)),
            std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(engine_->remove({"r", std::nullopt, minutes(kDay, 3 * kDay + 1)}).ok());
}

// A dated removal leaves in the totals what no tier has any more; one without dates removes it too.
TEST_F(RemovalTest, WhatIsPastEveryHorizonStaysInTheTotalsUnlessAllGoes) {
  append(0);
  append(9 * kDay);
  options_.retention = {2 * kMillisPerDay, 2 * kMillisPerDay, 2 * kMillisPerDay};
  open();
  ASSERT_TRUE(engine_->fold().ok());
  ASSERT_TRUE(engine_->prune().ok());
  ASSERT_TRUE(engine_->remove({"r", "b", minutes(0, 10 * kDay)}).ok());
  const auto requests = [&](Family family, const std::string& key) -> std::uint64_t {
    const auto value = store_below(*engine_).get(family, key);
    EXPECT_TRUE(value.ok());
    if (!value->has_value()) return 0;
    HostRollups hosts;
    RepoRollup repo;
    if (family == Family::kRepo) {
      EXPECT_TRUE(merge_encoded_repo(**value, repo));
      return repo.requests;
    }
    EXPECT_TRUE(merge_encoded_hosts(**value, hosts));
    EXPECT_EQ(hosts.entries()[0].rollup.latency_max_us, 0U) << "the latency of what is left";
    return hosts.entries()[0].rollup.requests();
  };
  const std::string total = repo_key("r", RepoSpan::kTotal, {0});
  EXPECT_EQ(requests(Family::kTotal, pair_prefix("r", "b")), 1U);
  EXPECT_EQ(requests(Family::kRepo, total), 1U);
  ASSERT_TRUE(engine_->remove({"r", "b", std::nullopt}).ok());
  EXPECT_EQ(requests(Family::kTotal, pair_prefix("r", "b")), 0U);
  EXPECT_EQ(requests(Family::kRepo, total), 0U);
}

// A series past every horizon is no longer known; one that is new is, raw or folded.
TEST_F(RemovalTest, ASeriesPastEveryHorizonLeavesTheIndex) {
  append(0);
  append(0, "old", "only");
  append(9 * kDay, "r", "b", "young");
  ASSERT_TRUE(engine_->fold().ok());
  options_.retention = {2 * kMillisPerDay, 3 * kMillisPerDay, 4 * kMillisPerDay};
  open();
  append(9 * kDay, "raw", "b");
  EXPECT_EQ(engine_->stats().series_total, 4U);
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(engine_->stats().series_total, 2U);
  EXPECT_EQ(count(Family::kCatalog), 7U)
      << "the series of r/b/young and raw/b/h, their indexes, and old/only by its bucket, for its total";
  append(9 * kDay, "old", "only");
  EXPECT_EQ(engine_->stats().series_total, 3U);
}

// More series than are looked at in one go, of a repo that goes and of one that is past.
TEST_F(RemovalTest, ManySeriesAreForgottenSliceBySlice) {
  const auto append_many = [this](std::string_view repo) {
    AppendRequest request;
    for (int i = 0; i < 4'500; ++i) {
      const std::string bucket = std::to_string(i / 3);
      const std::string host = std::to_string(i);
      EventView e;
      e.repo = repo;
      e.bucket = bucket;
      e.host = host;
      e.timestamp = start_of(Minute{kFirst});
      request.batch.add(e);
    }
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  };
  append_many("many");
  append(9 * kDay);
  EXPECT_EQ(engine_->stats().series_total, 4'501U);
  ASSERT_TRUE(engine_->remove({"many", std::nullopt, std::nullopt}).ok());
  EXPECT_EQ(engine_->stats().series_total, 1U);
  append_many("again");
  ASSERT_TRUE(engine_->fold().ok());
  options_.retention = {2 * kMillisPerDay, 2 * kMillisPerDay, 2 * kMillisPerDay};
  open();
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(engine_->stats().series_total, 1U);
  EXPECT_EQ(count(Family::kCatalog), 3U + 1'500U) << "of buckets with totals";
  ASSERT_TRUE(engine_->remove({"again", std::nullopt, std::nullopt}).ok());
  EXPECT_EQ(count(Family::kCatalog), 3U);
}

}  // namespace
}  // namespace minuted::test
