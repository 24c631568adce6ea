// A store that was filled has each row of the fleet, once, and its closed spans sealed.
#include "fill/fill.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace minuted::fill {
namespace {

FleetOptions small() {
  FleetOptions options;
  options.repos = 2;
  options.buckets_per_repo = 2;
  options.range = {{20'000 * kMinutesPerDay}, {20'001 * kMinutesPerDay}};
  options.sparse_series = 50;
  return options;
}

struct Held {
  std::uint64_t rows = 0;
  std::uint64_t requests = 0;
};

Held held_by(Engine& engine) {
  QuerySpec spec;
  spec.range = {{0}, kMinuteMax};
  const auto cursor = engine.query(spec);
  EXPECT_TRUE(cursor.ok());
  Held held;
  Row row;
  for (;;) {
    const auto more = (*cursor)->next(row);
    EXPECT_TRUE(more.ok());
    if (!more.ok() || !*more) return held;
    ++held.rows;
    held.requests += row.rollup->requests();
  }
}

// With memory for some batches only, so that most are refused at first.
TEST(FillTest, EachRowIsThereOnceHoweverOftenBatchesAreRefused) {
  const test::TempDir directory;
  Options options = engine_options(directory.path() + "/store");
  options.commit_queue_bytes_max = 1 << 20;
  options.unfolded_bytes_max = 2 << 20;
  const auto engine = Engine::open(options);
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  const auto result = fill(**engine, Fleet(small()), true);
  ASSERT_TRUE(result.ok()) << result.error().message;
  const Held held = held_by(**engine);
  EXPECT_EQ(held.rows, result->rows);
  EXPECT_EQ(held.requests, result->events);
  const EngineStats stats = (*engine)->stats();
  EXPECT_GE(stats.rows_sealed, result->rows);
  EXPECT_EQ(stats.events_committed, result->events);
  EXPECT_GT(bytes_below(directory.path()), result->rows);
}

TEST(FillTest, NothingIsSealedWhenToldSo) {
  const test::TempDir directory;
  const auto engine = Engine::open(engine_options(directory.path() + "/store"));
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  const auto result = fill(**engine, Fleet(small()), false);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ((*engine)->stats().pages_sealed, 0U);
  EXPECT_EQ(held_by(**engine).rows, result->rows);
}

// Series past the total are an error, not rows that are missing.
TEST(FillTest, SeriesThatAreRefusedAreAnError) {
  const test::TempDir directory;
  Options options = engine_options(directory.path() + "/store");
  options.series.total_max = 10;
  const auto engine = Engine::open(options);
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  const auto result = fill(**engine, Fleet(small()), true);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kTooManyNewSeries);
}

}  // namespace
}  // namespace minuted::fill
