// How far back each tier is kept, as of the believed time (store/believed_clock.hpp): the horizon, before
// which readers see nothing and the pruner may delete. Any thread.
#pragma once

#include <cstdint>

#include "minuted/options.hpp"
#include "minuted/query.hpp"
#include "store/believed_clock.hpp"

namespace minuted {

class Horizons {
 public:
  // Borrows the clock.
  Horizons(const Retention& retention, const BelievedClock& clock)
      : retention_(retention), clock_(clock) {}

  // The first minute of the tier that is kept; 0 if all are. A whole row of it.
  Minute of(Span span) const;
  bool limits(Span span) const { return kept_ms(span) != 0; }
  // The same for raw events that are folded; kMinuteMax while none are kept, and those that were go.
  Minute of_archive() const;
  bool limits_archive() const { return retention_.raw_ms != 0; }
  // Of the minutes; events before it are not taken in.
  Millis oldest_event() const;
  // Whether no horizon moves, because the clock is not believed.
  bool paused() const { return !clock_.believed(); }

 private:
  std::int64_t kept_ms(Span span) const;
  Minute minute_before(std::int64_t age_ms) const;

  const Retention retention_;
  const BelievedClock& clock_;
};

}  // namespace minuted
