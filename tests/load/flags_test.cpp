// The command line of minuted-load: what it means, and what is said of wrong values.
#include "load/flags.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace minuted::load {
namespace {

using Arguments = std::vector<std::string>;

LoadOptions options_of(const Arguments& arguments) {
  const auto line = read_command_line(arguments);
  EXPECT_TRUE(line.ok()) << (line.ok() ? "" : line.error().message);
  return line.ok() ? line->options : LoadOptions();
}

std::string fault_of(const Arguments& arguments) {
  const auto line = read_command_line(arguments);
  if (line.ok()) return "";
  EXPECT_EQ(line.error().code, ErrorCode::kInvalidArgument);
  return line.error().message;
}

TEST(LoadFlagsTest, ValuesArriveWhereTheyBelong) {
  const LoadOptions o = options_of({"--port",
                                    "4000",
                                    "--connections",
                                    "64",
                                    "--batch=10000",
                                    "--events",
                                    "7",
                                    "--duration",
                                    "10s",
                                    "--rate",
                                    "500",
                                    "--form",
                                    "json",
                                    "--compress",
                                    "zstd",
                                    "--no-keys",
                                    "--run",
                                    "r1",
                                    "--token",
                                    "t0",
                                    "--answer-timeout",
                                    "5s",
                                    "--attempts-max",
                                    "3",
                                    "--prepared-bytes-max",
                                    "64MiB",
                                    "--repos",
                                    "2",
                                    "--buckets",
                                    "3",
                                    "--hosts",
                                    "4",
                                    "--skew",
                                    "0.5",
                                    "--span",
                                    "2h",
                                    "--span-events",
                                    "8",
                                    "--start",
                                    "2024-02-01T00:00:00Z",
                                    "--disorder",
                                    "0",
                                    "--seed",
                                    "9",
                                    "--live",
                                    "--ids"});
  EXPECT_EQ(o.port, 4000);
  EXPECT_EQ(o.connections, 64U);
  EXPECT_EQ(o.bodies.batch_events, 10'000U);
  EXPECT_EQ(o.events, 7U);
  EXPECT_EQ(o.duration_ms, 10'000);
  EXPECT_EQ(o.rate, 500U);
  EXPECT_EQ(o.bodies.form, BodyForm::kJson);
  EXPECT_EQ(o.bodies.coding, BodyCoding::kZstd);
  EXPECT_FALSE(o.keys);
  EXPECT_EQ(o.run, "r1");
  EXPECT_EQ(o.token, "t0");
  EXPECT_EQ(o.answer_timeout_ms, 5'000);
  EXPECT_EQ(o.attempts_max, 3U);
  EXPECT_EQ(o.bodies.prepared_bytes_max, 64U << 20);
  EXPECT_EQ(o.workload.repos, 2U);
  EXPECT_EQ(o.workload.buckets_per_repo, 3U);
  EXPECT_EQ(o.workload.hosts, 4U);
  EXPECT_EQ(o.workload.skew, 0.5);
  EXPECT_EQ(o.workload.span_ms, 7'200'000);
  EXPECT_EQ(o.workload.span_events, 8U);
  EXPECT_EQ(o.workload.start.value, 1'706'745'600'000);
  EXPECT_EQ(o.workload.disorder_ms, 0);
  EXPECT_EQ(o.workload.seed, 9U);
  EXPECT_TRUE(o.workload.live);
  EXPECT_TRUE(o.workload.ids);
}

// The help's defaults are texts: each, given, must change nothing.
TEST(LoadFlagsTest, TheHelpTellsTheTrueDefaults) {
  const LoadOptions plain = options_of({});
  const LoadOptions told = options_of({"--port",
                                       "3000",
                                       "--connections",
                                       "4",
                                       "--batch",
                                       "1000",
                                       "--events",
                                       "5000000",
                                       "--form",
                                       "ndjson",
                                       "--compress",
                                       "none",
                                       "--answer-timeout",
                                       "1m",
                                       "--attempts-max",
                                       "100",
                                       "--prepared-bytes-max",
                                       "1536MiB",
                                       "--repos",
                                       "200",
                                       "--buckets",
                                       "5",
                                       "--hosts",
                                       "16",
                                       "--skew",
                                       "1.1",
                                       "--span",
                                       "1h",
                                       "--span-events",
                                       "5000000",
                                       "--start",
                                       "2024-01-01T10:00Z",
                                       "--disorder",
                                       "3s",
                                       "--seed",
                                       "1"});
  const auto all = [](const LoadOptions& o) {
    const WorkloadOptions& w = o.workload;
    return std::tuple(std::tuple(o.port, o.connections, o.events, o.duration_ms, o.rate, o.keys),
                      std::tuple(o.bodies.batch_events, o.bodies.form, o.bodies.coding,
                                 o.bodies.prepared_bytes_max, o.answer_timeout_ms, o.attempts_max),
                      std::tuple(w.repos, w.buckets_per_repo, w.hosts, w.skew, w.span_events,
                                 w.span_ms, w.start, w.disorder_ms, w.seed, w.live, w.ids));
  };
  EXPECT_EQ(all(told), all(plain));
  EXPECT_EQ(all(plain), all(LoadOptions{}));
  const std::string help = help_text();
  for (const char* text : {"default 3000)", "default 4)", "default 1000)", "default 5000000)",
                           "default 1536MiB)", "default 1.1)", "default 2024-01-01T10:00Z)"}) {
    EXPECT_NE(help.find(text), help.npos) << text;
  }
}

TEST(LoadFlagsTest, ADurationAloneBoundsARunByItself) {
  EXPECT_EQ(options_of({"--duration", "2s"}).events, 0U);
  EXPECT_EQ(options_of({"--duration", "2s", "--events", "10"}).events, 10U);
}

TEST(LoadFlagsTest, WrongValuesAreNamedWithWhatIsRight) {
  EXPECT_EQ(fault_of({"--connections", "many"}),
            "--connections \"many\" is not a whole number; give 1 to 10000");
  EXPECT_EQ(fault_of({"--batch", "0"}), "--batch \"0\" is out of range; give 1 to 1000000");
  EXPECT_EQ(fault_of({"--duration", "10"}), "--duration \"10\" has no unit; give 1ms to 30d");
  EXPECT_EQ(fault_of({"--form", "xml"}), "--form \"xml\" is not a form; give ndjson or json");
  EXPECT_EQ(fault_of({"--compress", "br"}),
            "--compress \"br\" is not a compression; give none, gzip or zstd");
  EXPECT_EQ(fault_of({"--skew", "-1"}),
            "--skew \"-1\" is not an exponent; give a number from 0 to 10, such as 1.1");
  EXPECT_EQ(fault_of({"--skew", "nan"}),
            "--skew \"nan\" is not an exponent; give a number from 0 to 10, such as 1.1");
  EXPECT_EQ(fault_of({"--run", "a b"}),
            "--run \"a b\" is not accepted; give 1 to 100 visible ASCII characters");
  EXPECT_NE(fault_of({"--start", "yesterday"}).find("2024-01-01T10:00Z"), std::string::npos);
  EXPECT_NE(fault_of({"--speed", "1"}).find("--speed"), std::string::npos);
  EXPECT_NE(fault_of({"--port"}).find("--port"), std::string::npos);
}

// What a token is does not belong into a terminal's scrollback.
TEST(LoadFlagsTest, AWrongTokenIsNotRepeated) {
  const std::string fault = fault_of({"--token", "very secret"});
  EXPECT_TRUE(fault.starts_with("--token ")) << fault;
  EXPECT_EQ(fault.find("secret"), std::string::npos) << fault;
}

}  // namespace
}  // namespace minuted::load
