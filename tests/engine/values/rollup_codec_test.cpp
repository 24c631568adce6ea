// The stored bytes of rollups: what goes in comes out, equal contents have equal bytes, and the
// bytes of format version 1 stay what they are. Damaged bytes are in rollup_codec_damage_test.cpp.
#include "rollup/rollup_codec.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/hex.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

constexpr UInt128 kMax128 = ~UInt128{0};
constexpr Int128 kSignedMax128 = static_cast<Int128>(kMax128 >> 1);
constexpr Int128 kSignedMin128 = -kSignedMax128 - 1;

std::string encoded(const HostRollups& hosts) {
  std::string out;
  encode_hosts(hosts, out);
  return out;
}
std::string encoded(const RepoRollup& repo) {
  std::string out;
  encode_repo(repo, out);
  return out;
}

HostRollups random_hosts(test::Random& random, const std::vector<std::string>& names) {
  HostRollups hosts;
  const std::uint64_t n = random.between(1, 8);
  for (std::uint64_t i = 0; i < n; ++i) hosts.of(random.pick(names)) = random.rollup();
  return hosts;
}

RepoRollup random_repo(test::Random& random) {
  RepoRollup repo;
  const std::uint64_t n = random.below(4);
  for (std::uint64_t i = 0; i < n; ++i) repo.add(random.rollup(50));
  return repo;
}

HostRollups one_host(const Rollup& rollup) {
  HostRollups hosts;
  hosts.of("h") = rollup;
  return hosts;
}

void expect_round_trip(const HostRollups& hosts) {
  const std::string bytes = encoded(hosts);
  HostRollups read;
  ASSERT_TRUE(merge_encoded_hosts(bytes, read)) << test::to_hex(bytes);
  ASSERT_EQ(read, hosts) << test::to_hex(bytes);
  ASSERT_EQ(encoded(read), bytes);
}

// Reads through a HostsReader; without sketches, as it does.
HostRollups walked(std::string_view bytes) {
  HostRollups hosts;
  HostsReader reader(bytes);
  std::string_view host;
  Rollup rollup;
  while (reader.next(host, rollup)) hosts.of(host) = rollup;
  EXPECT_TRUE(reader.ok());
  EXPECT_FALSE(reader.next(host, rollup));
  return hosts;
}

HostRollups without_sketches(const HostRollups& hosts) {
  HostRollups bare;
  for (const HostRollups::Entry& e : hosts.entries()) {
    Rollup& r = bare.of(e.host);
    r = e.rollup;
    r.sketch.clear();
  }
  return bare;
}

Rollup extreme() {
  Rollup r;
  r.ops.fill(UINT64_MAX);
  r.client_errors = r.server_errors = UINT64_MAX;
  r.upl_bytes = r.dwl_bytes = r.latency_sum_us = kMax128;
  r.size_change = kSignedMin128;
  r.latency_count = UINT64_MAX;
  r.latency_max_us = kLatencyUsMax;
  r.sketch.add(0, 1);
  r.sketch.add(kLatencyUsMax, UINT64_MAX - 1);
  return r;
}

// Promise: the bytes of format version 1. A change of any of these makes stored data unreadable or
// misread: it needs a new ValueKind, and these lines stay for as long as version 1 is read.
// clang-format off
TEST(RollupCodecTest, HostsBytesAreFrozen) {
  HostRollups hosts;
  Rollup& a = hosts.of("a");
  a.ops[static_cast<std::size_t>(OpClass::kGet)] = 1;
  a.dwl_bytes = 1000;
  a.latency_count = 1;
  a.latency_sum_us = a.latency_min_us = a.latency_max_us = 1500;
  a.sketch.add(1500);
  EXPECT_EQ(test::to_hex(encoded(hosts)),
            "01" "01"                 // hosts value of version 1, one host
            "01" "61" "08"            // "a", eight bytes
            "8114" "01" "e807"        // flags get, dwl_bytes, latency; 1 get; 1,000 bytes
            "01" "dc0b");             // one latency of 1,500 µs

  Rollup& b = hosts.of("b\xC3\xA9");
  b.ops = {0, 300, 0, 0, 0, 2};
  b.client_errors = 1;
  b.server_errors = 2;
  b.upl_bytes = UInt128{1} << 64;
  b.size_change = -5;
  b.latency_count = 2;
  b.latency_sum_us = 300;
  b.latency_min_us = 100;
  b.latency_max_us = 200;
  b.sketch.add(100);
  b.sketch.add(200);
  EXPECT_EQ(test::to_hex(encoded(hosts)),
            "0102" "016108811401e80701dc0b"
            "03" "62c3a9" "17"
            "e21b"                    // flags put, other, both errors, upl_bytes, size_change, latency
            "ac02" "02" "01" "02"     // 300 puts, 2 others, 1 and 2 errors
            "80808080808080808002"    // 2^64 bytes up
            "09"                      // size_change -5
            "02" "ac02" "64" "64");   // two latencies, sum 300, from 100, 100 up

  HostRollups sketch;
  Rollup& c = sketch.of("c");
  c.ops = {4, 0, 0, 0, 0, 0};
  c.latency_count = 4;
  c.latency_sum_us = 1'000'103;
  c.latency_min_us = 1;
  c.latency_max_us = 1'000'000;
  c.sketch.add(1);
  c.sketch.add(51, 2);
  c.sketch.add(1'000'000);
  EXPECT_EQ(test::to_hex(encoded(sketch)),
            "0101" "0163" "11"
            "8110" "04"               // flags get, latency; 4 gets
            "04" "a7853d" "01" "bf843d"  // 4 latencies, sum, min, max - min
            "03"                      // three buckets:
            "02"                      // the first, holding one
            "63" "00"                 // 49 on, holding two
            "b407");                  // 474 on, holding one
}
// clang-format on

// clang-format off
// A minute value keeps when each host was seen: nothing of it, an event without a latency, the only latency,
// and any other.
TEST(RollupCodecTest, MinuteBytesAreFrozen) {
  HostRollups hosts;
  EventView event;
  hosts.of("a").add(event);
  hosts.of("b").add(event);
  hosts.entry_of("b").seen.note(59'999, -1);
  event.latency_us = 7;
  hosts.of("c").add(event);
  hosts.entry_of("c").seen.note(1, 7);
  hosts.of("d").add(event);
  hosts.entry_of("d").seen.note(2, 7);
  hosts.entry_of("d").seen.note(300, -1);
  const std::string bytes = encoded(hosts);
  // clang-format off
  EXPECT_EQ(test::to_hex(bytes),
            "05" "04"                                       // minute value, four hosts
            "01" "61" "02" "2001" "00"                      // "a", one other operation, not known
            "01" "62" "02" "2001" "9efe0a"                  // "b" at 59,999 ms
            "01" "63" "05" "a010" "01" "01" "07" "05"       // "c" at 1 ms, with its latency of 7 us
            "01" "64" "05" "a010" "01" "01" "07"            // "d" with the same latency,
            "8707" "07" "aa02");                            // at 300 ms, 298 ms after it
  expect_round_trip(hosts);
  // clang-format on
  // Beside rollups alone, which leave what is known.
  HostRollups sum;
  sum.merge(hosts);
  EXPECT_EQ(static_cast<int>(encoded(sum).front()), 1);
  sum.merge_row(hosts);
  EXPECT_EQ(sum.entry_of("d").seen, hosts.entry_of("d").seen);
}

TEST(RollupCodecTest, OfSeveralTimesInAMinuteTheLatestIsKept) {
  test::Random random(31);
  for (int round = 0; round < 200; ++round) {
    SeenInMinute all;
    SeenInMinute parts[2];
    std::int32_t last = -1;
    std::pair<std::int32_t, std::int64_t> latency{-1, -1};
    for (std::uint64_t n = random.between(1, 6); n != 0; --n) {
      const auto ms = static_cast<std::int32_t>(random.below(4));
      const auto us = static_cast<std::int64_t>(random.below(4)) - 1;
      all.note(ms, us);
      parts[random.below(2)].note(ms, us);
      last = std::max(last, ms);
      if (us >= 0) latency = std::max(latency, {ms, us});
    }
    EXPECT_EQ(all.ms, last);
    EXPECT_EQ(std::pair(all.latency_ms, all.latency_us), latency);
    parts[0].merge(parts[1]);
    EXPECT_EQ(parts[0], all);
  }
}

TEST(RollupCodecTest, RepoBytesAreFrozen) {
  EXPECT_EQ(test::to_hex(encoded(RepoRollup{})), "02000000000000");
  RepoRollup repo;
  repo.requests = 1;
  repo.upl_bytes = 127;
  repo.dwl_bytes = kMax128;
  repo.size_change = -64;
  repo.latency_count = 3;
  repo.latency_sum_us = 16'384;
  EXPECT_EQ(test::to_hex(encoded(repo)),
            "02" "01" "7f" "ffffffffffffffffffffffffffffffffffff03" "7f" "03" "808001");
}
// clang-format on

// Promise: whatever can be counted comes back as it was.
TEST(RollupCodecTest, RandomHostsRoundTrip) {
  test::Random random;
  for (int round = 0; round < 2000; ++round) {
    const test::Names names = random.names(0, 0, 10);
    expect_round_trip(random_hosts(random, names.hosts));
  }
}

TEST(RollupCodecTest, ExtremesRoundTrip) {
  expect_round_trip(one_host(Rollup{}));
  expect_round_trip(one_host(extreme()));
  Rollup r = extreme();
  r.size_change = kSignedMax128;
  r.sketch.clear();
  r.sketch.add(40, UINT64_MAX);
  expect_round_trip(one_host(r));
  HostRollups longest;
  longest.of(std::string(kIdBytesMax, 'x')) = r;
  expect_round_trip(longest);
}

// Promise: zero to three latencies, each of which is written in its own way.
TEST(RollupCodecTest, FewLatenciesRoundTrip) {
  for (const std::uint64_t low : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{777}}) {
    for (const std::uint64_t high : {low, std::uint64_t{778}, kLatencyUsMax}) {
      Rollup r;
      for (int count = 0; count <= 4; ++count) {
        expect_round_trip(one_host(r));
        EventView event;
        event.latency_us = count % 2 == 0 ? high : low;
        r.add(event);
      }
    }
  }
}

// Promise: a value may hold as many hosts as there are.
TEST(RollupCodecTest, ManyHostsRoundTrip) {
  test::Random random;
  HostRollups hosts;
  for (int i = 0; i < 1000; ++i) hosts.of("node-" + std::to_string(i)) = random.rollup();
  expect_round_trip(hosts);
}

// Promise: hosts are ascending by bytes, in whatever order they come.
TEST(RollupCodecTest, HostsAreInOrderOfTheirBytes) {
  std::vector<std::string> names{
      "a", "a!", "aa", "b", "Z", "\x7E", "\xC3\xA9", "\xF4\x8F\xBF\xBF", "a\xC3\xA9"};
  test::Random random;
  for (int round = 0; round < 50; ++round) {
    random.shuffle(names);
    HostRollups hosts;
    for (const std::string& name : names) hosts.of(name).ops[0] = name.size();
    std::vector<std::string> got;
    for (const auto& e : hosts.entries()) {
      got.push_back(e.host);
      EXPECT_EQ(e.rollup.ops[0], e.host.size());
    }
    EXPECT_EQ(got, (std::vector<std::string>{"Z", "a", "a!", "aa", "a\xC3\xA9", "b", "~",
                                             "\xC3\xA9", "\xF4\x8F\xBF\xBF"}));
  }
}

// Promise: merging encoded values is merging what they hold; the order of merges leaves no trace in
// the bytes.
TEST(RollupCodecTest, MergingBytesIsMergingValues) {
  test::Random random;
  for (int round = 0; round < 500; ++round) {
    const test::Names names = random.names(0, 0, 6);
    std::vector<HostRollups> parts(random.between(2, 5));
    HostRollups model;
    for (HostRollups& part : parts) {
      part = random_hosts(random, names.hosts);
      model.merge(part);
    }
    for (int order = 0; order < 3; ++order) {
      random.shuffle(parts);
      HostRollups read;
      for (const HostRollups& part : parts) {
        ASSERT_TRUE(merge_encoded_hosts(encoded(part), read));
      }
      ASSERT_EQ(read, model);
      ASSERT_EQ(encoded(read), encoded(model));
    }
  }
}

// Promise: what was merged before stays, even where only its bytes or latencies were counted.
TEST(RollupCodecTest, MergingKeepsSumsThatCameWithoutOperations) {
  Rollup bytes_only;
  bytes_only.upl_bytes = 5;
  HostRollups read;
  ASSERT_TRUE(merge_encoded_hosts(encoded(one_host(bytes_only)), read));
  ASSERT_TRUE(merge_encoded_hosts(encoded(one_host(bytes_only)), read));
  EXPECT_TRUE(read.entries().front().rollup.upl_bytes == 10);
}

// Promise: encoding appends.
TEST(RollupCodecTest, EncodingAppends) {
  std::string out = "before";
  encode_hosts(one_host(Rollup{}), out);
  encode_repo(RepoRollup{}, out);
  EXPECT_EQ(out, "before" + encoded(one_host(Rollup{})) + encoded(RepoRollup{}));
}

// Promise: the reader for queries sees what the full decode sees, but for the sketch.
TEST(RollupCodecTest, ReaderAgreesWithTheFullDecode) {
  test::Random random;
  for (int round = 0; round < 1000; ++round) {
    const test::Names names = random.names(0, 0, 10);
    const HostRollups hosts = random_hosts(random, names.hosts);
    ASSERT_EQ(walked(encoded(hosts)), without_sketches(hosts));
  }
  EXPECT_EQ(walked(encoded(one_host(extreme()))), without_sketches(one_host(extreme())));
}

// Promise: a rollup handed to the reader again holds nothing of the host before.
TEST(RollupCodecTest, ReaderReplacesTheRollup) {
  HostRollups hosts;
  hosts.of("a") = extreme();
  hosts.of("b").ops[1] = 1;
  const std::string bytes = encoded(hosts);
  HostsReader reader(bytes);
  std::string_view host;
  Rollup rollup;
  ASSERT_TRUE(reader.next(host, rollup));
  ASSERT_TRUE(reader.next(host, rollup));
  EXPECT_EQ(host, "b");
  EXPECT_EQ(rollup, hosts.entries()[1].rollup);
}

// Promise: a repo's value is the sum of its buckets' hosts, whichever way it is summed.
TEST(RollupCodecTest, RepoIsTheSumOfRollups) {
  test::Random random;
  for (int round = 0; round < 500; ++round) {
    RepoRollup by_parts;
    RepoRollup by_bytes;
    Rollup whole;
    const std::uint64_t n = random.below(8);
    for (std::uint64_t i = 0; i < n; ++i) {
      const Rollup r = random.rollup(50);
      whole.merge(r);
      by_parts.add(r);
      RepoRollup one;
      one.add(r);
      ASSERT_TRUE(merge_encoded_repo(encoded(one), by_bytes));
    }
    RepoRollup at_once;
    at_once.add(whole);
    ASSERT_EQ(by_parts, at_once);
    ASSERT_EQ(by_bytes, at_once);
    ASSERT_EQ(encoded(by_bytes), encoded(at_once));
  }
}

TEST(RollupCodecTest, RepoMergeLaws) {
  test::Random random;
  const auto merged = [](RepoRollup x, const RepoRollup& y) {
    x.merge(y);
    return x;
  };
  for (int round = 0; round < 1000; ++round) {
    const RepoRollup a = random_repo(random);
    const RepoRollup b = random_repo(random);
    const RepoRollup c = random_repo(random);
    ASSERT_EQ(merged(a, RepoRollup{}), a);
    ASSERT_EQ(merged(RepoRollup{}, a), a);
    ASSERT_EQ(merged(a, b), merged(b, a));
    ASSERT_EQ(merged(merged(a, b), c), merged(a, merged(b, c)));
  }
}

// Damaged values may hold any number: their sums wrap around, and what was added can be taken out again.
TEST(RollupCodecTest, SumsOfExtremesWrapAround) {
  RepoRollup repo{.requests = 1, .size_change = kSignedMax128};
  Rollup rollup;
  rollup.ops[0] = 1;
  rollup.size_change = kSignedMax128;
  const RepoRollup repo_before = repo;
  const Rollup before = rollup;
  repo.merge(repo_before);
  rollup.merge(before);
  EXPECT_TRUE(repo.size_change == -2 && rollup.size_change == -2);
  repo.add(before);
  EXPECT_TRUE(repo.size_change == kSignedMax128 - 2);
  rollup.take_out(before);
  EXPECT_EQ(rollup, before);
}

TEST(RollupCodecTest, RepoExtremesRoundTrip) {
  for (const Int128 size_change : {kSignedMin128, kSignedMax128}) {
    const RepoRollup repo{UINT64_MAX, kMax128, kMax128, size_change, UINT64_MAX, kMax128};
    RepoRollup read;
    ASSERT_TRUE(merge_encoded_repo(encoded(repo), read));
    EXPECT_EQ(read, repo);
  }
}

}  // namespace
}  // namespace minuted
