// Strings and numbers as JSON writes them: are they well-formed, and what do they say, exactly.
// Numbers are read from their decimal text and never pass through floating point. Pure; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace minuted::json {

// Whether `text` is a number of RFC 8259, section 6.
bool is_number(std::string_view text);

// Whether every backslash in `inside`, a string without its quotes, begins one of the escapes of
// RFC 8259, section 7. Halves of surrogate pairs need not meet.
bool has_valid_escapes(std::string_view inside);

// What `inside`, whose escapes are valid, stands for; `out` is overwritten and lent to the result.
// Half a surrogate pair on its own becomes the three bytes UTF-8 would have for it, which no check
// of UTF-8 accepts.
std::string_view unescape(std::string_view inside, std::string& out);

// A number times a power of ten, cut at the decimal point.
struct Scaled {
  bool negative;        // written with a minus, and not zero
  bool too_big;         // `whole` does not hold it
  bool is_whole;        // nothing but zeros behind the point
  bool half;            // what is behind the point is at least a half
  std::uint64_t whole;  // size of what is before the point
};

// `text`, which is_number(), times 10^shift. Exact for any length and exponent; `shift` is small.
Scaled scale(std::string_view text, int shift);

// A number as it is nearly always written: digits / 10^decimals, or that below zero.
struct ShortNumber {
  std::uint64_t digits;
  std::uint32_t decimals;
  bool negative;  // written with a minus, and not zero
};

namespace words {

// Eight bytes of text at a time, the first in the lowest byte.
static_assert(std::endian::native == std::endian::little);
inline constexpr std::uint64_t kOnes = 0x0101010101010101U;
inline constexpr std::uint64_t kTops = 0x8080808080808080U;

inline std::uint64_t load(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The 1–8 bytes at `at`, moved up to the end of the word, with `filler` before them. Reads eight.
inline std::uint64_t load_filled(const char* at, std::size_t size, char filler) {
  const auto bits = static_cast<unsigned>(8 * size);
  return load(at) << (64 - bits) | (kOnes * static_cast<unsigned char>(filler)) >> 1 >> (bits - 1);
}

// The top bits of the bytes that are zero; above the lowest of them, perhaps of some that are one.
inline std::uint64_t zeros_in(std::uint64_t word) { return (word - kOnes) & ~word & kTops; }

// The top bits of the bytes that is_plain() refuses. Borrows and carries start at such bytes only,
// so they never condemn a clean word.
inline std::uint64_t not_plain_in(std::uint64_t word) {
  const std::uint64_t outside = word | (word - kOnes * 0x20) | (word + kOnes);
  return (outside & kTops) | zeros_in(word ^ (kOnes * ',')) | zeros_in(word ^ (kOnes * '\\'));
}

inline bool are_digits(std::uint64_t word) {
  constexpr std::uint64_t kHighHalves = 0xF0F0F0F0F0F0F0F0U;
  const std::uint64_t past_nine = (word + kOnes * 6) & kHighHalves;
  return ((word & kHighHalves) | past_nine >> 4) == 0x3333333333333333U;
}

// The value of eight digits: pairs, then fours, then all of them are put together.
inline std::uint64_t value_of_digits(std::uint64_t word) {
  constexpr std::uint64_t kEveryFourth = 0x000000FF000000FFU;
  word -= kOnes * '0';
  word = word * 10 + (word >> 8);
  return ((word & kEveryFourth) * (100 + (std::uint64_t{1'000'000} << 32)) +
          (word >> 16 & kEveryFourth) * (1 + (std::uint64_t{10'000} << 32))) >>
         32;
}

}  // namespace words

// Whether `text` is printable ASCII without comma and backslash: what ids are made of nearly
// always, then neither escaped nor in need of any check but of length. Reads up to seven bytes past
// the end.
inline bool is_plain(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) {
    if (words::not_plain_in(words::load(at)) != 0) return false;
  }
  return left == 0 || words::not_plain_in(words::load_filled(at, left, 'a')) == 0;
}

// Reads a number of up to 16 digits, or of up to 8 bytes with a point in it, not counting the sign;
// false if `text` is longer, has an exponent, or is no number at all. Reads up to seven bytes past
// the end.
inline bool read_short_number(std::string_view text, ShortNumber& number) {
  const bool minus = !text.empty() && text[0] == '-';
  text.remove_prefix(minus ? 1 : 0);
  const std::size_t size = text.size();
  if (size == 0 || size > 16) return false;
  // Without jumps: whether a number is 0 cannot be foreseen.
  if ((text[0] == '0') & (size > 1) & (text.data()[1] != '.')) return false;
  number.decimals = 0;
  if (size > 8) {
    const std::uint64_t high = words::load_filled(text.data(), size - 8, '0');
    const std::uint64_t low = words::load(text.data() + size - 8);
    if (!words::are_digits(high) || !words::are_digits(low)) return false;
    number.digits = words::value_of_digits(high) * 100'000'000 + words::value_of_digits(low);
    number.negative = minus && number.digits != 0;
    return true;
  }
  std::uint64_t word = words::load_filled(text.data(), size, '0');
  if (const std::uint64_t points = words::zeros_in(word ^ (words::kOnes * '.')); points != 0) {
    // What is before the point moves up over it.
    const auto bits = static_cast<unsigned>(std::countr_zero(points)) - 7;
    number.decimals = 7 - bits / 8;
    if (number.decimals == 0 || text[0] == '.') return false;
    const std::uint64_t before = word & ((std::uint64_t{1} << bits) - 1);
    const std::uint64_t behind = word >> 8 >> bits << 8 << bits;
    word = behind | before << 8 | '0';
  }
  if (!words::are_digits(word)) return false;
  number.digits = words::value_of_digits(word);
  number.negative = minus && number.digits != 0;
  return true;
}

}  // namespace minuted::json
