// Numbers and strings of JSON, against slower ways to read them.
#include "json/scalar.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "strict_json.hpp"
#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted::json {
namespace {

// What the words' reading may touch behind a text, with a value that would show.
std::string padded(std::string_view text, char padding) {
  return std::string(text) + std::string(16, padding);
}

std::string random_number(test::Random& random) {
  std::string text = random.chance(30) ? "-" : "";
  const auto digits = [&](std::uint64_t count) {
    std::string out;
    for (std::uint64_t i = 0; i < count; ++i) {
      out += static_cast<char>('0' + (random.chance(30) ? 9 * random.below(2) : random.below(10)));
    }
    return out;
  };
  const std::string whole = digits(random.between(1, random.chance(20) ? 30 : 12));
  const std::size_t zeros = whole.find_first_not_of('0');
  text += zeros == whole.npos ? "0" : whole.substr(zeros);
  if (random.chance(60)) text += "." + digits(random.between(1, random.chance(20) ? 30 : 8));
  if (random.chance(30)) {
    text += random.chance(50) ? "e" : "E";
    text += random.chance(40) ? "-" : random.chance(50) ? "+" : "";
    text += digits(random.between(1, 2));
  }
  return text;
}

// The number written out, shifted, as digits before and behind the point.
struct Written {
  bool minus = false;
  std::string whole;
  std::string fraction;
};
Written write_out(std::string text, int shift) {
  Written out;
  if (text[0] == '-') {
    out.minus = true;
    text.erase(0, 1);
  }
  int exponent = shift;
  if (const std::size_t e = text.find_first_of("eE"); e != text.npos) {
    exponent += std::stoi(text.substr(e + 1));
    text.resize(e);
  }
  const std::size_t point = text.find('.');
  out.whole = text.substr(0, point);
  if (point != text.npos) out.fraction = text.substr(point + 1);
  for (; exponent > 0; --exponent) {
    out.whole += out.fraction.empty() ? '0' : out.fraction[0];
    if (!out.fraction.empty()) out.fraction.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    out.fraction.insert(0, 1, out.whole.empty() ? '0' : out.whole.back());
    if (!out.whole.empty()) out.whole.pop_back();
  }
  out.whole.erase(0, std::min(out.whole.find_first_not_of('0'), out.whole.size()));
  return out;
}

bool only_zeros(std::string_view digits) { return digits.find_first_not_of('0') == digits.npos; }

TEST(ScalarTest, ScalesExactly) {
  test::Random random;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = random_number(random);
    const int shift = static_cast<int>(random.below(4));
    ASSERT_TRUE(is_number(text)) << text;
    const Scaled scaled = scale(text, shift);
    const Written written = write_out(text, shift);
    constexpr std::string_view kMax = "18446744073709551615";
    const bool too_big = written.whole.size() > kMax.size() ||
                         (written.whole.size() == kMax.size() && written.whole > kMax);
    ASSERT_EQ(scaled.too_big, too_big) << text;
    if (!too_big) {
      ASSERT_EQ(std::to_string(scaled.whole), written.whole.empty() ? "0" : written.whole) << text;
    }
    ASSERT_EQ(scaled.is_whole, only_zeros(written.fraction)) << text;
    ASSERT_EQ(scaled.half, !written.fraction.empty() && written.fraction[0] >= '5') << text;
    ASSERT_EQ(scaled.negative,
              written.minus && !(only_zeros(written.whole) && only_zeros(written.fraction)))
        << text;
  }
}

TEST(ScalarTest, ScalesWildExponents) {
  for (const char* up :
       {"1e400", "1e99999999999999999999999999", "0.001e30", "20000000000000000000"}) {
    EXPECT_TRUE(scale(up, 0).too_big) << up;
  }
  for (const char* down : {"1e-400", "123456789e-99999999999999999999", "-1e-1000"}) {
    const Scaled scaled = scale(down, 3);
    EXPECT_EQ(scaled.whole, 0U) << down;
    EXPECT_FALSE(scaled.too_big || scaled.is_whole || scaled.half) << down;
  }
  for (const char* zero : {"0e99999999999999999999", "-0.000e-9999999999", "0.0e400"}) {
    const Scaled scaled = scale(zero, 3);
    EXPECT_EQ(scaled.whole, 0U) << zero;
    EXPECT_FALSE(scaled.too_big || scaled.negative || scaled.half || !scaled.is_whole) << zero;
  }
  EXPECT_EQ(scale("18446744073709551615", 0).whole, std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(scale("18446744073709551615", 0).too_big);
  EXPECT_TRUE(scale("18446744073709551616", 0).too_big);
  // Cost follows the text, not the number.
  EXPECT_TRUE(scale(std::string(1'000'000, '9') + "e-999999", 0).whole == 9);
  EXPECT_TRUE(scale("0." + std::string(1'000'000, '0') + "7e1000001", 0).whole == 7);
}

TEST(ScalarTest, IsNumberIsTheGrammars) {
  test::Random random;
  const std::string bytes = "0123456789.eE+-- ";
  for (int i = 0; i < 300'000; ++i) {
    std::string text;
    const std::uint64_t size = random.between(0, 7);
    for (std::uint64_t k = 0; k < size; ++k) text += random.pick(bytes);
    const bool trimmed = text.find(' ') == text.npos;
    ASSERT_EQ(is_number(text), trimmed && StrictJson::accepts(text, 1)) << text;
  }
}

// Promise: the short way to read a number says what the long one says, or nothing.
TEST(ScalarTest, ShortNumbersAreReadAsLongOnesAre) {
  test::Random random;
  const std::string bytes = "00123456789./:-+e ";
  int read = 0;
  for (int i = 0; i < 400'000; ++i) {
    std::string text;
    if (random.chance(50)) {
      text = random_number(random);
    } else {
      const std::uint64_t size = random.between(0, 18);
      for (std::uint64_t k = 0; k < size; ++k) text += random.pick(bytes);
    }
    for (const char padding : {'0', '.', '\xFF'}) {
      const std::string block = padded(text, padding);
      ShortNumber number{};
      if (!read_short_number(std::string_view(block).substr(0, text.size()), number)) continue;
      ++read;
      ASSERT_TRUE(is_number(text)) << text;
      const Scaled scaled = scale(text, static_cast<int>(number.decimals));
      ASSERT_TRUE(scaled.is_whole && !scaled.too_big) << text;
      ASSERT_EQ(scaled.whole, number.digits) << text;
      ASSERT_EQ(scaled.negative, number.negative) << text;
      ASSERT_LE(number.digits, 9'999'999'999'999'999U) << text;
    }
  }
  EXPECT_GT(read, 100'000);
}

TEST(ScalarTest, ShortNumbersAreMostOfThoseThatOccur) {
  for (const char* text :
       {"0", "7", "-1", "12345678", "123456789", "1700000000000", "1234567890123456", "0.5",
        "12.345", "1234.567", "-12.5", "0.000001", "200"}) {
    ShortNumber number{};
    const std::string block = padded(text, '9');
    EXPECT_TRUE(
        read_short_number(std::string_view(block).substr(0, std::string_view(text).size()), number))
        << text;
  }
}

TEST(ScalarTest, PlainTextIsFoundOutByteByByte) {
  const auto plain = [](std::string_view text) {
    for (const char c : text) {
      if (c < 0x20 || c > 0x7E || c == ',' || c == '\\') return false;
    }
    return true;
  };
  for (std::size_t size = 0; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        for (const char padding : {'a', ',', '\0'}) {
          std::string block = padded(std::string(size, 'x'), padding);
          block[at] = static_cast<char>(byte);
          const auto text = std::string_view(block).substr(0, size);
          ASSERT_EQ(is_plain(text), plain(text)) << test::to_hex(text);
        }
      }
    }
  }
  test::Random random;
  const std::string bytes = "a~ ,\\\x1F\x20\x7E\x7F\x80\xFF\x01-+[]";
  for (int i = 0; i < 300'000; ++i) {
    std::string text;
    const std::uint64_t size = random.below(18);
    for (std::uint64_t k = 0; k < size; ++k) text += random.chance(90) ? 'z' : random.pick(bytes);
    const std::string block = padded(text, random.pick(bytes));
    ASSERT_EQ(is_plain(std::string_view(block).substr(0, size)), plain(text)) << test::to_hex(text);
  }
}

TEST(ScalarTest, EscapesAreTheGrammars) {
  test::Random random;
  const std::string bytes = "\\\\\\uu\"/bfnrtaA09gd8DCx";
  for (int i = 0; i < 300'000; ++i) {
    std::string inside;
    const std::uint64_t size = random.between(0, 14);
    for (std::uint64_t k = 0; k < size; ++k) inside += random.pick(bytes);
    // Only what can be the inside of one string: no quote but escaped ones.
    const std::string quoted = '"' + inside + '"';
    bool closed_early = false;
    for (std::size_t k = 0; k < inside.size(); ++k) {
      if (inside[k] == '\\') {
        ++k;
        closed_early = closed_early || k == inside.size();
      } else if (inside[k] == '"') {
        closed_early = true;
      }
    }
    if (closed_early) continue;
    ASSERT_EQ(has_valid_escapes(inside), StrictJson::accepts(quoted, 1)) << inside;
  }
  EXPECT_FALSE(has_valid_escapes("\\"));
  EXPECT_FALSE(has_valid_escapes("\\\\\\"));
}

TEST(ScalarTest, Unescapes) {
  std::string out;
  EXPECT_EQ(unescape("", out), "");
  EXPECT_EQ(unescape("plain", out), "plain");
  EXPECT_EQ(unescape(R"(\"\\\/\b\f\n\r\t)", out), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescape(R"(a\u0041\u00e9\u20AC\uffffz)", out), "aA\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBFz");
  EXPECT_EQ(unescape(R"(\ud83d\ude00)", out), "\xF0\x9F\x98\x80");
  EXPECT_EQ(unescape(R"(\uD800\uDC00\uDBFF\uDFFF)", out), "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  // Halves on their own, or in the wrong order.
  EXPECT_EQ(unescape(R"(\ud800)", out), "\xED\xA0\x80");
  EXPECT_EQ(unescape(R"(\udc00\ud800)", out), "\xED\xB0\x80\xED\xA0\x80");
  EXPECT_EQ(unescape(R"(\ud800\ud83d\ude00)", out), "\xED\xA0\x80\xF0\x9F\x98\x80");
  EXPECT_EQ(unescape(R"(\ud800\n\ud800x)", out), "\xED\xA0\x80\n\xED\xA0\x80x");
}

TEST(ScalarTest, UnescapesEveryCodePoint) {
  constexpr char kHex[] = "0123456789aBcDeF";
  const auto escape = [&](std::uint32_t unit) {
    std::string text = "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) text += kHex[unit >> shift & 15];
    return text;
  };
  std::string out;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string expected;
    test::append_utf8(expected, c);
    const std::uint32_t above = c - 0x10000;
    const std::string text =
        c < 0x10000 ? escape(c) : escape(0xD800 + (above >> 10)) + escape(0xDC00 + (above & 0x3FF));
    ASSERT_EQ(unescape(text, out), expected) << text;
  }
}

}  // namespace
}  // namespace minuted::json
