// How settings write durations, sizes and counts. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "minuted/result.hpp"

namespace minuted::settings {

enum class NumberForm : std::uint8_t {
  kDuration,  // milliseconds, written with a unit: 1500ms, 2s, 10m, 48h, 7d; or 0
  kSize,      // bytes, with or without a unit: 4096, 64KiB, 10MB
  kCount,     // digits
};

// Inclusive, in milliseconds, bytes or whatever is counted.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// An error's message goes on from the value: "has no unit".
Result<std::uint64_t> parse_number(NumberForm form, std::string_view text, Range range);

// In the largest unit (of 1024 for sizes) that leaves a whole number.
std::string to_text(NumberForm form, std::uint64_t value);

}  // namespace minuted::settings
