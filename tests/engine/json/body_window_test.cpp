// Bodies far larger than the window the decoder looks at: where a window may be cut, text lies in
// wait that looks like a place to cut and is none.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decoding.hpp"
#include "event_writer.hpp"
#include "strict_json.hpp"

namespace minuted::json {
namespace {

using Numbers = std::vector<std::uint64_t>;

constexpr std::size_t kWindow = std::size_t{32} << 10;

// A good event with a string of `text` in an unknown field.
std::string event_with(int number, const std::string& text) {
  std::string event = good_event(number);
  return event.insert(1, "\"x\":\"" + text + "\",");
}

TEST(BodyWindowTest, StringsOfAnyLengthAndLook) {
  const std::vector<std::string> looks{"x",
                                       "}",
                                       ",",
                                       "\\\"",
                                       "\\\\",
                                       "\\\\\\\"",
                                       "},{",
                                       "\\\"}",
                                       " ",
                                       "\xC3\xA9",
                                       "\xF0\x9F\x98\x80",
                                       "\\u007d",
                                       ":[]",
                                       "\\n"};
  EventDecoder decoder;
  for (const std::string& look : looks) {
    for (const std::size_t size :
         {kWindow - 200, kWindow - 30, kWindow, 2 * kWindow, 5 * kWindow + 77}) {
      std::string text;
      while (text.size() < size) text += look;
      const std::string body = "[" + good_event(1) + "," + event_with(2, text) + "," +
                               event_with(3, text) + "," + good_event(4) + "]";
      ASSERT_EQ(numbers_of(decode(decoder, body, BodyForm::kJson)), (Numbers{1, 2, 3, 4}))
          << look << " " << size;
      // The last quote taken away, or doubled: malformed to the end.
      for (const char* const quotes : {"", "\"\""}) {
        std::string broken = body;
        broken.replace(broken.rfind("h\""), 2, std::string("h") + quotes);
        ASSERT_EQ(decode(decoder, broken, BodyForm::kJson).code, "malformed_json")
            << look << " " << size;
      }
    }
  }
}

// Promise: a cut may fall on any byte of an event.
TEST(BodyWindowTest, CutsAtEveryByte) {
  EventDecoder decoder;
  const std::string event =
      R"({ "x\"}": "a\\\"}, {\\", "y" : [ {}, -1.5e3 , "\u00e9}" , true ], )" +
      good_event(2).substr(1);
  for (std::size_t shift = 0; shift < 2 * event.size(); ++shift) {
    std::string body = "[" + std::string(kWindow - event.size() - shift, ' ') + event;
    for (int i = 0; i < 3; ++i) body += "," + event;
    body += "]";
    ASSERT_EQ(numbers_of(decode(decoder, body, BodyForm::kJson)), (Numbers{2, 2, 2, 2})) << shift;
  }
}

TEST(BodyWindowTest, LongTokensAndLongSpaces) {
  const std::string digits(3 * kWindow, '7');
  const std::string spaces(3 * kWindow, ' ');
  EventDecoder decoder;
  const auto numbers = [&](const std::string& body) {
    return numbers_of(decode(decoder, body, BodyForm::kJson));
  };
  std::string event = good_event(1);
  event.insert(1, "\"x\":" + digits + ",");
  EXPECT_EQ(numbers(event), Numbers{1});
  event = good_event(1);
  event.insert(1, spaces + "\"x\"" + spaces + ":" + spaces + "-1" + spaces + ",");
  EXPECT_EQ(numbers("[" + spaces + event + spaces + "]" + spaces), Numbers{1});
  const auto code = [&](const std::string& body) {
    return decode(decoder, body, BodyForm::kJson).code;
  };
  EXPECT_EQ(code("[" + digits + "x]"), "malformed_json");
  EXPECT_EQ(code("[" + digits + " 7]"), "malformed_json");
  EXPECT_EQ(code("[]" + spaces + "7"), "malformed_json");
  EXPECT_EQ(code("[]" + spaces + "\xFF"), "malformed_json");
  EXPECT_EQ(code("[]" + spaces + "\""), "malformed_json");
  EXPECT_EQ(code("[]" + spaces), "");
  EXPECT_EQ(code(spaces), "malformed_json");
}

// Bytes that fill windows in ways no document does.
TEST(BodyWindowTest, UnlikelyBytes) {
  EventDecoder decoder;
  for (const char* const unit :
       {"\"", "\"\"", "\\", "\\\"", "\\\\\"", "{", "[", "}", "1", "1 ", "\x0C", "\x1A", ",", ":",
        "\"a\"b", "x\"", "\"}\"", "\"}", "\xC3"}) {
    std::string body;
    while (body.size() < 9 * kWindow) body += unit;
    for (const char* const front : {"", "[", "[\"a\",", "{\"a\":"}) {
      const std::string text = front + body;
      const Outcome outcome = decode(decoder, text, BodyForm::kJson);
      ASSERT_EQ(outcome.code == "malformed_json", !StrictJson::accepts(text)) << unit;
      decode(decoder, text, BodyForm::kNdjson);
    }
  }
}

TEST(BodyWindowTest, RandomLargeDocuments) {
  test::Random random;
  EventDecoder decoder;
  const test::Names names = random.names(3, 3, 4);
  for (int round = 0; round < 20; ++round) {
    EventWriter writer(random, random.chance(50) ? 0 : 20, true);
    std::vector<test::Event> events;
    std::vector<std::string> parts;
    std::size_t size = 0;
    while (size < 6 * kWindow) {
      events.push_back(random.event(names, Millis{kNow.value - 300'000}, 600'000));
      parts.push_back(writer.event(events.back()));
      size += parts.back().size();
    }
    std::string body = "[" + writer.joined(parts) + "]";
    ASSERT_EQ(decode(decoder, body, BodyForm::kJson).events, grouped(events));
    for (int damage = 0; damage < 10; ++damage) {
      std::string damaged = body;
      damaged[random.below(body.size())] = static_cast<char>(random.bits());
      const Outcome outcome = decode(decoder, damaged, BodyForm::kJson);
      ASSERT_EQ(outcome.code == "malformed_json", !StrictJson::accepts(damaged));
    }
  }
}

}  // namespace
}  // namespace minuted::json
