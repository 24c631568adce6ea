#include "load/stamps.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace minuted::load {

StampWriter::StampWriter(std::int64_t early_ms_max)
    : early_ms_max_(early_ms_max),
      ring_(std::bit_ceil(static_cast<std::uint64_t>(early_ms_max) + 1)),
      mask_(ring_.size() - 1) {}

void StampWriter::make_digits_until(std::int64_t now_ms) {
  // A clock set back leaves the ring with digits of later times: all are made again.
  const std::int64_t oldest_ms = now_ms - early_ms_max_;
  std::int64_t ms = now_ms < newest_ms_ ? oldest_ms : std::max(newest_ms_ + 1, oldest_ms);
  for (; ms <= now_ms; ++ms) {
    Digits& digits = ring_[static_cast<std::uint64_t>(ms) & mask_];
    std::to_chars(digits.data(), digits.data() + digits.size(), ms);
  }
  newest_ms_ = now_ms;
}

void StampWriter::write(Body& body, Millis now) {
  make_digits_until(now.value);
  char* const text = body.text.data();
  const auto now_ms = static_cast<std::uint64_t>(now.value);
  for (const StampPlace& place : body.stamps) {
    std::memcpy(text + place.at, ring_[(now_ms - place.early_ms) & mask_].data(), kTimestampDigits);
  }
}

}  // namespace minuted::load
