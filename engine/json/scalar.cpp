#include "json/scalar.hpp"

#include <algorithm>
#include <limits>

namespace minuted::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Value of a hexadecimal digit, or -1.
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_high_surrogate(std::uint32_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool is_low_surrogate(std::uint32_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

std::string_view take_digits(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  const auto digits = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

// The four digits at the front of `rest`, which are there.
std::uint32_t take_code_unit(std::string_view& rest) {
  std::uint32_t unit = 0;
  for (std::size_t i = 0; i < 4; ++i)
    unit = unit << 4 | static_cast<std::uint32_t>(hex_digit(rest[i]));
  rest.remove_prefix(4);
  return unit;
}

void append_utf8(std::uint32_t c, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

// The code point of a \u escape whose `u` is taken, with the second escape of a pair.
std::uint32_t take_code_point(std::string_view& rest) {
  const std::uint32_t unit = take_code_unit(rest);
  if (!is_high_surrogate(unit) || !rest.starts_with("\\u")) return unit;
  std::string_view behind = rest.substr(2);
  const std::uint32_t low = take_code_unit(behind);
  if (!is_low_surrogate(low)) return unit;
  rest = behind;
  return 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
}

char unescaped(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;  // quote, backslash, slash
  }
}

// An exponent beyond this is as good as any other: no text has so many digits.
constexpr std::int64_t kExponentMax = 100'000'000'000'000'000;

std::int64_t read_exponent(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) value = std::min(value * 10 + (c - '0'), kExponentMax);
  return value;
}

}  // namespace

bool is_number(std::string_view text) {
  take(text, '-');
  const std::string_view whole = take_digits(text);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return false;
  if (take(text, '.') && take_digits(text).empty()) return false;
  if (take(text, 'e') || take(text, 'E')) {
    if (!take(text, '+')) take(text, '-');
    if (take_digits(text).empty()) return false;
  }
  return text.empty();
}

bool has_valid_escapes(std::string_view inside) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  for (std::size_t at = inside.find('\\'); at != inside.npos; at = inside.find('\\', at)) {
    if (++at == inside.size()) return false;
    if (inside[at] == 'u') {
      if (inside.size() - at < 5) return false;
      for (std::size_t i = 1; i <= 4; ++i) {
        if (hex_digit(inside[at + i]) < 0) return false;
      }
      at += 5;
    } else if (kLetters.find(inside[at]) != kLetters.npos) {
      ++at;
    } else {
      return false;
    }
  }
  return true;
}

std::string_view unescape(std::string_view inside, std::string& out) {
  out.clear();
  for (;;) {
    const std::string_view verbatim = inside.substr(0, inside.find('\\'));
    out += verbatim;
    inside.remove_prefix(verbatim.size());
    if (inside.empty()) return out;
    const char letter = inside[1];
    inside.remove_prefix(2);
    if (letter == 'u') {
      append_utf8(take_code_point(inside), out);
    } else {
      out.push_back(unescaped(letter));
    }
  }
}

Scaled scale(std::string_view text, int shift) {
  const bool minus = take(text, '-');
  const std::string_view whole = take_digits(text);
  const std::string_view fraction = take(text, '.') ? take_digits(text) : std::string_view();
  std::int64_t exponent = 0;
  if (take(text, 'e') || take(text, 'E')) {
    const bool down = take(text, '-');
    take(text, '+');
    exponent = down ? -read_exponent(text) : read_exponent(text);
  }
  // Digits before the point once the number is scaled; may lie outside the digits there are.
  const std::int64_t point = static_cast<std::int64_t>(whole.size()) + exponent + shift;

  Scaled scaled{false, false, true, false, 0};
  const auto put = [&](unsigned digit) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    scaled.too_big = scaled.too_big || scaled.whole > (kMax - digit) / 10;
    if (!scaled.too_big) scaled.whole = scaled.whole * 10 + digit;
  };
  bool any = false;
  std::int64_t place = 0;
  for (const std::string_view digits : {whole, fraction}) {
    for (const char c : digits) {
      const auto digit = static_cast<unsigned>(c - '0');
      any = any || digit != 0;
      if (place < point) {
        put(digit);
      } else {
        scaled.is_whole = scaled.is_whole && digit == 0;
        scaled.half = scaled.half || (place == point && digit >= 5);
      }
      ++place;
    }
  }
  for (; any && place < point && !scaled.too_big; ++place) put(0);
  scaled.negative = minus && any;
  return scaled;
}

}  // namespace minuted::json
