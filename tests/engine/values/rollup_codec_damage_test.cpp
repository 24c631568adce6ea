// Bytes that are not a rollup, or no longer: refused, or read as some other rollup, but never a
// crash, an endless loop or a wild allocation.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "rollup/rollup_codec.hpp"
#include "support/hex.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

// A value with every field, both ways of few latencies and a sketch.
HostRollups full_hosts() {
  HostRollups hosts;
  Rollup& a = hosts.of("alpha");
  a.ops = {1, 200, 3, 40'000, 5, 6};
  a.client_errors = 7;
  a.server_errors = 8;
  a.upl_bytes = UInt128{9} << 70;
  a.dwl_bytes = 10;
  a.size_change = -(Int128{11} << 65);
  EventView event;
  for (const std::uint64_t us : {5U, 5U, 60U, 7'000U, 7'000'000U}) {
    event.latency_us = us;
    a.add(event);
  }
  event.op = OpClass::kGet;
  hosts.of("beta").add(event);
  event.latency_us = 3;
  hosts.of("gamma").add(event);
  hosts.of("gamma").add(event);
  event.latency_us.reset();
  hosts.of("h\xC3\xA9").add(event);
  return hosts;
}

std::string encoded(const HostRollups& hosts) {
  std::string out;
  encode_hosts(hosts, out);
  return out;
}

bool accepted(std::string_view bytes) {
  HostRollups hosts;
  const bool whole = merge_encoded_hosts(bytes, hosts);
  HostsReader reader(bytes, true);
  std::string_view host;
  Rollup rollup;
  while (reader.next(host, rollup)) continue;
  EXPECT_EQ(reader.ok(), whole) << test::to_hex(bytes);
  return whole;
}
bool repo_accepted(std::string_view bytes) {
  RepoRollup repo;
  return merge_encoded_repo(bytes, repo);
}

// Reads damaged bytes in every way. Where the full decode accepts them, they are a value like any
// other: writing it gives bytes that mean the same, and the reader for queries agrees.
void read_damaged(std::string_view bytes) {
  HostRollups hosts;
  const bool whole = merge_encoded_hosts(bytes, hosts);
  HostRollups walked;
  HostsReader reader(bytes);
  std::string_view host;
  Rollup rollup;
  while (reader.next(host, rollup)) walked.of(host) = rollup;
  HostsReader with_sketches(bytes, true);
  while (with_sketches.next(host, rollup)) continue;
  ASSERT_EQ(with_sketches.ok(), whole) << test::to_hex(bytes);
  RepoRollup repo;
  (void)merge_encoded_repo(bytes, repo);
  if (!whole) return;

  ASSERT_FALSE(hosts.empty());
  HostRollups again;
  ASSERT_TRUE(merge_encoded_hosts(encoded(hosts), again)) << test::to_hex(bytes);
  ASSERT_EQ(again, hosts) << test::to_hex(bytes);
  ASSERT_TRUE(reader.ok()) << test::to_hex(bytes);
  ASSERT_EQ(walked.entries().size(), hosts.entries().size());
  for (std::size_t i = 0; i < hosts.entries().size(); ++i) {
    Rollup bare = hosts.entries()[i].rollup;
    ASSERT_EQ(bare.sketch.count(), bare.latency_count) << test::to_hex(bytes);
    bare.sketch.clear();
    ASSERT_EQ(walked.entries()[i].rollup, bare) << test::to_hex(bytes);
  }
}

// Promise: cut anywhere, a value is refused, by both readers.
TEST(RollupCodecDamageTest, EveryTruncationIsRefused) {
  const std::string bytes = encoded(full_hosts());
  ASSERT_TRUE(accepted(bytes));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const std::string cut = bytes.substr(0, n);
    EXPECT_FALSE(accepted(cut)) << n;
    HostsReader reader(cut);
    std::string_view host;
    Rollup rollup;
    while (reader.next(host, rollup)) continue;
    EXPECT_FALSE(reader.ok()) << n;
  }
}

TEST(RollupCodecDamageTest, TrailingBytesAreRefused) {
  const std::string bytes = encoded(full_hosts()) + '\0';
  EXPECT_FALSE(accepted(bytes));
  HostsReader reader(bytes);
  std::string_view host;
  Rollup rollup;
  while (reader.next(host, rollup)) continue;
  EXPECT_FALSE(reader.ok());
}

// Promise: another kind or version is refused, not guessed at.
TEST(RollupCodecDamageTest, OtherKindsAreRefused) {
  std::string hosts = encoded(full_hosts());
  std::string repo;
  encode_repo(RepoRollup{}, repo);
  for (int kind = 0; kind < 256; ++kind) {
    hosts[0] = static_cast<char>(kind);
    repo[0] = static_cast<char>(kind);
    EXPECT_EQ(accepted(hosts), kind == 1) << kind;
    EXPECT_EQ(repo_accepted(repo), kind == 2) << kind;
    HostsReader reader(hosts);
    EXPECT_EQ(reader.ok(), kind == 1 || kind == 5) << kind;  // known at once, or when it is walked
  }
}

// Promise: what a minute value says of when hosts were seen is in its range, in its shortest form, and there.
TEST(RollupCodecDamageTest, MinuteValuesAreRefusedUnlessTheyAreWhole) {
  // One host with one operation and one latency of 7 us, and then the number of when it was seen.
  const std::string head = test::from_hex("050101" "6805a010" "010107");
  const auto with = [&](const char* hex) { return head + test::from_hex(hex); };
  EXPECT_FALSE(accepted(head)) << "nothing";
  EXPECT_FALSE(accepted(with("00"))) << "of no host";
  EXPECT_TRUE(accepted(with("01"))) << "in the first millisecond, without a latency";
  EXPECT_TRUE(accepted(with("02"))) << "with the only one";
  EXPECT_TRUE(accepted(with("030800"))) << "with another";
  EXPECT_FALSE(accepted(with("030700"))) << "with the only one, at length";
  EXPECT_FALSE(accepted(with("030801"))) << "a latency before the minute";
  EXPECT_FALSE(accepted(with("0308"))) << "cut short";
  EXPECT_TRUE(accepted(with("9ffe0a"))) << "in the last millisecond";
  EXPECT_FALSE(accepted(with("a1fe0a"))) << "after the minute";
  // The same of a host without a latency.
  EXPECT_FALSE(accepted(test::from_hex("0501016802200102"))) << "the only latency of none";
  EXPECT_TRUE(accepted(test::from_hex("0501016802200101")));
}

// Promise: one damaged byte, whichever and whatever it becomes, never crashes.
TEST(RollupCodecDamageTest, EveryByteChanged) {
  const std::string good = encoded(full_hosts());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      read_damaged(bytes);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(RollupCodecDamageTest, RandomDamage) {
  test::Random random;
  for (int round = 0; round < 50'000; ++round) {
    HostRollups hosts;
    const std::uint64_t n = random.between(1, 3);
    for (std::uint64_t i = 0; i < n; ++i) hosts.of(random.id()) = random.rollup();
    std::string bytes = encoded(hosts);
    const std::uint64_t edits = random.between(1, 4);
    for (std::uint64_t e = 0; e < edits && !bytes.empty(); ++e) {
      const auto at = static_cast<std::size_t>(random.below(bytes.size()));
      switch (random.below(4)) {
        case 0:
          bytes[at] = static_cast<char>(random.bits());
          break;
        case 1:
          bytes.erase(at, 1 + random.below(8));
          break;
        case 2:
          bytes.insert(at, random.bytes(1 + random.below(4)));
          break;
        default:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
      }
    }
    read_damaged(bytes);
    if (HasFatalFailure()) return;
  }
}

TEST(RollupCodecDamageTest, RandomBytes) {
  test::Random random;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = random.bytes(random.below(80));
    if (!bytes.empty() && random.chance(80)) bytes[0] = random.chance(50) ? '\x01' : '\x05';
    if (bytes.size() > 1 && random.chance(80)) bytes[1] = static_cast<char>(random.between(1, 3));
    read_damaged(bytes);
    if (HasFatalFailure()) return;
  }
}

// Promise: what no encoder writes is refused: no hosts, an empty or overlong host, hosts out of
// order or twice.
TEST(RollupCodecDamageTest, HostsMustBeAscendingAndNamed) {
  EXPECT_TRUE(accepted(test::from_hex("01 02  01 61 01 00  01 62 01 00")));
  EXPECT_FALSE(accepted(test::from_hex("01 00")));
  EXPECT_FALSE(accepted(test::from_hex("01 01  00 01 00")));
  EXPECT_FALSE(accepted(test::from_hex("01 02  01 62 01 00  01 61 01 00")));
  EXPECT_FALSE(accepted(test::from_hex("01 02  01 61 01 00  01 61 01 00")));
  const std::string name(256, 'x');
  EXPECT_FALSE(accepted(test::from_hex("01 01 80 02") + name + test::from_hex("01 00")));
}

// Promise: a read refuses hosts out of order or twice as a merge does, and does not show a host twice.
TEST(RollupCodecDamageTest, TheReaderRefusesWhatAMergeRefuses) {
  for (const char* bytes : {"01 02  01 61 01 00  01 62 01 00", "01 02  01 62 01 00  01 61 01 00",
                            "01 02  01 61 01 00  01 61 01 00", "01 01  00 01 00"}) {
    const std::string value = test::from_hex(bytes);
    HostsReader reader(value);
    std::string_view host;
    Rollup rollup;
    while (reader.next(host, rollup)) {
    }
    EXPECT_EQ(reader.ok(), accepted(value)) << bytes;
  }
}

// Promise: counts that promise more than the bytes hold are refused.
TEST(RollupCodecDamageTest, WildCountsAreRefused) {
  for (const char* count : {"02", "ff01", "ffffffff0f", "ffffffffffffffffff01"}) {
    const std::string bytes =
        test::from_hex("01") + test::from_hex(count) + test::from_hex("01 61 01 00");
    EXPECT_FALSE(accepted(bytes)) << count;
    HostsReader reader(bytes);
    std::string_view host;
    Rollup rollup;
    while (reader.next(host, rollup)) continue;
    EXPECT_FALSE(reader.ok()) << count;
    // The length of a rollup and of a host.
    EXPECT_FALSE(accepted(test::from_hex("01 01 01 61") + test::from_hex(count) + '\0'));
    EXPECT_FALSE(accepted(test::from_hex("01 01") + test::from_hex(count) + 'a'));
  }
}

// A hosts value of one host with `rollup`, in hex.
std::string with_rollup(std::string_view rollup) {
  const std::string body = test::from_hex(rollup);
  std::string out = test::from_hex("01 01 01 61");
  put_string(out, body);
  return out;
}

// Promise: a rollup that contradicts itself is refused. 80 10 are the flags of latencies alone.
TEST(RollupCodecDamageTest, ContradictionsAreRefused) {
  EXPECT_TRUE(accepted(with_rollup("00")));
  EXPECT_TRUE(accepted(with_rollup("80 10  01 05")));
  EXPECT_FALSE(accepted(with_rollup("80 10  00 05"))) << "latencies, but none";
  EXPECT_FALSE(accepted(with_rollup("80 20"))) << "an unknown flag";
  EXPECT_FALSE(accepted(with_rollup("00 00"))) << "bytes after the last field";
  EXPECT_FALSE(accepted(with_rollup("80 10  01 81 c0 ca f3 84 a3 02"))) << "10^10 ms and 1 us";
  EXPECT_TRUE(accepted(with_rollup("80 10  01 80 c0 ca f3 84 a3 02"))) << "10^10 ms";

  // Three latencies: count, sum, min, max - min, buckets.
  EXPECT_TRUE(accepted(with_rollup("80 10  03 0f 05 00  01 0b 01")));
  EXPECT_FALSE(accepted(with_rollup("80 10  03 0f 05 00  00"))) << "no buckets";
  EXPECT_FALSE(accepted(with_rollup("80 10  03 0f 05 00  01 0b 02"))) << "four in the sketch";
  EXPECT_FALSE(accepted(with_rollup("80 10  03 0f 05 00  01 0a"))) << "one in the sketch";
  EXPECT_FALSE(accepted(with_rollup("80 10  03 0f 05 00  02 0b 00 00"))) << "a bucket twice";
  EXPECT_FALSE(accepted(with_rollup("80 10  03 0f 05 00  01 ff ff 03 01"))) << "no such bucket";
  EXPECT_FALSE(accepted(with_rollup("80 10  03 0f 05 00  01 ff ff ff ff ff ff ff ff ff 01 01")))
      << "no such bucket by far";
}

// Promise: counts of a sketch that only add up by passing 64 bits do not add up.
TEST(RollupCodecDamageTest, SketchCountsDoNotWrapAround) {
  // One bucket of 2^64 + 1 (2^64-1 and 2), then three buckets, of which one holds 2^64 - 1.
  EXPECT_FALSE(accepted(with_rollup("80 10  03 0f 05 00  02 0a 0b ff ff ff ff ff ff ff ff ff 01")));
  EXPECT_FALSE(
      accepted(with_rollup("80 10  03 0f 05 00  02 0b 02 03 fd ff ff ff ff ff ff ff ff 01")));
}

// Promise: the same for a repo's value.
TEST(RollupCodecDamageTest, RepoTruncationsAndDamage) {
  const RepoRollup repo{1'000'000, UInt128{5} << 80, 300, -(Int128{1} << 90), 70'000, 1};
  std::string good;
  encode_repo(repo, good);
  ASSERT_TRUE(repo_accepted(good));
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(repo_accepted(good.substr(0, n))) << n;
  EXPECT_FALSE(repo_accepted(good + '\0'));
  for (std::size_t at = 1; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      RepoRollup read;
      if (!merge_encoded_repo(bytes, read)) continue;
      std::string again;
      encode_repo(read, again);
      RepoRollup reread;
      ASSERT_TRUE(merge_encoded_repo(again, reread));
      ASSERT_EQ(reread, read);
    }
  }
}

// Promise: a refused repo value leaves the sum it was to be merged into as it was.
TEST(RollupCodecDamageTest, ARefusedRepoValueChangesNothing) {
  RepoRollup repo{1, 2, 3, 4, 5, 6};
  const RepoRollup before = repo;
  EXPECT_FALSE(merge_encoded_repo(test::from_hex("02 01 01 01 01 01"), repo));
  EXPECT_EQ(repo, before);
}

}  // namespace
}  // namespace minuted
