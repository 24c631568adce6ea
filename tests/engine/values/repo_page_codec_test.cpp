// Promise: a repo page gives back exactly the slots that went in, one by one or added up, any part of
// them; its bytes are frozen; and bytes that are not a page are refused without a crash.
#include "page/repo_page_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

using Slots = std::vector<RepoSlot>;

std::string encode(const Slots& slots) {
  std::string bytes;
  encode_repo_page(slots, bytes);
  return bytes;
}

Slots decode(const std::string& bytes) {
  RepoPageReader reader;
  EXPECT_TRUE(reader.open(bytes));
  Slots slots;
  for (std::size_t i = 0; i < reader.size(); ++i) slots.push_back(reader.at(i));
  return slots;
}

// Up to so many bits, all lengths alike.
UInt128 awkward(test::Random& random, unsigned bits) {
  const auto length = random.between(0, bits);
  const UInt128 any = UInt128{random.bits()} << 64 | random.bits();
  return length == 0 ? 0 : any >> (128 - length);
}

// `bits`: of the byte sums.
Slots random_slots(test::Random& random, std::uint64_t one_in, unsigned bits) {
  Slots slots;
  const auto first = static_cast<std::uint32_t>(random.between(0, kRepoPageSlotsMax - 1));
  for (std::uint32_t slot = first; slot < kRepoPageSlotsMax; ++slot) {
    if (random.between(1, one_in) != 1) continue;
    RepoRollup sums;
    sums.requests = 1 + static_cast<std::uint64_t>(awkward(random, 40));
    sums.upl_bytes = awkward(random, bits);
    sums.dwl_bytes = awkward(random, bits);
    sums.size_change = static_cast<Int128>(awkward(random, bits));
    if (random.between(0, 1) == 1) sums.size_change = -sums.size_change;
    sums.latency_count = random.between(0, 1) == 1 ? sums.requests
                                                   : random.between(0, sums.requests);
    sums.latency_sum_us = awkward(random, bits);
    slots.push_back({slot, sums});
  }
  if (slots.empty()) slots.push_back({first, {.requests = 1}});
  return slots;
}

const Slots kTwo = {{3, {2, 300, 0, -1, 1, 5}}, {5, {1, 40'000, 0, 7, 1, 70'000}}};

TEST(RepoPageCodecTest, BytesAreFrozen) {
  EXPECT_EQ(test::to_hex(encode(kTwo)),
            "04"          // kind
            "03" "02" "01" "05"  // from slot 3, three slots, two of them, the first and the last
            "02" "01"     // requests from 1, in a byte
            "d804" "02"   // upl_bytes from 300, in two
            "00" "00"     // dwl_bytes
            "01" "01"     // size_change from -1
            "00" "01"     // requests without latency
            "0a" "03"     // latency from 5
            "01" "00" "0000" "149b" "00" "08" "01" "00" "000000" "6b1101"
            "0000000000000000");
}

TEST(RepoPageCodecTest, GivesBackWhatWentIn) {
  test::Random random;
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE(round);
    const Slots slots = random_slots(random, round % 3 == 0 ? 1 : random.between(1, 400),
                                     round % 2 == 0 ? 60 : 126);
    EXPECT_EQ(decode(encode(slots)), slots);
  }
  const Slots one = {{kRepoPageSlotsMax - 1, {.requests = UINT64_MAX}}};
  EXPECT_EQ(decode(encode(one)), one);
}

// As the slots taken apart add up.
TEST(RepoPageCodecTest, AnyPartAddsUpToItsSlots) {
  test::Random random;
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE(round);
    const Slots slots = random_slots(random, random.between(1, 9), round % 2 == 0 ? 60 : 110);
    const std::string bytes = encode(slots);
    RepoPageReader reader;
    ASSERT_TRUE(reader.open(bytes));
    SlotRange range;
    range.begin = static_cast<std::uint32_t>(random.between(0, kRepoPageSlotsMax));
    range.end = static_cast<std::uint32_t>(random.between(0, kRepoPageSlotsMax));
    const auto per = static_cast<std::uint32_t>(random.between(1, 4));
    const std::int64_t lead = static_cast<std::int64_t>(random.between(0, 50)) - range.begin;

    RepoRollup before{1, 2, 3, -4, 1, 6};
    RepoRollup expected = before;
    std::vector<RepoRollup> points_expected(kRepoPageSlotsMax + 50, before);
    std::vector<RepoRollup> points = points_expected;
    for (const RepoSlot& s : slots) {
      if (s.slot < range.begin || s.slot >= range.end) continue;
      expected.merge(s.sums);
      points_expected[static_cast<std::size_t>(s.slot + lead) / per].merge(s.sums);
    }
    reader.add_to(range, before);
    EXPECT_EQ(before, expected);
    reader.add_to(range, {points, lead, per});
    EXPECT_EQ(points, points_expected);
  }
}

TEST(RepoPageCodecTest, ADayAtAStretchTakesAFewBytesASlot) {
  Slots slots;
  for (std::uint32_t slot = 0; slot < 288; ++slot) {
    slots.push_back({slot, {500 + slot % 7, 1'000'000 + slot, 2'000'000, 5, 500 + slot % 7, 9'000}});
  }
  EXPECT_LT(encode(slots).size(), 288U * 4);
}

TEST(RepoPageCodecTest, EveryTruncationAndAnyMoreBytesAreRefused) {
  const std::string whole = encode(kTwo);
  RepoPageReader reader;
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_FALSE(reader.open(std::string_view(whole).substr(0, bytes))) << bytes;
  }
  EXPECT_FALSE(reader.open(whole + '\0'));
  EXPECT_TRUE(reader.open(whole));
}

// A slot is in a page because it has requests: one without, or with more than 64 bits count, is damage.
TEST(RepoPageCodecTest, SlotsWithoutRequestsAreRefused) {
  RepoPageReader reader;
  const auto page = [](std::string_view requests) {  // of two slots
    return test::from_hex("04 00 01 01") + test::from_hex(requests) +
           test::from_hex("00 00  00 00  00 00  00 00  00 00");
  };
  const std::string end(8, '\0');
  EXPECT_TRUE(reader.open(page("02 00") + end)) << "one each";
  EXPECT_FALSE(reader.open(page("00 00") + end)) << "none";
  EXPECT_FALSE(reader.open(page("00 01") + test::from_hex("00 05") + end)) << "none, and five";
  EXPECT_FALSE(reader.open(page("01 01") + test::from_hex("00 05") + end)) << "one less than none";
  const std::string most = test::from_hex("00 00 00 00 00 00 00 00  fe ff ff ff ff ff ff ff");
  EXPECT_TRUE(reader.open(page("02 08") + most + end)) << "one, and 2^64 - 1";
  EXPECT_FALSE(reader.open(page("04 08") + most + end)) << "two, and 2^64";
}

TEST(RepoPageCodecTest, DamagedBytesAreRefusedOrReadWithoutACrash) {
  test::Random random;
  RepoPageReader reader;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = encode(random_slots(random, random.between(1, 300), 126));
    for (std::uint64_t i = random.between(1, 4); i > 0; --i) {
      bytes[random.between(0, std::min<std::size_t>(bytes.size(), 40) - 1)] =
          static_cast<char>(random.between(0, 255));
    }
    if (!reader.open(bytes)) continue;
    RepoRollup sum;
    reader.add_to(SlotRange{}, sum);
    std::vector<RepoRollup> points(kRepoPageSlotsMax);
    reader.add_to(SlotRange{}, {points, 0, 1});
    for (std::size_t i = 0; i < reader.size(); ++i) EXPECT_LT(reader.at(i).slot, kRepoPageSlotsMax);
  }
}

}  // namespace
}  // namespace minuted
