// Hours, days and totals are written from the finer tier when it has closed, and no answer shows when:
// before, in the middle of a pass and after it each event is counted once, however late it came, whatever
// is removed, and after days in which nothing was rolled.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "crash/stored_state.hpp"
#include "engine/engine_fixture.hpp"
#include "engine/rolling.hpp"
#include "maintenance/prune/pruner.hpp"
#include "maintenance/roll/roller.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

constexpr std::uint32_t kDay = 1440;
constexpr std::uint32_t kFirst = 28'000'800;  // a day's first minute
constexpr const char* kBuckets[] = {"a", "b", "c", "d", "e"};

class RollerTest : public EngineTest {
 protected:
  RollerTest() {
    options_.accept_clock = true;
    clock_.set_now(at(3 * kDay));
    open();
  }

  static Millis at(std::uint32_t minute) { return start_of(Minute{kFirst + minute}); }

  void push(std::uint32_t minute, std::string_view bucket = "a", std::string_view host = "h") {
    EventView e = event_at(at(minute).value, bucket, host);
    e.latency_us = minute + 1;
    append(request_of({e}));
    oracle_.add(e);
  }
  void fold() { ASSERT_TRUE(engine_->fold().ok()); }

  std::size_t count(Family family) {
    std::vector<std::string> violations;
    return keys_of(store_below(*engine_), family, violations).size();
  }

  std::map<std::string, std::uint64_t> totals() {
    std::map<std::string, std::uint64_t> found;
    auto cursor = engine_->totals({TotalsQuery::By::kBucket, {}, {}});
    EXPECT_TRUE(cursor.ok());
    Totals totals;
    for (auto more = (*cursor)->next(totals); more.ok() && *more; more = (*cursor)->next(totals)) {
      found[std::string(totals.id)] = totals.requests;
    }
    return found;
  }

  // Every answer is right, and every row that is stored has all of its events.
  void expect_all() {
    std::vector<std::string> violations;
    check_tiers(store_below(*engine_), violations);
    EXPECT_EQ(violations, std::vector<std::string>{});
    std::map<std::string, std::uint64_t> expected;
    for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
      QuerySpec spec{kAllMinutes, {}, {}, {}, span};
      EXPECT_EQ(read(spec), oracle_.rows(spec)) << minutes_in(span);
      // A part of the days, of one bucket, and from the middle of a day on.
      spec.range = {{kFirst + kDay + 61}, {kFirst + 2 * kDay + 61}};
      spec.buckets = {"b"};
      EXPECT_EQ(read(spec), oracle_.rows(spec)) << minutes_in(span);
    }
    for (const OracleRow& row : oracle_.rows({kAllMinutes, {}, {}, {}})) {
      expected[row.bucket] += row.requests;
    }
    EXPECT_EQ(totals(), expected);
  }

  Oracle oracle_;
};

TEST_F(RollerTest, AnEventIsInItsMinuteAloneUntilItsHourIsRolled) {
  for (const std::uint32_t minute : {0U, 1U, 59U, 60U, 61U, kDay - 1, kDay, kDay + 1}) push(minute);
  push(0, "b");
  fold();
  EXPECT_EQ(count(Family::kMinute), 9U);
  for (const Family family : {Family::kHour, Family::kDay, Family::kTotal, Family::kDaySigns}) {
    EXPECT_EQ(count(family), 0U);
  }
  expect_all();
  open();  // now the engine itself knows from the start how far rows have been written
  expect_all();
  roll(*engine_, at(60));
  EXPECT_EQ(count(Family::kHour), 2U);
  EXPECT_EQ(count(Family::kDaySigns), 2U);
  EXPECT_EQ(count(Family::kDay) + count(Family::kTotal), 0U) << "the day is not over";
  expect_all();
  open();  // now the engine itself knows from the start how far rows have been written
  expect_all();
  roll(*engine_, at(kDay + 59));
  EXPECT_EQ(count(Family::kHour), 4U);
  EXPECT_EQ(count(Family::kDay), 2U);
  EXPECT_EQ(count(Family::kTotal), 2U);
  expect_all();
  roll(*engine_, at(2 * kDay));
  EXPECT_EQ(count(Family::kHour), 5U);
  EXPECT_EQ(count(Family::kDay), 3U);
  EXPECT_EQ(count(Family::kMinute), 9U) << "the minutes stay";
  expect_all();
}

// The minutes on both sides of each boundary, with rows of theirs and without, before and after a fold.
TEST_F(RollerTest, LateEventsGoIntoTheRowsThatThereAre) {
  const std::uint32_t day = kDay;
  const std::uint32_t hour = kDay + 5 * 60;
  for (const std::uint32_t minute : {0U, day - 1, day, hour - 1, hour, hour + 1}) push(minute);
  fold();
  roll(*engine_, at(hour));
  EXPECT_EQ(boundaries_of(*engine_).hour.current, Minute{kFirst + hour});
  EXPECT_EQ(boundaries_of(*engine_).day.current, Minute{kFirst + day});
  for (int round = 0; round < 2; ++round) {
    for (const std::uint32_t minute : {0U, 700U, day - 1, day, day + 70, hour - 1, hour, hour + 61}) {
      push(minute, "a", round == 0 ? "h" : "i");
      push(minute, "b");
      expect_all();
    }
    fold();
    expect_all();
  }
  roll(*engine_, at(2 * kDay + 60));
  expect_all();
}

TEST_F(RollerTest, APassThatIsCutShortIsReadRightAndContinued) {
  const auto push_all = [this](std::uint32_t minute) {
    for (const char* bucket : kBuckets) push(minute, bucket);
  };
  for (const std::uint32_t minute : {5U, 70U, kDay - 1, kDay, kDay + 130}) push_all(minute);
  fold();
  roll(*engine_, at(120));
  for (std::size_t batches = 1; batches < std::size(kBuckets); ++batches) {
    SCOPED_TRACE(batches);
    auto before = engine_->query({kAllMinutes, {}, {}, {}, Span::kDay});
    ASSERT_TRUE(before.ok());
    roll(*engine_, at(kDay + 60), 1);
    const RollBoundaries boundaries = boundaries_of(*engine_);
    EXPECT_EQ(boundaries.in_pass(), true);
    EXPECT_EQ(boundaries.last_rolled, pair_prefix("r", kBuckets[batches - 1]));
    std::uint64_t requests = 0;
    Row row;
    for (auto more = (*before)->next(row); more.ok() && *more; more = (*before)->next(row)) {
      requests += row.rollup->requests();
    }
    std::uint64_t expected = 0;
    for (const OracleRow& r : oracle_.rows({kAllMinutes, {}, {}, {}})) expected += r.requests;
    EXPECT_EQ(requests, expected) << "of the moment when it was made";
    before->reset();  // the engine is opened anew below
    expect_all();
    // Late for some pairs and not for others.
    push_all(kDay - 1);
    push_all(200 + static_cast<std::uint32_t>(batches));
    push_all(kDay + 30);
    expect_all();
    fold();
    expect_all();
    open();
    expect_all();
  }
  ASSERT_TRUE(engine_->seal().ok());
  EXPECT_FALSE(boundaries_of(*engine_).in_pass());
  EXPECT_GT(boundaries_of(*engine_).hour.current, Minute{kFirst + kDay + 60});
  expect_all();
}

TEST_F(RollerTest, ARemovalTakesMinutesOnBothSidesOfTheBoundariesInTheMiddleOfAPass) {
  for (const char* bucket : kBuckets) {
    for (std::uint32_t minute = 0; minute < 3 * kDay; minute += 97) push(minute, bucket);
  }
  fold();
  roll(*engine_, at(kDay + 300));
  roll(*engine_, at(2 * kDay + 120), 2);
  ASSERT_TRUE(boundaries_of(*engine_).in_pass());
  const auto remove = [this](const Removal& removal) {
    const auto removed = engine_->remove(removal);
    ASSERT_TRUE(removed.ok()) << removed.error().message;
    oracle_.remove(removal);
    expect_all();
  };
  const auto range = [](std::uint32_t begin, std::uint32_t end) {
    return MinuteRange{{kFirst + begin}, {kFirst + end}};
  };
  remove({"r", std::nullopt, range(kDay - 100, kDay + 400)});
  remove({"r", "b", range(2 * kDay - 30, 2 * kDay + 250)});
  remove({"r", "c", range(kDay + 290, kDay + 310)});
  remove({"r", "d", std::nullopt});
  remove({"r", "a", range(0, 3 * kDay)});
  roll(*engine_, at(3 * kDay));
  expect_all();
  remove({"r", std::nullopt, std::nullopt});
}

// Days pass without a roll, longer than minutes and hours are kept.
TEST_F(RollerTest, NothingIsPrunedBeforeItIsRolled) {
  for (const std::uint32_t minute : {0U, 61U, 700U, kDay + 5}) push(minute);
  fold();
  options_.retention = {kMillisPerDay, 2 * kMillisPerDay, 0};
  clock_.set_now(at(20 * kDay));
  open();
  const QuerySpec days{kAllMinutes, {}, {}, {}, Span::kDay};
  EXPECT_EQ(read(days), oracle_.rows(days));
  {
    BelievedClock clock({&clock_, Millis{0}, true});
    Store& store = store_below(*engine_);
    ASSERT_TRUE(clock.open(store).ok());
    const Horizons horizons(options_.retention, clock);
    PruneCounters counters;
    Pruner pruner(store, horizons, counters, {&clock_, 0, 1U << 20, [](const Error&) {}});
    EXPECT_TRUE(pruner.begin({}).ok());
    for (auto more = pruner.step(); more.ok() && *more;) more = pruner.step();
    EXPECT_EQ(counters.passes, 1U);
  }
  EXPECT_EQ(count(Family::kMinute), 4U);
  EXPECT_EQ(read(days), oracle_.rows(days));
  EXPECT_EQ(totals(), (std::map<std::string, std::uint64_t>{{"a", 4}}));
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(count(Family::kMinute) + count(Family::kHour), 0U);
  EXPECT_EQ(count(Family::kDay), 2U);
  EXPECT_EQ(read(days), oracle_.rows(days));
  EXPECT_EQ(totals(), (std::map<std::string, std::uint64_t>{{"a", 4}}));
}

// A clock that goes back, or that is not past the boundary, moves nothing.
TEST_F(RollerTest, BoundariesNeverGoBack) {
  push(10);
  push(100);
  fold();
  roll(*engine_, at(2 * kDay));
  const RollBoundaries boundaries = boundaries_of(*engine_);
  for (const std::uint32_t minute : {0U, 100U, 2 * kDay - 1, 2 * kDay + 59}) {
    roll(*engine_, at(minute));
    EXPECT_EQ(boundaries_of(*engine_), boundaries);
  }
  expect_all();
}

TEST_F(RollerTest, HistoryThatIsBeingPushedIsNotLate) {
  ManualClock clock;
  clock.set_now(at(3 * kDay));
  RollCounters counters;
  Roller roller(store_below(*engine_), counters,
                {&clock, kRollAfterMs, 60'000, 1U << 20, [](const Error&) {}});
  const auto rolled = [&] {
    EXPECT_TRUE(roller.begin({}).ok());
    while (roller.step().ok() && roller.is_under_way()) {
    }
    return boundaries_of(*engine_).hour.current.value - kFirst;
  };
  push(0);
  fold();
  EXPECT_FALSE(roller.due()) << "what was pushed before the start is not known";
  roller.note_rows({kFirst + 130});
  EXPECT_TRUE(roller.due());
  EXPECT_EQ(rolled(), 120U);
  roller.note_rows({kFirst + 100});
  roller.note_rows({kFirst + 190});
  roller.note_rows({kFirst + 150});
  EXPECT_EQ(rolled(), 180U);
  clock.advance_ms(59'999);
  EXPECT_FALSE(roller.due());
  clock.advance_ms(1);
  EXPECT_EQ(rolled(), 3 * kDay - 60) << "once it is quiet, all but the last minutes";
  clock.advance_ms(kRollAfterMs - 60'000 - 1);
  EXPECT_FALSE(roller.due());
  clock.advance_ms(1);
  EXPECT_EQ(rolled(), 3 * kDay);
  expect_all();
}

// What cannot be read is reported in every tier that should have it, and holds up no other pair.
TEST_F(RollerTest, AMinuteThatCannotBeReadDamagesWhatItIsAPartOf) {
  push(5, "a");
  push(5, "b");
  push(65, "b");
  push(5, "c");
  fold();
  std::string key = pair_prefix("r", "b");
  append_minute(key, {kFirst + 5});
  WriteSet damage(store_below(*engine_));
  damage.put(Family::kMinute, key, "\x7F nonsense");
  ASSERT_TRUE(store_below(*engine_).write(damage, Durability::kSynced).ok());
  roll(*engine_, at(2 * kDay));
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    QuerySpec spec{kAllMinutes, {}, {"b"}, {}, span};
    auto cursor = engine_->query(spec);
    ASSERT_TRUE(cursor.ok());
    Row row;
    const auto read = (*cursor)->next(row);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, ErrorCode::kCorruption);
    for (const char* bucket : {"a", "c"}) {
      spec.buckets = {bucket};
      EXPECT_EQ(this->read(spec), oracle_.rows(spec));
    }
  }
  auto cursor = engine_->totals({TotalsQuery::By::kBucket, {"b"}, {}});
  Totals totals;
  EXPECT_EQ((*cursor)->next(totals).error().code, ErrorCode::kCorruption);
}

TEST_F(RollerTest, TheFoldsThreadRollsByItself) {
  engine_.reset();
  options_.fold_interval_ms = 1;
  options_.seal_interval_ms = 1;
  open();
  push(3 * kDay - 70);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (count(Family::kHour) == 0 && std::chrono::steady_clock::now() < end) {
    clock_.advance_ms(kMillisPerMinute);
    std::this_thread::yield();
  }
  EXPECT_EQ(count(Family::kHour), 1U);
}

}  // namespace
}  // namespace minuted::test
