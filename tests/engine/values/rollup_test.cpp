#include "minuted/rollup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

Rollup merged(Rollup a, const Rollup& b) {
  a.merge(b);
  return a;
}

Rollup of_latencies(const std::vector<std::uint64_t>& latencies) {
  Rollup r;
  for (const std::uint64_t us : latencies) {
    EventView event;
    event.latency_us = us;
    r.add(event);
  }
  return r;
}

// The rollup of some events, field by field from the whole list.
Rollup by_lists(const std::vector<test::Event>& events) {
  Rollup r;
  const auto count = [&](auto which) {
    return static_cast<std::uint64_t>(std::count_if(events.begin(), events.end(), which));
  };
  for (std::size_t op = 0; op < kOpClasses; ++op) {
    r.ops[op] = count([&](const auto& e) { return static_cast<std::size_t>(e.op) == op; });
  }
  r.client_errors = count([](const auto& e) { return e.status / 100 == 4; });
  r.server_errors = count([](const auto& e) { return e.status / 100 == 5; });
  std::vector<std::uint64_t> latencies;
  for (const test::Event& e : events) {
    r.upl_bytes += e.upl_bytes;
    r.dwl_bytes += e.dwl_bytes;
    r.size_change += e.size_change;
    if (e.latency_us) latencies.push_back(*e.latency_us);
  }
  std::sort(latencies.begin(), latencies.end());
  r.latency_count = latencies.size();
  r.latency_sum_us = std::accumulate(latencies.begin(), latencies.end(), UInt128{0});
  if (!latencies.empty()) {
    r.latency_min_us = latencies.front();
    r.latency_max_us = latencies.back();
  }
  for (const std::uint64_t us : latencies) r.sketch.add(us);
  return r;
}

// Promise: adding events one by one gives what the list of them says.
TEST(RollupTest, AddAgreesWithTheListOfEvents) {
  test::Random random;
  const test::Names names = random.names(1, 1, 1);
  for (int round = 0; round < 300; ++round) {
    std::vector<test::Event> events(random.below(40));
    Rollup r;
    Rollup sums;
    for (test::Event& e : events) {
      e = random.event(names, Millis{0}, 60'000);
      r.add(e.view());
      sums.add_sums(e.view());
    }
    const Rollup want = by_lists(events);
    ASSERT_EQ(r, want);
    ASSERT_EQ(r.requests(), events.size());
    // The same without the sketch.
    Rollup bare = want;
    bare.sketch.clear();
    ASSERT_EQ(sums, bare);
  }
}

// Promise: errors are classed by the status' hundred, and an event without one is none.
TEST(RollupTest, ErrorsAreClassedByStatus) {
  for (std::uint16_t status = 0; status <= kStatusMax; ++status) {
    EventView event;
    event.status = status;
    Rollup r;
    r.add(event);
    EXPECT_EQ(r.client_errors, status >= 400 && status <= 499 ? 1U : 0U) << status;
    EXPECT_EQ(r.server_errors, status >= 500 && status <= 599 ? 1U : 0U) << status;
    EXPECT_EQ(r.requests(), 1U);
  }
}

// Promise: a latency of zero counts, an absent one does not.
TEST(RollupTest, ZeroLatencyIsALatency) {
  const Rollup zero = of_latencies({0});
  EXPECT_EQ(zero.latency_count, 1U);
  EXPECT_EQ(zero.sketch.count(), 1U);
  EXPECT_EQ(of_latencies({0, 9}).latency_min_us, 0U);
  EXPECT_EQ(of_latencies({9, 0}).latency_min_us, 0U);
  Rollup none;
  none.add(EventView{});
  EXPECT_EQ(none.latency_count, 0U);
  EXPECT_EQ(none.latency_mean_us(), 0U);
  // Nor does one side without latencies pull the minimum down.
  EXPECT_EQ(merged(none, of_latencies({5})).latency_min_us, 5U);
  EXPECT_EQ(merged(of_latencies({5}), none).latency_min_us, 5U);
}

// Promise: merging is associative and commutative, and the empty rollup is its identity, with sums
// of up to 128 bits.
TEST(RollupTest, MergeLaws) {
  test::Random random;
  for (int round = 0; round < 1000; ++round) {
    const Rollup a = random.rollup();
    const Rollup b = random.rollup();
    const Rollup c = random.rollup();
    ASSERT_EQ(merged(a, Rollup{}), a);
    ASSERT_EQ(merged(Rollup{}, a), a);
    ASSERT_EQ(merged(a, b), merged(b, a));
    ASSERT_EQ(merged(merged(a, b), c), merged(a, merged(b, c)));
  }
}

// Promise: however the events are split, and in whatever order the parts are merged, the sum is the
// same as that of all events.
TEST(RollupTest, MergedPartsAreTheWhole) {
  test::Random random;
  const test::Names names = random.names(1, 1, 1);
  for (int round = 0; round < 100; ++round) {
    std::vector<test::Event> events(200);
    std::vector<Rollup> parts(random.between(1, 10));
    for (test::Event& e : events) {
      e = random.event(names, Millis{0}, 60'000);
      parts[random.below(parts.size())].add(e.view());
    }
    random.shuffle(parts);
    Rollup sum;
    for (const Rollup& part : parts) sum.merge(part);
    ASSERT_EQ(sum, by_lists(events));
  }
}

// Promise: sums are exact past 64 bits, in both directions.
TEST(RollupTest, SumsPass64Bits) {
  EventView event;
  event.upl_bytes = kBytesMax;
  event.dwl_bytes = kBytesMax;
  event.size_change = INT64_MIN;
  event.latency_us = kLatencyUsMax;
  Rollup r;
  for (int i = 0; i < 1000; ++i) r.add(event);
  EXPECT_TRUE(r.upl_bytes == UInt128{kBytesMax} * 1000);
  EXPECT_TRUE(r.dwl_bytes == UInt128{kBytesMax} * 1000);
  EXPECT_TRUE(r.size_change == Int128{INT64_MIN} * 1000);
  for (int i = 0; i < 20; ++i) r.merge(Rollup(r));
  EXPECT_TRUE(r.upl_bytes == (UInt128{kBytesMax} * 1000) << 20);
  EXPECT_TRUE(r.size_change == Int128{INT64_MIN} * (1000 << 20));
  EXPECT_TRUE(r.latency_sum_us == (UInt128{kLatencyUsMax} * 1000) << 20);
  EXPECT_EQ(r.latency_mean_us(), kLatencyUsMax);
  event.size_change = INT64_MAX;
  Rollup up;
  for (int i = 0; i < 1000; ++i) up.add(event);
  EXPECT_TRUE(up.size_change == Int128{INT64_MAX} * 1000);
}

// Promise: the mean is rounded half up, to whole microseconds.
TEST(RollupTest, MeanIsRoundedHalfUp) {
  // clang-format off
  EXPECT_EQ(Rollup{}.latency_mean_us(), 0U);
  EXPECT_EQ(of_latencies({7}).latency_mean_us(), 7U);
  EXPECT_EQ(of_latencies({1, 2}).latency_mean_us(), 2U);           // 1.5
  EXPECT_EQ(of_latencies({0, 1}).latency_mean_us(), 1U);           // 0.5
  EXPECT_EQ(of_latencies({0, 0, 1}).latency_mean_us(), 0U);        // 0.33
  EXPECT_EQ(of_latencies({0, 1, 1}).latency_mean_us(), 1U);        // 0.67
  EXPECT_EQ(of_latencies({0, 0, 0, 1}).latency_mean_us(), 0U);     // 0.25
  EXPECT_EQ(of_latencies({0, 0, 1, 1}).latency_mean_us(), 1U);     // 0.5
  EXPECT_EQ(of_latencies({1, 1, 1, 1, 2, 2}).latency_mean_us(), 1U);  // 1.33
  // clang-format on
  test::Random random;
  for (int i = 0; i < 100'000; ++i) {
    Rollup r;
    r.latency_count = random.between(1, 1 + random.wide(40));
    r.latency_sum_us =
        UInt128{random.below(kLatencyUsMax)} * r.latency_count + random.below(r.latency_count);
    const UInt128 twice = 2 * r.latency_sum_us + r.latency_count;
    ASSERT_EQ(r.latency_mean_us(), static_cast<std::uint64_t>(twice / (2 * r.latency_count)));
  }
}

// Promise: a request is counted whatever its class.
TEST(RollupTest, RequestsAreAllClasses) {
  Rollup r;
  r.ops = {1, 20, 300, 4'000, 50'000, 600'000};
  EXPECT_EQ(r.requests(), 654'321U);
  r.clear();
  EXPECT_EQ(r, Rollup{});
}

// Promise: a rollup merged with itself is doubled.
TEST(RollupTest, MergesWithItself) {
  test::Random random;
  for (int i = 0; i < 100; ++i) {
    Rollup r = random.rollup();
    const Rollup copy = r;
    r.merge(r);
    ASSERT_EQ(r, merged(copy, copy));
  }
}

}  // namespace
}  // namespace minuted
