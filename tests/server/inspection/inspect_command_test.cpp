// Promise: `minuted inspect` says what a store holds, to eyes and to programs, with the same facts in
// lines and in JSON; and tells in words what is wrong with a command line or a directory.
#include "inspection/inspect_command.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "inspection/inspection_text.hpp"
#include "minuted/engine.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::inspection {
namespace {

constexpr std::int64_t kStartMs = 1'706'745'600'000;  // 2024-02-01T00:00:00Z

class InspectCommandTest : public ::testing::Test {
 protected:
  struct Ran {
    int exit_code;
    std::string out;
    std::string err;
  };

  Ran run(std::vector<std::string> arguments, bool terminal = false) {
    std::ostringstream out;
    std::ostringstream err;
    const int exit_code =
        run_inspect_command(arguments, data_, {out, err, terminal, terminal}, clock_);
    return {exit_code, out.str(), err.str()};
  }

  // 1,500 events of a minute, sealed; one of the next day, not folded.
  void fill() {
    Options options;
    options.path = data_;
    options.clock = &clock_;
    options.fold_interval_ms = 0;
    auto engine = Engine::open(options);
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    const auto append = [&](std::int64_t ms, int events) {
      AppendRequest request;
      for (int i = 0; i < events; ++i) {
        EventView e;
        e.repo = "a \"b\"";
        e.bucket = "b";
        e.host = "h";
        e.timestamp = Millis{ms};
        e.upl_bytes = 1024;
        e.latency_us = 1000;
        request.batch.add(e);
      }
      ASSERT_TRUE((*engine)->append_and_wait(std::move(request)).ok());
    };
    append(kStartMs + 75'000, 1500);
    ASSERT_TRUE((*engine)->fold().ok());
    // The day is over for so long that it has been added up.
    clock_.set_now(Millis{kStartMs + kMillisPerDay + 10 * kMillisPerMinute});
    ASSERT_TRUE((*engine)->seal().ok());
    append(kStartMs + kMillisPerDay, 1);
  }

  static std::map<std::string, std::string> facts_of(const std::string& lines) {
    std::map<std::string, std::string> facts;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
      const std::size_t tab = line.find('\t');
      EXPECT_NE(tab, line.npos) << line;
      EXPECT_TRUE(facts.emplace(line.substr(0, tab), line.substr(tab + 1)).second) << line;
    }
    return facts;
  }

  const test::TempDir dir_;
  const std::string data_ = dir_ / "store";
  test::ManualClock clock_{Millis{kStartMs}};
};

TEST_F(InspectCommandTest, OnAPipeAFactIsALine) {
  fill();
  const Ran ran = run({});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  const auto facts = facts_of(ran.out);
  const std::map<std::string, std::string> expected = {
      {"directory", data_},
      {"series", "1"},
      {"repos", "1"},
      {"buckets", "1"},
      {"raw.events", "1"},
      {"raw.first_minute", "2024-02-02T00:00Z"},
      {"minute.keys", "2"},
      {"minute.pages", "1"},
      {"minute.rows", "1"},
      {"minute.rows_open", "0"},
      {"minute.rows_sealed", "1"},
      {"minute.spans_open", "0"},
      {"minute.spans_sealed", "1"},
      {"minute.first_minute", "2024-02-01T00:01Z"},
      {"minute.last_minute", "2024-02-01T00:01Z"},
      {"minute.damaged", "0"},
      {"hour.rows_open", "1"},
      {"day.rows", "1"},
      {"repo.1.id", "a \"b\""},
      {"repo.1.buckets", "1"},
      {"repo.1.requests", "1500"},
      {"repo.1.upl_bytes", "1536000"},
      {"repo.1.dwl_bytes", "0"},
  };
  for (const auto& [name, value] : expected) {
    ASSERT_TRUE(facts.contains(name)) << name;
    EXPECT_EQ(facts.at(name), value) << name;
  }
  EXPECT_TRUE(facts.contains("minute.bytes_per_row_sealed"));
  EXPECT_TRUE(facts.contains("minute.bytes_per_row_sealed_without_sketches"));
  EXPECT_FALSE(facts.contains("minute.bytes_per_row_open")) << "there is no such row";
}

// Each line's fact is in the JSON, under the same name.
TEST_F(InspectCommandTest, JsonHasTheFactsOfTheLines) {
  fill();
  for (const bool quick : {false, true}) {
    std::vector<std::string> flags;
    if (quick) flags.push_back("--quick");
    auto lines = facts_of(run(flags).out);
    flags.push_back("--json");
    const Ran ran = run(flags);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    simdjson::dom::parser parser;
    simdjson::dom::element json;
    ASSERT_EQ(parser.parse(ran.out).get(json), simdjson::SUCCESS) << ran.out;
    EXPECT_EQ(bool(json["quick"]), quick);

    std::map<std::string, std::string> facts;
    const auto add = [&](const std::string& prefix, simdjson::dom::object object) {
      for (const auto& [name, value] : object) {
        if (value.is_object() || value.is_array() || value.is_bool()) continue;
        std::string_view text;
        facts[prefix + std::string(name)] = value.get(text) == simdjson::SUCCESS
                                                ? std::string(text)
                                                : simdjson::minify(value);
      }
    };
    add("", json);
    for (const auto& [tier, value] : json["tiers"].get_object()) add(std::string(tier) + ".", value);
    std::size_t number = 0;
    for (const auto& repo : json["largest_repos"].get_array()) {
      add("repo." + std::to_string(++number) + ".", repo);
    }
    if (quick) {  // an estimate of memtables, in which chance has a part
      EXPECT_EQ(facts.count("repo.1.bytes_about"), 1U);
      lines["repo.1.bytes_about"] = facts["repo.1.bytes_about"];
    }
    EXPECT_EQ(facts, lines);
  }
}

TEST_F(InspectCommandTest, QuickSaysAbout) {
  fill();
  const auto facts = facts_of(run({"--quick"}).out);
  EXPECT_TRUE(facts.contains("minute.keys_about"));
  EXPECT_FALSE(facts.contains("minute.keys"));
  EXPECT_FALSE(facts.contains("minute.rows"));
  EXPECT_NE(run({"--quick"}, true).out.find("about "), std::string::npos);
}

TEST_F(InspectCommandTest, OnATerminalItIsATable) {
  fill();
  const Ran ran = run({}, true);
  EXPECT_EQ(ran.err, "") << "it took less than a second";
  EXPECT_EQ(ran.out.find("The store in " + data_ + ", format "), 0U);
  EXPECT_NE(ran.out.find("\n1 series, 1 repos, 1 buckets\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("\n1 events in 1 chunks wait for a fold\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("1,500  1.5 MiB   0 B"), std::string::npos) << ran.out;
}

TEST_F(InspectCommandTest, ReposAreAsManyAsAskedFor) {
  fill();
  EXPECT_FALSE(facts_of(run({"--repos", "0"}).out).contains("repo.1.id"));
  EXPECT_TRUE(facts_of(run({"--repos=1"}).out).contains("repo.1.id"));
}

TEST_F(InspectCommandTest, ADirectoryThatIsNoStoreIsNamed) {
  const Ran ran = run({"--data", dir_.path()});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "minuted inspect: there is no store in " + dir_.path() +
                         ": it holds no minuted.store; give the directory that minuted has as its "
                         "data\n");
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

TEST_F(InspectCommandTest, ACommandLineThatMakesNoSenseIsToldSo) {
  const Ran unknown = run({"--fast"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_EQ(unknown.out, "");
  EXPECT_NE(unknown.err.find("--fast"), std::string::npos) << unknown.err;
  EXPECT_NE(unknown.err.find("minuted inspect --help"), std::string::npos) << unknown.err;
  for (const char* const repos : {"ten", "-1", "10001", "", "1e2"}) {
    const Ran ran = run({std::string("--repos=") + repos});
    EXPECT_EQ(ran.exit_code, 2) << repos;
    EXPECT_NE(ran.err.find("--repos"), std::string::npos) << ran.err;
  }
  EXPECT_EQ(run({"--data="}).exit_code, 2);
  EXPECT_EQ(run({"store"}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(data_));
}

TEST_F(InspectCommandTest, HelpIsThere) {
  const Ran ran = run({"--help"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_NE(ran.out.find("--quick"), std::string::npos);
}

TEST(InspectionTextTest, NumbersForEyes) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1'000), "1,000");
  EXPECT_EQ(with_thousands(12'345'678), "12,345,678");
  EXPECT_EQ(human_bytes(1'023), "1023 B");
  EXPECT_EQ(human_bytes(1'536), "1.5 KiB");
  EXPECT_EQ(human_bytes((1U << 20) - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(UInt128{1} << 75), "32768.0 EiB");
}

}  // namespace
}  // namespace minuted::inspection
