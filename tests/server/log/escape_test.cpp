// Each kind of character that a line must not carry, every malformed piece of UTF-8, and every cut.
#include "log/escape.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "minuted/event.hpp"
#include "support/random.hpp"

namespace minuted::log {
namespace {

std::string escaped(std::string_view text, Escaping escaping, std::size_t bytes_max = SIZE_MAX / 2) {
  std::string out;
  append_escaped(text, bytes_max, escaping, out);
  return out;
}

// UTF-8 of any code point below U+110000, surrogates included.
std::string utf8(std::uint32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

bool in(std::uint32_t c, std::uint32_t first, std::uint32_t last) { return first <= c && c <= last; }

// All of Unicode: what is escaped is exactly what is named, in all three forms.
TEST(EscapeTest, ExactlyTheNamedCharactersAreEscaped) {
  for (std::uint32_t c = 0; c < 0x110000; ++c) {
    const std::string text = utf8(c);
    const bool surrogate = in(c, 0xD800, 0xDFFF);
    const bool hostile = in(c, 0, 0x1F) || in(c, 0x7F, 0x9F) || in(c, 0x202A, 0x202E) ||
                         in(c, 0x2066, 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C ||
                         c == 0x2028 || c == 0x2029 || surrogate;
    const std::string bare = escaped(text, Escaping::kBare);
    const std::string quoted = escaped(text, Escaping::kQuoted);
    const std::string json = escaped(text, Escaping::kJson);
    if (!hostile) {
      ASSERT_EQ(bare, text);
      const bool quote = c == '"' || c == '\\';
      ASSERT_EQ(quoted, quote ? "\\" + text : text);
      ASSERT_EQ(json, quoted);
      continue;
    }
    for (const std::string& one : {bare, quoted, json}) {
      ASSERT_EQ(one.find_first_not_of("\\xu0123456789abcdefnrt"), one.npos) << one;
      ASSERT_EQ(one[0], '\\') << c;
    }
    ASSERT_EQ(bare, quoted);
  }
}

TEST(EscapeTest, BytesThatAreNotUtf8AreWrittenOneByOne) {
  for (const std::string& text : std::vector<std::string>{
           "\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80",
           "\xF0\x80\x80\xAF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE",
           "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98"}) {
    EXPECT_EQ(escaped(text, Escaping::kQuoted).size(), 4 * text.size());
    EXPECT_EQ(escaped(text, Escaping::kJson).size(), 5 * text.size());
    EXPECT_EQ(escaped(text, Escaping::kQuoted).substr(0, 2), "\\x");
  }
  EXPECT_EQ(escaped("a\xE2\x82" "b\xE2\x82\xAC", Escaping::kQuoted), "a\\xe2\\x82b\xE2\x82\xAC");
}

TEST(EscapeTest, ATextIsCutBetweenCharactersAndMarked) {
  EXPECT_EQ(escaped("abcdef", Escaping::kQuoted, 6), "abcdef");
  EXPECT_EQ(escaped("abcdefg", Escaping::kQuoted, 6), "abc…");
  EXPECT_EQ(escaped("\u20AC\u20AC\u20AC", Escaping::kQuoted, 9), "\u20AC\u20AC\u20AC");
  EXPECT_EQ(escaped("\u20AC\u20AC\u20ACx", Escaping::kQuoted, 9), "\u20AC\u20AC…");
  EXPECT_EQ(escaped("ab\n\n", Escaping::kQuoted, 9), "ab\\x0a…");
}

TEST(EscapeTest, WhateverTheBytesAndTheBoundTheResultIsWholeAndFits) {
  test::Random random;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(40); n > 0; --n) {
      text += random.below(2) == 0 ? static_cast<char>(random.below(256))
                                   : utf8(static_cast<std::uint32_t>(random.below(0x110000)))[0];
      if (random.below(3) == 0) text += utf8(static_cast<std::uint32_t>(random.below(0x3000)));
    }
    const std::size_t bytes_max = 3 + random.below(60);
    for (const Escaping escaping : {Escaping::kBare, Escaping::kQuoted, Escaping::kJson}) {
      const std::string whole = escaped(text, escaping);
      const std::string cut = escaped(text, escaping, bytes_max);
      ASSERT_LE(cut.size(), bytes_max);
      ASSERT_TRUE(is_valid_utf8(cut));
      if (whole.size() <= bytes_max) {
        ASSERT_EQ(cut, whole);
      } else {
        ASSERT_TRUE(cut.ends_with("…"));
        ASSERT_TRUE(whole.starts_with(cut.substr(0, cut.size() - 3)));
      }
    }
  }
}

}  // namespace
}  // namespace minuted::log
