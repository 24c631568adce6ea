// How far back each tier is kept, as of now: the horizon, before which readers see nothing and the
// pruner may delete. Also whether "now" can be believed: a clock that ran ahead would take history
// with it, so a time more than a day past both the newest event and the last time the store knows of
// moves no horizon, until an event confirms it or an operator does (Options::accept_clock).
//
//   in the meta family, "time"   ms of the last time believed u64 | the newest event's minute u64
//
// Any thread, but for open() and keep_time(): one at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "minuted/options.hpp"
#include "minuted/query.hpp"
#include "store/store.hpp"

namespace minuted {

// How far a time may be past all that is known before it is not believed.
inline constexpr std::int64_t kBelievedAheadMs = kMillisPerDay;

class Horizons {
 public:
  struct Options {
    Retention retention;
    const Clock* clock;
    bool accept_clock;
  };

  explicit Horizons(const Options& options) : options_(options) {}

  // Reads the record; `is_new`: the store has never held anything, and knows no time but now.
  Result<void> open(const Store& store, bool is_new);

  // There are events of that minute.
  void note_event(Minute newest);

  // The first minute of the tier that is kept; 0 if all are. A whole row of it.
  Minute of(Span span) const;
  bool limits(Span span) const { return kept_ms(span) != 0; }
  // The same for raw events that are folded; kMinuteMax while none are kept, and those that were go.
  Minute of_archive() const;
  bool limits_archive() const { return options_.retention.raw_ms != 0; }
  // Of the minutes; events before it are not taken in.
  Millis oldest_event() const;
  // Whether the clock is not believed.
  bool paused() const;

  // Adds the record to `set` if it is time, and reports whether it did. To be called now and then.
  bool keep_time(WriteSet& set);

 private:
  std::int64_t kept_ms(Span span) const;
  Minute minute_before(std::int64_t age_ms) const;
  std::int64_t believed_now() const;

  const Options options_;
  std::atomic<std::int64_t> known_ms_{0};  // the last time believed
  std::atomic<std::int64_t> event_ms_{0};  // the newest event's minute's end
  std::int64_t kept_time_ms_ = 0;          // in the store
};

}  // namespace minuted
