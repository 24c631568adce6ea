// Rolls: writes the hours of closed minutes, with the activity and the state of their hosts, and the days and totals of closed hours, each row once for
// all of its events, and moves the boundaries that say so (store/roll_boundaries.hpp). A pass goes through
// the pairs once. Each step writes one atomic batch of about `batch_bytes`: the rows of some pairs and the
// record of how far the pass has come. A pass that is cut short, also by a crash, is continued by the next
// one. Minute and hour rows stay as they are.
//
// A row that cannot be read is handed on as it is: its hour, day and total cannot be read either then, and
// report that, and no other row waits for it.
//
// Nothing else may write rows while a step runs: the caller sees to it. One thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "maintenance/job.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "nodes/signs.hpp"
#include "rollup/rollup_codec.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/roll_boundaries.hpp"
#include "store/store.hpp"

namespace minuted {

// An hour is closed so long after its end, unless the options have it closed sooner: most events that
// arrive late have arrived by then, and cost one write less than if they came after the roll.
inline constexpr std::int64_t kRollAfterMs = 5 * kMillisPerMinute;

class Roller final : public Job {
 public:
  struct Options {
    const Clock* clock;
    std::int64_t after_ms = kRollAfterMs;
    // While events of earlier hours arrive, as when history is pushed, the boundary stays behind the newest
    // of those that came within this time, so that they are not late, each of them. Milliseconds.
    std::int64_t quiet_ms = 0;
    std::size_t batch_bytes;  // of one step's writes, about
    std::function<void(const Error&)> on_write_failure;  // called once a write failed
    // While it is not believed no pass is due, for nothing is closed by it. Null: it always is.
    const BelievedClock* believed = nullptr;
  };

  // Borrows both.
  Roller(Store& store, RollCounters& counters, Options options);

  // Once, before anything else: reads how far earlier passes came.
  Result<void> open();

  // A fold wrote rows, none of them of a later minute.
  void note_rows(Minute newest);

  // Whether there is a pass to continue, or hours have closed since the last one.
  bool due() const override;
  // Begins a pass over all that is closed, or continues one. A demand for all is also for what quiet_ms
  // holds back, and for what a pass that is continued leaves. False if there is nothing to do.
  Result<bool> begin(const Demand& demand) override;
  bool is_under_way() const override { return rolling_; }
  // Does the pass's next batch. True while there is more to do; false when no pass is under way.
  Result<bool> step() override;

  // How far all pairs have come, in the store. Any thread.
  RolledBefore rolled() const { return {{rolled_hours_}, {rolled_days_}}; }

 private:
  // A row under way.
  struct Row {
    Minute first{};
    HostRollups hosts;
    bool damaged = false;  // has a part that cannot be read, which was handed on
  };

  Minute closed_before(bool all) const;
  Result<bool> step_pairs();
  Result<void> roll_pair(StoreCursor& minutes, StoreCursor* hours);
  void take_hour(Minute hour, std::string_view value);
  void take_minute(Minute minute, std::string_view value);
  void close_hour();
  void close_day();
  void close_total();
  void close_activity();
  void close_states();
  void put_row(Family family, Row& row);
  std::string key_of(Minute minute) const;
  Result<void> write();
  void note_rolled();

  Store& store_;
  RollCounters& counters_;
  const Options options_;
  RollBoundaries boundaries_;  // of the store; with the next ones while rolling_
  bool rolling_ = false;
  bool is_followed_ = false;  // by another pass, as it only continues one
  std::atomic<std::uint32_t> rolled_hours_{0};  // see rolled()
  std::atomic<std::uint32_t> rolled_days_{0};
  std::int64_t next_pass_ms_;  // later than now after a pass that failed
  std::int64_t noted_ms_;      // when rows were noted last
  Minute newest_{0};           // of those noted since the last quiet time

  // The step at hand.
  WriteSet set_;
  std::uint64_t rows_ = 0;
  // The pair at hand.
  std::string prefix_;
  Row hour_;
  Row day_;
  HostRollups total_;
  DaySigns activity_;
  Minute activity_day_{};  // its
  HostStates states_;
  std::string value_;
};

}  // namespace minuted
