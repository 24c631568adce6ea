// A body as a whole: the forms it may have, what is refused and how the refusal reads.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decoding.hpp"

namespace minuted::json {
namespace {

using namespace std::string_literals;
using Numbers = std::vector<std::uint64_t>;

std::string nested(std::size_t arrays) {
  return std::string(arrays, '[') + "1" + std::string(arrays, ']');
}

TEST(BodyFormTest, OneObjectIsOneEvent) {
  const Outcome outcome = decode_json(" \r\n\t" + good_event(7) + "\n ");
  EXPECT_EQ(outcome.code, "");
  EXPECT_EQ(numbers_of(outcome), Numbers{7});
  test::Event expected;
  expected.repo = "r";
  expected.bucket = "b";
  expected.host = "h";
  expected.timestamp = kNow;
  expected.upl_bytes = 7;
  EXPECT_EQ(outcome.events, std::vector{expected});
}

TEST(BodyFormTest, AnArrayIsItsEventsInOrder) {
  EXPECT_EQ(numbers_of(decode_json("[" + good_event(3) + "," + good_event(1) + " , " +
                                   good_event(2) + "]")),
            (Numbers{3, 1, 2}));
  EXPECT_EQ(decode_json("[]"), Outcome());
  EXPECT_EQ(decode_json(" [ ] "), Outcome());
}

TEST(BodyFormTest, AnObjectWithEventsIsAWrapper) {
  EXPECT_EQ(numbers_of(decode_json(R"({"events":[)" + good_event(3) + "," + good_event(1) + "]}")),
            (Numbers{3, 1}));
  EXPECT_EQ(decode_json(R"({"events":[]})"), Outcome());
  // Whatever else it has, before or behind, even what would make it an event.
  EXPECT_EQ(numbers_of(decode_json(R"({"repoId":"x","host":5,"a":{"b":[1]},"events" : [)" +
                                   good_event(3) + R"(],"sent":"now","bucketId":null})")),
            Numbers{3});
  EXPECT_EQ(numbers_of(decode_json(R"({"\u0065vents":[)" + good_event(3) + "]}")), Numbers{3});
}

// Promise: of a duplicate key the last counts, also when it is the wrapper's.
TEST(BodyFormTest, TheLastEventsCount) {
  EXPECT_EQ(numbers_of(decode_json(R"({"events":[)" + good_event(1) + R"(,5],"events":[)" +
                                   good_event(2) + "]}")),
            Numbers{2});
  EXPECT_EQ(decode_json(R"({"events":[)" + good_event(1) + R"(,5],"events":[]})"), Outcome());
  EXPECT_EQ(numbers_of(decode_json(R"({"events":7,"events":[)" + good_event(2) + "]}")),
            Numbers{2});
  EXPECT_EQ(decode_json(R"({"events":[)" + good_event(1) + R"(],"events":7})").code, "wrong_shape");
}

TEST(BodyFormTest, EventsThatAreNoArrayAreAWrongShape) {
  for (const char* value : {"null", "{}", "1", "\"[]\"", "true"}) {
    const Outcome outcome = decode_json(R"({"events":)"s + value + "}");
    EXPECT_EQ(outcome.code, "wrong_shape") << value;
    EXPECT_EQ(
        outcome.message,
        R"("events" is not an array; send an event object, an array of them, or {"events":[…]})");
  }
}

// Only the document itself can be a wrapper.
TEST(BodyFormTest, EventsWithinAnEventAreAnUnknownField) {
  std::string event = good_event(4);
  event.insert(1, R"("events":[{}],)");
  EXPECT_EQ(numbers_of(decode_json("[" + event + "]")), Numbers{4});
  EXPECT_EQ(numbers_of(decode_ndjson(event)), Numbers{4});
}

TEST(BodyFormTest, ScalarsAreAWrongShape) {
  const auto refused = [](std::string_view body) {
    const Outcome outcome = decode_json(body);
    return outcome.code + ": " + outcome.message;
  };
  const std::string shapes = R"(; send an event object, an array of them, or {"events":[…]})";
  EXPECT_EQ(refused("5"), "wrong_shape: the body is a number, 5" + shapes);
  EXPECT_EQ(refused(" -0.5e3\n"), "wrong_shape: the body is a number, -0.5e3" + shapes);
  EXPECT_EQ(refused("null"), "wrong_shape: the body is null" + shapes);
  EXPECT_EQ(refused("true"), "wrong_shape: the body is a boolean, true" + shapes);
  EXPECT_EQ(refused(R"("a\u0022b")"), R"(wrong_shape: the body is a string, "a\"b")" + shapes);
  EXPECT_EQ(refused(std::string(1000, '7')),
            "wrong_shape: the body is a number, " + std::string(40, '7') + "…" + shapes);
}

TEST(BodyFormTest, ElementsThatAreNoObjectsAreRejectedEvents) {
  const Outcome outcome =
      decode_json("[5," + good_event(1) + R"(,[{}],null,"x\ny",)" + good_event(2) + ",false]");
  EXPECT_EQ(numbers_of(outcome), (Numbers{1, 2}));
  EXPECT_EQ(outcome.rejected, 5U);
  EXPECT_EQ(outcome.of(RejectReason::kNotObject), 5U);
  const std::vector<EventError> expected{
      {0, "", "element 0 is a number, 5; send an event object"},
      {2, "", "element 2 is an array, \"[{}]\"; send an event object"},
      {3, "", "element 3 is null; send an event object"},
      {4, "", "element 4 is a string, \"x\\x0ay\"; send an event object"},
      {6, "", "element 6 is a boolean, false; send an event object"}};
  EXPECT_EQ(outcome.errors, expected);
}

TEST(BodyFormTest, MalformedBodiesNameTheByteAndTheLine) {
  const auto refused = [](std::string_view body) {
    const Outcome outcome = decode_json(body);
    EXPECT_EQ(outcome.code, "malformed_json") << body;
    return outcome.message;
  };
  const std::string shapes = R"(; send an event object, an array of them, or {"events":[…]})";
  EXPECT_EQ(refused(""), "the body is empty, up to its end at byte 0" + shapes);
  EXPECT_EQ(refused(" \r\n\t"), "the body is empty, up to its end at byte 4" + shapes);
  const std::string not_one = "the body is not one JSON document: ";
  EXPECT_EQ(refused("[1,\n2\n3]"),
            not_one + R"(a comma or ] is expected, not "3", at byte 6 (line 3))");
  EXPECT_EQ(refused(R"({"a":1}{"a":2})"),
            not_one + R"(nothing more is expected, but "{" follows, at byte 7 (line 1))");
  EXPECT_EQ(refused("[" + good_event(1)),
            not_one + "a comma or ] is expected, but the text ends, at byte 81 (line 1)");
  EXPECT_EQ(
      refused("\xEF\xBB\xBF[]"),
      not_one + "a byte order mark is not JSON; send the text without it, at byte 0 (line 1)");
}

// Promise: a document is well-formed to its end or refused; nothing is read lazily.
TEST(BodyFormTest, WhatIsIgnoredMustBeWellFormedToo) {
  for (const char* value : {"1e",
                            "01",
                            "+1",
                            "-",
                            ".5",
                            "1.",
                            "0x10",
                            "1e+",
                            "--1",
                            "1_000",
                            "NaN",
                            "Infinity",
                            "tru",
                            "truee",
                            "True",
                            "nul",
                            "nulll",
                            "fals",
                            "'x'",
                            "x",
                            "\"\\x\"",
                            "\"\\u12g4\"",
                            "\"\\u123\"",
                            "\"\\",
                            "\"\\\"",
                            "\"\t\"",
                            "\"\n\"",
                            "\"\x01\"",
                            "\"\xFF\"",
                            "\"\xC3\"",
                            "\"\xED\xA0\x80\"",
                            "\"\xC0\x80\"",
                            "\"a",
                            "[1,]",
                            "[,1]",
                            "[1 2]",
                            "[1",
                            "{\"a\"}",
                            "{\"a\":}",
                            "{\"a\":1,}",
                            "{a:1}",
                            "{1:1}",
                            "{\"a\" 1}",
                            "{,}",
                            "1 2",
                            "\"a\" \"b\"",
                            "\"a\"b",
                            "a\"b\"",
                            "1\"a\"",
                            "true\"a\"",
                            "[]{}",
                            "\x0C",
                            "1\x0C",
                            "\x1A",
                            "\\\"a\"",
                            "// x\n1",
                            "/**/1",
                            "\xEF\xBB\xBF"
                            "1",
                            "\xC2\xA0"
                            "1",
                            "",
                            "]",
                            "}",
                            ":",
                            ","}) {
    for (const char* around :
         {R"({"x":@})", R"([{"x":@}])", R"({"events":[{"x":@}]})", R"({"x":[[@]],"y":1})",
          R"({"repoId":@})", R"({"timestamp":@,"id":1})", R"({"events":@})", R"([{"x":1},@])"}) {
      std::string body = around;
      body.replace(body.find('@'), 1, value);
      // `[[ ]]` with nothing in it and an array that happens to close another are no mistakes.
      if (body == R"({"x":[[]],"y":1})") continue;
      EXPECT_EQ(decode_json(body).code, "malformed_json") << body;
    }
  }
  EXPECT_EQ(decode_json("[\"\0\"]"s).code, "malformed_json");
  EXPECT_EQ(decode_json("[1\0]"s).code, "malformed_json");
  EXPECT_EQ(decode_json("[1]\0"s).code, "malformed_json");
}

TEST(BodyFormTest, NestsSixteenDeepUnlessToldOtherwise) {
  EXPECT_EQ(decode_json(nested(16)).code, "");
  const Outcome refused = decode_json(nested(17));
  EXPECT_EQ(refused.code, "malformed_json");
  EXPECT_EQ(
      refused.message,
      "the body is not one JSON document: arrays and objects may nest 16 deep, at byte 16 (line "
      "1)");
  // Every way down counts: array, event, wrapper, value of a known and of an unknown field.
  for (const auto& [body, depth] :
       std::vector<std::pair<std::string, std::size_t>>{{"{}", 1},
                                                        {"[]", 1},
                                                        {"[{}]", 2},
                                                        {R"({"events":[]})", 2},
                                                        {R"({"events":[{}]})", 3},
                                                        {R"({"events":[{"op":{}}]})", 4},
                                                        {R"([{"x":[{"y":[]}]}])", 5}}) {
    DecodeContext context = context_at();
    context.depth_max = depth;
    EXPECT_EQ(decode_json(body, context).code, "") << body;
    if (depth == 1) continue;
    context.depth_max = depth - 1;
    EXPECT_EQ(decode_json(body, context).code, "malformed_json") << body;
  }
}

TEST(BodyFormTest, DepthIsClampedToWhatCanBeWalked) {
  DecodeContext context = context_at();
  context.depth_max = SIZE_MAX;
  EXPECT_EQ(decode_json(nested(kDepthLimit), context).code, "");
  EXPECT_EQ(decode_json(nested(kDepthLimit + 1), context).code, "malformed_json");
  EXPECT_EQ(decode_json(std::string(1'000'000, '['), context).code, "malformed_json");
  context.depth_max = 0;
  EXPECT_EQ(decode_json("[]", context).code, "");
  EXPECT_EQ(decode_json("[{}]", context).code, "malformed_json");
}

// Promise: the first 20 errors are told, all are counted, by reason.
TEST(BodyFormTest, TwentyErrorsAreToldAndAllCounted) {
  std::string body = "[";
  for (int i = 0; i < 50; ++i) body += (i % 2 == 0 ? "1," : "{},") + good_event(i) + ",";
  body += "[]]";
  const Outcome outcome = decode_json(body);
  EXPECT_EQ(outcome.accepted, 50U);
  EXPECT_EQ(outcome.rejected, 51U);
  EXPECT_EQ(outcome.of(RejectReason::kNotObject), 26U);
  EXPECT_EQ(outcome.of(RejectReason::kMissing), 25U);
  ASSERT_EQ(outcome.errors.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(outcome.errors[i].index, 2 * i);
}

TEST(BodyFormTest, ADecoderForgetsTheLastBody) {
  EventDecoder decoder;
  const std::string good = "[" + good_event(1) + "]";
  const Outcome expected = decode(decoder, good, BodyForm::kJson);
  for (const std::string& bad : {"["s, "[1]"s, R"({"events":[5)"s, R"({"events":1})"s, "\"\xFF"s,
                                 R"([{"repoId":"other")"s, "5"s}) {
    decode(decoder, bad, BodyForm::kJson);
    decode(decoder, bad, BodyForm::kNdjson);
    EXPECT_EQ(decode(decoder, good, BodyForm::kJson), expected) << bad;
    EXPECT_EQ(decode(decoder, good_event(1), BodyForm::kNdjson), expected) << bad;
  }
  EventDecoder moved = std::move(decoder);
  EXPECT_EQ(decode(moved, good, BodyForm::kJson), expected);
}

TEST(BodyFormTest, ReasonsHaveStableNames) {
  const std::vector<std::string> expected{"not_json",      "not_object", "missing",  "wrong_type",
                                          "out_of_range",  "bad_text",   "bad_time", "too_old",
                                          "too_far_ahead", "conflict",   "foreign_repo"};
  ASSERT_EQ(expected.size(), kRejectReasons);
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    EXPECT_EQ(to_string(static_cast<RejectReason>(i)), expected[i]);
  }
}

}  // namespace
}  // namespace minuted::json
