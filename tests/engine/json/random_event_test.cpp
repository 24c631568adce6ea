// Random events written in random styles come back as they were, whatever form the body has.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decoding.hpp"
#include "event_writer.hpp"

namespace minuted::json {
namespace {

std::vector<test::Event> random_events(test::Random& random) {
  const test::Names names = random.names(3, 3, 4);
  std::vector<test::Event> events;
  const std::uint64_t count = random.between(1, 12);
  for (std::uint64_t i = 0; i < count; ++i) {
    events.push_back(random.event(names, Millis{kNow.value - 300'000}, 600'000));
    if (random.chance(20)) {
      events.back().timestamp.value -= events.back().timestamp.value % 1000;
    }
  }
  return events;
}

TEST(RandomEventTest, DocumentsComeBack) {
  test::Random random;
  EventDecoder decoder;
  for (int round = 0; round < 4000; ++round) {
    const auto events = random_events(random);
    EventWriter writer(random, random.chance(50) ? 0 : 30, true);
    std::vector<std::string> parts;
    for (const test::Event& e : events) parts.push_back(writer.event(e));
    std::string body = "[" + writer.joined(parts) + "]";
    if (events.size() == 1 && random.chance(50)) {
      body = parts[0];
      // What an event has beside its own fields is not looked into.
      if (random.chance(50)) body.insert(1, "\"events\":" + writer.value(2) + ",");
    } else if (random.chance(30)) {
      body = "{" + writer.joined({"\"events\":" + body}) + "}";
    }
    if (random.chance(10)) body = "\xEF\xBB\xBF" + body;
    const Outcome outcome =
        decode(decoder, (body[0] == '{' || body[0] == '[' ? writer.space() : "") + body + writer.space(),
               BodyForm::kJson);
    ASSERT_EQ(outcome.code, "") << outcome.message << "\n" << body;
    ASSERT_EQ(outcome.errors, std::vector<EventError>()) << body;
    ASSERT_EQ(outcome.events, grouped(events)) << body;
  }
}

TEST(RandomEventTest, LinesComeBack) {
  test::Random random(1);
  EventDecoder decoder;
  for (int round = 0; round < 4000; ++round) {
    const auto events = random_events(random);
    EventWriter writer(random, random.chance(50) ? 0 : 30, false);
    std::string body;
    for (const test::Event& e : events) {
      while (random.chance(20)) body += writer.space() + "\n";
      body += writer.space() + writer.event(e) + writer.space() + "\n";
    }
    if (random.chance(50)) body.pop_back();
    const Outcome outcome = decode(decoder, body, BodyForm::kNdjson);
    ASSERT_EQ(outcome.errors, std::vector<EventError>()) << body;
    ASSERT_EQ(outcome.events, grouped(events)) << body;
  }
}

}  // namespace
}  // namespace minuted::json
