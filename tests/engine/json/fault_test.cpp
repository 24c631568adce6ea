// Where a malformed text is said to go wrong.
#include "json/fault.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "strict_json.hpp"
#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted::json {
namespace {

using namespace std::string_literals;

std::string fault_of(std::string_view text) {
  const Fault fault = find_fault(text, 4);
  return std::to_string(fault.offset) + ": " + fault.what;
}

TEST(FaultTest, NamesTheFirstFault) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "0: a value is expected, but the text ends"},
      {"  ", "2: a value is expected, but the text ends"},
      {"[1,", "3: a value is expected, but the text ends"},
      {"[1,]", "3: a value is expected, not \"]\""},
      {"[1 2]", "3: a comma or ] is expected, not \"2\""},
      {"[1", "2: a comma or ] is expected, but the text ends"},
      {"{1:2}", "1: a key in quotes is expected, not \"1\""},
      {"{\"a\" 1}", "5: a colon is expected, not \"1\""},
      {"{\"a\":1 \"b\":2}", "7: a comma or } is expected, not \"\\\"\""},
      {"{\"a\":1,}", "7: a key in quotes is expected, not \"}\""},
      {"[tru]", "1: \"tru\" is no value"},
      {"nullx", "0: \"nullx\" is no value"},
      {"[01]", "1: \"01\" is no number"},
      {"[1e]", "1: \"1e\" is no number"},
      {"[-]", "1: \"-\" is no number"},
      {"[\"\\x\"]", "2: \"\\\\x\" is no escape"},
      {"[\"\\u12g4\"]", "2: \"\\\\u12g4\" is no escape"},
      {"[\"a\tb\"]", "3: \"\\x09\" in a string is not escaped"},
      {"[\"a\xC3(\"]", "3: \"\\xc3\" is not UTF-8"},
      {"[\"ab", "4: the string that begins at byte 1 is not closed"},
      {"[] []", "3: nothing more is expected, but \"[\" follows"},
      {"[\xC3\xA9]", "1: a value is expected, not \"\xC3\xA9\""},
      {"[1\0]"s, "1: \"1\\x00\" is no number"},
      {"[[[[[", "4: arrays and objects may nest 4 deep"},
      {"[[], {}, {\"a\":[{}, 1", "20: a comma or ] is expected, but the text ends"},
      {"{\"a\":{}, 1}", "9: a key in quotes is expected, not \"1\""},
      {"\xEF\xBB\xBF{}", "0: a byte order mark may stand only once, at the start of the body"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(fault_of(text), expected) << text;
}

// Promise: what is wrong behind deep nesting is found there, however deep.
TEST(FaultTest, DepthIsNoFaultUnlessABoundIsGiven) {
  const std::string deep(1'000'000, '[');
  const Fault fault = find_fault("{\"x\":" + deep + std::string(1'000'000, ']') + ",}");
  EXPECT_EQ(fault.offset, 2'000'006U);
  EXPECT_EQ(fault.what, "a key in quotes is expected, not \"}\"");
  EXPECT_EQ(find_fault(deep).offset, deep.size());
}

// Promise: the byte named is the first that cannot be: what is before it can be the beginning of a
// document, and the message is never the one for texts without a fault.
TEST(FaultTest, EveryRefusedTextHasAFault) {
  test::Random random;
  const std::string bytes = "{}[]:,\"\\ \n\t0123.eE+-truefalsn\x01\x80\xC3\xA9u";
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    const std::uint64_t size = random.between(0, 12);
    for (std::uint64_t i = 0; i < size; ++i) text += random.pick(bytes);
    if (StrictJson::accepts(text, 4)) continue;
    const Fault fault = find_fault(text, 4);
    ASSERT_LE(fault.offset, text.size()) << test::to_hex(text);
    ASSERT_NE(fault.what, "the text cannot be read") << test::to_hex(text);
    ASSERT_NE(fault.what, "") << test::to_hex(text);
  }
}

}  // namespace
}  // namespace minuted::json
