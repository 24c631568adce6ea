// The bytes of the meta family's records: frozen, read back, and no other bytes taken for a record.
#include "schema/meta_records.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/keys.hpp"
#include "support/hex.hpp"

namespace minuted::test {
namespace {

constexpr std::uint64_t kNumber = 0x1122334455667788;

std::string pair_minute(std::string_view repo, std::string_view bucket, Minute minute) {
  std::string key = pair_prefix(repo, bucket);
  append_minute(key, minute);
  return key;
}

// The bytes are frozen, each of them counts, and the value comes back. `open_ended`: the last field
// takes all bytes that are left, so that so many of them may be missing, and more may follow.
template <class Record>
void expect_golden(const Record& record, std::string_view key, std::string_view hex,
                   std::size_t open_ended = 0) {
  SCOPED_TRACE(key);
  EXPECT_EQ(Record::kKey, key);
  const std::string bytes = from_hex(hex);
  EXPECT_EQ(to_hex(record.encode()), to_hex(bytes));
  EXPECT_EQ(Record::decode(bytes), record);
  for (std::size_t size = 0; size + open_ended < bytes.size(); ++size) {
    EXPECT_FALSE(Record::decode(std::string_view(bytes).substr(0, size))) << size;
  }
  if (open_ended == 0) {
    EXPECT_FALSE(Record::decode(bytes + "x"));
  }
  EXPECT_TRUE(is_meta_record(key, bytes));
  EXPECT_FALSE(is_meta_record(key, ""));
  EXPECT_FALSE(is_meta_record(std::string(key) + "x", bytes));
}

TEST(MetaRecordsTest, Commit) {
  expect_golden(CommitRecord{kNumber, 0x99AABBCCDDEEFF00}, "commit",
                "8877665544332211 00ffeeddccbbaa99");
}

TEST(MetaRecordsTest, RawFloor) {
  expect_golden(RawFloorRecord{kNumber}, "folded_below", "8877665544332211");
}

TEST(MetaRecordsTest, FoldMark) {
  expect_golden(FoldMarkRecord{kNumber, {3, pair_minute("r", "b", {5}), 10, 20}}, "folded",
                "8877665544332211 0300000000000000 0a00000000000000 1400000000000000"
                "7200 6200 00000005",
                /*open_ended=*/8);
}

TEST(MetaRecordsTest, RollBoundaries) {
  expect_golden(
      RollBoundaries{
          {{28'000'800}, {28'000'860}}, {{27'999'360}, {28'000'800}}, pair_prefix("repo", "b")},
      "rolled", "01ab4220 01ab425c 01ab3c80 01ab4220 7265706f00 6200",
      /*open_ended=*/7);
  EXPECT_EQ(RollBoundaries::decode(std::string(16, '\0')), RollBoundaries{});
}

TEST(MetaRecordsTest, RepoRows) {
  expect_golden(RepoRowsRecord{{Minute{1}, Minute{2}, Minute{0x01020304}, Minute{4}}}, "repo rows",
                "00000001 00000002 01020304 00000004");
}

TEST(MetaRecordsTest, Clock) {
  expect_golden(ClockRecord{1'700'000'000'000, 1'700'000'060'000, 60'000}, "clock",
                "0068e5cf8b010000 6052e6cf8b010000 60ea000000000000");
  EXPECT_FALSE(ClockRecord::decode(ClockRecord{kMillisMax.value + 1, 0, 0}.encode()));
  EXPECT_FALSE(ClockRecord::decode(ClockRecord{0, 0, -1}.encode()));
}

TEST(MetaRecordsTest, Counts) {
  expect_golden(SeriesCountRecord{kNumber}, "series", "8877665544332211");
  expect_golden(NodeCountRecord{kNumber}, "nodes", "8877665544332211");
}

TEST(MetaRecordsTest, Secret) {
  const SecretRecord secret{std::string(SecretRecord::kBytes, '\x5A')};
  std::string hex;
  for (std::size_t i = 0; i < 192; ++i) hex += "5a";
  expect_golden(secret, "secret", hex);
}

TEST(MetaRecordsTest, Removal) {
  expect_golden(RemovalRecord{"repo", std::nullopt, std::nullopt, Minute{0}, 7}, "removing",
                "04 7265706f 00 00 0000000000000000 0700000000000000");
  expect_golden(RemovalRecord{"repo", "b", MinuteRange{{1}, {0x01020304}}, Minute{1440}, kNumber},
                "removing",
                "04 7265706f 01 01 62 01 0100000000000000 0403020100000000"
                "a005000000000000 8877665544332211");
  EXPECT_FALSE(RemovalRecord::decode(RemovalRecord{}.encode())) << "no repo";
  // A byte that says neither that something follows nor that nothing does.
  EXPECT_FALSE(RemovalRecord::decode(from_hex("0172 02 00 0000000000000000 0700000000000000")));
  // A minute that is none.
  EXPECT_FALSE(RemovalRecord::decode(from_hex("0172 00 00 0000000001000000 0700000000000000")));
}

TEST(MetaRecordsTest, KeysOfUnreadableValues) {
  const std::string raw_key = pair_minute("r", "b", {5});
  const UnreadableKey key{raw_key, 10};
  const std::string bytes = "unreadable:" + from_hex("7200 6200 00000005 000000000000000a");
  EXPECT_EQ(to_hex(key.encode()), to_hex(bytes));
  EXPECT_EQ(UnreadableKey::decode(bytes), key);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(UnreadableKey::decode(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(UnreadableKey::decode(bytes + "x"));
  EXPECT_LT(UnreadableKey::kPrefix, bytes);
  EXPECT_LT(bytes, UnreadableKey::kEnd);
  EXPECT_TRUE(is_meta_record(bytes, "any raw value"));
}

TEST(MetaRecordsTest, NoTwoShareAKey) {
  EXPECT_EQ(std::set(kMetaKeys.begin(), kMetaKeys.end()).size(), kMetaKeys.size());
}

TEST(RollBoundariesTest, OtherBytesAreRefused) {
  const RollBoundaries good{{{2880}, {3000}}, {{1440}, {2880}}, pair_prefix("r", "b")};
  ASSERT_TRUE(RollBoundaries::decode(good.encode()));
  const auto refused = [&](auto change) {
    RollBoundaries bad = good;
    change(bad);
    return !RollBoundaries::decode(bad.encode());
  };
  EXPECT_TRUE(refused([](auto& b) { b.hour.next = {3001}; })) << "no hour";
  EXPECT_TRUE(refused([](auto& b) { b.day.current = {1500}; })) << "no day";
  EXPECT_TRUE(refused([](auto& b) { b.hour.next = {2820}; })) << "back";
  EXPECT_TRUE(refused([](auto& b) { b.day.next = {4320}; })) << "a day before its hours";
  EXPECT_TRUE(refused([](auto& b) { b.last_rolled = "r"; })) << "no pair";
  EXPECT_TRUE(refused([](auto& b) { b.last_rolled.push_back('x'); })) << "more than a pair";
  EXPECT_TRUE(refused([](auto& b) {
    b.hour.current = b.hour.next;
    b.day.current = b.day.next;
  })) << "a pair without a pass";
  const std::string bytes = good.encode();
  for (std::size_t size = 0; size < 16; ++size) {
    EXPECT_FALSE(RollBoundaries::decode(std::string_view(bytes).substr(0, size))) << size;
  }
}

TEST(RollBoundariesTest, PairsUpToTheLastOneHaveTheNextBoundaries) {
  RollBoundaries boundaries{{{2880}, {3000}}, {{1440}, {2880}}, {}};
  EXPECT_EQ(boundaries.hour_of(pair_prefix("a", "a")), Minute{2880}) << "none has";
  boundaries.last_rolled = pair_prefix("m", "b");
  EXPECT_EQ(boundaries.hour_of(pair_prefix("m", "b")), Minute{3000});
  EXPECT_EQ(boundaries.day_of(pair_prefix("m", "b")), Minute{2880});
  EXPECT_EQ(boundaries.hour_of(pair_prefix("m", "ba")), Minute{2880});
  EXPECT_EQ(boundaries.day_of(pair_prefix("m", "ba")), Minute{1440});
  boundaries.end_pass();
  EXPECT_EQ(boundaries.hour_of(pair_prefix("z", "z")), Minute{3000});
  EXPECT_EQ(boundaries.day_of(pair_prefix("z", "z")), Minute{2880});
}

}  // namespace
}  // namespace minuted::test
