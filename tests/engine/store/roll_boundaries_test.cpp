// The record of which minutes are in the hours and days: its bytes, what it says of a pair in the middle of
// a pass, and that no other bytes are taken for one. And which rows of finer tiers are read beside a
// coarse one: each minute in exactly one of them.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/keys.hpp"
#include "store/open_rows.hpp"
#include "store/roll_boundaries.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

using namespace std::string_literals;

TEST(RollBoundariesTest, TheRecordHasTheseBytes) {
  RollBoundaries boundaries{{{28'000'800}, {28'000'860}},
                            {{27'999'360}, {28'000'800}},
                            pair_prefix("repo", "b")};
  const std::string bytes =
      "\x01\xAB\x42\x20\x01\xAB\x42\x5C"
      "\x01\xAB\x3C\x80\x01\xAB\x42\x20"s
      "repo\0b\0"s;
  EXPECT_EQ(encode_roll_boundaries(boundaries), bytes);
  EXPECT_EQ(decode_roll_boundaries(bytes), boundaries);
  boundaries.end_pass();
  EXPECT_EQ(decode_roll_boundaries(encode_roll_boundaries(boundaries)), boundaries);
  EXPECT_EQ(decode_roll_boundaries(std::string(16, '\0')), RollBoundaries{});
}

TEST(RollBoundariesTest, OtherBytesAreRefused) {
  const RollBoundaries good{{{2880}, {3000}}, {{1440}, {2880}}, pair_prefix("r", "b")};
  ASSERT_TRUE(decode_roll_boundaries(encode_roll_boundaries(good)));
  const auto refused = [&](auto change) {
    RollBoundaries bad = good;
    change(bad);
    return !decode_roll_boundaries(encode_roll_boundaries(bad));
  };
  EXPECT_TRUE(refused([](auto& b) { b.hour.next = {3001}; })) << "no hour";
  EXPECT_TRUE(refused([](auto& b) { b.day.current = {1500}; })) << "no day";
  EXPECT_TRUE(refused([](auto& b) { b.hour.next = {2820}; })) << "back";
  EXPECT_TRUE(refused([](auto& b) { b.day.next = {4320}; })) << "a day before its hours";
  EXPECT_TRUE(refused([](auto& b) { b.last_rolled = "r"; })) << "no pair";
  EXPECT_TRUE(refused([](auto& b) { b.last_rolled.push_back('x'); })) << "more than a pair";
  EXPECT_TRUE(refused([](auto& b) {
    b.hour.current = b.hour.next;
    b.day.current = b.day.next;
  })) << "a pair without a pass";
  const std::string bytes = encode_roll_boundaries(good);
  for (std::size_t size = 0; size < 16; ++size) {
    EXPECT_FALSE(decode_roll_boundaries(std::string_view(bytes).substr(0, size))) << size;
  }
}

TEST(RollBoundariesTest, PairsUpToTheLastOneHaveTheNextBoundaries) {
  RollBoundaries boundaries{{{2880}, {3000}}, {{1440}, {2880}}, {}};
  EXPECT_EQ(boundaries.hour_of(pair_prefix("a", "a")), Minute{2880}) << "none has";
  boundaries.last_rolled = pair_prefix("m", "b");
  EXPECT_EQ(boundaries.hour_of(pair_prefix("m", "b")), Minute{3000});
  EXPECT_EQ(boundaries.day_of(pair_prefix("m", "b")), Minute{2880});
  EXPECT_EQ(boundaries.hour_of(pair_prefix("m", "ba")), Minute{2880});
  EXPECT_EQ(boundaries.day_of(pair_prefix("m", "ba")), Minute{1440});
  boundaries.end_pass();
  EXPECT_EQ(boundaries.hour_of(pair_prefix("z", "z")), Minute{3000});
  EXPECT_EQ(boundaries.day_of(pair_prefix("z", "z")), Minute{2880});
}

TEST(OpenRowsTest, EachMinuteIsInExactlyOneRowWhateverTheOrderOfThePairs) {
  TempDir dir;
  StoreOptions options;
  options.path = dir / "store";
  const auto store = Store::open(options);
  ASSERT_TRUE(store.ok());
  std::mt19937_64 random(test_seed());
  const auto pick = [&](std::uint64_t below) { return static_cast<std::uint32_t>(random() % below); };
  // All of four days; ids that are prefixes of each other.
  std::vector<std::string> prefixes;
  for (const char* repo : {"a", "aa", "b"}) {
    for (const char* bucket : {"x", "x y", "z"}) prefixes.push_back(pair_prefix(repo, bucket));
  }
  const RollBoundaries boundaries{{{2 * 1440 + 180}, {3 * 1440 + 60}},
                                  {{1440}, {3 * 1440}},
                                  prefixes[pick(prefixes.size())]};
  std::map<std::string, std::set<std::uint32_t>> minutes;
  WriteSet set(**store);
  for (const std::string& prefix : prefixes) {
    for (std::uint32_t at = pick(700); at < 4 * 1440; at += 1 + pick(700)) {
      const std::uint32_t minute = pick(2) ? at / 60 * 60 : at;
      minutes[prefix].insert(minute);
      std::string key = prefix;
      append_minute(key, {minute});
      set.put(Family::kMinute, key, "minute");
      if (Minute{minute} >= boundaries.hour_of(prefix)) continue;
      key = prefix;
      append_minute(key, {minute / 60 * 60});
      set.put(Family::kHour, key, "hour");
    }
  }
  ASSERT_TRUE((*store)->write(set, Durability::kBuffered).ok());
  const auto view = (*store)->view();
  OpenRows hours(*view, boundaries, Span::kHour);
  OpenRows days(*view, boundaries, Span::kDay);
  for (int i = 0; i < 3'000; ++i) {
    // Mostly ascending, as readers go.
    const std::string& prefix = prefixes[pick(4) ? static_cast<std::size_t>(i) % prefixes.size()
                                                 : pick(prefixes.size())];
    const bool of_day = pick(2) == 1;
    const std::uint32_t span = of_day ? 1440 : 60;
    const Minute begin{pick(5 * 1440) / span * span};
    const MinuteRange range{begin, {begin.value + span * (1 + pick(100))}};
    const Minute hour = boundaries.hour_of(prefix);
    std::vector<std::pair<Minute, std::string>> expected;
    for (const std::uint32_t minute : minutes[prefix]) {
      if (!range.contains({minute})) continue;
      if (Minute{minute} >= hour) {
        expected.emplace_back(Minute{minute}, "minute");
      } else if (of_day && Minute{minute} >= boundaries.day_of(prefix)) {
        const Minute first{minute / 60 * 60};
        if (expected.empty() || expected.back().first != first) expected.emplace_back(first, "hour");
      }
    }
    OpenRows& rows = of_day ? days : hours;
    std::vector<std::pair<Minute, std::string>> found;
    // Now and then not to the end.
    const std::size_t most = pick(4) ? SIZE_MAX : pick(3);
    for (rows.enter(prefix, range); rows.valid() && found.size() < most; rows.next()) {
      found.emplace_back(rows.minute(), rows.value());
    }
    ASSERT_TRUE(rows.status().ok());
    if (expected.size() > most) expected.resize(most);
    ASSERT_EQ(found, expected) << i;
  }
}

}  // namespace
}  // namespace minuted::test
