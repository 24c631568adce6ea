// Promise: whatever text stands in an answer, a JSON reader gets the same text back.
#include "render/json_text.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "support/random.hpp"

namespace minuted::render {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

std::string escaped(std::string_view text) {
  std::string out(text.size() * kEscapedBytesPerByte + 1, '?');
  char* const end = write_json_escaped(text, out.data());
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

TEST(JsonTextTest, PlainTextIsQuoted) {
  EXPECT_EQ(json(""), R"("")");
  EXPECT_EQ(json("abc"), R"("abc")");
  EXPECT_EQ(json("a longer text than a machine word"), R"("a longer text than a machine word")");
}

TEST(JsonTextTest, QuotesBackslashesAndControlsAreEscaped) {
  EXPECT_EQ(json(R"(a"b\c)"), R"("a\"b\\c")");
  EXPECT_EQ(json("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json(std::string("\0\x01\x0b\x1f", 4)), R"("\u0000\u0001\u000b\u001f")");
  EXPECT_EQ(json(R"("""""""""""")"), R"("\"\"\"\"\"\"\"\"\"\"\"\"")");
}

TEST(JsonTextTest, NothingElseIs) {
  EXPECT_EQ(json("/ \x7f ü 日 😀 \u2028"), "\"/ \x7f ü 日 😀 \u2028\"");
}

TEST(JsonTextTest, AppendsToWhatIsThere) {
  std::string out = "x";
  append_json_string("y", out);
  EXPECT_EQ(out, R"(x"y")");
}

// Every byte at every place of a word and of the bytes after it, between bytes that could mislead.
TEST(JsonTextTest, EveryByteIsSeenAtEveryPlace) {
  for (const char filler : {'a', '!', '#', '[', ']', ' ', '\x7f'}) {
    for (std::size_t place = 0; place < 20; ++place) {
      for (int byte = 0; byte < 0x80; ++byte) {
        std::string text(20, filler);
        text[place] = static_cast<char>(byte);
        const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
        const std::string result = escaped(text);
        ASSERT_EQ(result == text, plain) << "byte " << byte << " at " << place;
        ASSERT_EQ(json(text), '"' + result + '"');
      }
    }
  }
}

TEST(JsonTextTest, RandomTextIsReadBackTheSame) {
  test::Random random;
  simdjson::dom::parser parser;
  for (int round = 0; round < 5000; ++round) {
    std::string text = random.id();
    for (char& c : text) {
      if (c >= 'a' && c <= 'z' && random.chance(12)) c = static_cast<char>(random.between(0, 0x1F));
    }
    const std::string written = json(text);
    ASSERT_EQ(escaped(text), written.substr(1, written.size() - 2));
    std::string_view read;
    ASSERT_EQ(parser.parse(written).get_string().get(read), simdjson::SUCCESS) << written;
    ASSERT_EQ(read, text);
  }
}

}  // namespace
}  // namespace minuted::render
