// NDJSON: where lines begin and end, and that a bad one harms nobody but itself.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decoding.hpp"

namespace minuted::json {
namespace {

using namespace std::string_literals;
using Numbers = std::vector<std::uint64_t>;

TEST(NdjsonTest, OneEventALine) {
  EXPECT_EQ(numbers_of(decode_ndjson(good_event(1) + "\n" + good_event(2) + "\n")),
            (Numbers{1, 2}));
  // The last line needs no end.
  EXPECT_EQ(numbers_of(decode_ndjson(good_event(1) + "\n" + good_event(2))), (Numbers{1, 2}));
}

TEST(NdjsonTest, BlankLinesAndCrLfAreNothing) {
  const Outcome outcome = decode_ndjson("\n\r\n \t\r\n" + good_event(1) + "\r\n\n\n  " +
                                        good_event(2) + " \t\r\n\n5\r\n \n");
  EXPECT_EQ(numbers_of(outcome), (Numbers{1, 2}));
  // The index counts events, the message lines.
  const std::vector<EventError> expected{{2, "", "line 9 is a number, 5; send an event object"}};
  EXPECT_EQ(outcome.errors, expected);
}

TEST(NdjsonTest, ABodyWithoutEventsIsMalformed) {
  for (const std::string& body : {""s, "\n"s, " \r\n\t\n"s, std::string(100'000, '\n')}) {
    const Outcome outcome = decode_ndjson(body);
    EXPECT_EQ(outcome.code, "malformed_json");
    EXPECT_EQ(outcome.message, "the body has no event in it, up to its end at byte " +
                                   std::to_string(body.size()) + "; send one event object a line");
  }
}

TEST(NdjsonTest, ALineThatIsNotJsonIsARejectedEvent) {
  const Outcome outcome =
      decode_ndjson(good_event(1) + "\n{\"repoId\":\"r\"\n\n" + good_event(2) + "\n{} {}\n" +
                    good_event(3) + "\n\xEF\xBB\xBF{}\nnot\n" + good_event(4));
  EXPECT_EQ(numbers_of(outcome), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(outcome.of(RejectReason::kNotJson), 4U);
  const std::vector<EventError> expected{
      {1, "",
       "line 2 is not JSON: a comma or } is expected, but the text ends, at byte 13 of the line"},
      {3, "",
       "line 5 is not JSON: nothing more is expected, but \"{\" follows, at byte 3 of the line"},
      {5, "",
       "line 7 is not JSON: a byte order mark may stand only once, at the start of the body, at byte 0 "
       "of the line"},
      {6, "", "line 8 is not JSON: \"not\" is no value, at byte 0 of the line"}};
  EXPECT_EQ(outcome.errors, expected);
}

TEST(NdjsonTest, ALineThatIsNoObjectIsARejectedEvent) {
  const Outcome outcome = decode_ndjson("[" + good_event(1) + "]\n\"x\"\n" + good_event(2));
  EXPECT_EQ(numbers_of(outcome), Numbers{2});
  EXPECT_EQ(outcome.of(RejectReason::kNotObject), 2U);
  EXPECT_EQ(outcome.errors[0].message,
            "line 1 is an array, \"[{\\\"repoId\\\":\\\"r\\\",\\\"bucketId\\\":\\\"b\\\",\\\"…\"; "
            "send an event object");
}

TEST(NdjsonTest, NestingTooDeepRejectsTheLine) {
  const auto deep = [](std::size_t depth) {
    std::string event = good_event(9);
    return event.insert(1,
                        "\"x\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + ",");
  };
  EXPECT_EQ(numbers_of(decode_ndjson(deep(16))), Numbers{9});
  for (const std::size_t depth : {17U, 18U, 1000U}) {
    const Outcome outcome = decode_ndjson(good_event(1) + "\n" + deep(depth) + "\n" + good_event(2));
    EXPECT_EQ(numbers_of(outcome), (Numbers{1, 2}));
    EXPECT_EQ(outcome.of(RejectReason::kTooDeep), 1U);
    EXPECT_EQ(outcome.errors[0].message,
              "the event nests arrays and objects more than the 16 deep that are accepted, at "
              "byte 20 of line 2; send it with less nesting");
  }
  // A line that is deep and not JSON is not JSON.
  const Outcome broken = decode_ndjson(deep(1000).substr(0, 1500) + "\n" + good_event(2));
  EXPECT_EQ(numbers_of(broken), Numbers{2});
  EXPECT_EQ(broken.of(RejectReason::kNotJson), 1U);
}

// Promise: one byte order mark at the start of the body is nothing, and is counted in offsets.
TEST(NdjsonTest, AByteOrderMarkIsSkipped) {
  const std::string mark = "\xEF\xBB\xBF";
  for (const std::string line_end : {"\n", "\r\n"}) {
    EXPECT_EQ(numbers_of(decode_ndjson(mark + good_event(1) + line_end + good_event(2) + line_end)),
              (Numbers{1, 2}));
    EXPECT_EQ(numbers_of(decode_ndjson(mark + line_end + good_event(1))), Numbers{1});
  }
  EXPECT_EQ(decode_ndjson(mark).message,
            "the body has no event in it, up to its end at byte 3; send one event object a line");
  EXPECT_EQ(decode_ndjson(mark + "{x").errors[0].message,
            "line 1 is not JSON: a key in quotes is expected, not \"x\", at byte 4 of the line");
  EXPECT_EQ(decode_ndjson(mark + "\n{x").errors[0].message,
            "line 2 is not JSON: a key in quotes is expected, not \"x\", at byte 1 of the line");
}

// Promise: a line that is cut, unbalanced or of another encoding takes no neighbour with it, not
// even one that would close what it left open.
TEST(NdjsonTest, BadLinesHarmNoNeighbour) {
  const std::vector<std::string> bad{"{\"a\":\"",
                                     "{\"a\":\"x",
                                     "\"",
                                     "\\",
                                     "\\\"",
                                     "{\"a\":1}\\",
                                     "{\"a\":\"\\",
                                     "{\"a\":\"\\\"}",
                                     "{\"a\":\"\xFF\"}",
                                     "\xC3",
                                     "{\"a\":\"\xF0\x9F\"}",
                                     "{\"a\":\"\x01\"}",
                                     "{",
                                     "[",
                                     "[[[[[[[[[[[[[[[[[[[",
                                     "}",
                                     "]",
                                     "{\"a\":",
                                     ",",
                                     "{\"a\":1},",
                                     "{\"a\":1",
                                     "tru",
                                     "\0"s,
                                     "\x0C",
                                     "{\"a\":1}x"};
  for (const std::string& first : bad) {
    EXPECT_EQ(numbers_of(decode_ndjson(first + "\n" + good_event(1))), Numbers{1}) << first;
    for (const std::string& second : bad) {
      const Outcome outcome =
          decode_ndjson(good_event(1) + "\n" + first + "\n" + second + "\n" + good_event(2) + "\n" +
                        first + "\n" + good_event(3) + "\n" + second);
      ASSERT_EQ(numbers_of(outcome), (Numbers{1, 2, 3})) << first << " " << second;
      ASSERT_EQ(outcome.of(RejectReason::kNotJson), 4U) << first << " " << second;
    }
  }
}

// A line end within an object is a line end all the same.
TEST(NdjsonTest, AnEventDoesNotSpanLines) {
  const Outcome outcome = decode_ndjson("{\"repoId\":\"r\",\n\"bucketId\":\"b\",\"host\":\"h\"}\n");
  EXPECT_EQ(outcome.accepted, 0U);
  EXPECT_EQ(outcome.of(RejectReason::kNotJson), 2U);
  // Nor does one whose keys are all known from the event before it.
  for (std::size_t at = 1; at < good_event(2).size(); ++at) {
    std::string split = good_event(2);
    split.insert(at, "\n");
    const Outcome both = decode_ndjson(good_event(1) + "\n" + split + "\n" + good_event(3));
    EXPECT_EQ(numbers_of(both), (Numbers{1, 3})) << split;
    EXPECT_EQ(both.rejected, 2U) << split;
  }
  // A carriage return alone ends no line.
  EXPECT_EQ(decode_ndjson(good_event(1) + "\r" + good_event(2)).of(RejectReason::kNotJson), 1U);
  EXPECT_EQ(numbers_of(decode_ndjson("{\r\"repoId\":\"r\",\r" + good_event(1).substr(1))),
            Numbers{1});
}

// Promise: blocks are no limit: lines as long as several, lines that end just where one does, and
// events enough for many.
TEST(NdjsonTest, LinesOfAnyLength) {
  constexpr std::size_t kBlock = std::size_t{32} << 10;
  for (const std::size_t size : {kBlock - 2, kBlock - 1, kBlock, kBlock + 1, 3 * kBlock + 5}) {
    for (const char* const end : {"\n", "\r\n"}) {
      for (const bool broken : {false, true}) {
        std::string line = good_event(5);
        line.insert(1, "\"x\":\"" + std::string(size - line.size() - 7, 'x') + "\",");
        ASSERT_EQ(line.size(), size);
        if (broken) line.pop_back();
        const Outcome outcome = decode_ndjson(good_event(1) + end + line + end + line + end +
                                              good_event(2) + end + line);
        EXPECT_EQ(numbers_of(outcome), broken ? (Numbers{1, 2}) : (Numbers{1, 5, 5, 2, 5})) << size;
        EXPECT_EQ(outcome.of(RejectReason::kNotJson), broken ? 3U : 0U) << size;
      }
    }
  }
}

TEST(NdjsonTest, ManyLinesWithABadOneNowAndThen) {
  std::string body;
  Numbers expected;
  std::uint64_t bad = 0;
  for (int i = 0; i < 5000; ++i) {
    if (i % 700 == 699) {
      body += "{\"a\":\"\n";
      ++bad;
    } else {
      body += good_event(i) + "\n";
      expected.push_back(static_cast<std::uint64_t>(i));
    }
  }
  const Outcome outcome = decode_ndjson(body);
  EXPECT_EQ(numbers_of(outcome), expected);
  EXPECT_EQ(outcome.of(RejectReason::kNotJson), bad);
  ASSERT_EQ(outcome.errors.size(), bad);
  for (std::size_t i = 0; i < bad; ++i) {
    EXPECT_EQ(outcome.errors[i].index, 700 * i + 699);
    EXPECT_EQ(outcome.errors[i].message.rfind("line " + std::to_string(700 * (i + 1)) + " is", 0),
              0U);
  }
}

}  // namespace
}  // namespace minuted::json
