// Which rows of finer tiers are read beside a coarse one: each minute in exactly one of them.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "schema/keys.hpp"
#include "store/open_rows.hpp"
#include "store/roll_boundaries.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

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
