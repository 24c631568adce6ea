// Lines for the operator, exactly; and that text of a client's making can neither break a line nor
// steer a terminal.
#include "log/log.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "minuted/event.hpp"
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
                "\"\\u009b2J\"",
                "\\u009b2J"},
           Case{"\xFF\xFE", "\"\\xff\\xfe\"", "\\\\xff\\\\xfe"},
           Case{"a\u202Eb", "\"a\\u202eb\"", "a\\u202eb"},
           Case{"a\u2028b", "\"a\\u2028b\"", "a\\u2028b"},
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

// A message is ours, but has text of others in it: a path, a reason.
TEST(LogTest, MessagesAreMadeHarmlessToo) {
  const std::string message = "cannot read \"a\nb\u202E\xC2\x85\"";
  EXPECT_EQ(format_line(Format::kHuman, Level::kInfo, message, {}, kNow),
            "2024-02-01T10:15:00.042Z info  cannot read \"a\\x0ab\\u202e\\u0085\"\n");
  EXPECT_EQ(format_line(Format::kJson, Level::kInfo, message, {}, kNow),
            "{\"time\":\"2024-02-01T10:15:00.042Z\",\"level\":\"info\",\"message\":"
            "\"cannot read \\\"a\\nb\\u202e\\u0085\\\"\"}\n");
}

// Whatever is in it: long texts, many texts, bytes that take six when escaped, cuts inside a character.
TEST(LogTest, ALineIsNeverLongerThanItsBound) {
  const std::string euros = [] {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "\u20AC";
    return text;
  }();
  for (const std::string& text :
       {std::string(7'000, 'a'), std::string(7'000, '\x01'), std::string(7'000, '"'),
        std::string(7'000, '\xFF'), euros, "x" + euros, "xy" + euros}) {
    for (const Format format : {Format::kHuman, Format::kJson}) {
      const std::string_view long_text = text;
      const std::string line = format_line(format, Level::kInfo, "request",
                                           {{"token", long_text},
                                            {"path", long_text},
                                            {"status", std::uint64_t{401}},
                                            {"error_code", std::string_view("unauthorized")}},
                                           kNow, 17);
      EXPECT_LE(line.size(), kLineBytesMax);
      EXPECT_GT(line.size(), kLineBytesMax / 2);
      EXPECT_TRUE(is_valid_utf8(line));
      EXPECT_NE(line.find("…"), std::string::npos);
      EXPECT_EQ(line.back(), '\n');
      EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
      EXPECT_NE(line.find("401"), std::string::npos);
      EXPECT_NE(line.find("unauthorized"), std::string::npos);
      EXPECT_NE(line.find(format == Format::kHuman ? " left_out=17\n" : ",\"left_out\":17}\n"),
                std::string::npos)
          << line;
    }
  }
}

TEST(LogTest, OnlyWhatIsTooLongIsCut) {
  const auto line = [](std::size_t bytes) {
    return format_line(Format::kHuman, Level::kInfo, "m",
                       {{"path", std::string_view(std::string(bytes, 'a'))}}, kNow);
  };
  const std::size_t rest = line(1).size() - 1;
  EXPECT_EQ(line(kLineBytesMax - rest).size(), kLineBytesMax);
  EXPECT_EQ(line(kLineBytesMax - rest).find("…"), std::string::npos);
  EXPECT_NE(line(kLineBytesMax - rest + 1).find("a…\"\n"), std::string::npos);
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

// A pipe whose reader reads all that was written so far.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int write_end() const { return ends_[1]; }
  std::string read_all() {
    std::string text(1 << 20, '\0');
    pollfd readable{ends_[0], POLLIN, 0};
    if (::poll(&readable, 1, 0) != 1) return {};
    const ssize_t bytes = ::read(ends_[0], text.data(), text.size());
    text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return text;
  }

 private:
  int ends_[2];
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// A stranger's flood of long paths, for a minute, a thousand a second, of every reason there might be:
// what the default level writes is bounded, and the numbers of those left out add up.
TEST(LogTest, AFloodOfOneReasonIsCutToSomeLinesWithTheirCount) {
  Pipe pipe;
  test::ManualClock clock(kNow);
  const Log log(pipe.write_end(), Format::kJson, Level::kInfo, clock);
  const std::string path(7'000, 'x');
  constexpr int kSeconds = 60;
  constexpr int kPerSecond = 1'000;
  std::string written;
  for (int i = 0; i < kSeconds * kPerSecond; ++i) {
    log.write_limited(Level::kInfo, "unauthorized", "request", {{"path", std::string_view(path)}});
    clock.advance_ms(1);
    if (i % kPerSecond == 0) {
      log.report_left_out();
      written += pipe.read_all();
    }
  }
  clock.advance_ms(LineLimiter::kReportAfterMs);
  log.report_left_out();
  written += pipe.read_all();
  const std::size_t requests = static_cast<std::size_t>(
      LineLimiter::kBurst + kSeconds * 1000 / LineLimiter::kIntervalMs);
  EXPECT_LE(lines_of(written), requests + 1);
  EXPECT_GE(lines_of(written), requests - 1);
  EXPECT_LE(written.size(), kSeconds * 1024U);  // 1 KiB/s

  std::uint64_t accounted = lines_of(written) - 1;  // the last is the report
  for (std::size_t at = 0; (at = written.find("\"left_out\":", at)) != written.npos; ++at) {
    accounted += std::stoull(written.substr(at + 11));
  }
  EXPECT_EQ(accounted, std::uint64_t{kSeconds} * kPerSecond);
}

TEST(LogTest, OneReasonsFloodLeavesTheOthersTheirLines) {
  Pipe pipe;
  const test::ManualClock clock(kNow);
  const Log log(pipe.write_end(), Format::kHuman, Level::kInfo, clock);
  for (int i = 0; i < 100; ++i) log.write_limited(Level::kInfo, "not_found", "request");
  EXPECT_EQ(lines_of(pipe.read_all()), LineLimiter::kBurst);
  log.write_limited(Level::kWarn, "disk_full", "request");
  EXPECT_EQ(pipe.read_all(), "2024-02-01T10:15:00.042Z warn  request\n");
}

// Someone who asks for every line gets every line; someone who asks for warnings is told of those only.
TEST(LogTest, TheLevelDecidesWhatIsLimited) {
  Pipe pipe;
  test::ManualClock clock(kNow);
  const Log all(pipe.write_end(), Format::kHuman, Level::kDebug, clock);
  for (int i = 0; i < 100; ++i) all.write_limited(Level::kInfo, "not_found", "request");
  EXPECT_EQ(lines_of(pipe.read_all()), 100U);
  const Log warnings(pipe.write_end(), Format::kHuman, Level::kWarn, clock);
  for (int i = 0; i < 100; ++i) warnings.write_limited(Level::kInfo, "not_found", "request");
  for (int i = 0; i < 8; ++i) warnings.write_limited(Level::kWarn, "disk_full", "request");
  EXPECT_EQ(lines_of(pipe.read_all()), LineLimiter::kBurst);
  clock.advance_ms(LineLimiter::kReportAfterMs);
  warnings.report_left_out();
  EXPECT_EQ(pipe.read_all(),
            "2024-02-01T10:15:10.042Z warn  repeated log lines were left out     reason=disk_full "
            "left_out=3\n");
  warnings.report_left_out();
  EXPECT_EQ(pipe.read_all(), "");
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
