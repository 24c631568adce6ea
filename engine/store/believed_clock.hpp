// The one notion of the time that the engine believes. Everything that expires goes by it: rows of every
// tier, raw events, idempotency keys, event ids, series and the state of nodes. A machine's clock may
// leap in either direction, before the engine is opened and while it runs:
//
//   kBehind       before Options::earliest, or more than kBehindMax before the newest commit on record.
//                 Nothing that depends on the time is taken, and nothing expires.
//   kUnconfirmed  more than kAheadMax past the newest commit on record, as far as monotonic time does not
//                 explain it. Events that carry a timestamp are taken, and nothing expires, until a
//                 committed event confirms the time, as much monotonic time has passed, or the clock is
//                 right again.
//   kBelieved     all else, and always when the operator accepts the clock.
//
// The record, ClockRecord of schema/meta_records.hpp, is written in each commit's own batch, so that a
// commit and its time are durable together; and by keep() at an interval, so that an idle engine need not be
// confirmed after a restart. Its anchor is the last time that was believed and not itself a leap: that of the
// newest commit, or a later one that monotonic time explains.
//
// Safe from any thread, but for keep() and the calls of a commit: one thread at a time each.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "minuted/event_batch.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "schema/meta_records.hpp"
#include "store/store.hpp"

namespace minuted {

// A clock may be this far before the newest commit on record.
inline constexpr std::int64_t kClockBehindMsMax = 10 * kMillisPerMinute;
// It may be this far past it without anything that confirms it.
inline constexpr std::int64_t kClockAheadMsMax = kMillisPerDay;
// An event's timestamp confirms a clock that it is no further from.
inline constexpr std::int64_t kClockConfirmedMsMax = 10 * kMillisPerMinute;

class BelievedClock {
 public:
  struct Options {
    const Clock* clock;      // borrowed: the machine's, or a test's
    Millis earliest;         // no time before it is believed
    bool accept = false;     // the operator accepts whatever the clock says
  };
  enum class State : std::uint8_t { kBelieved, kUnconfirmed, kBehind };

  // The clock at one moment.
  struct Reading {
    State state;
    Millis machine;   // what the machine's clock says, within [0, kMillisMax]
    std::int64_t steady_ms;
    Millis present;   // the best estimate of the time now
    Millis expiry;    // what expires goes by: stands still unless the clock is believed
    Millis newest_commit;  // on record; 0 if there is none
  };

  explicit BelievedClock(const Options& options) : options_(options), expiry_clock_(*this) {}
  BelievedClock(const BelievedClock&) = delete;
  BelievedClock& operator=(const BelievedClock&) = delete;

  // Reads the record. Until then nothing expires. May be called again when the store was opened again.
  // kCorruption, kIoError.
  Result<void> open(const Store& store);

  Reading read() const;
  Millis present() const { return read().present; }
  Millis expiry() const { return read().expiry; }
  bool believed() const { return read().state == State::kBelieved; }
  // Reading::expiry as a clock, for the store's filters.
  const Clock& expiry_clock() const { return expiry_clock_; }

  // Why nothing that depends on the time is taken; nullopt unless the state is kBehind.
  std::optional<Error> error(const Reading& reading) const;
  // Why nothing expires, and why events without a timestamp are not taken; nullopt unless the state is
  // kUnconfirmed.
  std::optional<Error> doubt(const Reading& reading) const;
  // Why a batch cannot be taken; nullopt if it can. Both of the above, and a clock that has leapt since
  // the batch's events without a timestamp were stamped.
  std::optional<Error> refusal(const Reading& reading, const EventBatch& batch) const;
  // Whether an event of the batch confirms the machine's clock. Those that this clock stamped do not.
  static bool confirms(const Reading& reading, const EventBatch& batch);

  // For a commit at that reading: adds the record to its batch. `confirmed`: confirms() of an event of it.
  void put_commit(const Reading& reading, bool confirmed, WriteSet& set) const;
  // That batch is durable.
  void committed(const Reading& reading, bool confirmed);

  // Adds the record to `set` if what is on record is a minute old, and reports whether it did. Call it
  // every few seconds: leaps are noticed by it where nothing else looks at the clock.
  bool keep(WriteSet& set);

 private:
  class ExpiryClock final : public Clock {
   public:
    explicit ExpiryClock(const BelievedClock& clock) : clock_(clock) {}
    Millis now() const override { return clock_.expiry(); }
    std::int64_t steady_ms() const override { return clock_.options_.clock->steady_ms(); }

   private:
    const BelievedClock& clock_;
  };
  bool judges_believed(std::int64_t machine_ms, std::int64_t steady_ms) const;
  std::int64_t since_anchor(std::int64_t steady_ms) const;
  void set_anchor(std::int64_t machine_ms, std::int64_t steady_ms) const;

  const Options options_;
  const ExpiryClock expiry_clock_;

  mutable std::mutex mutex_;  // guards what follows
  bool open_ = false;
  // Nothing is known before the first commit of a store.
  mutable std::optional<std::int64_t> commit_ms_;  // the newest commit
  mutable std::int64_t anchor_ms_ = 0;
  mutable std::int64_t anchor_steady_ms_ = 0;
  mutable std::int64_t before_ms_ = 0;  // since the anchor, in earlier processes
  mutable std::optional<std::int64_t> leap_steady_ms_;  // when a leap was first seen
  ClockRecord kept_;  // on record
};

}  // namespace minuted
