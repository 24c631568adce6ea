#include "maintenance/prune/horizons.hpp"

#include <algorithm>

namespace minuted {

std::int64_t Horizons::kept_ms(Span span) const {
  return span == Span::kMinute ? retention_.minute_ms
         : span == Span::kHour ? retention_.hour_ms
                               : retention_.day_ms;
}

Minute Horizons::minute_before(std::int64_t age_ms) const {
  const std::int64_t first_ms = std::max<std::int64_t>(clock_.expiry().value - age_ms, 0);
  const auto minute = std::min<std::int64_t>(first_ms / kMillisPerMinute, kMinuteMax.value);
  return Minute{static_cast<std::uint32_t>(minute)};
}

Minute Horizons::of(Span span) const {
  if (!limits(span)) return {0};
  return floor_to(minute_before(kept_ms(span)), minutes_in(span));
}

Minute Horizons::of_archive() const {
  const std::int64_t kept = retention_.raw_ms;
  return kept == 0 ? kMinuteMax : minute_before(kept);
}

Millis Horizons::oldest_event() const { return start_of(of(Span::kMinute)); }

}  // namespace minuted
