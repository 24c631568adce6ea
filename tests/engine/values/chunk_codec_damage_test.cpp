// Bytes that are not a chunk, or no longer: refused, or read as other events that still obey the
// rules, but never a crash, an endless loop or a wild allocation.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "codec/bytes.hpp"
#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

bool accepted(std::string_view bytes) {
  ChunkHeader header;
  std::vector<ChunkEvent> events;
  return decode_chunk(bytes, header, events);
}

std::string encoded(const std::vector<test::Event>& events) {
  EventBatch batch;
  for (const test::Event& e : events) batch.add(e.view());
  batch.group();
  const ChunkSource source{&batch, batch.groups()[0].rows};
  std::string bytes;
  ChunkEncoder().encode({0x1122334455667788U, 77}, {&source, 1}, bytes);
  return bytes;
}

// Several hosts and codes, and every column in use.
std::string full_chunk() {
  std::vector<test::Event> events;
  for (int i = 0; i < 6; ++i) {
    test::Event e;
    e.repo = "r";
    e.bucket = "b";
    e.host = i % 3 == 0 ? "alpha" : i % 3 == 1 ? "b\xC3\xA9ta" : "c";
    e.timestamp = Millis{60'000 + i * 7'000 % 50'000};
    e.op = static_cast<OpClass>(i);
    e.status = static_cast<std::uint16_t>(i % 2 == 0 ? 200 : 503);
    e.upl_bytes = std::uint64_t{1} << (i * 10);
    e.dwl_bytes = 3;
    e.size_change = i % 2 == 0 ? -i : i * 1'000'000;
    if (i != 2) e.latency_us = static_cast<std::uint64_t>(i) * 1'000;
    if (i > 3) e.id = "event-" + std::to_string(i);
    events.push_back(e);
  }
  return encoded(events);
}

// Decodes damaged bytes. What is accepted must obey the rules that everything behind relies on.
void read_damaged(std::string_view bytes) {
  ChunkHeader header;
  std::vector<ChunkEvent> events;
  if (!decode_chunk(bytes, header, events)) return;
  ASSERT_FALSE(events.empty());
  for (const ChunkEvent& e : events) {
    ASSERT_GE(e.host.size(), 1U);
    ASSERT_LE(e.host.size(), kIdBytesMax);
    ASSERT_LE(e.id.size(), kEventIdBytesMax);
    ASSERT_LE(e.upl_bytes, kBytesMax);
    ASSERT_LE(e.dwl_bytes, kBytesMax);
    ASSERT_GE(e.latency_us, -1);
    ASSERT_LE(e.latency_us, static_cast<std::int64_t>(kLatencyUsMax));
    ASSERT_LT(e.ms_in_minute, 60'000);
    ASSERT_LE(e.status, kStatusMax);
    ASSERT_LT(static_cast<std::size_t>(e.op), kOpClasses);
    ASSERT_LT(e.host_number, events.size());
    // The views lie within the chunk.
    ASSERT_TRUE(e.host.data() >= bytes.data() &&
                e.host.data() + e.host.size() <= bytes.data() + bytes.size());
  }
}

// Promise: cut anywhere, a chunk is refused; so is one with more behind it.
TEST(ChunkCodecDamageTest, EveryTruncationIsRefused) {
  const std::string bytes = full_chunk();
  ASSERT_TRUE(accepted(bytes));
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(accepted(bytes.substr(0, n))) << n;
  EXPECT_FALSE(accepted(bytes + '\0'));
  EXPECT_FALSE(accepted(bytes + bytes));
}

// Promise: another version is refused, not guessed at.
TEST(ChunkCodecDamageTest, OtherVersionsAreRefused) {
  std::string bytes = full_chunk();
  for (int version = 0; version < 256; ++version) {
    bytes[0] = static_cast<char>(version);
    EXPECT_EQ(accepted(bytes), version == kChunkVersion) << version;
  }
}

// Promise: one damaged byte, whichever and whatever it becomes, never crashes or breaks a rule.
TEST(ChunkCodecDamageTest, EveryByteChanged) {
  const std::string good = full_chunk();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      read_damaged(bytes);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(ChunkCodecDamageTest, RandomDamage) {
  test::Random random;
  for (int round = 0; round < 20'000; ++round) {
    const test::Names names = random.names(1, 1, 3);
    std::vector<test::Event> events;
    const std::uint64_t n = random.between(1, 8);
    for (std::uint64_t i = 0; i < n; ++i) events.push_back(random.event(names, Millis{0}, 60'000));
    std::string bytes = encoded(events);
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

TEST(ChunkCodecDamageTest, RandomBytes) {
  test::Random random;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = random.bytes(random.below(100));
    if (!bytes.empty() && random.chance(90)) bytes[0] = static_cast<char>(kChunkVersion);
    // A small count of events lets more of it through to the columns.
    if (bytes.size() > 12 && random.chance(80)) {
      bytes[9] = '\0';
      bytes[10] = static_cast<char>(random.between(1, 4));
      bytes[11] = '\1';
    }
    read_damaged(bytes);
    if (HasFatalFailure()) return;
  }
}

// A chunk of `events` events, the rest as given in hex.
std::string chunk(std::uint64_t events, std::string_view rest) {
  std::string out = test::from_hex("01 0000000000000000 00");
  put_varint(out, events);
  return out + test::from_hex(rest);
}

// Promise: what no encoder writes is refused. The good one: host "h", OTHER without status, 0 ms,
// five empty columns.
TEST(ChunkCodecDamageTest, FieldsOutOfRangeAreRefused) {
  ASSERT_TRUE(accepted(chunk(1, "01 01 68  01 05 00  00  00 00 00 00 00")));
  EXPECT_FALSE(accepted(chunk(0, "01 01 68  01 05 00  00  00 00 00 00 00"))) << "no events";
  EXPECT_FALSE(accepted(chunk(0, ""))) << "no events";
  EXPECT_FALSE(accepted(chunk(1, "00  01 05 00  00  00 00 00 00 00"))) << "no hosts";
  EXPECT_FALSE(accepted(chunk(1, "01 00  01 05 00  00  00 00 00 00 00"))) << "an empty host";
  EXPECT_FALSE(accepted(chunk(1, "02 01 68 01 69 00  01 05 00  00  00 00 00 00 00")))
      << "more hosts than events";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  00  00  00 00 00 00 00"))) << "no codes";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 06 00  00  00 00 00 00 00"))) << "op 6";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 e8 07  00  00 00 00 00 00"))) << "status 1000";
  EXPECT_TRUE(accepted(chunk(1, "01 01 68  01 05 e7 07  00  00 00 00 00 00"))) << "status 999";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  e0 d4 03  00 00 00 00 00"))) << "60,000 ms";
  EXPECT_TRUE(accepted(chunk(1, "01 01 68  01 05 00  df d4 03  00 00 00 00 00"))) << "59,999 ms";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  02 00 00 00 00"))) << "upl_bytes' column";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  00 02 00 00 00"))) << "dwl_bytes' column";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  00 00 03 00 00"))) << "size's column";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  00 00 00 03 00"))) << "latency's column";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  00 00 00 00 02"))) << "id's column";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  01 80808080808080808001 00 00 00 00")))
      << "2^63 bytes up";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  00 00 00 01 81c0caf384a302 00")))
      << "10^10 ms and 1 us";
  EXPECT_TRUE(accepted(chunk(1, "01 01 68  01 05 00  00  00 00 00 02 81c0caf384a302 00")))
      << "10^10 ms";
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  00 00 00 02 82c0caf384a302 00")))
      << "10^10 ms and 1 us";
  const std::string id(129, 'x');
  EXPECT_FALSE(accepted(chunk(1, "01 01 68  01 05 00  00  00 00 00 00 01 8101") + id));
}

TEST(ChunkCodecDamageTest, ReferencesAndTimesAreChecked) {
  // Two events: hosts "h", "i"; the second's host is 1, then 2.
  EXPECT_TRUE(accepted(chunk(2, "02 01 68 01 69 00 01  01 05 00  00 00  00 00 00 00 00")));
  EXPECT_FALSE(accepted(chunk(2, "02 01 68 01 69 00 02  01 05 00  00 00  00 00 00 00 00")));
  // Codes GET and PUT; the same.
  EXPECT_TRUE(accepted(chunk(2, "01 01 68  02 00 00 01 00 00 01  00 00  00 00 00 00 00")));
  EXPECT_FALSE(accepted(chunk(2, "01 01 68  02 00 00 01 00 00 02  00 00  00 00 00 00 00")));
  // Times of 0 ms, then 1 ms before that; of 59,999 ms, then 1 ms after.
  EXPECT_FALSE(accepted(chunk(2, "01 01 68  01 05 00  00 01  00 00 00 00 00")));
  EXPECT_FALSE(accepted(chunk(2, "01 01 68  01 05 00  dfd403 02  00 00 00 00 00")));
  EXPECT_TRUE(accepted(chunk(2, "01 01 68  01 05 00  dfd403 00  00 00 00 00 00")));
  EXPECT_FALSE(accepted(chunk(2, "01 01 68  01 05 00  00 ffffffffffffffffff01  00 00 00 00 00")));
}

}  // namespace
}  // namespace minuted
