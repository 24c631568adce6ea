// The command line of minuted-fill: what it means, and what is said of wrong values.
#include "fill/flags.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace minuted::fill {
namespace {

using Arguments = std::vector<std::string>;

constexpr std::uint32_t kToday = 20'000 * kMinutesPerDay;
const Millis kNow = start_of({kToday + 777});

CommandLine line_of(Arguments arguments) {
  arguments.insert(arguments.end(), {"--data", "d"});
  const auto line = read_command_line(arguments, kNow);
  EXPECT_TRUE(line.ok()) << (line.ok() ? "" : line.error().message);
  return line.ok() ? *line : CommandLine();
}

std::string fault_of(const Arguments& arguments) {
  const auto line = read_command_line(arguments, kNow);
  if (line.ok()) return "";
  EXPECT_EQ(line.error().code, ErrorCode::kInvalidArgument);
  return line.error().message;
}

TEST(FillFlagsTest, ValuesArriveWhereTheyBelong) {
  const CommandLine line = line_of({"--repos",   "3",
                                    "--buckets", "4",
                                    "--hosts",   "5",
                                    "--days",    "1.5",
                                    "--end",     "2024-01-02T12:00Z",
                                    "--density", "0.25",
                                    "--events",  "2-9",
                                    "--uniform", "--sparse-series",
                                    "6",         "--sparse-rows",
                                    "7",         "--seed",
                                    "8",         "--no-seal"});
  EXPECT_EQ(line.data, "d");
  EXPECT_FALSE(line.seal);
  const FleetOptions& o = line.fleet;
  const Minute end = minute_of(parse_iso8601("2024-01-02T12:00Z")->start);
  EXPECT_EQ(std::tuple(o.repos, o.buckets_per_repo, o.hosts, o.density, o.events_min, o.events_max,
                       o.uniform, o.sparse_series, o.sparse_rows, o.seed),
            std::tuple(3U, 4U, 5U, 0.25, 2U, 9U, true, 6U, 7U, 8U));
  EXPECT_EQ(o.range, (MinuteRange{{end.value - 2160}, end}));
}

TEST(FillFlagsTest, DefaultsAreThoseOfTheOptionsAndOfYesterday) {
  const auto all = [](const FleetOptions& o) {
    return std::tuple(o.repos, o.buckets_per_repo, o.hosts, o.density, o.events_min, o.events_max,
                      o.uniform, o.sparse_series, o.sparse_rows, o.seed);
  };
  const CommandLine plain = line_of({});
  EXPECT_EQ(all(plain.fleet), all(FleetOptions{}));
  EXPECT_EQ(plain.fleet.range, (MinuteRange{{kToday - kMinutesPerDay}, {kToday}}));
  EXPECT_TRUE(plain.seal);
  const CommandLine told =
      line_of({"--repos", "200", "--buckets", "5", "--hosts", "2", "--days", "1", "--density", "1",
               "--events", "1-3", "--sparse-series", "0", "--sparse-rows", "1", "--seed", "1"});
  EXPECT_EQ(all(told.fleet), all(plain.fleet));
  EXPECT_EQ(told.fleet.range, plain.fleet.range);
}

TEST(FillFlagsTest, WrongValuesAreNamedWithWhatIsRight) {
  EXPECT_EQ(fault_of({}), "--data is needed: the directory to fill");
  EXPECT_EQ(fault_of({"--repos", "0"}), "--repos \"0\" is out of range; give 1 to 100000");
  EXPECT_EQ(fault_of({"--hosts", "two"}), "--hosts \"two\" is not a whole number; give 1 to 1000");
  EXPECT_TRUE(fault_of({"--days", "0"}).starts_with("--days \"0\" is not a number of days"));
  EXPECT_TRUE(fault_of({"--days", "nan"}).starts_with("--days \"nan\" is not a number of days"));
  EXPECT_EQ(fault_of({"--density", "1.5"}),
            "--density \"1.5\" is not a share; give a number above 0, up to 1");
  for (const char* wrong : {"0", "3-1", "1-", "-", "x", "1-2-3"}) {
    EXPECT_TRUE(fault_of({std::string("--events=") + wrong}).starts_with("--events ")) << wrong;
  }
  EXPECT_NE(fault_of({"--end", "yesterday"}).find("2024-01-31"), std::string::npos);
  EXPECT_TRUE(fault_of({"--data", "d", "--end", "1970-01-01"}).starts_with("--days goes back"));
  EXPECT_NE(fault_of({"--compact"}).find("--compact"), std::string::npos);
}

TEST(FillFlagsTest, HelpHasTheDefaults) {
  const std::string help = help_text();
  for (const char* text : {"default 200)", "default 5)", "default 1-3)", "midnight, UTC)"}) {
    EXPECT_NE(help.find(text), help.npos) << text;
  }
}

}  // namespace
}  // namespace minuted::fill
