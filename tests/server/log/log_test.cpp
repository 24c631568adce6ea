// Lines for the operator, exactly; and that text of a client's making can neither break a line nor
// steer a terminal.
#include "log/log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "support/manual_clock.hpp"

namespace minuted::log {
namespace {

constexpr Millis kNow{1'706'782'500'042};

TEST(LogTest, LinesForPeople) {
  EXPECT_EQ(format_line(Format::kHuman, Level::kInfo, "stopped", {}, kNow),
            "2024-02-01T10:15:00.042Z info  stopped\n");
  EXPECT_EQ(format_line(Format::kHuman, Level::kWarn, "request",
                        {{"path", std::string_view("/events")},
                         {"status", std::uint64_t{503}},
                         {"latency_ms", 1.23456},
                         {"token", std::string_view("")}},
                        kNow),
            "2024-02-01T10:15:00.042Z warn  request                              path=/events "
            "status=503 latency_ms=1.235 token=\"\"\n");
  const std::string message(40, 'm');
  EXPECT_EQ(format_line(Format::kHuman, Level::kError, message, {{"n", std::uint64_t{0}}}, kNow),
            "2024-02-01T10:15:00.042Z error " + message + " n=0\n");
}

TEST(LogTest, LinesForPrograms) {
  EXPECT_EQ(
      format_line(Format::kJson, Level::kDebug, "stopped", {}, kNow),
      "{\"time\":\"2024-02-01T10:15:00.042Z\",\"level\":\"debug\",\"message\":\"stopped\"}\n");
  EXPECT_EQ(
      format_line(
          Format::kJson, Level::kError, "a \"word\"",
          {{"path", std::string_view("/a\\b")}, {"status", UINT64_MAX}, {"latency_ms", 0.5}}, kNow),
      "{\"time\":\"2024-02-01T10:15:00.042Z\",\"level\":\"error\",\"message\":\"a "
      "\\\"word\\\"\",\"path\":\"/a\\\\b\",\"status\":18446744073709551615,\"latency_ms\":0.500"
      "}\n");
}

TEST(LogTest, HostileTextIsMadeHarmless) {
  struct Case {
    std::string_view text;
    std::string_view human;
    std::string_view json;
  };
  for (const Case& one : {
           Case{"a b", "\"a b\"", "a b"},
           Case{"a\nlevel=error", "\"a\\x0alevel=error\"", "a\\nlevel=error"},
           Case{"\x1b[2J", "\"\\x1b[2J\"", "\\u001b[2J"},
           Case{"\xC2\x9B"
                "2J",
                "\"\\xc2\\x9b2J\"",
                "\xC2\x9B"
                "2J"},
           Case{"\xFF\xFE", "\"\\xff\\xfe\"", "\\\"\\\\xff\\\\xfe\\\""},
           Case{"say \"a\\\"", "\"say \\\"a\\\\\\\"\"", "say \\\"a\\\\\\\""},
           Case{"caf\xC3\xA9", "\"caf\xC3\xA9\"", "caf\xC3\xA9"},
       }) {
    const std::string human =
        format_line(Format::kHuman, Level::kInfo, "m", {{"path", one.text}}, kNow);
    const std::string json =
        format_line(Format::kJson, Level::kInfo, "m", {{"path", one.text}}, kNow);
    EXPECT_EQ(human.substr(human.find("path=") + 5), std::string(one.human) + "\n");
    EXPECT_EQ(json.substr(json.find("\"path\":") + 7), "\"" + std::string(one.json) + "\"}\n");
  }
}

TEST(LogTest, LevelsBelowTheLeastAreNotWritten) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const test::ManualClock clock(kNow);
  const Log log(ends[1], Format::kHuman, Level::kWarn, clock);
  EXPECT_FALSE(log.wants(Level::kDebug));
  EXPECT_FALSE(log.wants(Level::kInfo));
  EXPECT_TRUE(log.wants(Level::kWarn));
  EXPECT_TRUE(log.wants(Level::kError));
  log.debug("one");
  log.info("two");
  log.warn("three");
  log.error("four");
  ::close(ends[1]);
  char text[1024];
  const ssize_t bytes = ::read(ends[0], text, sizeof text);
  ::close(ends[0]);
  ASSERT_GT(bytes, 0);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(bytes)),
            "2024-02-01T10:15:00.042Z warn  three\n2024-02-01T10:15:00.042Z error four\n");
}

TEST(LogTest, ALogThatCannotBeWrittenIsLeftAlone) {
  const test::ManualClock clock(kNow);
  const Log log(-1, Format::kJson, Level::kDebug, clock);
  log.error("nobody hears this");
}

TEST(LogTest, AReaderThatStallsHoldsNobodyUp) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  test::ManualClock clock{kNow};
  const Log log(ends[1], Format::kHuman, Level::kInfo, clock);
  constexpr int kLines = 10'000;  // far more than a pipe holds
  for (int i = 0; i < kLines; ++i) log.info("a line");
  std::string text(1 << 20, '\0');
  text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
  const auto taken = std::count(text.begin(), text.end(), '\n');
  EXPECT_LT(taken, kLines);

  log.info("the reader is back");
  text.resize(1 << 20);
  text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
  EXPECT_EQ(text, "2024-02-01T10:15:00.042Z warn  log lines were lost: nobody read them lines=" +
                      std::to_string(kLines - taken) +
                      "\n2024-02-01T10:15:00.042Z info  the reader is back\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace minuted::log
