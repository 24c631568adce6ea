// Promise: --help knows every setting, and what --print-config prints gives the same daemon again.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "server/settings/said.hpp"

namespace minuted::settings::test {
namespace {

std::string printed(Said said) {
  said.flags.push_back("--print-config");
  const Ended ended = end_of(said);
  EXPECT_EQ(ended.code, 0) << ended.text;
  return ended.text;
}

// Line breaks and indents as single spaces.
std::string flowed(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string word; in >> word;) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(
      std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(SettingTextsTest, HelpHasEverySettingWithItsFacts) {
  const Ended help = end_of({{"--help"}, {}, ""});
  EXPECT_EQ(help.code, 0);
  const std::string text = flowed(help.text.substr(help.text.find("\n\nData and ")));
  for (const Definition& one : definitions()) {
    const std::size_t at = text.find(" " + flag_of(one) + (one.form == Form::kSwitch ? "[" : " "));
    ASSERT_NE(at, std::string::npos) << one.name;
    const std::size_t end = text.find(')', at);
    const std::string entry = text.substr(at, end - at) + ")";
    EXPECT_NE(entry.find(one.meaning), std::string::npos) << entry;
    std::string value;
    for (const std::string& element : value_of(Settings{}, one)) value += element;
    EXPECT_NE(entry.find("default " + (value.empty() ? "none" : value)), std::string::npos)
        << entry;
    const bool number = number_form(one.form) || one.form == Form::kRepoLimits ||
                        one.form == Form::kTierAges;
    EXPECT_EQ(entry.find("(unit ") != std::string::npos, number) << entry;
    EXPECT_EQ(entry.find("; range ") != std::string::npos, number) << entry;
  }
  for (const Command& one : commands()) {
    EXPECT_NE(text.find("--" + std::string(one.name) + " " + std::string(one.meaning)),
              std::string::npos);
  }
}

TEST(SettingTextsTest, HelpReadsAsWeWantIt) {
  const std::string help = end_of({{"-h"}, {}, ""}).text;
  EXPECT_NE(help.find("Usage: minuted [--name VALUE]...\n"
                      "       minuted token create|list|revoke\n"),
            std::string::npos);
  EXPECT_NE(
      help.find("\nFolding:\n"
                "  --fold-interval DURATION  time between folds of raw events into minutes; 0 "
                "= only when asked (unit\n"
                "      ms, s, m, h or d; default 2s; range 0 to 1h)\n"
                "  --fold-batch SIZE  raw bytes folded in one atomic step, at most (unit "
                "bytes, KiB, MiB, ...;\n"
                "      default 1MiB; range 64KiB to 1GiB)\n"
                "  --unfolded SIZE  memory for events not folded yet; a fold begins at a third, "
                "beyond it pushes wait\n"
                "      (unit bytes, KiB, MiB, ...; default 48MiB; range 1MiB to 64GiB)\n"
                "  --seal-after DURATION  how long after its end a span, 6 hours of minutes or 15 days of "
                "hours, is\n"
                "      sealed into a page; later events are added to it (unit ms, s, m, h or d; default "
                "1h; range 0\n"
                "      to 30d)\n"
                "  --seal-interval DURATION  time between two looks for what to seal, at least; 0 = "
                "never (unit ms,\n"
                "      s, m, h or d; default 10m; range 0 to 1d)\n"
                "  --retention TIER=AGE,...  how long rows are kept, by tier: minute, hour, day; those not "
                "named are\n"
                "      for ever, and so are totals; raw: how long events are kept for GET /events, not "
                "named: not at\n"
                "      all (unit s, m, h, d or y; default none; range 1h to "
                "36500d)\n"
                "  --accept-clock[=true|false]  believe the clock whatever it says; otherwise a clock "
                "that is more\n"
                "      than 10 minutes before the newest commit, or before the date of the build, stores "
                "nothing, and\n"
                "      one that is more than a day past it expires nothing and takes only events with "
                "timestamps,\n"
                "      until one of them confirms the time (default false)\n"
                "\nNetwork:\n"),
      std::string::npos)
      << help;
  EXPECT_NE(help.find("  --accept-lost-commits[=true|false]  open "), std::string::npos);
  EXPECT_NE(help.find("  --log-format auto|human|json  how "), std::string::npos);
  EXPECT_NE(help.find("  -h, --help  print this and end\n"), std::string::npos);
}

TEST(SettingTextsTest, HelpHasItsGroupsInOrder) {
  const std::string help = end_of({{"--help"}, {}, ""}).text;
  std::size_t before = 0;
  for (const char* group : {"Data and durability", "Folding", "Network", "Limits", "Time-outs",
                            "Access", "Logging", "Other"}) {
    const std::size_t at = help.find("\n\n" + std::string(group) + ":\n  --");
    ASSERT_NE(at, std::string::npos) << group;
    EXPECT_GT(at, before);
    before = at;
  }
}

TEST(SettingTextsTest, LinesAreAtMost100Columns) {
  for (const Said& said : std::vector<Said>{{{"--help"}, {}, ""}, {{"--print-config"}, {}, ""}}) {
    std::istringstream in(end_of(said).text);
    for (std::string line; std::getline(in, line);) EXPECT_LE(columns(line), 100U) << line;
  }
}

TEST(SettingTextsTest, HelpAndVersionAnswerWhateverElseIsWrong) {
  const Texts wrong{"--io-threads=0", "--nonsense"};
  for (const char* flag : {"--help", "-h", "--version"}) {
    Said said{wrong, {"MINUTED_DATA=\xff"}, "="};
    said.flags.push_back(flag);
    EXPECT_EQ(end_of(said).code, 0) << flag;
  }
  EXPECT_EQ(end_of({{"--version"}, {}, ""}), (Ended{0, "minuted " MINUTED_VERSION "\n"}));
}

// What settings cannot know, the program that starts with them does.
TEST(SettingTextsTest, CheckConfigAsksWhatElseTheStartChecks) {
  const CheckStart check = [](const Settings& settings) {
    return Texts{"io-threads " + std::to_string(settings.io_threads), "another sentence"};
  };
  const auto end = [&](const Texts& arguments) {
    const auto read = read_settings(arguments, Environment{}, check);
    const auto* exit = std::get_if<Exit>(&read);
    return exit == nullptr ? Ended{} : Ended{exit->code, exit->text};
  };
  EXPECT_EQ(end({"--check-config", "--io-threads=3"}),
            (Ended{2, "io-threads 3\nanother sentence\n"}));
  EXPECT_EQ(end({"--io-threads=3"}), Ended{});
}

TEST(SettingTextsTest, CheckConfigSaysGoodOrWhatIsWrong) {
  EXPECT_EQ(end_of({{"--check-config"}, {}, "io-threads = 4"}),
            (Ended{0, "configuration is good\n"}));
  EXPECT_EQ(end_of({{"--check-config"}, {"MINUTED_DATAA=x"}, "io-threads = 4"}),
            (Ended{0,
                   "warning: \"MINUTED_DATAA\" is not a setting and is ignored; did you mean "
                   "MINUTED_DATA?\nconfiguration is good\n"}));
  EXPECT_EQ(end_of({{"--check-config"}, {}, "io-threads = 65"}),
            (Ended{2,
                   "FILE:1: io-threads \"65\" is out of range; give a whole number from 1 to "
                   "64\n"}));
}

TEST(SettingTextsTest, PrintConfigRefusesWhatTheDaemonWould) {
  EXPECT_EQ(end_of({{"--print-config"}, {}, "io-threads = 65"}).code, 2);
}

TEST(SettingTextsTest, PrintConfigSaysWhereEachValueCameFrom) {
  const std::string text = printed({{"--fold-interval=90s"},
                                    {"MINUTED_LISTEN=[::1]:0", "MINUTED_NO_SUCH=1"},
                                    "\ndata = 'a\"b\\c'\nlisten = '127.0.0.1:1'\n"
                                    "trusted-proxies = ['::1', '10.0.0.0/8']\n"
                                    "repo-series-max = {a = 1, 'b\"' = 2}\n"});
  const auto has = [&](const std::string& part) { return text.find(part) != std::string::npos; };
  EXPECT_TRUE(text.starts_with("# The settings in force, as minuted " MINUTED_VERSION
                               " read them. Give this file back with --config.\n"
                               "# Read from FILE.\n"
                               "# Warning: \"MINUTED_NO_SUCH\" is not a setting and is ignored; "))
      << text;
  EXPECT_TRUE(
      has("\n\n# time between folds of raw events into minutes; 0 = only when asked (unit "
          "ms, s, m, h or d; default\n# 2s; range 0 to 1h)\n# From --fold-interval.\n"
          "fold-interval = \"90s\"\n"))
      << text;
  EXPECT_TRUE(has("\n# From MINUTED_LISTEN.\nlisten = \"[::1]:0\"\n")) << text;
  EXPECT_TRUE(has("\n# From FILE:2.\ndata = \"a\\\"b\\\\c\"\n")) << text;
  EXPECT_TRUE(has("\n# From FILE:4.\ntrusted-proxies = [\"::1\", \"10.0.0.0/8\"]\n")) << text;
  EXPECT_TRUE(has("\n# From FILE:5.\nrepo-series-max = { \"a\" = 1, \"b\\\"\" = 2 }\n")) << text;
  EXPECT_TRUE(has("\n# From the default.\nio-threads = 2\n")) << text;
  EXPECT_TRUE(has("\naccept-lost-commits = false\n")) << text;
  EXPECT_FALSE(has("\nconfig = ")) << text;
}

TEST(SettingTextsTest, PrintConfigHasEveryKey) {
  const std::string text = printed({});
  for (const Definition* one : all_but_config()) {
    EXPECT_NE(text.find("\n" + std::string(one->name) + " = "), std::string::npos) << one->name;
  }
  EXPECT_EQ(settings_of({{}, {}, text}), Settings{});
}

// Random values for a random part of the settings, that go together.
std::map<std::string_view, Texts> random_settings(Random& random) {
  std::map<std::string_view, Texts> values;
  for (const Definition* one : all_but_config()) {
    if (random.chance(70)) values[one->name] = random_value(*one, random);
  }
  const std::uint64_t body = random.between(1U << 10, 1U << 30);
  const std::uint64_t flight = random.between(std::max<std::uint64_t>(body, 1U << 20), 1ULL << 36);
  values["body-bytes-max"] = {std::to_string(body)};
  values["bytes-in-flight-max"] = {std::to_string(flight)};
  values["inflated-bytes-max"] = {std::to_string(random.between(body, 1ULL << 32))};
  values["serve-anyone-without-tokens"] = {"true"};
  return values;
}

TEST(SettingTextsTest, PrintedSettingsReadBackTheSame) {
  Random random;
  for (int round = 0; round < 300; ++round) {
    Said said;
    for (const auto& [name, value] : random_settings(random)) {
      static constexpr Layer kLayers[] = {Layer::kFlag, Layer::kVariable, Layer::kFile};
      const Layer layer = random.pick(kLayers);
      // An empty variable would be none at all.
      const bool empty = value.empty() || value.front().empty();
      said.add(empty ? Layer::kFlag : layer, *find_definition(name), value);
    }
    const Settings settings = settings_of(said);
    ASSERT_NE(settings, Settings{});
    ASSERT_EQ(settings_of({{}, {}, printed(said)}), settings) << printed(said);
  }
}

}  // namespace
}  // namespace minuted::settings::test
