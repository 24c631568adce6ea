#include "retention/horizons.hpp"

#include <algorithm>

#include "codec/bytes.hpp"

namespace minuted {
namespace {

constexpr std::string_view kTimeKey = "time";
// How far the record may lag.
constexpr std::int64_t kKeepTimeEveryMs = kMillisPerMinute;

}  // namespace

Result<void> Horizons::open(const Store& store, bool is_new) {
  const auto stored = store.get(Family::kMeta, kTimeKey);
  if (!stored) return stored.error();
  if (!stored->has_value()) {
    if (is_new) known_ms_ = options_.clock->now().value;
    return {};
  }
  ByteReader in(**stored);
  known_ms_ = kept_time_ms_ = static_cast<std::int64_t>(in.fixed64());
  const std::uint64_t newest = in.fixed64();
  if (!in.done() || newest > kMinuteMax.value) {
    return Error{ErrorCode::kCorruption, "the record of the store's time is damaged"};
  }
  note_event(Minute{static_cast<std::uint32_t>(newest)});
  return {};
}

void Horizons::note_event(Minute newest) {
  const std::int64_t end = start_of(newest).value + kMillisPerMinute;
  std::int64_t before = event_ms_;
  while (before < end && !event_ms_.compare_exchange_weak(before, end)) {
  }
}

bool Horizons::paused() const {
  if (options_.accept_clock) return false;
  const std::int64_t known = std::max(known_ms_.load(), event_ms_.load());
  return options_.clock->now().value > known + kBelievedAheadMs;
}

std::int64_t Horizons::believed_now() const {
  return paused() ? known_ms_.load() : options_.clock->now().value;
}

std::int64_t Horizons::kept_ms(Span span) const {
  return span == Span::kMinute ? options_.retention.minute_ms
         : span == Span::kHour ? options_.retention.hour_ms
                               : options_.retention.day_ms;
}

Minute Horizons::minute_before(std::int64_t age_ms) const {
  const std::int64_t first_ms = std::max<std::int64_t>(believed_now() - age_ms, 0);
  const auto minute = std::min<std::int64_t>(first_ms / kMillisPerMinute, kMinuteMax.value);
  return Minute{static_cast<std::uint32_t>(minute)};
}

Minute Horizons::of(Span span) const {
  if (!limits(span)) return {0};
  return floor_to(minute_before(kept_ms(span)), minutes_in(span));
}

Minute Horizons::of_archive() const {
  const std::int64_t kept = options_.retention.raw_ms;
  return kept == 0 ? kMinuteMax : minute_before(kept);
}

Millis Horizons::oldest_event() const { return start_of(of(Span::kMinute)); }

bool Horizons::keep_time(WriteSet& set) {
  if (paused()) return false;
  const std::int64_t now = options_.clock->now().value;
  // A clock that was set back does not make what is known younger.
  if (now < kept_time_ms_ + kKeepTimeEveryMs) return false;
  known_ms_ = kept_time_ms_ = now;
  std::string record;
  put_fixed64(record, static_cast<std::uint64_t>(now));
  put_fixed64(record, static_cast<std::uint64_t>(event_ms_ / kMillisPerMinute == 0
                                                     ? 0
                                                     : event_ms_ / kMillisPerMinute - 1));
  set.put(Family::kMeta, kTimeKey, record);
  return true;
}

}  // namespace minuted
