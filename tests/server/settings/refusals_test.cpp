// Promise: whoever gets a setting wrong is told where it stands, the value and what would be right;
// and told of all that is wrong at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "server/settings/said.hpp"

namespace minuted::settings::test {
namespace {

Texts flags(const Texts& arguments) { return faults_of({arguments, {}, ""}); }
Texts file(const std::string& text) { return faults_of({{}, {}, text}); }
Texts variable(const std::string& entry) { return faults_of({{}, {entry}, ""}); }

const std::string kDuration = " with its unit, such as 1500ms, 2s, 10m, 48h or 7d";
const std::string kPath = "a path of at most 4095 bytes of printable UTF-8";
const std::string kListen =
    "an IP address or localhost, and a port from 0 to 65535, such as 127.0.0.1:3000 or [::1]:3000";
const std::string kRanges =
    "a list of IP addresses and CIDR ranges, such as 192.0.2.1 or 10.0.0.0/8";
const std::string kRepos = "a list of REPO=N, N a whole number from 1 to 1000000000000";

TEST(SettingRefusalsTest, EachSourceIsNamed) {
  const std::string rest =
      "fold-interval \"2\" has no unit; give a duration from 0 to 1h" + kDuration;
  EXPECT_EQ(flags({"--fold-interval", "2"}), Texts{"--" + rest});
  EXPECT_EQ(file("\n# two\nfold-interval = 2\n"), Texts{"FILE:3: " + rest});
  EXPECT_EQ(
      variable("MINUTED_FOLD_INTERVAL=2"),
      Texts{"MINUTED_FOLD_INTERVAL \"2\" has no unit; give a duration from 0 to 1h" + kDuration});
}

TEST(SettingRefusalsTest, EachFormSaysWhatWouldBeRight) {
  EXPECT_EQ(flags({"--drain-timeout=soon"}),
            Texts{"--drain-timeout \"soon\" is not a duration; give a duration from 0 to 10m" +
                  kDuration});
  EXPECT_EQ(flags({"--header-timeout=99ms"}),
            Texts{"--header-timeout \"99ms\" is out of range; give a duration from 100ms to 1h" +
                  kDuration});
  EXPECT_EQ(flags({"--fold-batch", "8mib"}),
            Texts{"--fold-batch \"8mib\" is not a size; give a size from 64KiB to 1GiB, such as "
                  "4096, 64KiB, 8MiB or 10MB"});
  EXPECT_EQ(flags({"--scans-max", "1025"}),
            Texts{"--scans-max \"1025\" is out of range; give a whole number from 1 to 1024"});
  EXPECT_EQ(flags({"--io-threads", "-5"}),
            Texts{"--io-threads \"-5\" is not a whole number; give a whole number from 1 to 64"});
  EXPECT_EQ(flags({"--accept-lost-commits=yes"}),
            Texts{"--accept-lost-commits \"yes\" is neither true nor false; give true or false"});
  EXPECT_EQ(flags({"--log-level", "INFO"}),
            Texts{"--log-level \"INFO\" is not known; give debug, info, warn or error"});
  EXPECT_EQ(flags({"--listen", "3000"}), Texts{"--listen \"3000\" has no port; give " + kListen});
  EXPECT_EQ(flags({"--listen", "http://127.0.0.1:3000"}),
            Texts{"--listen \"http://127.0.0.1:3000\" is a URL, of which only the host and port are "
                  "accepted; give " + kListen});
  EXPECT_EQ(
      flags({"--trusted-proxies", "::1,here"}),
      Texts{"--trusted-proxies \"here\" is not an IP address or a CIDR range; give " + kRanges});
}

TEST(SettingRefusalsTest, OriginsAreChecked) {
  const std::string origins =
      "; give a list of origins as browsers send them, SCHEME://HOST or SCHEME://HOST:PORT, such as "
      "https://grafana.example or http://localhost:8080, or *";
  const auto expect_refused = [&](const std::string& value, const std::string& fault) {
    EXPECT_EQ(flags({"--cors-origin", value}),
              Texts{"--cors-origin \"" + value + "\" " + fault + origins});
  };
  expect_refused("grafana.example", "has no scheme");
  expect_refused("null", "has no scheme");
  expect_refused("1://grafana.example", "has a scheme that is none");
  expect_refused("https://grafana.example/", "goes on behind its host and port");
  expect_refused("https://", "has a host that is none");
  expect_refused("https://*.example", "has a host that is none");
  expect_refused("https://me@grafana.example", "has a host that is none");
  expect_refused("https://[::1", "has a host that is none");
  expect_refused("https://[127.0.0.1]", "has a host that is none");
  expect_refused("https://a.example:0", "has a port that is not a number from 1 to 65535");
  expect_refused("https://a.example:https", "has a port that is not a number from 1 to 65535");
  expect_refused("https://a.example:", "has a port that is not a number from 1 to 65535");
  // The same one in two spellings.
  EXPECT_EQ(flags({"--cors-origin", "https://a.example,HTTPS://A.example:443"}),
            Texts{"--cors-origin \"HTTPS://A.example:443\" was already given" + origins});
}

TEST(SettingRefusalsTest, AllPagesNeedTokens) {
  const std::string rest =
      "cors-origin \"*\" lets every page read and write and there are no tokens; name the pages' "
      "origins, give --tokens FILE, or --serve-anyone-without-tokens to let anyone read and write";
  EXPECT_EQ(flags({"--cors-origin", "*"}), Texts{"--" + rest});
  EXPECT_EQ(file("\ncors-origin = ['https://a.example', '*']"), Texts{"FILE:2: " + rest});
  for (const char* enough : {"--tokens=t", "--serve-anyone-without-tokens"}) {
    EXPECT_EQ(flags({"--cors-origin", "*", enough})[0].substr(0, 7), "code -1");
  }
}

TEST(SettingRefusalsTest, PathsAreChecked) {
  EXPECT_EQ(flags({"--data="}), Texts{"--data \"\" is empty; give " + kPath});
  EXPECT_EQ(flags({"--data", ""}), flags({"--data="}));
  EXPECT_EQ(file("data = ''"), Texts{"FILE:1: data \"\" is empty; give " + kPath});
  EXPECT_EQ(flags({"--tokens", "a\nb"}),
            Texts{"--tokens \"a\\x0ab\" contains control characters; give nothing or " + kPath});
  EXPECT_EQ(
      file("tokens = \"a\\u0000\""),
      Texts{"FILE:1: tokens \"a\\x00\" contains control characters; give nothing or " + kPath});
  EXPECT_EQ(flags({"--data", "\xff"}), Texts{"--data \"\\xff\" is not valid UTF-8; give " + kPath});
  EXPECT_EQ(flags({"--data", std::string(4096, 'x')}),
            Texts{"--data \"" + std::string(40, 'x') + "…\" is 4096 bytes long; give " + kPath});
}

TEST(SettingRefusalsTest, RepoLimitsAreChecked) {
  EXPECT_EQ(
      flags({"--repo-series-max", "a,b=,=1,c=0,d=1,d=2"}),
      (Texts{"--repo-series-max \"a\" has no =; give " + kRepos,
             "--repo-series-max \"b=\" has a limit that is not a whole number; give " + kRepos,
             "--repo-series-max \"=1\" has a repo that must not be empty; give " + kRepos,
             "--repo-series-max \"c=0\" has a limit that is out of range; give " + kRepos,
             "--repo-series-max \"d=2\" names a repo that was already given; give " + kRepos}));
  EXPECT_EQ(file("[repo-series-max]\n\n\"a,b\" = 1\nc = 1.5\n"),
            (Texts{"FILE:4: repo-series-max \"c=1.5\" has a limit that is a number with a "
                   "fraction; give " +
                       kRepos,
                   "FILE:3: repo-series-max \"a,b=1\" has a repo that must not contain a comma; "
                   "give " +
                       kRepos}));
}

TEST(SettingRefusalsTest, TierAgesAreChecked) {
  const std::string ages =
      "; give a list of TIER=AGE, TIER being minute, hour, day or raw, AGE a duration from 1h to 36500d, "
      "such as minute=90d,hour=2y";
  const auto expect_refused = [&](const std::string& value, const std::string& fault) {
    EXPECT_EQ(flags({"--retention", value}), Texts{"--retention \"" + value + "\" " + fault + ages});
  };
  expect_refused("90d", "has no =");
  expect_refused("week=90d", "names no tier");
  expect_refused("minute=90", "has an age that has no unit");
  expect_refused("minute=1m", "has an age that is out of range");
  EXPECT_EQ(flags({"--retention", "hour=1y,hour=2d"}),
            Texts{"--retention \"hour=2d\" names a tier that was already given" + ages});
}

// What the engine would refuse at the start, --check-config refuses as well.
TEST(SettingRefusalsTest, ACoarserTierMustBeKeptAtLeastAsLong) {
  const std::string rule = "; a coarser tier must be kept at least as long as a finer one: ";
  EXPECT_EQ(flags({"--check-config", "--retention", "minute=90d,hour=2d"}),
            Texts{"--retention keeps hour for 2d, but minute for 90d" + rule +
                  "give hour=90d or more, or leave hour out to keep it for ever"});
  EXPECT_EQ(file("\nretention = 'minute=1d,hour=30d,day=20d'"),
            Texts{"FILE:2: retention keeps day for 20d, but hour for 30d" + rule +
                  "give day=30d or more, or leave day out to keep it for ever"});
  EXPECT_EQ(variable("MINUTED_RETENTION=day=2d"),
            Texts{"MINUTED_RETENTION keeps day for 2d, but hour for ever" + rule +
                  "give hour=2d or less, or leave day out to keep it for ever"});
  for (const char* good : {"minute=2d,hour=2d,day=2d", "minute=2d", "minute=2d,hour=3d", "raw=1h",
                           "minute=2d,raw=90d"}) {
    EXPECT_EQ(flags({"--retention", good})[0].substr(0, 7), "code -1") << good;
  }
}

// Each end of each range is taken (SettingSourcesTest), one step further is not.
TEST(SettingRefusalsTest, OnePastEachBoundIsRefused) {
  int bounds = 0;
  for (const Definition* one : all_but_config()) {
    const bool limits = one->form == Form::kRepoLimits;
    if (!number_form(one->form) && !limits) continue;
    const auto form = number_form(one->form).value_or(NumberForm::kCount);
    std::vector<std::uint64_t> beyond{one->range.last + 1};
    if (one->range.first > 0) beyond.push_back(one->range.first - 1);
    for (const std::uint64_t number : beyond) {
      const std::string text = (limits ? "r=" : "") + to_text(form, number);
      const std::string fault = std::string(one->name) + " \"" + text + "\" " +
                                (limits ? "has a limit that " : "") + "is out of range; give " +
                                expectation_of(*one);
      for (const Layer layer : {Layer::kFlag, Layer::kFile}) {
        Said said{companions_of(*one), {}, {}};
        said.add(layer, *one, {text});
        EXPECT_EQ(faults_of(said), Texts{(layer == Layer::kFlag ? "--" : "FILE:1: ") + fault});
      }
      ++bounds;
    }
  }
  EXPECT_GT(bounds, 50);
}

TEST(SettingRefusalsTest, EveryFlagNeedsItsValueOnce) {
  for (const Definition& one : definitions()) {
    const std::string flag = flag_of(one);
    if (one.form != Form::kSwitch) {
      const Texts missing{flag + " has no value; give " + expectation_of(one)};
      EXPECT_EQ(flags({flag}), missing);
      EXPECT_EQ(flags({flag, "--accept-lost-commits=false"}), missing);
    }
    if (!is_list(one.form)) {
      EXPECT_EQ(flags({flag + "=a", flag, "b", flag + "="}),
                Texts{flag + " is given 3 times; give it once"});
    }
  }
}

TEST(SettingRefusalsTest, AFaultyFlagBringsNoOtherFaultWithIt) {
  EXPECT_EQ(flags({"--listen", "0.0.0.0:1", "--tokens"}).size(), 1U);
  EXPECT_EQ(flags({"--body-bytes-max", "1GiB", "--bytes-in-flight-max=x", "--inflated-bytes-max=x"})
                .size(),
            2U);
}

TEST(SettingRefusalsTest, UnknownNamesComeWithTheNearest) {
  EXPECT_EQ(flags({"--fold-intervall", "2s"}),
            Texts{"\"--fold-intervall\" is not a flag; did you mean --fold-interval?"});
  EXPECT_EQ(flags({"--fold-intervall=2s"}),
            Texts{"\"--fold-intervall\" is not a flag; did you mean --fold-interval?"});
  EXPECT_EQ(flags({"-listen"}), Texts{"\"-listen\" is not a flag; did you mean --listen?"});
  EXPECT_EQ(flags({"--print-confg"}),
            Texts{"\"--print-confg\" is not a flag; did you mean --print-config?"});
  EXPECT_EQ(flags({"-x"}),
            Texts{"\"-x\" is not a flag; give one of those that minuted --help lists"});
  EXPECT_EQ(file("a = 1\n[fold_interval]\nb = 1\n"),
            (Texts{"FILE:1: \"a\" is not a setting; give one of those that minuted --help lists",
                   "FILE:2: \"fold_interval\" is not a setting; did you mean fold-interval?"}));
}

TEST(SettingRefusalsTest, StrayArgumentsAreRefused) {
  const std::string rest = " is neither a flag nor a flag's value; give settings as --name VALUE";
  EXPECT_EQ(flags({"serve"}), Texts{"\"serve\"" + rest});
  EXPECT_EQ(flags({"--data", "x", "y", "=z", ""}),
            (Texts{"\"y\"" + rest, "\"=z\"" + rest, "\"\"" + rest}));
  EXPECT_EQ(flags({"--", "x"}), Texts{"\"x\"" + rest});
  EXPECT_EQ(flags({"--qqqqqq", "--data", "x", "y"}).size(), 2U);
  EXPECT_EQ(flags({"--check-config=x"}),
            Texts{"--check-config \"x\" has a value; give the flag alone"});
}

TEST(SettingRefusalsTest, TheFilesTypesAreChecked) {
  EXPECT_EQ(file("data = 5"),
            Texts{"FILE:1: data \"5\" is an integer; give " + kPath + ", in quotes"});
  EXPECT_EQ(file("fold-interval = 1.5"),
            Texts{"FILE:1: fold-interval \"1.5\" is a number with a fraction; give a duration from "
                  "0 to 1h" +
                  kDuration + ", in quotes"});
  EXPECT_EQ(file("io-threads = true"),
            Texts{"FILE:1: io-threads \"true\" is a boolean; give a whole number from 1 to 64"});
  EXPECT_EQ(file("accept-lost-commits = 1979-05-27"),
            Texts{"FILE:1: accept-lost-commits \"1979-05-27\" is a date; give true or false"});
  EXPECT_EQ(file("log-level = 07:32:00"),
            Texts{"FILE:1: log-level \"07:32:00\" is a time of day; give debug, info, warn or "
                  "error, in quotes"});
  EXPECT_EQ(file("log-level = 1979-05-27T07:32:00Z"),
            Texts{"FILE:1: log-level \"1979-05-27T07:32:00Z\" is a date and time; give debug, "
                  "info, warn or error, in quotes"});
  EXPECT_EQ(file("listen = [1]"),
            Texts{"FILE:1: listen \"[ 1 ]\" is an array; give " + kListen + ", in quotes"});
  EXPECT_EQ(file("[listen]\na = 1").size(), 1U);
  EXPECT_EQ(file("trusted-proxies = [\n'::1',\n5,\n]"),
            Texts{"FILE:3: trusted-proxies \"5\" is an integer; give " + kRanges + ", in quotes"});
  EXPECT_EQ(file("repo-series-max = 5"),
            Texts{"FILE:1: repo-series-max \"5\" is an integer; give " + kRepos + ", in quotes"});
}

TEST(SettingRefusalsTest, ElementsHaveLinesOfTheirOwn) {
  EXPECT_EQ(
      file("trusted-proxies = [\n'::1',\n'x',\n]"),
      Texts{"FILE:3: trusted-proxies \"x\" is not an IP address or a CIDR range; give " + kRanges});
}

// Not in the order of names, which toml++ walks them in.
TEST(SettingRefusalsTest, TheFilesFaultsAreToldFromTheTop) {
  const Texts faults = file("qq = 1\nio-threads = true\naa = 1\nscans-max = 0\nfold-batch = 0\n");
  ASSERT_EQ(faults.size(), 5U);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    EXPECT_TRUE(faults[i].starts_with("FILE:" + std::to_string(i + 1) + ": ")) << faults[i];
  }
}

TEST(SettingRefusalsTest, TheFileCannotNameAFile) {
  EXPECT_EQ(file("config = 'x'"), Texts{"FILE:1: config \"x\" cannot stand in the file; give it as "
                                        "--config or MINUTED_CONFIG"});
}

TEST(SettingRefusalsTest, AFileThatIsNoTomlIsRefusedWhereItBreaks) {
  EXPECT_EQ(file("# one\nfold-interval = 2s\n"),
            Texts{"FILE:2:18: this is not TOML: Error while parsing decimal integer: expected "
                  "digit, saw 's'; give name = value, texts and values with a unit in quotes"});
  EXPECT_TRUE(file("data = 'a'\ndata = 'b'\n")[0].starts_with("FILE:2:"));
  EXPECT_TRUE(file("data = 'a\xff'\n")[0].starts_with("FILE:1:"));
  EXPECT_TRUE(file("data = " + std::string(100'000, '['))[0].starts_with("FILE:1:"));
}

TEST(SettingRefusalsTest, AFileThatCannotBeReadIsRefused) {
  const std::string rest = "; give a TOML file that this user may read";
  EXPECT_EQ(flags({"--config", "/no/such/file"}),
            Texts{"--config \"/no/such/file\" cannot be read: No such file or directory" + rest});
  EXPECT_EQ(variable("MINUTED_CONFIG=/"),
            Texts{"MINUTED_CONFIG \"/\" cannot be read: Is a directory" + rest});
  EXPECT_EQ(flags({"--config", "/dev/zero"}),
            Texts{"--config \"/dev/zero\" cannot be read: it is larger than 4194304 bytes" + rest});
  EXPECT_EQ(flags({"--config", "a\tb"}),
            Texts{"--config \"a\\x09b\" contains control characters; give nothing or " + kPath});
}

TEST(SettingRefusalsTest, AListHasABound) {
  std::string list = "::1";
  for (int i = 1; i < 10'000; ++i) list += ",::1";
  EXPECT_EQ(flags({"--trusted-proxies", list})[0].substr(0, 7), "code -1");
  EXPECT_EQ(flags({"--trusted-proxies", list + ",::1"}),
            Texts{"--trusted-proxies has 10001 elements; give at most 10000"});
}

TEST(SettingRefusalsTest, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_EQ(flags({"--body-bytes-max", "512MiB", "--inflated-bytes-max=1GiB"}),
            Texts{"--body-bytes-max \"512MiB\" is above bytes-in-flight-max 80MiB (the default); "
                  "give at most that, or raise --bytes-in-flight-max"});
  EXPECT_EQ(faults_of({{}, {"MINUTED_BODY_BYTES_MAX=16MiB"}, "\ninflated-bytes-max = \"8MiB\""}),
            Texts{"MINUTED_BODY_BYTES_MAX \"16MiB\" is above inflated-bytes-max 8MiB (FILE:2); "
                  "give at most that, or raise --inflated-bytes-max"});
  EXPECT_EQ(file("bytes-in-flight-max = '1MiB'"),
            Texts{"FILE:1: bytes-in-flight-max \"1MiB\" is below body-bytes-max 32MiB (the "
                  "default); give at least that, or lower --body-bytes-max"});
  EXPECT_EQ(flags({"--body-bytes-max=64MiB", "--bytes-in-flight-max=64MiB",
                   "--inflated-bytes-max=64MiB"})[0],
            "code -1: read");
}

TEST(SettingRefusalsTest, OtherMachinesAreNotServedByAccident) {
  const std::string rest =
      " can be reached from other machines and there are no tokens; give --tokens FILE, or "
      "--serve-anyone-without-tokens to let anyone read and write";
  EXPECT_EQ(flags({"--listen", "0.0.0.0:80"}), Texts{"--listen \"0.0.0.0:80\"" + rest});
  EXPECT_EQ(file("listen = '[2001:db8::1]:80'"),
            Texts{"FILE:1: listen \"[2001:db8::1]:80\"" + rest});
  EXPECT_EQ(flags({"--listen", "[::]:80", "--tokens=", "--serve-anyone-without-tokens=false"}),
            Texts{"--listen \"[::]:80\"" + rest});
}

// A value is wrong even where a better one wins.
TEST(SettingRefusalsTest, ValuesThatLoseAreCheckedToo) {
  EXPECT_EQ(faults_of({{"--io-threads", "4"}, {"MINUTED_IO_THREADS=0"}, "io-threads = 65"}),
            (Texts{"MINUTED_IO_THREADS \"0\" is out of range; give a whole number from 1 to 64",
                   "FILE:1: io-threads \"65\" is out of range; give a whole number from 1 to 64"}));
}

TEST(SettingRefusalsTest, AllFaultsAreToldAtOnce) {
  const Said said{{"--io-threads", "0", "--fold-intervall", "2s", "--scans-max", "1", "--scans-max",
                   "2", "--listen", "[::]:1"},
                  {"MINUTED_LOG_LEVEL=loud", "MINUTED_LISTENN=x"},
                  "data = 5\nnoise = 1\nfold-batch = '1KiB'\ndrain-timeout = '11m'\n"};
  const std::string size = "a size from 64KiB to 1GiB, such as 4096, 64KiB, 8MiB or 10MB";
  EXPECT_EQ(
      faults_of(said),
      (Texts{"--scans-max is given 2 times; give it once",
             "\"--fold-intervall\" is not a flag; did you mean --fold-interval?",
             "FILE:1: data \"5\" is an integer; give " + kPath + ", in quotes",
             "FILE:2: \"noise\" is not a setting; give one of those that minuted --help lists",
             "--io-threads \"0\" is out of range; give a whole number from 1 to 64",
             "MINUTED_LOG_LEVEL \"loud\" is not known; give debug, info, warn or error",
             "FILE:3: fold-batch \"1KiB\" is out of range; give " + size,
             "FILE:4: drain-timeout \"11m\" is out of range; give a duration from 0 to 10m" +
                 kDuration,
             "--listen \"[::]:1\" can be reached from other machines and there are no tokens; give "
             "--tokens FILE, or --serve-anyone-without-tokens to let anyone read and write",
             "warning: \"MINUTED_LISTENN\" is not a setting and is ignored; did you mean "
             "MINUTED_LISTEN?"}));
}

// Whatever is thrown at it: settings, or lines that each name where their fault is.
TEST(SettingRefusalsTest, RandomInputEndsInWholeLines) {
  Random random;
  const auto scrap = [&] {
    static const Texts kScraps{"=",      "-",
                               "--",     "\"",
                               "'",      "[",
                               "]",      "{",
                               "}",      ",",
                               "\n",     " ",
                               "\\u",    "#",
                               ".",      "1",
                               "2s",     "true",
                               "::1",    "data",
                               "listen", "repo-series-max",
                               "--data", "--tokens",
                               "config"};
    return random.chance(10) ? random.bytes(random.below(3)) : random.pick(kScraps);
  };
  for (int round = 0; round < 500; ++round) {
    Said said;
    for (std::uint64_t n = random.below(6); n > 0; --n) {
      std::string argument;
      for (std::uint64_t m = random.below(4); m > 0; --m) argument += scrap();
      if (argument.find("config") == argument.npos) said.flags.push_back(argument);
    }
    for (std::uint64_t n = random.below(12); n > 0; --n) said.file += scrap();
    const Ended ended = end_of(said);
    ASSERT_TRUE(ended.code == 2 || ended.code == -1) << ended.text;
    if (ended.code == -1) continue;
    std::istringstream in(ended.text);
    for (std::string line; std::getline(in, line);) {
      ASSERT_TRUE(line.starts_with("--") || line.starts_with("FILE:") || line.starts_with("\""))
          << line << "\n"
          << said.file;
      ASSERT_NE(line.find(';'), std::string::npos) << line;
    }
  }
}

}  // namespace
}  // namespace minuted::settings::test
