// Numbers of rows as decimal digits, into room that the caller has made. Here, and not in a .cpp, since a
// row is five of them. Each function returns the end of what it wrote, and may overwrite eight bytes from
// there on. Pure; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "minuted/rollup.hpp"

namespace minuted::render {

static_assert(std::endian::native == std::endian::little, "digits are laid out low byte first");

inline constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();

// Digits of any 64-bit integer with its sign, and of a latency with its point.
inline constexpr std::size_t kNumberBytesMax = 28;
inline constexpr std::uint64_t kTenTo8 = 100'000'000;
inline constexpr std::size_t kEight = 8;

// The digits of a number below 10^8, first one in the lowest byte, zeros in front: halves, then quarters,
// then digits, all of a step at once. std::to_chars finds one pair after the other, which takes three
// times as long for the fifteen digits of a busy minute's bytes.
inline std::uint64_t eight_digits(std::uint32_t value) {
  const std::uint64_t halves = value / 10'000 | std::uint64_t{value % 10'000} << 32;
  const std::uint64_t hundreds = (halves * 10'486 >> 20) & 0x0000'007F'0000'007F;  // of each half
  const std::uint64_t pairs = hundreds | (halves - hundreds * 100) << 16;
  const std::uint64_t tens = (pairs * 103 >> 10) & 0x000F'000F'000F'000F;  // of each pair
  return tens | (pairs - tens * 10) << 8;
}

inline constexpr std::uint64_t kZeros = 0x3030'3030'3030'3030;  // eight of the character

inline char* write_eight(std::uint32_t value, char* out) {
  const std::uint64_t text = eight_digits(value) | kZeros;
  std::memcpy(out, &text, kEight);
  return out + kEight;
}

// Without zeros in front. Writes eight bytes all the same.
inline char* write_short(std::uint32_t value, char* out) {
  const std::uint64_t digits = eight_digits(value);
  const int zeros = digits == 0 ? 7 : std::countr_zero(digits) / 8;
  const std::uint64_t text = (digits | kZeros) >> (8 * zeros);
  std::memcpy(out, &text, kEight);
  return out + (kEight - static_cast<std::size_t>(zeros));
}

inline char* write_number(std::uint64_t value, char* out) {
  if (value < kTenTo8) return write_short(static_cast<std::uint32_t>(value), out);
  const std::uint64_t high = value / kTenTo8;
  if (high < kTenTo8) {
    out = write_short(static_cast<std::uint32_t>(high), out);
  } else {
    out = write_short(static_cast<std::uint32_t>(high / kTenTo8), out);
    out = write_eight(static_cast<std::uint32_t>(high % kTenTo8), out);
  }
  return write_eight(static_cast<std::uint32_t>(value % kTenTo8), out);
}

inline char* write_number(std::int64_t value, char* out) {
  if (value >= 0) return write_number(static_cast<std::uint64_t>(value), out);
  *out++ = '-';
  return write_number(~static_cast<std::uint64_t>(value) + 1, out);
}

// A fraction of kDigits digits with its point, without trailing zeros; nothing if it is zero.
template <unsigned kDigits>
char* write_decimals(std::uint32_t fraction, char* out) {
  if (fraction == 0) return out;
  *out++ = '.';
  std::uint32_t unit = 1;
  for (unsigned i = 1; i < kDigits; ++i) unit *= 10;
  for (; fraction != 0; fraction %= unit, unit /= 10) *out++ = static_cast<char>('0' + fraction / unit);
  return out;
}

// Whole microseconds as milliseconds.
inline char* write_latency_ms(std::uint64_t latency_us, char* out) {
  out = write_number(latency_us / 1000, out);
  const auto thousandths = static_cast<unsigned>(latency_us % 1000);
  if (thousandths == 0) return out;
  *out++ = '.';
  *out++ = static_cast<char>('0' + thousandths / 100);
  if (thousandths % 100 == 0) return out;
  *out++ = static_cast<char>('0' + thousandths / 10 % 10);
  if (thousandths % 10 == 0) return out;
  *out++ = static_cast<char>('0' + thousandths % 10);
  return out;
}

// A sum as signed 64 bits; `saturated` is set when it does not fit, and never cleared.
inline std::int64_t clamped(UInt128 sum, bool& saturated) {
  if (sum <= static_cast<UInt128>(kInt64Max)) return static_cast<std::int64_t>(sum);
  saturated = true;
  return kInt64Max;
}

// A sum of microseconds as milliseconds, exact; as much as a signed 64-bit number of them holds.
inline char* write_milliseconds(UInt128 sum_us, char* out, bool& saturated) {
  const UInt128 ms = sum_us / 1000;
  const auto whole = static_cast<std::uint64_t>(clamped(ms, saturated));
  out = write_number(whole, out);
  return ms == whole ? write_decimals<3>(static_cast<std::uint32_t>(sum_us % 1000), out) : out;
}

inline std::int64_t clamped(Int128 sum, bool& saturated) {
  if (sum >= kInt64Min && sum <= kInt64Max) return static_cast<std::int64_t>(sum);
  saturated = true;
  return sum < 0 ? kInt64Min : kInt64Max;
}

}  // namespace minuted::render
