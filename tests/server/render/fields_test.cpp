// Promise: extra columns say what was counted, and percentiles, as written, are within 1% of those of the
// events, whatever the shape of the latencies.
#include "render/fields.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "render/digits.hpp"
#include "render/row_csv.hpp"
#include "render/row_json.hpp"
#include "support/random.hpp"

namespace minuted::render {
namespace {

using Latencies = std::vector<std::uint64_t>;

std::string text_of(Field field, const Rollup& sums) {
  char room[kFieldBytesMax];
  bool saturated = false;
  const char* const end = write_field(field, sums, room, saturated);
  return {room, static_cast<std::size_t>(end - room)};
}

FieldSet set_of(std::initializer_list<Field> fields) {
  FieldSet set;
  for (const Field field : fields) set.add(field);
  return set;
}

Rollup rollup_of(const Latencies& latencies) {
  Rollup rollup;
  for (const std::uint64_t us : latencies) {
    EventView event;
    event.latency_us = us;
    rollup.add(event);
  }
  return rollup;
}

// The written percentiles against exact ones, in milliseconds.
void expect_percentiles(Latencies latencies) {
  const Rollup rollup = rollup_of(latencies);
  std::sort(latencies.begin(), latencies.end());
  struct Case {
    Field field;
    std::uint64_t percent;
  };
  for (const Case& one : {Case{*field_named("latency_p50_ms"), 50}, Case{*field_named("latency_p90_ms"), 90},
                          Case{*field_named("latency_p95_ms"), 95}, Case{*field_named("latency_p99_ms"), 99}}) {
    const std::size_t rank = (one.percent * latencies.size() + 99) / 100;
    const auto exact_us = static_cast<double>(latencies[rank - 1]);
    const std::string text = text_of(one.field, rollup);
    const double us = std::strtod(text.c_str(), nullptr) * 1000;
    // Of the doubles this is computed with.
    const double slack = 1 + 1e-9;
    ASSERT_LE(std::abs(us - exact_us), exact_us * LatencySketch::kRelativeError * slack)
        << "p" << one.percent << " of " << latencies.size() << ": " << text << " for " << exact_us;
  }
  EXPECT_DOUBLE_EQ(std::strtod(text_of(*field_named("latency_min_ms"), rollup).c_str(), nullptr) * 1000,
                   static_cast<double>(latencies.front()));
}

TEST(FieldsTest, NamesFindTheirFields) {
  for (std::size_t i = 0; i < field_names().size(); ++i) {
    EXPECT_EQ(field_named(field_names()[i]), Field(i)) << field_names()[i];
  }
  for (const char* name : {"", "Requests", "request", "upl_bytes", "latency_ms", "latency_p50"}) {
    EXPECT_EQ(field_named(name), std::nullopt) << name;
  }
}

// A read pays for what it asks alone.
TEST(FieldsTest, AQueryAsksForNoMoreThanItsFieldsNeed) {
  struct Case {
    FieldSet fields;
    Columns columns;
    Columns merged;
  };
  for (const Case& one : {Case{{}, Columns::kSums, Columns::kSums},
                          {set_of({*field_named("requests")}), Columns::kSums, Columns::kSums},
                          {set_of({*field_named("gets")}), Columns::kSums, Columns::kAll},
                          {set_of({*field_named("others")}), Columns::kSums, Columns::kAll},
                          {set_of({*field_named("errors")}), Columns::kAll, Columns::kAll},
                          {set_of({*field_named("server_errors")}), Columns::kAll, Columns::kAll},
                          {set_of({*field_named("latency_sum_ms")}), Columns::kSums, Columns::kSums},
                          {set_of({*field_named("latency_min_ms")}), Columns::kAll, Columns::kAll},
                          {set_of({*field_named("latency_max_ms")}), Columns::kAll, Columns::kAll},
                          {set_of({*field_named("latency_p50_ms")}), Columns::kSketch, Columns::kSketch},
                          {set_of({*field_named("latency_p99_ms")}), Columns::kSketch, Columns::kSketch},
                          {FieldSet::all(), Columns::kSketch, Columns::kSketch}}) {
    EXPECT_EQ(columns_for(one.fields, false), one.columns) << one.fields.bits();
    EXPECT_EQ(columns_for(one.fields, true), one.merged) << one.fields.bits();
  }
}

TEST(FieldsTest, CountsAreWrittenAsTheyAre) {
  Rollup rollup;
  for (std::size_t i = 0; i < kOpClasses; ++i) rollup.ops[i] = i + 1;
  rollup.client_errors = 40;
  rollup.server_errors = 2;
  const std::vector<std::string> expected = {"21", "42", "40", "2", "1", "2", "3", "4", "5", "6"};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(text_of(Field(i), rollup), expected[i]) << field_names()[i];
  }
}

TEST(FieldsTest, WithoutALatencyThereIsNone) {
  for (std::size_t i = field_named("latency_sum_ms")->index(); i < field_names().size(); ++i) {
    EXPECT_EQ(text_of(Field(i), Rollup{}), "") << field_names()[i];
  }
}

TEST(FieldsTest, LatenciesAreMillisecondsWithoutTrailingZeros) {
  const Rollup rollup = rollup_of({1'500, 2'000, 90'000'001, 90'000'001});
  EXPECT_EQ(text_of(*field_named("latency_sum_ms"), rollup), "180003.502");
  EXPECT_EQ(text_of(*field_named("latency_min_ms"), rollup), "1.5");
  EXPECT_EQ(text_of(*field_named("latency_max_ms"), rollup), "90000.001");
  EXPECT_EQ(text_of(*field_named("latency_p99_ms"), rollup), "90000.001") << "the last of four is the most";
  EXPECT_EQ(text_of(*field_named("latency_p50_ms"), rollup_of({1, 90'000'001, 90'000'001})), "89130.859527");
  EXPECT_EQ(text_of(*field_named("latency_p50_ms"), rollup_of({1, 88'400'000, 88'400'000})), "88400")
      << "clamped to the most";
  // 50 and 51 µs share a bucket, whose point is neither.
  EXPECT_EQ(text_of(*field_named("latency_p50_ms"), rollup_of({49, 50, 50, 51, 60})), "0.050495");
  EXPECT_EQ(text_of(*field_named("latency_p50_ms"), rollup_of({0, 0, 0})), "0");
}

TEST(FieldsTest, ASumOfLatenciesIsExactUpToWhatSixtyFourBitsHold) {
  const auto text = [](UInt128 us, bool expected_saturated) {
    char room[kFieldBytesMax];
    bool saturated = false;
    const char* const end = write_milliseconds(us, room, saturated);
    EXPECT_EQ(saturated, expected_saturated);
    return std::string(room, static_cast<std::size_t>(end - room));
  };
  EXPECT_EQ(text(0, false), "0");
  EXPECT_EQ(text(1'500, false), "1.5");
  EXPECT_EQ(text(12'345'678'901'234'567'891U, false), "12345678901234567.891");
  const UInt128 most = UInt128{static_cast<std::uint64_t>(kInt64Max)} * 1000;
  EXPECT_EQ(text(most + 999, false), "9223372036854775807.999");
  EXPECT_EQ(text(most + 1'000, true), "9223372036854775807");
  EXPECT_EQ(text(~UInt128{0}, true), "9223372036854775807");
}

// Every number of decimals, and the largest.
TEST(FieldsTest, PercentilesOfOneValueAreThatValue) {
  for (const std::uint64_t us : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{10},
                                 std::uint64_t{100}, std::uint64_t{123'456}, kLatencyUsMax}) {
    const std::string exact = text_of(*field_named("latency_max_ms"), rollup_of({us}));
    EXPECT_EQ(text_of(*field_named("latency_p50_ms"), rollup_of({us})), exact);
    EXPECT_EQ(text_of(*field_named("latency_p99_ms"), rollup_of(Latencies(1000, us))), exact);
  }
}

TEST(FieldsTest, PercentilesOfAConstant) {
  for (std::uint64_t us = 0; us < 5'000; ++us) expect_percentiles(Latencies(3, us));
}

TEST(FieldsTest, PercentilesOfTwoValues) {
  for (std::size_t low = 0; low <= 100; ++low) {
    Latencies latencies(100, 5'000'003);
    std::fill_n(latencies.begin(), low, 51);
    expect_percentiles(latencies);
  }
}

TEST(FieldsTest, PercentilesOfTwoHumps) {
  test::Random random;
  Latencies latencies;
  for (int i = 0; i < 5'000; ++i) {
    latencies.push_back(random.chance(70) ? random.between(40, 60) : random.between(250'000, 400'000));
  }
  expect_percentiles(latencies);
}

TEST(FieldsTest, PercentilesOfAHeavyTail) {
  test::Random random;
  for (int round = 0; round < 20; ++round) {
    Latencies latencies;
    for (std::uint64_t i = random.between(1, 3'000); i > 0; --i) {
      // Pareto with exponent 1: its mean does not even exist.
      const double u = static_cast<double>(random.between(1, 1U << 30)) / (1U << 30);
      latencies.push_back(std::min(static_cast<std::uint64_t>(50 / u), kLatencyUsMax));
    }
    expect_percentiles(latencies);
  }
}

TEST(FieldsTest, PercentilesOverTwelveOrdersOfMagnitude) {
  test::Random random;
  for (int round = 0; round < 100; ++round) {
    Latencies latencies;
    for (std::uint64_t i = random.between(1, 500); i > 0; --i) {
      latencies.push_back(static_cast<std::uint64_t>(
          std::pow(10.0, static_cast<double>(random.below(13'000)) / 1000)));
    }
    expect_percentiles(latencies);
  }
}

}  // namespace
}  // namespace minuted::render
