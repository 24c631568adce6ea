// The test data itself: it must obey the rules that production code may rely on.
#include "support/random.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/hex.hpp"

namespace minuted::test {
namespace {

// Promise: ids made for tests are valid, of both lengths' ends, and not all plain.
TEST(RandomTest, IdsAreValidAndAwkward) {
  Random random;
  bool longest = false;
  bool shortest = false;
  bool other = false;
  for (int i = 0; i < 5000; ++i) {
    const std::string id = random.id();
    ASSERT_EQ(check_id(id), std::nullopt) << to_hex(id);
    longest |= id.size() == kIdBytesMax;
    shortest |= id.size() == 1;
    for (const char c : id) other |= static_cast<unsigned char>(c) >= 0xF0;
    const std::string event_id = random.event_id();
    ASSERT_EQ(check_event_id(event_id), std::nullopt) << to_hex(event_id);
  }
  EXPECT_TRUE(longest && shortest && other);
}

// Promise: names of a fleet are distinct and valid.
TEST(RandomTest, NamesAreDistinct) {
  Random random;
  for (int i = 0; i < 50; ++i) {
    const Names names = random.names(5, 20, 40);
    EXPECT_EQ(std::set<std::string>(names.hosts.begin(), names.hosts.end()).size(), 40U);
    EXPECT_EQ(std::set<std::string>(names.buckets.begin(), names.buckets.end()).size(), 20U);
    for (const std::string& host : names.hosts) ASSERT_EQ(check_id(host), std::nullopt);
  }
}

// Promise: events and rollups lie within the limits of event.hpp, and reach them.
TEST(RandomTest, EventsAndRollupsKeepTheRules) {
  Random random;
  const Names names = random.names(2, 3, 4);
  for (int i = 0; i < 5000; ++i) {
    const Event e = random.event(names, Millis{1000}, 500);
    ASSERT_GE(e.timestamp, Millis{1000});
    ASSERT_LT(e.timestamp, Millis{1500});
    ASSERT_LE(e.upl_bytes, kBytesMax);
    ASSERT_LE(e.dwl_bytes, kBytesMax);
    if (e.latency_us) {
      ASSERT_LE(*e.latency_us, kLatencyUsMax);
    }
    const Rollup r = random.rollup();
    ASSERT_EQ(r.sketch.count(), r.latency_count);
    ASSERT_LE(r.latency_min_us, r.latency_max_us);
  }
}

// Promise: one seed, one sequence; another stream, another.
TEST(RandomTest, TheSameSeedGivesTheSameData) {
  Random a;
  Random b;
  Random c(1);
  EXPECT_EQ(a.rollup(), b.rollup());
  EXPECT_EQ(a.id(), b.id());
  EXPECT_EQ(a.bits(), b.bits());
  EXPECT_NE(a.bits(), c.bits());
}

}  // namespace
}  // namespace minuted::test
