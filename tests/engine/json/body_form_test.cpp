// A body as a whole: the forms it may have, what is refused and how the refusal reads.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decoding.hpp"
#include "strict_json.hpp"

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
  // Whatever unknown fields and nulls it has, before or behind.
  EXPECT_EQ(numbers_of(decode_json(R"({"repoId":null,"a":{"b":[1]},"events" : [)" + good_event(3) +
                                   R"(],"sent":"now","bucketId":null})")),
            Numbers{3});
  EXPECT_EQ(numbers_of(decode_json(R"({"\u0065vents":[)" + good_event(3) + "]}")), Numbers{3});
}

// Promise: no event is lost for an unknown field that is called "events", whatever its value, wherever
// it stands and whatever the object's other fields are.
TEST(BodyFormTest, AnObjectWithAnyFieldOfAnEventIsOneEvent) {
  const std::string inner = "[" + good_event(1) + ",5," + good_event(2) + "]";
  for (const std::string& value :
       {"[]"s, inner, "{}"s, "7"s, "null"s, "\"x\""s, R"([{"events":[]}])"s, R"([{"repoId":"no"}])"s}) {
    const std::string member = "\"events\":" + value;
    const std::string event = good_event(9);
    // Before, between and behind the event's fields, twice, and with an escape in its name.
    for (std::size_t at = event.find_first_of("{,"); at != event.npos;
         at = event.find(',', at + 1)) {
      std::string body = event;
      body.insert(at + 1, member + ",");
      EXPECT_EQ(numbers_of(decode_json(body)), Numbers{9}) << body;
      EXPECT_EQ(decode_json(body).rejected, 0U) << body;
    }
    const std::string behind = event.substr(0, event.size() - 1) + "," + member + "}";
    EXPECT_EQ(numbers_of(decode_json(behind)), Numbers{9}) << behind;
    const std::string around = "{" + member + "," + behind.substr(1);
    EXPECT_EQ(numbers_of(decode_json(around)), Numbers{9}) << around;
    const std::string escaped = R"({"\u0065vents":)" + value + "," + event.substr(1);
    EXPECT_EQ(numbers_of(decode_json(escaped)), Numbers{9}) << escaped;
    // Within an array and a line too.
    EXPECT_EQ(numbers_of(decode_json("[" + around + "]")), Numbers{9}) << around;
    EXPECT_EQ(numbers_of(decode_ndjson(around)), Numbers{9}) << around;
  }
}

// Each field alone makes an event of the object; the receipt then says why the others are not stored.
TEST(BodyFormTest, EachFieldOfAnEventMakesTheObjectOne) {
  for (const std::string field :
       {R"("repoId":"r")", R"("bucketId":"b")", R"("unitId":"b")", R"("host":"h")", R"("timestamp":1)",
        R"("op":"GET")", R"("upl_bytes":1)", R"("dwl_bytes":1)", R"("size_change":1)",
        R"("latency_ms":1)", R"("status":200)", R"("id":"i")"}) {
    const std::string events = R"("events":[)" + good_event(1) + "]";
    for (const std::string& body : {"{" + field + "," + events + "}", "{" + events + "," + field + "}"}) {
      const Outcome outcome = decode_json(body);
      EXPECT_EQ(outcome.accepted, 0U) << body;
      ASSERT_EQ(outcome.rejected, 1U) << body;
      EXPECT_TRUE(outcome.errors[0].message.ends_with(
          "; an object with any field of an event is one event, and its \"events\" an unknown field"))
          << outcome.errors[0].message;
    }
  }
}

// A field that a later null takes away again is none, wherever both stand.
TEST(BodyFormTest, AFieldThatIsTakenAwayMakesNoEvent) {
  const std::string events = R"("events":[)" + good_event(1) + "," + good_event(2) + "]";
  const std::string given = R"("host":"h")";
  const std::string taken = R"("host":null)";
  for (const std::string& body :
       {"{" + given + "," + taken + "," + events + "}", "{" + given + "," + events + "," + taken + "}",
        "{" + events + "," + given + "," + taken + "}",
        R"({"events":[5],)" + given + "," + events + "," + taken + "}",
        "{" + given + R"(,"events":[5],)" + taken + "," + events + "}"}) {
    EXPECT_EQ(numbers_of(decode_json(body)), (Numbers{1, 2})) << body;
    EXPECT_EQ(decode_json(body).rejected, 0U) << body;
  }
  EXPECT_EQ(decode_json("{" + given + R"(,"events":7,)" + taken + "}").code, "wrong_shape");
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
}

// Promise: one byte order mark at the start of a body is nothing, and is counted in offsets.
TEST(BodyFormTest, AByteOrderMarkIsSkipped) {
  const std::string mark = "\xEF\xBB\xBF";
  const std::string events = good_event(1) + "," + good_event(2);
  EXPECT_EQ(numbers_of(decode_json(mark + "[" + events + "]")), (Numbers{1, 2}));
  EXPECT_EQ(numbers_of(decode_json(mark + "\r\n{\"events\":[" + events + "]}")), (Numbers{1, 2}));
  EXPECT_EQ(numbers_of(decode_json(mark + good_event(1))), Numbers{1});
  EXPECT_EQ(numbers_of(decode_json(mark + R"({"events":[],)" + good_event(1).substr(1))), Numbers{1});
  const std::string not_one = "the body is not one JSON document: ";
  EXPECT_EQ(decode_json(mark + "[1,]").message,
            not_one + R"(a value is expected, not "]", at byte 6 (line 1))");
  EXPECT_EQ(decode_json(mark).message,
            "the body is empty, up to its end at byte 3; send an event object, an array of them, or "
            R"({"events":[…]})");
  for (const std::string& twice : {mark + mark + "[]", " " + mark + "[]", "[" + mark + "]"}) {
    EXPECT_EQ(decode_json(twice).code, "malformed_json");
  }
  EXPECT_EQ(decode_json(mark + mark + "[]").message,
            not_one + "a byte order mark may stand only once, at the start of the body, at byte 3 (line "
                      "1)");
}

// Promise: what one look at the bytes explains is said.
TEST(BodyFormTest, LinesAsOneDocumentAreToldTheirType) {
  for (const std::string& body :
       {good_event(1) + "\n" + good_event(2), "\n " + good_event(1) + "\r\n\r\n" + good_event(2) + "\n",
        "\xEF\xBB\xBF" + good_event(1) + "\n" + good_event(2) + "\n" + good_event(3) + "\n"}) {
    const Outcome outcome = decode_json(body);
    EXPECT_EQ(outcome.code, "malformed_json");
    EXPECT_TRUE(outcome.message.ends_with(" (line 2)") || outcome.message.ends_with(" (line 4)"))
        << outcome.message;
    EXPECT_EQ(outcome.hint, BodyHint::kLines);
  }
  // Documents that NDJSON would not have either.
  for (const std::string& body : {good_event(1) + good_event(2), good_event(1) + " " + good_event(2),
                                  "{\n}\n{}"s, "{}\n5"s, "{}\n"s + "x", "[1\n{}"s, "{\n{}"s}) {
    const Outcome outcome = decode_json(body);
    EXPECT_EQ(outcome.code, "malformed_json") << body;
    EXPECT_EQ(outcome.hint, BodyHint::kNone) << body;
  }
}

TEST(BodyFormTest, CompressedBytesAndUtf16AreCalledThat) {
  const auto utf16 = [](std::string_view text, bool big) {
    std::string out;
    for (const char c : text) out += big ? std::string{'\0', c} : std::string{c, '\0'};
    return out;
  };
  struct Case {
    std::string body;
    std::string message;
    BodyHint hint = BodyHint::kNone;
  };
  const std::string encoding = "the body is in UTF-16; send it in UTF-8";
  const std::vector<Case> cases{
      {"\x1F\x8B\x08\0\0"s, "the body begins as gzip does", BodyHint::kGzip},
      {"\x28\xB5\x2F\xFD\x04"s, "the body begins as zstd does", BodyHint::kZstd},
      {"\x78\x9C\xAB"s, "the body begins as zlib (deflate) does", BodyHint::kDeflate},
      {"\x78\x01"s, "the body begins as zlib (deflate) does", BodyHint::kDeflate},
      {utf16(good_event(1), false), encoding},
      {utf16(good_event(1), true), encoding},
      {utf16("[]", true), encoding},
      {"\xFF\xFE" + utf16("[]", false), encoding},
      {"\xFE\xFF" + utf16("[]", true), encoding},
  };
  for (const auto& [body, message, hint] : cases) {
    for (const BodyForm form : {BodyForm::kJson, BodyForm::kNdjson}) {
      EventDecoder decoder;
      const Outcome outcome = decode(decoder, body, form);
      EXPECT_EQ(outcome.code, "malformed_json") << message;
      EXPECT_EQ(outcome.message, message);
      EXPECT_EQ(outcome.hint, hint) << message;
    }
  }
  for (const std::string& body : {"x"s, "x\x9D"s, "\x1F"s, "\x28\xB5"s, "{\0"s, "{\0}"s, "\0{\0"s}) {
    EXPECT_EQ(decode_json(body).message.find("the body is not one JSON document"), 0U);
  }
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

std::string event_nested(int number, std::size_t depth) {
  std::string event = good_event(number);
  return event.insert(1, "\"x\":" + nested(depth - 1) + ",");
}

// Promise: an event that nests too deep is rejected, alone, at any depth and in any form of body.
TEST(BodyFormTest, AnEventThatNestsTooDeepIsRejectedAlone) {
  const auto message = [](std::size_t byte) {
    return "the event nests arrays and objects more than the 16 deep that are accepted, at byte " +
           std::to_string(byte) + "; send it with less nesting";
  };
  EXPECT_EQ(numbers_of(decode_json("[" + event_nested(1, 15) + "]")), Numbers{1});
  EXPECT_EQ(numbers_of(decode_json(event_nested(1, 16))), Numbers{1});
  for (const std::size_t depth : {16U, 17U, 18U, 500U, 100'000U}) {
    const std::string deep = event_nested(2, depth);
    const Outcome array = decode_json("[" + good_event(1) + "," + deep + "," + good_event(3) + "]");
    EXPECT_EQ(numbers_of(array), (Numbers{1, 3})) << depth;
    EXPECT_EQ(array.of(RejectReason::kTooDeep), 1U) << depth;
    const std::size_t byte = 1 + good_event(1).size() + 1 + 5 + 14;
    EXPECT_EQ(array.errors, (std::vector<EventError>{{1, "", message(byte)}}));
    const Outcome wrapper =
        decode_json(R"({"events":[)" + deep + "," + good_event(1) + R"(],"x":)" + nested(depth) + "}");
    EXPECT_EQ(numbers_of(wrapper), Numbers{1}) << depth;
    EXPECT_EQ(wrapper.of(RejectReason::kTooDeep), 1U) << depth;
  }
  const Outcome lone = decode_json(event_nested(2, 17));
  EXPECT_EQ(lone.accepted, 0U);
  EXPECT_EQ(lone.errors, (std::vector<EventError>{{0, "", message(5 + 15)}}));
  EXPECT_EQ(decode_json("\xEF\xBB\xBF" + event_nested(2, 17)).errors[0].message, message(3 + 5 + 15));
  // The value of a field of an event too.
  const Outcome field = decode_json(R"([{"op":)" + nested(20) + "}," + good_event(1) + "]");
  EXPECT_EQ(numbers_of(field), Numbers{1});
  EXPECT_EQ(field.of(RejectReason::kTooDeep), 1U);
  // What is no object is rejected as that.
  const Outcome element = decode_json("[" + nested(1000) + "," + good_event(1) + "]");
  EXPECT_EQ(numbers_of(element), Numbers{1});
  EXPECT_EQ(element.of(RejectReason::kNotObject), 1U);
}

// Every way down counts: array, event, wrapper, value of a known and of an unknown field.
TEST(BodyFormTest, NestingIsCountedFromTheBodysStart) {
  for (const auto& [body, depth] :
       std::vector<std::pair<std::string, std::size_t>>{{"[{}]", 2},
                                                        {R"({"events":[{}]})", 3},
                                                        {R"({"op":[]})", 2},
                                                        {R"({"events":[{"op":{}}]})", 4},
                                                        {R"([{"x":[{"y":[]}]}])", 5}}) {
    DecodeContext context = context_at();
    context.depth_max = depth;
    EXPECT_EQ(decode_json(body, context).of(RejectReason::kTooDeep), 0U) << body;
    context.depth_max = depth - 1;
    const Outcome outcome = decode_json(body, context);
    EXPECT_EQ(outcome.code, "") << body;
    EXPECT_EQ(outcome.of(RejectReason::kTooDeep), 1U) << body;
  }
}

// Promise: deep or not, a body is well-formed to its end or refused.
TEST(BodyFormTest, WhatLiesDeepMustBeWellFormedToo) {
  const auto deep_in = [](const std::string& open, const std::string& inside, const std::string& close) {
    std::string body;
    for (int i = 0; i < 20; ++i) body += open;
    body += inside;
    for (int i = 0; i < 20; ++i) body += close;
    return "[{\"x\":" + body + "}," + good_event(1) + "]";
  };
  for (const std::string inside :
       {"1", "{}", "[]", R"({"a":1,"b":[{}, 2 ,[]],"c":{}})", R"([1,"x",{"y":null},[[]]])", "\"\""}) {
    for (const auto& [open, close] : std::vector<std::pair<std::string, std::string>>{
             {"[", "]"}, {"{\"a\":", "}"}, {"[{\"a\":[", "]}]"}, {"[0,", ",[],{}]"}}) {
      const std::string body = deep_in(open, inside, close);
      const Outcome outcome = decode_json(body);
      EXPECT_EQ(numbers_of(outcome), Numbers{1}) << body;
      EXPECT_EQ(outcome.of(RejectReason::kTooDeep), 1U) << body;
    }
  }
  for (const std::string inside :
       {"", ",", "1,", ",1", "1 2", "{\"a\"}", "{\"a\":}", "{1:2}", "{,}", "{\"a\":1,}", "[}", "{]", "1]",
        "[1", "\"", "tru", "01", "\xFF", "[1,]", "{\"a\":1 \"b\":2}"}) {
    const std::string body = deep_in("[", inside, "]");
    // Nothing at all between the innermost brackets is an empty array.
    EXPECT_EQ(decode_json(body).code, inside.empty() ? "" : "malformed_json") << body;
    EXPECT_EQ(StrictJson::accepts(body), inside.empty()) << body;
    const std::string member = deep_in("{\"a\":", inside, "}");
    EXPECT_EQ(decode_json(member).code, "malformed_json") << member;
  }
  EXPECT_EQ(decode_json(std::string(1'000'000, '[')).code, "malformed_json");
  // The message names what is wrong, and not the depth.
  EXPECT_EQ(decode_json("[" + nested(30) + ",]").message,
            "the body is not one JSON document: a value is expected, not \"]\", at byte 63 (line 1)");
}

TEST(BodyFormTest, DepthIsClampedToWhatCanBeWalked) {
  DecodeContext context = context_at();
  context.depth_max = SIZE_MAX;
  EXPECT_EQ(decode_json(event_nested(1, kDepthLimit), context).accepted, 1U);
  EXPECT_EQ(decode_json(event_nested(1, kDepthLimit + 1), context).of(RejectReason::kTooDeep), 1U);
  context.depth_max = 0;
  EXPECT_EQ(decode_json("[]", context).code, "");
  EXPECT_EQ(decode_json("[{}]", context).of(RejectReason::kTooDeep), 1U);
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
                                          "too_far_ahead", "conflict",   "foreign_repo", "too_deep"};
  ASSERT_EQ(expected.size(), kRejectReasons);
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    EXPECT_EQ(to_string(static_cast<RejectReason>(i)), expected[i]);
  }
}

}  // namespace
}  // namespace minuted::json
