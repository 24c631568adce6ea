#include "store/believed_clock.hpp"

#include <algorithm>

#include "store/meta.hpp"

namespace minuted {
namespace {

constexpr std::int64_t kKeepEveryMs = kMillisPerMinute;
// A difference between the machine's clock and monotonic time that is no leap: adjustments by NTP, and
// what lies between the two readings.
constexpr std::int64_t kLeapMsMin = 10 * kMillisPerMinute;

std::int64_t clamp_ms(std::int64_t ms) {
  return std::clamp<std::int64_t>(ms, 0, kMillisMax.value);
}

}  // namespace

Result<void> BelievedClock::open(const Store& store) {
  const auto stored = read_meta<ClockRecord>(store);
  if (!stored) return stored.error();
  const std::lock_guard lock(mutex_);
  if (stored->has_value()) {
    const ClockRecord& record = **stored;
    kept_ = record;
    // A store that is opened again by the same process may know less than the process does.
    if (!commit_ms_) {
      commit_ms_ = record.commit_ms;
      anchor_ms_ = record.anchor_ms;
      anchor_steady_ms_ = options_.clock->steady_ms();
      before_ms_ = record.since_ms;
    }
  }
  open_ = true;
  return {};
}

std::int64_t BelievedClock::since_anchor(std::int64_t steady_ms) const {
  return before_ms_ + std::max<std::int64_t>(steady_ms - anchor_steady_ms_, 0);
}

void BelievedClock::set_anchor(std::int64_t machine_ms, std::int64_t steady_ms) const {
  anchor_ms_ = machine_ms;
  anchor_steady_ms_ = steady_ms;
  before_ms_ = 0;
  leap_steady_ms_.reset();
}

// Whether a clock that is not behind is believed; moves the anchor with what monotonic time explains.
bool BelievedClock::judges_believed(std::int64_t machine_ms, std::int64_t steady_ms) const {
  const std::int64_t leap_ms = machine_ms - anchor_ms_ - since_anchor(steady_ms);
  if (leap_ms <= kLeapMsMin) {
    if (machine_ms > anchor_ms_ || leap_ms < -kLeapMsMin) {
      set_anchor(machine_ms, steady_ms);
    } else {
      leap_steady_ms_.reset();
    }
    return true;
  }
  if (!leap_steady_ms_) leap_steady_ms_ = steady_ms;
  // What passed before the leap confirms nothing. What is on record of earlier processes was, but for
  // the minute between two records, spent after it.
  const std::int64_t waited_ms = before_ms_ + std::max<std::int64_t>(steady_ms - *leap_steady_ms_, 0);
  if (waited_ms >= leap_ms) {
    set_anchor(machine_ms, steady_ms);
    return true;
  }
  return leap_ms <= kClockAheadMsMax;
}

BelievedClock::Reading BelievedClock::read() const {
  Reading reading{};
  reading.machine = Millis{clamp_ms(options_.clock->now().value)};
  reading.steady_ms = options_.clock->steady_ms();
  const std::int64_t machine_ms = reading.machine.value;
  const std::lock_guard lock(mutex_);
  if (options_.accept) {
    if (commit_ms_) {
      commit_ms_ = machine_ms;
      set_anchor(machine_ms, reading.steady_ms);
    }
    reading.state = State::kBelieved;
  } else if (machine_ms < options_.earliest.value ||
             (commit_ms_ && machine_ms < *commit_ms_ - kClockBehindMsMax)) {
    reading.state = State::kBehind;
  } else if (!commit_ms_ || judges_believed(machine_ms, reading.steady_ms)) {
    reading.state = State::kBelieved;
  } else {
    reading.state = State::kUnconfirmed;
  }
  reading.newest_commit = Millis{commit_ms_.value_or(0)};
  if (reading.state == State::kBelieved) {
    reading.present = reading.machine;
    // A small step back makes nothing younger.
    reading.expiry = Millis{std::max(machine_ms, commit_ms_.value_or(0))};
  } else if (commit_ms_) {
    reading.present = Millis{clamp_ms(anchor_ms_ + since_anchor(reading.steady_ms))};
    reading.expiry = Millis{anchor_ms_};
  } else {
    reading.present = options_.earliest;
  }
  if (!open_) reading.expiry = Millis{0};
  return reading;
}

std::optional<Error> BelievedClock::error(const Reading& reading) const {
  if (reading.state != State::kBehind) return std::nullopt;
  const std::string says = "the clock says " + format_iso8601(reading.machine) + ", which is ";
  const std::string reason =
      reading.machine < options_.earliest
          ? "before the date of this build, " + format_iso8601(options_.earliest)
          : "more than 10 minutes before the newest commit on record, " +
                format_iso8601(reading.newest_commit);
  return Error{ErrorCode::kClockNotBelieved,
               says + reason + "; nothing is stored until the clock is set right, or accepted by "
                               "the operator",
               DecidingOption::kAcceptClock};
}

std::optional<Error> BelievedClock::doubt(const Reading& reading) const {
  if (reading.state != State::kUnconfirmed) return std::nullopt;
  return Error{ErrorCode::kClockNotBelieved,
               "the clock says " + format_iso8601(reading.machine) +
                   ", which is more than a day past the newest commit on record, " +
                   format_iso8601(reading.newest_commit) +
                   "; until it is set right, confirmed by events with timestamps of now, or accepted "
                   "by the operator, nothing expires and only events with timestamps are taken",
               DecidingOption::kAcceptClock};
}

std::optional<Error> BelievedClock::refusal(const Reading& reading, const EventBatch& batch) const {
  if (auto behind = error(reading)) return behind;
  const auto stamped = batch.receipt_time();
  if (!stamped) return std::nullopt;
  if (auto unconfirmed = doubt(reading)) return unconfirmed;
  // Decoded before the clock leapt and committed after, or the other way about.
  const std::int64_t apart = reading.machine.value - stamped->value;
  if (apart <= kClockConfirmedMsMax && -apart <= kClockConfirmedMsMax) return std::nullopt;
  return Error{ErrorCode::kClockNotBelieved,
               "the clock was set from about " + format_iso8601(*stamped) + " to " +
                   format_iso8601(reading.machine) +
                   " while the events, which carry no timestamps, were received; send the batch again, "
                   "with the same key"};
}

bool BelievedClock::confirms(const Reading& reading, const EventBatch& batch) {
  if (batch.receipt_time()) return false;
  for (const EventBatch::Group& group : batch.groups()) {
    for (const EventBatch::Row& row : group.rows) {
      const std::int64_t apart =
          reading.machine.value - (start_of(group.minute).value + row.ms_in_minute);
      if (apart <= kClockConfirmedMsMax && -apart <= kClockConfirmedMsMax) return true;
    }
  }
  return false;
}

// A commit at a time that is not confirmed leaves the record as it is.
void BelievedClock::put_commit(const Reading& reading, bool confirmed, WriteSet& set) const {
  if (reading.state != State::kBelieved && !confirmed) return;
  const std::lock_guard lock(mutex_);
  const std::int64_t time = std::max(reading.machine.value, commit_ms_.value_or(0));
  put_meta(ClockRecord{time, time, 0}, set);
}

void BelievedClock::committed(const Reading& reading, bool confirmed) {
  if (reading.state != State::kBelieved && !confirmed) return;
  const std::lock_guard lock(mutex_);
  const std::int64_t time = std::max(reading.machine.value, commit_ms_.value_or(0));
  commit_ms_ = time;
  set_anchor(time, reading.steady_ms);
  kept_ = {time, time, 0};
}

bool BelievedClock::keep(WriteSet& set) {
  const Reading reading = read();
  const std::lock_guard lock(mutex_);
  if (!commit_ms_) return false;
  const ClockRecord record{*commit_ms_, anchor_ms_, clamp_ms(since_anchor(reading.steady_ms))};
  const auto apart = [](std::int64_t a, std::int64_t b) {
    return a > b + kKeepEveryMs || b > a + kKeepEveryMs;
  };
  if (!apart(record.commit_ms, kept_.commit_ms) && !apart(record.anchor_ms, kept_.anchor_ms) &&
      !apart(record.since_ms, kept_.since_ms)) {
    return false;
  }
  put_meta(record, set);
  kept_ = record;
  return true;
}

}  // namespace minuted
