// Promise: one table is the truth about every setting, and it agrees with itself and the engine.
#include "settings/definitions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "minuted/options.hpp"
#include "server/settings/said.hpp"

namespace minuted::settings {
namespace {

TEST(DefinitionsTest, NamesAreKebabCaseAndOnce) {
  std::set<std::string_view> names;
  for (const Command& command : commands()) EXPECT_TRUE(names.insert(command.name).second);
  for (const Definition& one : definitions()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_EQ(one.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos);
    EXPECT_EQ(find_definition(one.name), &one);
  }
  EXPECT_GE(definitions().size(), 39U);  // or the tests over all have lost some
}

TEST(DefinitionsTest, FlagsAndVariablesAreMadeFromTheName) {
  const Definition& fold = *find_definition("fold-interval");
  EXPECT_EQ(flag_of(fold), "--fold-interval");
  EXPECT_EQ(variable_of(fold), "MINUTED_FOLD_INTERVAL");
  EXPECT_EQ(find_definition("fold"), nullptr);
  EXPECT_EQ(find_definition(""), nullptr);
}

TEST(DefinitionsTest, RowsAreOrderedByGroup) {
  EXPECT_TRUE(std::ranges::is_sorted(definitions(), {}, &Definition::group));
}

TEST(DefinitionsTest, CountsSayWhatTheyCount) {
  for (const Definition& one : definitions()) {
    const bool counts = one.form == Form::kCount || one.form == Form::kRepoLimits;
    EXPECT_EQ(!one.unit.empty(), counts) << one.name;
    EXPECT_FALSE(one.meaning.empty()) << one.name;
  }
}

// Two rows of one field would leave another without a row.
TEST(DefinitionsTest, EachRowHasAFieldOfItsOwn) {
  for (const Definition& one : definitions()) {
    for (const test::Texts& sample : test::samples_of(one)) {
      Settings settings;
      for (const std::string& text : sample) {
        ASSERT_EQ(one.take(one, text, settings), std::nullopt) << one.name << " " << text;
      }
      for (const Definition& other : definitions()) {
        const test::Texts expected = &other == &one ? sample : test::value_of(Settings{}, other);
        EXPECT_EQ(test::value_of(settings, other), expected) << one.name << ", " << other.name;
      }
    }
  }
}

TEST(DefinitionsTest, DefaultsAreValuesOneMayGive) {
  for (const Definition& one : definitions()) {
    Settings settings;
    for (const std::string& text : test::value_of(Settings{}, one)) {
      EXPECT_EQ(one.take(one, text, settings), std::nullopt) << one.name << " " << text;
    }
    EXPECT_EQ(settings, Settings{}) << one.name;
  }
}

TEST(DefinitionsTest, TheEnginesDefaultsAreTheDaemons) {
  const Settings settings;
  const Options options;
  EXPECT_EQ(settings.accept_lost_commits, options.accept_lost_commits);
  EXPECT_EQ(settings.fold_interval_ms, options.fold_interval_ms);
  EXPECT_EQ(settings.fold_batch_bytes, options.fold_batch_bytes);
  EXPECT_EQ(settings.unfolded_bytes, options.unfolded_bytes_max);
  EXPECT_EQ(settings.push_wait_ms, options.append_wait_ms_max);
  EXPECT_EQ(settings.commit_queue_bytes, options.commit_queue_bytes_max);
  EXPECT_EQ(settings.idempotency_window_ms, options.idempotency_window_ms);
  EXPECT_EQ(settings.snapshot_lifetime_ms, options.snapshot_ms_max);
  EXPECT_EQ(settings.groups_max, options.groups_max);
  EXPECT_EQ(settings.query_bytes_max, options.query_bytes_max);
  EXPECT_EQ(settings.block_cache_bytes, options.block_cache_bytes);
  EXPECT_EQ(settings.memtables_bytes, options.memtable_bytes);
  EXPECT_EQ(settings.new_series_per_minute_max, options.series.new_per_minute_max);
  EXPECT_EQ(settings.series_max, options.series.total_max);
  EXPECT_EQ(settings.repo_new_series_per_minute_max, options.series.repo_new_per_minute_max);
  EXPECT_EQ(settings.repo_series_max, options.series.repo_total_max);
  EXPECT_EQ(settings.disk_reserve_bytes, options.disk_reserve_bytes);
  EXPECT_EQ(settings.disk_reserve_percent, options.disk_reserve_percent);
}

TEST(DefinitionsTest, NearestNameIsOneThatWasMeant) {
  const auto nearest = [](std::string_view name) { return nearest_name(name, Among::kSettings); };
  EXPECT_EQ(nearest("fold-intervall"), "fold-interval");
  EXPECT_EQ(nearest("foldinterval"), "fold-interval");
  EXPECT_EQ(nearest("lsiten"), "listen");
  EXPECT_EQ(nearest("body-timeouts"), "body-timeout");
  EXPECT_EQ(nearest("check-confi"), std::nullopt);
  EXPECT_EQ(nearest_name("check-confi", Among::kSettingsAndCommands), "check-config");
  EXPECT_EQ(nearest("x"), std::nullopt);
  EXPECT_EQ(nearest(""), std::nullopt);
  EXPECT_EQ(nearest("something-else-entirely"), std::nullopt);
  EXPECT_EQ(nearest(std::string(1'000'000, 'a')), std::nullopt);
}

}  // namespace
}  // namespace minuted::settings
