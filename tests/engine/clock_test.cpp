// Promise: a machine's clock that leaps deletes nothing, forgets nothing, rejects nothing for good and puts
// no event into a wrong day. One table: how the clock leaps × before the engine is opened or while it runs
// × which events arrive meanwhile.
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "engine/engine_fixture.hpp"
#include "engine_over.hpp"
#include "store/believed_clock.hpp"
#include "store/store.hpp"
#include "support/long_form.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kOfflineAfterMs = 5 * kMillisPerMinute;

class ClockTest : public EngineTest {
 protected:
  ClockTest() {
    options_.retention = {2 * kDayMs, 3 * kDayMs, 4 * kDayMs, 2 * kDayMs};
    options_.clock_earliest = Millis{kNowMs - 100 * kDayMs};
  }

  static EventView stamped(std::int64_t ms, std::string_view id = "") {
    EventView e = event_at(ms);
    e.id = id;
    return e;
  }
  // As the decoder makes it of an event without a timestamp.
  EventView unstamped() {
    EventView e = event_at(engine_->arrival().now.value);
    e.timed_on_receipt = true;
    return e;
  }

  Result<Receipt> push(AppendRequest request) { return engine_->append_and_wait(std::move(request)); }

  void expect_refused(const Result<Receipt>& result) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kClockNotBelieved) << result.error().message;
  }

  Result<NodeFacts> tell(bool heartbeat) {
    NodeUpdate update;
    update.node = "h";
    update.facts.version = "1";
    if (heartbeat) update.heartbeat = Heartbeat{};
    return engine_->tell_node_and_wait(update);
  }

  // How many keys each family has once all that may be dropped is dropped.
  std::map<int, std::size_t> keys_left() {
    EXPECT_TRUE(engine_->fold().ok());
    EXPECT_TRUE(engine_->prune().ok());
    EXPECT_TRUE(store_below(*engine_).compact().ok());
    std::map<int, std::size_t> keys;
    for (const Family family :
         {Family::kMinute, Family::kHour, Family::kDay, Family::kTotal, Family::kRepo,
          Family::kCatalog, Family::kIdempotency, Family::kEventId, Family::kArchive,
          Family::kDaySigns, Family::kHostState, Family::kNode}) {
      const auto view = store_below(*engine_).view();
      std::size_t& count = keys[static_cast<int>(family)];
      const auto cursor = view->cursor(family, {}, {});
      for (; cursor->valid(); cursor->next()) ++count;
    }
    return keys;
  }

  struct Seen {
    Millis last;
    bool online;
  };
  std::optional<Seen> node(std::string_view host = "h") {
    auto cursor = engine_->nodes({});
    EXPECT_TRUE(cursor.ok());
    NodeRow row;
    while (*(*cursor)->next(row)) {
      if (row.node != host) continue;
      EXPECT_LE(row.last_sign, engine_->now()) << "no node is seen in the future";
      return Seen{row.last_sign,
                  engine_->now().value - row.last_sign.value < kOfflineAfterMs};
    }
    return std::nullopt;
  }

  std::size_t series() {
    auto cursor = engine_->series({});
    EXPECT_TRUE(cursor.ok());
    SeriesRow row;
    std::size_t count = 0;
    while (*(*cursor)->next(row)) ++count;
    return count;
  }

  // Rows in each tier, raw events, a key, an id, a series that is only days old, a node with a heartbeat.
  void fill() {
    append(keyed("key", 1, {stamped(kNowMs - 1, "id")}));
    append(request_of({stamped(kNowMs - kHourMs), stamped(kNowMs - 40 * kHourMs)}));
    append(request_of({event_at(kNowMs - 50 * kHourMs, "old", "h2"), event_at(kNowMs - 80 * kHourMs)}));
    ASSERT_TRUE(tell(true).ok());
  }
  void expect_remembered() {
    const auto again = push(keyed("key", 1, {stamped(kNowMs - 1, "id")}));
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_TRUE(again->replayed);
  }
  void expect_id_remembered() {
    const auto again = push(request_of({stamped(kNowMs - 1, "id")}));
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again->duplicates, 1U);
  }
  void restart_or_run(bool restart, std::int64_t leap_ms) {
    if (restart) engine_.reset();
    clock_.set_now(Millis{kNowMs + leap_ms});
    if (restart) open();
  }
};

TEST_F(ClockTest, ALeapTakesNothingWithItWhateverArrives) {
  struct Leap {
    const char* name;
    std::int64_t ms;
  };
  // The long form has the last two as well.
  const std::array<Leap, 6> leaps{{{"three days ahead", 3 * kDayMs},
                                   {"a year ahead", 365 * kDayMs},
                                   {"a day back", -kDayMs},
                                   {"1970", -kNowMs},
                                   {"past all years", kMillisMax.value},
                                   {"before 1970", -2 * kNowMs}}};
  const std::size_t leaps_tried = long_form() ? leaps.size() : 4;
  for (std::size_t number = 0; number < leaps_tried; ++number) {
    const Leap& leap = leaps[number];
    const bool ahead = leap.ms > 0;
    for (const bool restart : {true, false}) {
      SCOPED_TRACE(std::string(leap.name) + (restart ? ", before the start" : ", while running"));
      engine_.reset();
      options_.path = dir_ / (std::to_string(number) + (restart ? "-restart" : "-running"));
      clock_.set_now(Millis{kNowMs});
      open();
      fill();
      const auto before = keys_left();
      const std::size_t rows = read().size();
      const std::size_t series_before = series();

      restart_or_run(restart, leap.ms);
      std::size_t stored = 0;
      const auto expect_nothing_lost = [&] {
        EXPECT_EQ(engine_->clock_error().has_value(), !ahead);
        EXPECT_EQ(engine_->clock_doubt().has_value(), ahead);
        EXPECT_EQ(engine_->stats().clock_believed, ahead);
        EXPECT_EQ(engine_->stats().retention_paused, ahead);
        EXPECT_EQ(engine_->arrival().error.has_value(), !ahead);
        EXPECT_EQ(engine_->arrival().doubt.has_value(), ahead);
        EXPECT_FALSE(engine_->failure().has_value());
        EXPECT_EQ(read().size(), rows + stored) << "reads go on";
        EXPECT_EQ(engine_->horizon(Span::kMinute).value, kNowMinute - 2 * 24 * 60);
        EXPECT_TRUE(node()->online);
        EXPECT_EQ(series(), series_before + stored);
        expect_remembered();
        if (ahead) expect_id_remembered();
      };
      {
        SCOPED_TRACE("nothing arrives");
        expect_nothing_lost();
        EXPECT_TRUE(tell(false).ok()) << "what does not depend on the time is taken";
      }
      {
        SCOPED_TRACE("events without timestamps");
        expect_refused(push(request_of({stamped(kNowMs), unstamped()})));
        expect_refused(push(keyed("refused", 2, {unstamped()})));
        const auto beat = tell(true);
        ASSERT_FALSE(beat.ok());
        EXPECT_EQ(beat.error().code, ErrorCode::kClockNotBelieved);
        expect_nothing_lost();
      }
      {
        SCOPED_TRACE("events with timestamps");
        const auto live = push(keyed("live", 3, {event_at(kNowMs, "live")}));
        if (ahead) {
          EXPECT_TRUE(live.ok() && live->accepted == 1);
          EXPECT_LE(engine_->arrival().oldest.value, kNowMs - 2 * kDayMs);
          ++stored;
        } else {
          expect_refused(live);
        }
        expect_nothing_lost();
      }
      // No fold, prune, compaction or restart takes anything, and nothing of the above confirms it.
      for (const auto& [family, count] : keys_left()) {
        EXPECT_GE(count, before.at(family)) << kFamilyTable[static_cast<std::size_t>(family)].metric_name;
      }
      open();
      expect_nothing_lost();

      clock_.set_now(Millis{kNowMs + kMillisPerMinute});
      EXPECT_FALSE(engine_->clock_error() || engine_->clock_doubt());
      EXPECT_FALSE(engine_->arrival().error || engine_->arrival().doubt);
      expect_remembered();
      expect_id_remembered();
      EXPECT_EQ(append(keyed("live", 3, {event_at(kNowMs, "live")})).replayed, ahead);
      EXPECT_EQ(append(keyed("refused", 2, {unstamped()})).accepted, 1U) << "it can be sent again";
      EXPECT_TRUE(tell(true).ok());
      EXPECT_TRUE(node()->online);
      clock_.advance_ms(kOfflineAfterMs);
      EXPECT_FALSE(node()->online);
    }
  }
}

// Small steps are nobody's fault: NTP makes them.
TEST_F(ClockTest, AStepWithinTheBoundsIsBelieved) {
  open();
  fill();
  for (const std::int64_t ms : {-10 * kMillisPerMinute, kDayMs}) {
    clock_.set_now(Millis{kNowMs + ms});
    EXPECT_FALSE(engine_->clock_error() || engine_->clock_doubt()) << ms;
  }
  clock_.set_now(Millis{kNowMs - 10 * kMillisPerMinute - 1});
  EXPECT_TRUE(engine_->clock_error());
  clock_.set_now(Millis{kNowMs + kDayMs + 1});
  EXPECT_TRUE(engine_->clock_doubt());
  clock_.set_now(Millis{kNowMs + kDayMs});
  EXPECT_EQ(append(request_of({unstamped()})).accepted, 1U);
  // From that commit on, so it is not further back than ten minutes before it.
  clock_.set_now(Millis{kNowMs});
  ASSERT_TRUE(engine_->clock_error());
  EXPECT_NE(engine_->clock_error()->message.find("newest commit"), std::string::npos);
  EXPECT_NE(engine_->clock_error()->message.find(format_iso8601(Millis{kNowMs})), std::string::npos);
}

TEST_F(ClockTest, TimeThatPassesIsNoLeap) {
  open();
  fill();
  clock_.advance_ms(10 * kDayMs);
  EXPECT_FALSE(engine_->clock_error() || engine_->clock_doubt());
  EXPECT_EQ(append(request_of({unstamped()})).accepted, 1U);
  EXPECT_FALSE(push(keyed("key", 1, {stamped(clock_.now().value)}))->replayed) << "10 days old";
}

TEST_F(ClockTest, AClientsEventConfirmsATimeForGood) {
  for (const std::int64_t off_ms : {-10 * kMillisPerMinute, 10 * kMillisPerMinute}) {
    SCOPED_TRACE(off_ms);
    engine_.reset();
    options_.path = dir_ / std::to_string(off_ms);
    clock_.set_now(Millis{kNowMs});
    open();
    fill();
    const std::int64_t then = kNowMs + 30 * kDayMs;
    restart_or_run(true, 30 * kDayMs);
    // Not by those that are further off.
    ASSERT_TRUE(push(request_of({event_at(then + off_ms + (off_ms < 0 ? -1 : 1))})).ok());
    EXPECT_TRUE(engine_->clock_doubt());
    // Keys of this time are as old as they are, once it is confirmed.
    append(keyed("meanwhile", 4, {event_at(kNowMs)}));
    append(request_of({event_at(then + off_ms)}));
    EXPECT_FALSE(engine_->clock_doubt());
    EXPECT_TRUE(push(keyed("meanwhile", 4, {event_at(kNowMs)}))->replayed);
    open();
    EXPECT_FALSE(engine_->clock_doubt()) << "the confirmation is on record";
    EXPECT_EQ(append(request_of({unstamped()})).accepted, 1U);
    EXPECT_TRUE(push(keyed("meanwhile", 4, {event_at(kNowMs)}))->replayed);
    EXPECT_EQ(keys_left().at(static_cast<int>(Family::kMinute)), off_ms < 0 ? 3U : 2U)
        << "what is past goes now";
  }
}

// Neither when they are committed, nor when they are folded, nor when they are loaded by a restart.
TEST_F(ClockTest, EventsThatTheDaemonStampedConfirmNothing) {
  open();
  clock_.set_now(Millis{kNowMs});
  append(request_of({stamped(kNowMs)}));
  clock_.set_now(Millis{kNowMs + 23 * kHourMs});
  append(request_of({unstamped()}));
  restart_or_run(true, 60 * kDayMs);
  expect_refused(push(request_of({unstamped()})));
  EXPECT_TRUE(engine_->clock_doubt());
  ASSERT_TRUE(engine_->fold().ok());
  EXPECT_TRUE(engine_->clock_doubt());
  ASSERT_TRUE(engine_->prune().ok());
  EXPECT_EQ(read().size(), 2U);
}

TEST_F(ClockTest, AsMuchMonotonicTimeConfirmsALeap) {
  open();
  fill();
  clock_.set_now(Millis{kNowMs + 3 * kDayMs});
  EXPECT_TRUE(engine_->clock_doubt());
  clock_.advance_ms(3 * kDayMs - 1);
  EXPECT_TRUE(engine_->clock_doubt());
  expect_remembered();
  clock_.advance_ms(1);
  EXPECT_FALSE(engine_->clock_doubt());
  EXPECT_FALSE(push(keyed("key", 1, {stamped(clock_.now().value)}))->replayed);
}

// Time that passed before a leap does not confirm it.
TEST_F(ClockTest, AnIdleEngineDoubtsALeapAsABusyOne) {
  open();
  fill();
  clock_.advance_ms(20 * kDayMs);
  EXPECT_FALSE(engine_->clock_doubt());
  clock_.set_now(Millis{clock_.now().value + 3 * kDayMs});
  EXPECT_TRUE(engine_->clock_doubt());
  EXPECT_EQ(engine_->now().value, kNowMs + 20 * kDayMs);
}

// What monotonic time has passed is on record, so that restarts do not begin it anew.
TEST_F(ClockTest, MonotonicTimeIsOnRecord) {
  open();
  fill();
  engine_.reset();
  const auto with_clock = [&](auto use) {
    StoreOptions store_options;
    store_options.path = options_.path;
    store_options.memtable_bytes = 1U << 20;
    auto store = Store::open(store_options);
    ASSERT_TRUE(store.ok()) << store.error().message;
    BelievedClock clock({&clock_, Millis{0}});
    EXPECT_EQ(clock.expiry(), Millis{0}) << "nothing expires before the record is read";
    ASSERT_TRUE(clock.open(**store).ok());
    use(clock);
    WriteSet set(**store);
    clock.keep(set);
    ASSERT_TRUE((*store)->write(set, Durability::kSynced).ok());
  };
  using State = BelievedClock::State;
  // Idle days are no leap after a restart.
  with_clock([&](BelievedClock& clock) {
    clock_.advance_ms(9 * kDayMs);
    EXPECT_EQ(clock.read().state, State::kBelieved);
  });
  with_clock([&](BelievedClock& clock) {
    EXPECT_EQ(clock.read().state, State::kBelieved);
    clock_.set_now(Millis{clock_.now().value + 3 * kDayMs});
    EXPECT_EQ(clock.read().state, State::kUnconfirmed);
    clock_.advance_ms(2 * kDayMs);
    EXPECT_EQ(clock.read().state, State::kUnconfirmed);
  });
  with_clock([&](BelievedClock& clock) {
    EXPECT_EQ(clock.read().state, State::kUnconfirmed);
    EXPECT_EQ(clock.present().value, kNowMs + 11 * kDayMs);
    clock_.advance_ms(kDayMs);
    EXPECT_EQ(clock.read().state, State::kBelieved);
  });
  with_clock([&](BelievedClock& clock) { EXPECT_EQ(clock.read().state, State::kBelieved); });
}

TEST_F(ClockTest, ADamagedRecordIsCorruption) {
  open();
  fill();
  WriteSet set(store_below(*engine_));
  set.put(Family::kMeta, "clock", "24 bytes it is not");
  ASSERT_TRUE(store_below(*engine_).write(set, Durability::kSynced).ok());
  engine_.reset();
  const auto opened = Engine::open(options_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorruption);
}

// A machine without a battery starts in 1970, and is set right by NTP a little later.
TEST_F(ClockTest, ANewStoreWaitsForTheDateOfTheBuild) {
  clock_.set_now(Millis{0});
  open();
  ASSERT_TRUE(engine_->clock_error());
  EXPECT_NE(engine_->clock_error()->message.find("date of this build"), std::string::npos);
  expect_refused(push(request_of({stamped(kNowMs)})));
  clock_.set_now(options_.clock_earliest);
  EXPECT_FALSE(engine_->clock_error() || engine_->clock_doubt());
  clock_.set_now(Millis{kNowMs});
  EXPECT_FALSE(engine_->clock_error() || engine_->clock_doubt()) << "nothing is on record yet";
  EXPECT_EQ(append(request_of({unstamped()})).accepted, 1U);
}

TEST_F(ClockTest, AnOperatorAcceptsWhateverTheClockSays) {
  for (const std::int64_t leap_ms : {-30 * kDayMs, -200 * kDayMs, 30 * kDayMs}) {
    SCOPED_TRACE(leap_ms);
    engine_.reset();
    options_.path = dir_ / std::to_string(leap_ms);
    options_.accept_clock = false;
    clock_.set_now(Millis{kNowMs});
    open();
    fill();
    options_.accept_clock = true;
    restart_or_run(true, leap_ms);
    EXPECT_FALSE(engine_->clock_error() || engine_->clock_doubt());
    EXPECT_EQ(append(request_of({unstamped()})).accepted, 1U);
    if (leap_ms == -200 * kDayMs) continue;  // the date of the build goes on to forbid it
    // It is on record then, and need not be accepted for ever.
    options_.accept_clock = false;
    open();
    EXPECT_FALSE(engine_->clock_error() || engine_->clock_doubt());
  }
}

// The clock, or a node's, ran ahead and was set right.
TEST_F(ClockTest, ANodeThatWasSeenInTheFutureIsNotOnlineForIt) {
  for (const bool folded : {false, true}) {
    SCOPED_TRACE(folded);
    engine_.reset();
    options_.path = dir_ / (folded ? "folded" : "raw");
    options_.accept_clock = true;
    const std::int64_t day = 20 * kHourMs;
    clock_.set_now(Millis{kNowMs});
    open();
    append(request_of({event_at(kNowMs - 1, "b", "both"), event_at(kNowMs - 1, "b", "h")}));
    ASSERT_TRUE(tell(true).ok());
    clock_.set_now(Millis{kNowMs + day});
    append(request_of({event_at(kNowMs + day, "b", "both"), event_at(kNowMs + day, "b", "h"),
                       event_at(kNowMs + day, "b", "future")}));
    ASSERT_TRUE(tell(true).ok());
    EXPECT_TRUE(node("future")->online);
    if (folded) {
      ASSERT_TRUE(engine_->fold().ok());
    }

    clock_.set_now(Millis{kNowMs + kMillisPerMinute});
    EXPECT_TRUE(node("both")->online) << "it was seen a minute ago";
    EXPECT_EQ(node("both")->last.value, kNowMs - 1);
    EXPECT_TRUE(node("h")->online);
    EXPECT_EQ(node("future")->last.value, 0);
    EXPECT_FALSE(node("future")->online);
    clock_.advance_ms(kHourMs);
    EXPECT_FALSE(node("both")->online);
    EXPECT_EQ(node("both")->last.value, kNowMs - 1);
    EXPECT_FALSE(node("h")->online);
    // A sign of now counts again, though it is not the latest that the store has.
    append(request_of({event_at(clock_.now().value - 1, "b", "both")}));
    if (folded) {
      ASSERT_TRUE(engine_->fold().ok());
    }
    ASSERT_TRUE(tell(true).ok());
    EXPECT_TRUE(node("both")->online);
    EXPECT_TRUE(node("h")->online);
    EXPECT_FALSE(node("future")->online);
  }
}

// A node whose own clock runs ahead, by as much as events may.
TEST_F(ClockTest, ANodeWhoseClockRunsAheadWasLastSeenNow) {
  open();
  append(request_of({event_at(kNowMs + kFutureMillisMax)}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(node()->last.value, kNowMs);
    EXPECT_TRUE(node()->online);
    ASSERT_TRUE(engine_->fold().ok());
  }
}

// A batch is decoded by one reading of the clock and committed by another.
TEST_F(ClockTest, EventsStampedBeforeALeapAreNotCommittedAfterIt) {
  open();
  fill();
  const std::size_t rows = read().size();
  clock_.set_now(Millis{kNowMs + 20 * kHourMs});
  AppendRequest request = request_of({unstamped()});
  clock_.set_now(Millis{kNowMs});
  expect_refused(push(std::move(request)));
  EXPECT_EQ(read().size(), rows);
  clock_.set_now(Millis{kNowMs + 365 * kDayMs});
  request = request_of({unstamped()});
  clock_.set_now(Millis{kNowMs});
  expect_refused(push(std::move(request)));
  EXPECT_EQ(read().size(), rows);
}

// Both limits are of a believed time: a clock that lags within its bound rejects no event of now.
TEST_F(ClockTest, EventsAreJudgedByTheNewestTimeBelieved) {
  open();
  fill();
  clock_.set_now(Millis{kNowMs - 9 * kMillisPerMinute});
  EXPECT_EQ(engine_->arrival().newest.value, kNowMs + kFutureMillisMax);
  EXPECT_EQ(engine_->arrival().oldest.value, kNowMs - 2 * kDayMs);
  EXPECT_EQ(engine_->arrival().now.value, kNowMs - 9 * kMillisPerMinute);
}

}  // namespace
}  // namespace minuted::test
