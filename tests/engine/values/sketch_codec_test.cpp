// Promise: a row's latencies come back from the bits a page keeps of them, given how many they are,
// the smallest and the largest; few bits, and bytes that are not theirs are refused without a crash.
#include "page/sketch_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "minuted/event.hpp"
#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

Rollup rollup_of(const std::vector<std::uint64_t>& latencies) {
  Rollup r;
  for (const std::uint64_t us : latencies) {
    EventView event;
    event.latency_us = us;
    r.add(event);
  }
  return r;
}

std::string pack(const Rollup& r) {
  std::string bytes;
  pack_sketch(r, bytes);
  return bytes;
}

// The sketch in `bytes`, of latencies as those of `r` but for their sketch; nothing if refused.
std::optional<LatencySketch> unpack(const std::string& bytes, Rollup r) {
  r.sketch.clear();
  if (!unpack_sketch(bytes, r)) return std::nullopt;
  return std::move(r.sketch);
}

TEST(SketchCodecTest, RandomLatenciesComeBack) {
  test::Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const unsigned width = static_cast<unsigned>(random.between(1, 43));
    std::vector<std::uint64_t> latencies(random.between(3, random.chance(20) ? 300 : 30));
    for (std::uint64_t& us : latencies) {
      us = std::min(random.bits() & ((std::uint64_t{1} << width) - 1), kLatencyUsMax);
    }
    const Rollup r = rollup_of(latencies);
    ASSERT_EQ(unpack(pack(r), r), r.sketch);
  }
}

TEST(SketchCodecTest, AnyNumberOfLatenciesABucketComesBack) {
  test::Random random(2);
  for (int i = 0; i < 1000; ++i) {
    Rollup r;
    r.latency_max_us = kLatencyUsMax;
    r.latency_min_us = random.chance(50) ? 0 : 1000;
    r.sketch.add(r.latency_min_us);
    r.sketch.add(r.latency_max_us);
    const std::uint64_t most = random.chance(50) ? 1U << 20 : std::numeric_limits<std::uint64_t>::max() / 64;
    for (std::uint64_t n = random.below(60); n > 0; --n) {
      r.sketch.add(random.between(r.latency_min_us, kLatencyUsMax), random.between(1, random.chance(30) ? 1 : most));
    }
    if (r.sketch.count() < 3) r.sketch.add(kLatencyUsMax);
    r.latency_count = r.sketch.count();
    ASSERT_EQ(unpack(pack(r), r), r.sketch);
  }
}

TEST(SketchCodecTest, WhatTheExtremesSayTakesNoByte) {
  EXPECT_EQ(pack(rollup_of({500, 500, 500, 500})), "");
  EXPECT_EQ(pack(rollup_of({1'000'000, 1'000'001, 1'000'003})), "");  // one bucket
  const Rollup r = rollup_of({7, 7, 7});
  EXPECT_EQ(unpack("", r), r.sketch);
}

// Changing these bytes needs a new kind of page.
TEST(SketchCodecTest, BytesAreFrozen) {
  const std::vector<std::uint16_t> indexes = {9, 19, 29, 39, 49, 59, 79};
  Rollup r;
  for (const std::uint16_t index : indexes) {
    EventView event;
    event.latency_us = LatencySketch::bucket_bounds(index).first_us;
    r.add(event);
  }
  // Low end first: of 9 … 79 the middle, 39, as 30 of 71 in six bits; of 9 … 39 the 29 as 20 of 31 in
  // five, of 9 … 29 the 19 as 10 of 21 in four; of 39 … 79 the 59 as 20 of 41 in five, and so on.
  EXPECT_EQ(test::to_hex(pack(r)), "9e56aa");
  EXPECT_EQ(unpack(pack(r), r), r.sketch);
}

// Ten latencies drawn evenly from a range lie in some 130 buckets, each in one of its own: of which
// eight are unknown, at log2(C(137, 8)) = 41.6 bits.
TEST(SketchCodecTest, TenScatteredLatenciesTakeSixBytes) {
  test::Random random(3);
  std::size_t bytes = 0;
  constexpr std::size_t kRows = 1000;
  for (std::size_t i = 0; i < kRows; ++i) {
    std::vector<std::uint64_t> latencies(10);
    for (std::uint64_t& us : latencies) us = random.below(1U << 24);
    bytes += pack(rollup_of(latencies)).size();
  }
  EXPECT_LT(static_cast<double>(bytes) / kRows, 6.5);
}

TEST(SketchCodecTest, MissingAndAddedBytesAreRefused) {
  test::Random random(4);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::uint64_t> latencies(random.between(4, 100));
    for (std::uint64_t& us : latencies) us = random.below(1U << 30);
    const Rollup r = rollup_of(latencies);
    const std::string bytes = pack(r);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_EQ(unpack(bytes.substr(0, size), r), std::nullopt) << size;
    }
    ASSERT_EQ(unpack(bytes + '\0', r), std::nullopt);
  }
}

TEST(SketchCodecTest, DamagedBytesAreRefusedOrHoldAsManyLatenciesWithinTheirExtremes) {
  test::Random random(5);
  for (int i = 0; i < 5000; ++i) {
    std::vector<std::uint64_t> latencies(random.between(3, 100));
    for (std::uint64_t& us : latencies) us = random.below(1U << 24);
    Rollup r = rollup_of(latencies);
    std::string bytes = pack(r);
    if (random.chance(20)) r.latency_count = random.bits() | 4;  // and what it says of them, too
    for (char& c : bytes) {
      if (random.chance(30)) c = static_cast<char>(random.bits());
    }
    const auto sketch = unpack(bytes, r);
    if (!sketch) continue;
    ASSERT_EQ(sketch->count(), r.latency_count);
    if (r.latency_count > 64) continue;
    ASSERT_EQ(sketch->buckets().front().index, LatencySketch::bucket_of(r.latency_min_us));
    ASSERT_EQ(sketch->buckets().back().index, LatencySketch::bucket_of(r.latency_max_us));
  }
}

}  // namespace
}  // namespace minuted
