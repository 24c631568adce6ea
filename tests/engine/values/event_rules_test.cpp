// What may stand in an id, what is UTF-8, and how a value is shown in a message.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/event.hpp"
#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

using namespace std::string_literals;

std::string utf8(char32_t c) {
  std::string out;
  test::append_utf8(out, c);
  return out;
}

bool is_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

// UTF-8 by another road than the engine's table: read the bits as they say, write them again,
// compare.
bool is_utf8_by_rewriting(std::string_view text) {
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC0 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF8 ? 4
                                                             : 0;
    if (length == 0 || text.size() < length) return false;
    char32_t c = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte < 0x80 || byte > 0xBF) return false;
      c = c << 6 | (byte & 0x3FU);
    }
    if (c > 0x10FFFF || is_surrogate(c) || utf8(c) != text.substr(0, length)) return false;
    text.remove_prefix(length);
  }
  return true;
}

// Promise: every scalar value of Unicode is valid, every surrogate is not.
TEST(Utf8Test, AllCodePoints) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    ASSERT_EQ(is_valid_utf8(utf8(c)), !is_surrogate(c)) << std::hex << static_cast<unsigned>(c);
  }
}

// Promise: strict. Every one- and two-byte text, and every three- and four-byte one whose bytes are
// at the edges of the ranges: overlong, surrogate, past U+10FFFF, cut short, stray.
TEST(Utf8Test, AllShortTextsAndEdges) {
  for (unsigned a = 0; a < 256; ++a) {
    const std::string one(1, static_cast<char>(a));
    ASSERT_EQ(is_valid_utf8(one), is_utf8_by_rewriting(one)) << test::to_hex(one);
    for (unsigned b = 0; b < 256; ++b) {
      const std::string two = one + static_cast<char>(b);
      ASSERT_EQ(is_valid_utf8(two), is_utf8_by_rewriting(two)) << test::to_hex(two);
    }
  }
  constexpr std::array<unsigned char, 10> kEdges{0x00, 0x41, 0x7F, 0x80, 0x8F,
                                                 0x9F, 0xBF, 0xC0, 0xE0, 0xFF};
  for (unsigned a = 0xE0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (const unsigned char c : kEdges) {
        const std::string three{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
        ASSERT_EQ(is_valid_utf8(three), is_utf8_by_rewriting(three)) << test::to_hex(three);
        for (const unsigned char d : kEdges) {
          const std::string four = three + static_cast<char>(d);
          ASSERT_EQ(is_valid_utf8(four), is_utf8_by_rewriting(four)) << test::to_hex(four);
        }
      }
    }
  }
}

// Promise: a fault anywhere in a longer text is found.
TEST(Utf8Test, AFaultAnywhereIsFound) {
  EXPECT_TRUE(is_valid_utf8(""));
  const std::string good = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
  ASSERT_TRUE(is_valid_utf8(good));
  for (std::size_t n = 0; n <= good.size(); ++n) {
    const std::string cut = good.substr(0, n);
    EXPECT_EQ(is_valid_utf8(cut), is_utf8_by_rewriting(cut)) << n;
  }
  test::Random random;
  for (int i = 0; i < 100'000; ++i) {
    std::string text = good;
    text[random.below(text.size())] = static_cast<char>(random.bits());
    ASSERT_EQ(is_valid_utf8(text), is_utf8_by_rewriting(text)) << test::to_hex(text);
  }
}

// Promise: 1–255 bytes, counted as bytes.
TEST(IdTest, LengthIsOneTo255Bytes) {
  EXPECT_EQ(check_id(""), "must not be empty");
  EXPECT_EQ(check_id("a"), std::nullopt);
  EXPECT_EQ(check_id(std::string(255, 'a')), std::nullopt);
  EXPECT_EQ(check_id(std::string(256, 'a')), "must be 1 to 255 bytes, not 256");
  std::string wide;
  for (int i = 0; i < 85; ++i) wide += "\xE2\x82\xAC";
  EXPECT_EQ(wide.size(), 255U);
  EXPECT_EQ(check_id(wide), std::nullopt);
  EXPECT_EQ(check_id(wide + "a"), "must be 1 to 255 bytes, not 256");
  EXPECT_EQ(check_id(std::string(100'000, '\xFF')), "must be 1 to 255 bytes, not 100000");
}

// Promise: of all code points the controls (C0, DEL, C1), the comma and surrogates are refused.
TEST(IdTest, AllCodePoints) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const auto refused = check_id(utf8(c));
    const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
    if (control) {
      ASSERT_EQ(refused, "must not contain control characters") << static_cast<unsigned>(c);
    } else if (c == ',') {
      ASSERT_EQ(refused, "must not contain a comma");
    } else if (is_surrogate(c)) {
      ASSERT_EQ(refused, "must be valid UTF-8") << static_cast<unsigned>(c);
    } else {
      ASSERT_EQ(refused, std::nullopt) << static_cast<unsigned>(c);
    }
  }
}

// Promise: what is refused is refused wherever it stands, in plain ids and in others.
TEST(IdTest, OffendersAreFoundAnywhere) {
  // clang-format off
  const std::vector<std::string> bad{"\0"s,   "\n",       "\x1F",     "\x7F",         "\xC2\x80",
                                     "\xC2\x9F", ",",     "\xFF",     "\xC0\xAC",     "\xED\xA0\x80",
                                     "\x80",  "\xF4\x90\x80\x80", "\xE0\x80\xAC"};
  // clang-format on
  const std::vector<std::string> around{"", "a", "abcdefgh", "\xC3\xA9", "\xF0\x9F\x98\x80"};
  for (const std::string& b : bad) {
    for (const std::string& before : around) {
      for (const std::string& after : around) {
        EXPECT_NE(check_id(before + b + after), std::nullopt) << test::to_hex(before + b + after);
      }
    }
  }
  // A sequence cut short is refused at the end and before anything else.
  for (const std::string& cut : {"\xC3"s, "\xE2\x82"s, "\xF0\x9F\x98"s}) {
    EXPECT_EQ(check_id("a" + cut), "must be valid UTF-8");
    EXPECT_EQ(check_id(cut + "a"), "must be valid UTF-8");
  }
}

// Promise: what makes an id awkward elsewhere is no ground to refuse it here.
TEST(IdTest, AwkwardIdsAreAccepted) {
  for (const char* id : {" ", "..", "a/b", "%2F", "\"", "\\", "'", "{}", "*", "a b", "\xEF\xBB\xBF",
                         "\xEF\xBF\xBD", "\xEF\xBF\xBF", "\xE2\x80\xAE", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(check_id(id), std::nullopt) << id;
  }
}

// Promise: an event's id is 1–128 bytes of UTF-8, nothing more is asked of it.
TEST(EventIdTest, LengthAndEncoding) {
  EXPECT_EQ(check_event_id(""), "must be 1 to 128 bytes, not 0");
  EXPECT_EQ(check_event_id("x"), std::nullopt);
  EXPECT_EQ(check_event_id(std::string(128, 'x')), std::nullopt);
  EXPECT_EQ(check_event_id(std::string(129, 'x')), "must be 1 to 128 bytes, not 129");
  EXPECT_EQ(check_event_id("a,b\n\0\x7F"s), std::nullopt);
  EXPECT_EQ(check_event_id(std::string(124, 'x') + "\xF0\x9F\x98\x80"), std::nullopt);
  EXPECT_EQ(check_event_id("\xED\xB0\x80"), "must be valid UTF-8");
  EXPECT_EQ(check_event_id("abc\xC3"), "must be valid UTF-8");
}

// Promise: a value in a message is quoted, harmless to a terminal and a log, and short.
TEST(ShortenTest, QuotesAndEscapes) {
  EXPECT_EQ(shorten(""), "\"\"");
  EXPECT_EQ(shorten("node-1"), "\"node-1\"");
  EXPECT_EQ(shorten("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(shorten("a\nb\t\0"s), "\"a\\x0ab\\x09\\x00\"");
  EXPECT_EQ(shorten("\x1B[31m\x7F"), "\"\\x1b[31m\\x7f\"");
  EXPECT_EQ(shorten("\xC2\x9B"
                    "31m"),
            "\"\\xc2\\x9b31m\"");
  EXPECT_EQ(shorten("\xC2\xA0"), "\"\xC2\xA0\"");
  EXPECT_EQ(shorten("\xFFz\xC3"), "\"\\xffz\\xc3\"");
  EXPECT_EQ(shorten("caf\xC3\xA9"), "\"caf\xC3\xA9\"");
}

TEST(ShortenTest, CutsAfter40Bytes) {
  EXPECT_EQ(shorten(std::string(40, 'x')), "\"" + std::string(40, 'x') + "\"");
  EXPECT_EQ(shorten(std::string(41, 'x')), "\"" + std::string(40, 'x') + "\xE2\x80\xA6\"");
  EXPECT_EQ(shorten(std::string(1'000'000, 'x')).size(), 1 + 40 + 3 + 1U);
  // A character is never split.
  EXPECT_EQ(shorten(std::string(39, 'x') + "\xE2\x82\xAC"),
            "\"" + std::string(39, 'x') + "\xE2\x82\xAC\"");
}

TEST(ShortenTest, AnythingBecomesShortPrintableText) {
  test::Random random;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random.chance(50) ? random.bytes(random.below(100)) : random.id();
    const std::string shown = shorten(text);
    ASSERT_TRUE(is_valid_utf8(shown)) << test::to_hex(text);
    ASSERT_LE(shown.size(), 56U) << test::to_hex(text);
    for (std::size_t at = 0; at < shown.size(); ++at) {
      const auto byte = static_cast<unsigned char>(shown[at]);
      ASSERT_TRUE(byte >= 0x20 && byte != 0x7F) << test::to_hex(text);
      const bool c1 = byte == 0xC2 && static_cast<unsigned char>(shown[at + 1]) < 0xA0;
      ASSERT_FALSE(c1) << test::to_hex(text);
    }
  }
}

}  // namespace
}  // namespace minuted
