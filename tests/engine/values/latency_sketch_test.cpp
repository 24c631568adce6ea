#include "minuted/latency_sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "minuted/event.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

std::uint16_t buckets() { return static_cast<std::uint16_t>(LatencySketch::bucket_count()); }

LatencySketch sketch_of(const std::vector<std::uint64_t>& latencies) {
  LatencySketch sketch;
  for (const std::uint64_t us : latencies) sketch.add(us);
  return sketch;
}

// 1% and what doubles round away.
bool within_one_percent(double estimate, std::uint64_t exact) {
  const auto x = static_cast<double>(exact);
  return std::abs(estimate - x) <= x * (LatencySketch::kRelativeError + 1e-12);
}

// The nearest rank, ceil(percent/100 · n), at least 1; in integers.
std::uint64_t rank_of(std::uint64_t percent, std::uint64_t n) {
  return std::max<std::uint64_t>(1, (percent * n + 99) / 100);
}

constexpr std::uint64_t kPercents[] = {0, 1, 10, 25, 50, 75, 90, 95, 99, 100};

// Compares every quantile with the exact nearest-rank one of the sorted latencies.
void expect_quantiles_within_one_percent(std::vector<std::uint64_t> latencies) {
  const LatencySketch sketch = sketch_of(latencies);
  std::sort(latencies.begin(), latencies.end());
  ASSERT_EQ(sketch.count(), latencies.size());
  for (const std::uint64_t percent : kPercents) {
    const std::uint64_t exact = latencies[rank_of(percent, latencies.size()) - 1];
    const auto estimate = sketch.quantile_us(static_cast<double>(percent) / 100);
    ASSERT_TRUE(estimate);
    EXPECT_TRUE(within_one_percent(*estimate, exact))
        << "p" << percent << " of " << latencies.size() << ": " << *estimate << " for " << exact;
  }
}

// Promise: the buckets tile 0 … kLatencyUsMax: no gap, no overlap, nothing outside.
TEST(LatencySketchTest, BucketsTileTheRange) {
  ASSERT_EQ(LatencySketch::bucket_bounds(0).first_us, 0U);
  ASSERT_EQ(LatencySketch::bucket_bounds(0).last_us, 0U);
  for (std::uint16_t i = 1; i < buckets(); ++i) {
    const auto bounds = LatencySketch::bucket_bounds(i);
    const auto previous = LatencySketch::bucket_bounds(static_cast<std::uint16_t>(i - 1));
    ASSERT_EQ(bounds.first_us, previous.last_us + 1) << i;
    ASSERT_LE(bounds.first_us, bounds.last_us) << i;
  }
  const auto last = LatencySketch::bucket_bounds(static_cast<std::uint16_t>(buckets() - 1));
  EXPECT_LE(last.first_us, kLatencyUsMax);
  EXPECT_GE(last.last_us, kLatencyUsMax);
}

// Promise: a latency's bucket is the one whose bounds hold it, at every bound and beside it.
TEST(LatencySketchTest, BucketOfAgreesWithEveryBound) {
  for (std::uint16_t i = 0; i < buckets(); ++i) {
    const auto bounds = LatencySketch::bucket_bounds(i);
    ASSERT_EQ(LatencySketch::bucket_of(bounds.first_us), i);
    const std::uint64_t last = std::min(bounds.last_us, kLatencyUsMax);
    ASSERT_EQ(LatencySketch::bucket_of(last), i);
    if (i > 0) {
      ASSERT_EQ(LatencySketch::bucket_of(bounds.first_us - 1), i - 1);
    }
    if (last < kLatencyUsMax) {
      ASSERT_EQ(LatencySketch::bucket_of(last + 1), i + 1);
    }
  }
}

TEST(LatencySketchTest, BucketOfAgreesWithTheBoundsAnywhere) {
  const auto check = [](std::uint64_t us) {
    const auto bounds = LatencySketch::bucket_bounds(LatencySketch::bucket_of(us));
    ASSERT_LE(bounds.first_us, us);
    ASSERT_GE(bounds.last_us, us);
  };
  for (std::uint64_t us = 0; us < 100'000; ++us) check(us);
  for (unsigned bit = 0; bit < 43; ++bit) {
    for (std::uint64_t around = 0; around <= 2; ++around) check((1ULL << bit) + around - 1);
  }
  test::Random random;
  for (int i = 0; i < 500'000; ++i) check(random.latency_us());
  for (int i = 0; i < 100'000; ++i) check(random.between(0, kLatencyUsMax));
}

// Promise: the bounds are part of the stored format: the same for every build and machine.
TEST(LatencySketchTest, BucketsAreFrozen) {
  struct Golden {
    std::uint64_t us;
    std::uint16_t index;
  };
  EXPECT_EQ(LatencySketch::bucket_count(), 1330U);
  for (const Golden& g :
       {Golden{0, 0}, Golden{1, 1}, Golden{49, 49}, Golden{50, 50}, Golden{51, 50}, Golden{52, 51},
        Golden{1'000, 179}, Golden{1'000'000, 524}, Golden{4'294'967'295'000, 1287},
        Golden{kLatencyUsMax, 1329}}) {
    EXPECT_EQ(LatencySketch::bucket_of(g.us), g.index) << g.us;
  }
}

// Promise: in every bucket the estimate is within 1% of each latency that falls there.
TEST(LatencySketchTest, RelativeErrorHoldsInEveryBucket) {
  for (std::uint16_t i = 0; i < buckets(); ++i) {
    const auto bounds = LatencySketch::bucket_bounds(i);
    LatencySketch sketch;
    sketch.add_bucket(i, 1);
    const double estimate = sketch.quantile_us(0.5).value();
    ASSERT_TRUE(within_one_percent(estimate, bounds.first_us)) << i;
    ASSERT_TRUE(within_one_percent(estimate, bounds.last_us)) << i;
    if (bounds.first_us == bounds.last_us) {
      ASSERT_DOUBLE_EQ(estimate, static_cast<double>(bounds.first_us)) << i;
    }
  }
}

// Promise: quantiles within 1% of the exact ones, whatever the shape of the latencies.
TEST(LatencySketchTest, QuantilesOfAConstant) {
  for (const std::uint64_t us : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{12'345},
                                 std::uint64_t{999'999'937}, kLatencyUsMax}) {
    expect_quantiles_within_one_percent(std::vector<std::uint64_t>(1000, us));
    expect_quantiles_within_one_percent({us});
  }
}

TEST(LatencySketchTest, QuantilesOfTwoValues) {
  for (std::size_t low = 0; low <= 100; ++low) {
    std::vector<std::uint64_t> latencies(100, 5'000'000);
    std::fill_n(latencies.begin(), low, 300);
    expect_quantiles_within_one_percent(latencies);
  }
}

TEST(LatencySketchTest, QuantilesOfTwoHumps) {
  test::Random random;
  std::vector<std::uint64_t> latencies;
  for (int i = 0; i < 20'000; ++i) {
    latencies.push_back(random.chance(70) ? random.between(800, 1200)
                                          : random.between(250'000, 400'000));
  }
  expect_quantiles_within_one_percent(latencies);
}

TEST(LatencySketchTest, QuantilesOfAHeavyTail) {
  test::Random random;
  std::vector<std::uint64_t> latencies;
  for (int i = 0; i < 20'000; ++i) {
    // Pareto with exponent 1: its mean does not even exist.
    const double u = static_cast<double>(random.between(1, 1U << 30)) / (1U << 30);
    latencies.push_back(std::min(static_cast<std::uint64_t>(500 / u), kLatencyUsMax));
  }
  expect_quantiles_within_one_percent(latencies);
}

TEST(LatencySketchTest, QuantilesOverTwelveOrdersOfMagnitude) {
  test::Random random;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::uint64_t> latencies;
    const std::uint64_t n = random.between(1, 2000);
    for (std::uint64_t i = 0; i < n; ++i) {
      latencies.push_back(static_cast<std::uint64_t>(
          std::pow(10.0, static_cast<double>(random.below(13'000)) / 1000)));
    }
    expect_quantiles_within_one_percent(latencies);
  }
}

// Promise: the rank is ceil(q·n) for the quantiles the API offers, exactly, up to 2^44 latencies
// (beyond, doubles round n's fractions away): with `rank` small latencies the quantile is small,
// with one fewer it is large.
TEST(LatencySketchTest, RanksAreExact) {
  const auto check = [](std::uint64_t percent, std::uint64_t n) {
    const std::uint64_t rank = rank_of(percent, n);
    const double q = static_cast<double>(percent) / 100;
    LatencySketch at;
    at.add(1, rank);
    at.add(2, n - rank);
    ASSERT_EQ(at.quantile_us(q), 1.0) << "p" << percent << " of " << n;
    if (rank == 1) return;
    LatencySketch before;
    before.add(1, rank - 1);
    before.add(2, n - rank + 1);
    ASSERT_EQ(before.quantile_us(q), 2.0) << "p" << percent << " of " << n;
  };
  test::Random random;
  for (const std::uint64_t percent : {0, 10, 50, 90, 95, 99, 100}) {
    for (std::uint64_t n = 1; n <= 5000; ++n) check(percent, n);
    for (int i = 0; i < 5000; ++i) check(percent, std::max<std::uint64_t>(1, random.wide(44)));
  }
}

// Promise: a count as large as a count can be has its quantiles too.
TEST(LatencySketchTest, QuantilesOfTheLargestCount) {
  LatencySketch sketch;
  sketch.add(1);
  sketch.add(40, UINT64_MAX - 1);
  EXPECT_EQ(sketch.count(), UINT64_MAX);
  EXPECT_EQ(sketch.quantile_us(0), 1.0);
  EXPECT_EQ(sketch.quantile_us(0.5), 40.0);
  EXPECT_EQ(sketch.quantile_us(1), 40.0);
}

// Promise: no latencies, no quantile; adding none changes nothing.
TEST(LatencySketchTest, EmptyHasNoQuantile) {
  LatencySketch sketch;
  EXPECT_TRUE(sketch.empty());
  EXPECT_EQ(sketch.count(), 0U);
  EXPECT_EQ(sketch.quantile_us(0.5), std::nullopt);
  sketch.add(5, 0);
  EXPECT_EQ(sketch, LatencySketch{});
  sketch.add(5);
  EXPECT_FALSE(sketch.empty());
  sketch.clear();
  EXPECT_EQ(sketch, LatencySketch{});
}

// Promise: buckets are ascending, distinct and never zero, in whatever order latencies come, and
// the order leaves no trace.
TEST(LatencySketchTest, OrderLeavesNoTrace) {
  test::Random random;
  std::vector<std::uint64_t> latencies;
  for (int i = 0; i < 2000; ++i) latencies.push_back(random.latency_us());
  const LatencySketch sketch = sketch_of(latencies);
  for (std::size_t i = 0; i < sketch.buckets().size(); ++i) {
    EXPECT_GE(sketch.buckets()[i].count, 1U);
    if (i > 0) {
      EXPECT_LT(sketch.buckets()[i - 1].index, sketch.buckets()[i].index);
    }
  }
  for (int round = 0; round < 5; ++round) {
    random.shuffle(latencies);
    EXPECT_EQ(sketch_of(latencies), sketch);
  }
}

// Promise: merging is exact: the same as having seen all latencies; empty is its identity, and it
// is commutative and associative.
TEST(LatencySketchTest, MergeLaws) {
  test::Random random;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> all;
    std::vector<LatencySketch> parts(3);
    for (LatencySketch& part : parts) {
      const std::uint64_t n = random.below(60);
      for (std::uint64_t i = 0; i < n; ++i) {
        all.push_back(random.latency_us());
        part.add(all.back());
      }
    }
    const auto merged = [](LatencySketch x, const LatencySketch& y) {
      x.merge(y);
      return x;
    };
    const auto& [a, b, c] = std::tie(parts[0], parts[1], parts[2]);
    EXPECT_EQ(merged(a, LatencySketch{}), a);
    EXPECT_EQ(merged(LatencySketch{}, a), a);
    EXPECT_EQ(merged(a, b), merged(b, a));
    EXPECT_EQ(merged(merged(a, b), c), merged(a, merged(b, c)));
    EXPECT_EQ(merged(merged(a, b), c), sketch_of(all));
  }
}

// Promise: merging a sketch with itself doubles it.
TEST(LatencySketchTest, MergesWithItself) {
  LatencySketch sketch = sketch_of({1, 1, 50, 7'000});
  sketch.merge(sketch);
  EXPECT_EQ(sketch, sketch_of({1, 1, 50, 7'000, 1, 1, 50, 7'000}));
}

}  // namespace
}  // namespace minuted
