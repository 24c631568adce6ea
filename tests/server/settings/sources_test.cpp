// Promise: every setting can be given as a flag, a variable or a line of the file, and the one who
// speaks last before the start is heard: flag over variable over file over default.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "server/settings/said.hpp"
#include "settings/memory_shares.hpp"

namespace minuted::settings::test {
namespace {

constexpr Layer kLayers[] = {Layer::kFlag, Layer::kVariable, Layer::kFile};

const Definition& row(std::string_view name) { return *find_definition(name); }

TEST(SettingSourcesTest, NothingSaidIsTheDefaults) { EXPECT_EQ(settings_of({}), Settings{}); }

TEST(SettingSourcesTest, EverySettingCanBeGivenEachWay) {
  for (const Definition* one : all_but_config()) {
    for (const Layer layer : kLayers) {
      for (const Texts& sample : samples_of(*one)) {
        Said said{companions_of(*one), {}, {}};
        said.add(layer, *one, sample);
        EXPECT_EQ(value_of(settings_of(said), *one), sample) << one->name;
      }
    }
  }
}

// Value and flag as two arguments.
TEST(SettingSourcesTest, EveryFlagTakesTheNextArgument) {
  for (const Definition* one : all_but_config()) {
    for (const Texts& sample : samples_of(*one)) {
      if (sample.front().starts_with('-')) continue;
      Said said{companions_of(*one), {}, {}};
      for (const std::string& element : sample) {
        said.flags.push_back(flag_of(*one));
        said.flags.push_back(element);
      }
      EXPECT_EQ(value_of(settings_of(said), *one), sample) << one->name;
    }
  }
}

TEST(SettingSourcesTest, LayersWinInOrderForEverySetting) {
  for (const Definition* one : all_but_config()) {
    const std::vector<Texts> samples = samples_of(*one);
    for (const Texts& winner : samples) {
      for (const Texts& loser : samples) {
        if (winner == loser) continue;
        for (const auto& [high, low] :
             {std::pair(Layer::kFlag, Layer::kVariable), std::pair(Layer::kVariable, Layer::kFile),
              std::pair(Layer::kFlag, Layer::kFile)}) {
          Said said{companions_of(*one), {}, {}};
          said.add(low, *one, loser);
          said.add(high, *one, winner);
          EXPECT_EQ(value_of(settings_of(said), *one), winner) << one->name;
        }
      }
    }
  }
}

TEST(SettingSourcesTest, TheFileWinsOverTheDefaultForEverySetting) {
  for (const Definition* one : all_but_config()) {
    for (const Texts& sample : samples_of(*one)) {
      if (sample == value_of(Settings{}, *one)) continue;
      Said said{companions_of(*one), {}, {}};
      said.add(Layer::kFile, *one, sample);
      EXPECT_EQ(value_of(settings_of(said), *one), sample) << one->name;
    }
  }
}

TEST(SettingSourcesTest, TheFileIsNamedByAFlagOrElseAVariable) {
  const TempDir dir;
  for (const char* name : {"flag", "variable"}) {
    std::ofstream(dir / name) << "data = \"of the " << name << "\"\n";
  }
  const std::string variable = "MINUTED_CONFIG=" + dir / "variable";
  const Settings by_flag = settings_of({{"--config", dir / "flag"}, {variable}, ""});
  EXPECT_EQ(by_flag.config_file, dir / "flag");
  EXPECT_EQ(by_flag.data_dir, "of the flag");
  const Settings by_variable = settings_of({{}, {variable}, ""});
  EXPECT_EQ(by_variable.config_file, dir / "variable");
  EXPECT_EQ(by_variable.data_dir, "of the variable");
  EXPECT_EQ(settings_of({{"--config="}, {variable}, ""}), Settings{});
}

TEST(SettingSourcesTest, AnEmptyVariableIsUnset) {
  Said said;
  for (const Definition& one : definitions()) said.variables.push_back(variable_of(one) + "=");
  said.variables.push_back("MINUTED_NO_SUCH=");
  EXPECT_EQ(settings_of(said), Settings{});
  EXPECT_EQ(warnings_of(said), Texts{});
  said.file = "tokens = \"t\"\n";
  EXPECT_EQ(settings_of(said).tokens_file, "t");
}

TEST(SettingSourcesTest, AnEmptyFlagIsAValue) {
  Said said{{}, {"MINUTED_TRUSTED_PROXIES=::1", "MINUTED_TOKENS=t"}, "repo-series-max = {a = 1}"};
  EXPECT_NE(settings_of(said), Settings{});
  said.flags = {"--trusted-proxies=", "--tokens=", "--repo-series-max", ""};
  EXPECT_EQ(settings_of(said), Settings{});
}

TEST(SettingSourcesTest, OfAVariableThatComesTwiceTheFirstCounts) {
  EXPECT_EQ(settings_of({{}, {"MINUTED_DATA=a", "MINUTED_DATA=b"}, ""}).data_dir, "a");
  EXPECT_EQ(settings_of({{}, {"MINUTED_DATA=", "MINUTED_DATA=b"}, ""}), Settings{});
}

TEST(SettingSourcesTest, OtherVariablesAreNotOurs) {
  const Said said{{},
                  {"HOME=/x", "minuted_data=x", "MINUTED", "XMINUTED_DATA=x", "=", "",
                   "MINUTED_TEST_SEED=7", "MINUTED_TEST_FOLD_INTERVAL=x"},
                  ""};
  EXPECT_EQ(settings_of(said), Settings{});
  EXPECT_EQ(warnings_of(said), Texts{});
}

TEST(SettingSourcesTest, AnUnknownVariableIsAWarning) {
  const Said said{
      {}, {"MINUTED_FOLD_INTERVALL=2s", "MINUTED_data=x", "MINUTED_QQQ=1", "MINUTED_DATA=y"}, ""};
  EXPECT_EQ(settings_of(said).data_dir, "y");
  EXPECT_EQ(warnings_of(said),
            (Texts{"\"MINUTED_FOLD_INTERVALL\" is not a setting and is ignored; did you mean "
                   "MINUTED_FOLD_INTERVAL?",
                   "\"MINUTED_data\" is not a setting and is ignored; did you mean MINUTED_DATA?",
                   "\"MINUTED_QQQ\" is not a setting and is ignored; minuted --help lists the "
                   "settings"}));
}

TEST(SettingSourcesTest, ASwitchNeedsNoValue) {
  const auto on = [](const Texts& flags) {
    return settings_of({flags, {}, ""}).accept_lost_commits;
  };
  EXPECT_TRUE(on({"--accept-lost-commits"}));
  EXPECT_TRUE(on({"--accept-lost-commits", "--data", "x"}));
  EXPECT_TRUE(on({"--accept-lost-commits=true"}));
  EXPECT_FALSE(on({"--accept-lost-commits=false"}));
  EXPECT_FALSE(on({"--accept-lost-commits", "false"}));
}

TEST(SettingSourcesTest, ListsRepeatOrAreCommaSeparated) {
  const Texts expected{"10.0.0.0/8", "::1", "192.0.2.1"};
  const Definition& proxies = row("trusted-proxies");
  for (const Said& said : std::vector<Said>{
           {{"--trusted-proxies", "10.0.0.0/8,::1", "--trusted-proxies=,192.0.2.1,"}, {}, ""},
           {{}, {"MINUTED_TRUSTED_PROXIES=10.0.0.0/8,,::1,192.0.2.1"}, ""},
           {{}, {}, "trusted-proxies = \"10.0.0.0/8,::1,192.0.2.1\""},
           {{}, {}, "trusted-proxies = [\"10.0.0.0/8\",\n \"::1\",\n \"192.0.2.1\"]"}}) {
    EXPECT_EQ(value_of(settings_of(said), proxies), expected);
  }
}

// As people write lists, in every layer and of every kind.
TEST(SettingSourcesTest, BlanksAroundAnElementAreNoPartOfIt) {
  const TierAges ages{90LL * 24 * 3'600'000, 730LL * 24 * 3'600'000, 0, 0};
  EXPECT_EQ(settings_of({{"--retention", "minute=90d, hour=2y"}, {}, ""}).retention, ages);
  EXPECT_EQ(settings_of({{}, {"MINUTED_RETENTION= minute=90d ,\thour=2y, "}, ""}).retention, ages);
  EXPECT_EQ(settings_of({{}, {}, "retention = 'minute=90d, hour=2y'"}).retention, ages);
  EXPECT_EQ(settings_of({{"--trusted-proxies", "::1, 10.0.0.0/8"}, {}, ""}).trusted_proxies,
            settings_of({{"--trusted-proxies", "::1,10.0.0.0/8"}, {}, ""}).trusted_proxies);
  EXPECT_EQ(settings_of({{"--repo-series-max", "a=1, b c=2"}, {}, ""}).repo_series_max,
            (RepoLimits{{"a", 1}, {"b c", 2}}));
  // An id that begins with a blank can be named in the file's table.
  EXPECT_EQ(settings_of({{}, {}, "[repo-series-max]\n\" a\" = 1"}).repo_series_max,
            (RepoLimits{{" a", 1}}));
}

TEST(SettingSourcesTest, RepoLimitsAreATableInTheFile) {
  const RepoLimits expected{{"a", 5}, {"b=c d", 6}};
  for (const char* file :
       {"[repo-series-max]\na = 5\n\"b=c d\" = 6\n",
        "repo-series-max = { a = 5, \"b=c d\" = \"6\" }",
        "repo-series-max.a = 5\nrepo-series-max.\"b=c d\" = 6", "repo-series-max = \"a=5,b=c d=6\"",
        "repo-series-max = [\"a=5\", \"b=c d=6\"]"}) {
    EXPECT_EQ(settings_of({{}, {}, file}).repo_series_max, expected) << file;
  }
}

TEST(SettingSourcesTest, NumbersInTheFileMayBeIntegersOrTexts) {
  const Settings settings =
      settings_of({{},
                   {},
                   "block-cache = 1_048_576\nmemtables = \"2MiB\"\nio-threads = \"3\"\n"
                   "worker-threads = 4\nfold-interval = 0\naccept-lost-commits = \"true\"\n"});
  EXPECT_EQ(settings.block_cache_bytes, 1U << 20);
  EXPECT_EQ(settings.memtables_bytes, 2U << 20);
  EXPECT_EQ(settings.io_threads, 3U);
  EXPECT_EQ(settings.worker_threads, 4U);
  EXPECT_EQ(settings.fold_interval_ms, 0);
  EXPECT_TRUE(settings.accept_lost_commits);
}

TEST(SettingSourcesTest, TheProcessesVariablesAreSeen) {
  ASSERT_EQ(::setenv("MINUTED_TEST_OF_SETTINGS", "x=y", 1), 0);
  const auto has = [](const std::string& entry) {
    const auto entries = process_environment().entries;
    return std::find(entries.begin(), entries.end(), entry) != entries.end();
  };
  EXPECT_TRUE(has("MINUTED_TEST_OF_SETTINGS=x=y"));
  ::unsetenv("MINUTED_TEST_OF_SETTINGS");
  EXPECT_FALSE(has("MINUTED_TEST_OF_SETTINGS=x=y"));
}

// Tokens, or saying so, open the daemon to other machines.
TEST(SettingSourcesTest, OtherMachinesAreServedWithTokensOrWhenSaidSo) {
  for (const char* way : {"--tokens=t", "--serve-anyone-without-tokens"}) {
    EXPECT_EQ(settings_of({{"--listen", "0.0.0.0:80", way}, {}, ""}).listen,
              (ListenAddress{"0.0.0.0", 80}));
  }
}

// One number for all of it; what is given by itself wins.
TEST(SettingSourcesTest, BoundsOfMemoryThatAreNotGivenAreSharesOfTheWhole) {
  const Settings all = settings_of({{"--memory", "64MiB"}, {}, {}});
  EXPECT_EQ(all.block_cache_bytes, 8U << 20);
  EXPECT_EQ(all.memtables_bytes, 10U << 20);
  EXPECT_EQ(all.commit_queue_bytes, 6U << 20);
  EXPECT_EQ(all.unfolded_bytes, 6U << 20);
  EXPECT_EQ(all.bytes_in_flight_max, 10U << 20);
  EXPECT_EQ(all.body_bytes_max, 4U << 20);
  EXPECT_EQ(all.decode_bytes_max, 4U << 20);
  EXPECT_EQ(all.query_bytes_max, 12U << 20);
  EXPECT_EQ(all.answer_bytes_max, 6U << 20);
  const Settings some = settings_of({{"--memory", "1GiB", "--memtables", "5MiB"}, {}, {}});
  EXPECT_EQ(some.block_cache_bytes, 128U << 20);
  EXPECT_EQ(some.memtables_bytes, 5U << 20);
  EXPECT_EQ(some.body_bytes_max, Settings{}.body_bytes_max);
  const Settings little =
      settings_of({{"--memory", "64MiB", "--bytes-in-flight-max", "2MiB"}, {}, {}});
  EXPECT_EQ(little.body_bytes_max, 2U << 20) << "no body can be larger than all of them";
}

// The table is the truth about the defaults too, and leaves something for what is in no share.
TEST(SettingSourcesTest, TheDefaultsAreTheSharesOfTheDefault) {
  EXPECT_EQ(settings_of({{"--memory", "512MiB"}, {}, {}}), Settings{});
  std::size_t shares = 0;
  for (const MemoryShare& share : kMemoryShares) shares += share.thirty_seconds;
  EXPECT_LT(shares, 32U);
}

TEST(SettingSourcesTest, WhatTheSystemAllowsDecidesTheDefaultOfMemory) {
  const std::uint64_t mib = 1U << 20;
  for (const auto& [limit, memory] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {4096 * mib, 512 * mib}, {576 * mib, 512 * mib}, {512 * mib, 384 * mib},
           {256 * mib, 192 * mib}, {200 * mib, 136 * mib}, {100 * mib, 64 * mib}}) {
    const auto outcome = read_settings({}, {{}, MemoryLimit{limit, "/limit"}});
    const Read& read = std::get<Read>(outcome);
    EXPECT_EQ(read.settings.memory_bytes, memory);
    EXPECT_EQ(read.settings.query_bytes_max, memory / 32 * 6);
    EXPECT_EQ(read.notes.size(), limit >= 576 * mib ? 0U : limit < 128 * mib ? 2U : 1U) << limit;
  }
  const Environment in_container{{}, MemoryLimit{512 * mib, "/sys/fs/cgroup/memory.max"}};
  EXPECT_EQ(std::get<Read>(read_settings({}, in_container)).notes,
            Texts{"memory is 384MiB, since /sys/fs/cgroup/memory.max allows 536870912 bytes and "
                  "--memory is not given"});
  const std::string flag = "--print-config";
  const std::string text = std::get<Exit>(read_settings({&flag, 1}, in_container)).text;
  EXPECT_NE(text.find("# From the default where /sys/fs/cgroup/memory.max allows 536870912 bytes.\n"
                      "memory = \"384MiB\"\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("# From a share of the default where /sys"), std::string::npos);
  const Texts given = {"--memory", "512MiB"};
  const auto outcome = read_settings(given, in_container);
  EXPECT_EQ(std::get<Read>(outcome).settings, Settings{}) << "what is given wins";
  EXPECT_EQ(std::get<Read>(outcome).notes,
            Texts{"memory 512MiB and up to 64MiB beside it are more than "
                  "/sys/fs/cgroup/memory.max allows 536870912 bytes; the system may end the process"});
}

}  // namespace
}  // namespace minuted::settings::test
