// What a made-up fleet holds: how many rows of which series, when, and the same ones each time.
#include "fill/fleet.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace minuted::fill {
namespace {

constexpr std::uint32_t kBegin = 20'000 * kMinutesPerDay;

FleetOptions small() {
  FleetOptions options;
  options.repos = 2;
  options.buckets_per_repo = 3;
  options.hosts = 2;
  options.range = {{kBegin}, {kBegin + kMinutesPerDay + 90}};
  options.uniform = true;
  return options;
}

using RowName = std::tuple<std::string, std::uint32_t, std::string>;

struct Seen {
  std::uint64_t rows_told = 0;
  std::uint64_t events = 0;
  std::map<RowName, std::uint32_t> rows;  // their events
  std::uint64_t usual_sizes = 0;
};

void see(const EventBatch& batch, Seen& seen) {
  for (const EventBatch::Group& group : batch.groups()) {
    for (const EventBatch::Row& row : group.rows) {
      ++seen.events;
      ++seen.rows[{std::string(group.prefix), group.minute.value,
                   std::string(batch.host(row.host))}];
      if ((row.upl_bytes | row.dwl_bytes) % 4096 == 0) ++seen.usual_sizes;
      EXPECT_LE(row.upl_bytes, kBytesMax);
    }
  }
}

Seen all_of(const FleetOptions& options) {
  const Fleet fleet(options);
  Seen seen;
  for (std::uint64_t i = 0; i < fleet.batches(); ++i) {
    EventBatch batch;
    seen.rows_told += fleet.make(i, batch);
    see(batch, seen);
  }
  return seen;
}

TEST(FleetTest, EachHostHasARowOfEachMinute) {
  FleetOptions options = small();
  options.events_min = options.events_max = 1;
  const Seen seen = all_of(options);
  const std::size_t rows = 2 * 3 * 2 * (kMinutesPerDay + 90);
  EXPECT_EQ(seen.rows.size(), rows);
  EXPECT_EQ(seen.rows_told, rows);
  EXPECT_EQ(seen.events, rows);
  for (const auto& [name, events] : seen.rows) {
    ASSERT_GE(std::get<1>(name), options.range.begin.value);
    ASSERT_LT(std::get<1>(name), options.range.end.value);
  }
}

// Batches are short of memory, not of rows: a minute is in one of them.
TEST(FleetTest, ManyHostsAndEventsOnlyMeanMoreBatches) {
  FleetOptions options = small();
  options.hosts = 40;
  options.events_min = 20;
  options.events_max = 30;
  options.range.end = {kBegin + 100};
  const Seen seen = all_of(options);
  EXPECT_EQ(seen.rows.size(), 2U * 3 * 40 * 100);
  EXPECT_EQ(seen.rows_told, seen.rows.size());
  for (const auto& [name, events] : seen.rows) {
    ASSERT_GE(events, 20U);
    ASSERT_LE(events, 30U);
  }
}

TEST(FleetTest, SparseSeriesHaveSoManyRowsADay) {
  FleetOptions options = small();
  options.density = 0.001;
  options.sparse_series = 10'000;
  options.sparse_rows = 3;
  options.range.end = {kBegin + 2 * kMinutesPerDay};
  std::map<std::string, std::uint32_t> rows;
  for (const auto& [name, events] : all_of(options).rows) {
    const auto& prefix = std::get<0>(name);
    if (prefix.find("sparse-") != prefix.npos) ++rows[prefix];
  }
  EXPECT_EQ(rows.size(), 10'000U);
  for (const auto& [prefix, count] : rows) ASSERT_EQ(count, 6U) << prefix;
}

TEST(FleetTest, DensityIsTheShareOfMinutesAndNightsAreQuiet) {
  FleetOptions options = small();
  options.range.end = {kBegin + kMinutesPerDay};
  options.density = 0.5;
  const double rows = 2 * 3 * 2 * kMinutesPerDay;
  EXPECT_NEAR(static_cast<double>(all_of(options).rows.size()) / rows, 0.5, 0.03);
  options.uniform = false;
  options.density = 1;
  const Seen seen = all_of(options);
  std::map<bool, double> by_day;
  for (const auto& [name, events] : seen.rows) {
    const std::uint32_t hour = std::get<1>(name) % kMinutesPerDay / 60;
    if (hour == 3) by_day[false] += 1;
    if (hour == 15) by_day[true] += 1;
  }
  EXPECT_GT(by_day[true], 3 * by_day[false]);
  EXPECT_GT(by_day[false], 0);
  EXPECT_GT(static_cast<double>(seen.usual_sizes), 0.6 * static_cast<double>(seen.events));
}

TEST(FleetTest, ABatchIsTheSameWheneverItIsMade) {
  FleetOptions options = small();
  options.uniform = false;
  const auto sum = [](const FleetOptions& o, std::uint64_t number) {
    EventBatch batch;
    Fleet(o).make(number, batch);
    std::uint64_t total = 0;
    for (const auto& group : batch.groups()) {
      for (const auto& row : group.rows) total = total * 31 + row.upl_bytes + row.ms_in_minute;
    }
    return total;
  };
  EXPECT_EQ(sum(options, 3), sum(options, 3));
  EXPECT_NE(sum(options, 3), sum(options, 4));
  FleetOptions other = options;
  other.seed = 2;
  EXPECT_NE(sum(options, 3), sum(other, 3));
}

}  // namespace
}  // namespace minuted::fill
