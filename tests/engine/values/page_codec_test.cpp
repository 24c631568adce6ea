// Promise: a sealed page gives back exactly the rows that went in, whatever they are, its bytes are
// frozen, and bytes that are not a page are refused without a crash.
#include "page/page_codec.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

// By (slot, host), as a page has them.
using Rows = std::map<std::pair<std::uint32_t, std::string>, Rollup>;

struct Encoded {
  std::string page;
  std::string sketches;
};

Encoded encode(const Rows& rows) {
  std::vector<PageRow> list;
  for (const auto& [place, rollup] : rows) list.push_back({place.first, place.second, &rollup});
  Encoded out;
  encode_page(list, out.page, out.sketches);
  return out;
}

// What the bytes hold; nothing if they are refused.
std::optional<Rows> decode(const Encoded& bytes, bool with_sketches = true) {
  PageReader reader;
  if (!reader.open(bytes.page)) return std::nullopt;
  if (with_sketches && !reader.open_sketches(bytes.sketches)) return std::nullopt;
  Rows rows;
  std::uint32_t slot = 0;
  std::string_view host;
  Rollup rollup;
  while (reader.next(slot, host, rollup)) {
    EXPECT_TRUE(rows.emplace(std::pair(slot, std::string(host)), rollup).second);
  }
  if (!reader.ok()) return std::nullopt;
  EXPECT_EQ(rows.size(), reader.rows());
  return rows;
}

Rollup plain_rollup(std::uint64_t n) {
  Rollup r;
  EventView event;
  event.op = OpClass::kPut;
  event.status = 200;
  event.upl_bytes = 1000 + n;
  event.size_change = static_cast<std::int64_t>(1000 + n);
  event.latency_us = 500 * n;
  r.add(event);
  return r;
}

Rows random_rows(test::Random& random) {
  Rows rows;
  const test::Names names = random.names(1, 1, 1 + random.below(5));
  const std::uint32_t slots = random.chance(30) ? 3 : kPageSlotsMax;
  const unsigned percent = random.chance(50) ? 100 : static_cast<unsigned>(random.between(1, 60));
  // All alike, as a quiet bucket's are, or each of its own.
  const bool alike = random.chance(30);
  const Rollup one = random.rollup();
  for (std::uint32_t slot = 0; slot < slots; slot += static_cast<std::uint32_t>(random.between(1, 200))) {
    for (const std::string& host : names.hosts) {
      if (random.chance(percent)) rows[{slot, host}] = alike ? one : random.rollup();
    }
  }
  if (rows.empty()) rows[{kPageSlotsMax - 1, names.hosts.front()}] = one;
  return rows;
}

TEST(PageCodecTest, RandomRowsComeBackWithAndWithoutTheirSketches) {
  test::Random random(1);
  for (int i = 0; i < 400; ++i) {
    Rows rows = random_rows(random);
    const Encoded bytes = encode(rows);
    ASSERT_EQ(decode(bytes), rows);
    for (auto& [place, rollup] : rows) rollup.sketch.clear();
    ASSERT_EQ(decode(bytes, false), rows);
  }
}

// A read that wants some of the slots, only sums, or sketches, gets just what the whole page has of them.
TEST(PageCodecTest, APartIsWhatTheWholeHasOfIt) {
  test::Random random(4);
  for (int i = 0; i < 600; ++i) {
    const Rows rows = random_rows(random);
    const Encoded bytes = encode(rows);
    PagePart part;
    part.begin = static_cast<std::uint32_t>(random.below(kPageSlotsMax + 1));
    part.end = static_cast<std::uint32_t>(random.between(part.begin, kPageSlotsMax));
    part.sums_only = random.chance(50);
    part.sketches = !part.sums_only && random.chance(50);
    Rows wanted;
    for (const auto& [place, rollup] : rows) {
      if (place.first < part.begin || place.first >= part.end) continue;
      Rollup& r = wanted[place] = rollup;
      if (!part.sketches) r.sketch.clear();
      if (!part.sums_only) continue;
      r.client_errors = r.server_errors = r.latency_min_us = r.latency_max_us = 0;
    }
    PageReader reader;
    ASSERT_TRUE(reader.open(bytes.page, part));
    ASSERT_TRUE(!part.sketches || reader.open_sketches(bytes.sketches));
    Rows found;
    std::uint32_t slot = 0;
    std::string_view host;
    Rollup rollup;
    for (auto next = reader.next_slot(); reader.next(slot, host, rollup); next = reader.next_slot()) {
      ASSERT_EQ(next, slot);
      found[{slot, std::string(host)}] = rollup;
    }
    ASSERT_EQ(reader.next_slot(), std::nullopt);
    ASSERT_EQ(found, wanted) << "slots " << part.begin << " to " << part.end;
  }
}

TEST(PageCodecTest, AWholeDayOfTwoHostsComesBack) {
  Rows rows;
  for (std::uint32_t slot = 0; slot < kPageSlotsMax; ++slot) {
    for (const char* host : {"a", "b"}) rows[{slot, host}] = plain_rollup(slot % 7);
  }
  EXPECT_EQ(decode(encode(rows)), rows);
}

TEST(PageCodecTest, SumsBeyond64BitsComeBack) {
  Rows rows;
  for (std::uint32_t slot = 0; slot < 9; ++slot) {
    Rollup& r = rows[{slot, "h"}];
    r = plain_rollup(slot);
    if (slot % 2 == 0) r.upl_bytes = (UInt128{slot + 1} << 100) + 7;
    if (slot % 3 == 0) r.size_change = -(Int128{1} << 120);
    if (slot == 4) r.dwl_bytes = ~UInt128{0} >> 4;
  }
  EXPECT_EQ(decode(encode(rows)), rows);
}

// A column of each shape. Changing these bytes needs a new kind of page.
TEST(PageCodecTest, BytesAreFrozen) {
  Rows rows;
  rows[{2, "alpha"}] = plain_rollup(0);
  rows[{3, "alpha"}] = plain_rollup(1);
  rows[{3, "b"}] = plain_rollup(300);
  EventView error;
  error.op = OpClass::kGet;
  error.status = 503;
  error.dwl_bytes = 5;
  rows[{3, "b"}].add(error);
  for (int i = 1; i <= 3; ++i) {
    error.latency_us = static_cast<std::uint64_t>(i) * 10;
    rows[{1439, "b"}].add(error);
  }
  const Encoded bytes = encode(rows);
  EXPECT_EQ(test::to_hex(bytes.page), "03"                                // a page
            "02" "05616c706861" "0162"          // two hosts
            "01" "02" "01"                      // alpha: slots 2 and 3
            "02" "03" "00" "9b0b" "00"          // b: slot 3, slot 1439
            "02" "00" "02" "d0"                 // gets: packed in two bits, from 0 up
            "02" "00" "01" "07"                 // puts: in one bit
            "00" "00" "00" "00"                 // the other classes: zeros
            "00"                                // client errors
            "02" "00" "02" "d0"                 // server errors
            "03" "e807" "e907" "940a" "00"      // upl_bytes: varints
            "02" "00" "04" "00f5"               // dwl_bytes: packed in four bits
            "00"                                // size_change: as upl_bytes
            "02" "00" "01" "04"                 // latencies: one request had none
            "03" "00" "f403" "f09309" "3c"      // their sum
            "04" "08" "01" "14"                 // from the least to the mean: sparse, row 3
            "04" "08" "01" "14");               // to the largest: sparse, row 3, all the same
  EXPECT_EQ(test::to_hex(bytes.sketches), "01" "01" "0a");  // all of one byte
  EXPECT_EQ(decode(bytes), rows);
}

TEST(PageCodecTest, EveryTruncationIsRefused) {
  test::Random random(2);
  for (int i = 0; i < 20; ++i) {
    const Encoded whole = encode(random_rows(random));
    const std::size_t step = whole.page.size() / 300 + 1;
    for (std::size_t size = 0; size < whole.page.size(); size += step) {
      EXPECT_FALSE(decode({whole.page.substr(0, size), {}}, false)) << size;
    }
    EXPECT_FALSE(decode({whole.page + '\0', {}}, false));
    if (!whole.sketches.empty()) {
      EXPECT_FALSE(decode({whole.page, whole.sketches.substr(1)}));
      EXPECT_FALSE(decode({whole.page, whole.sketches.substr(0, whole.sketches.size() - 1)}));
    }
  }
}

// What is read from damaged bytes may be wrong, but is within the rules, and nothing crashes.
TEST(PageCodecTest, DamagedBytesAreRefusedOrReadWithinTheRules) {
  test::Random random(3);
  for (int i = 0; i < 3000; ++i) {
    Encoded bytes = encode(random_rows(random));
    std::string& damaged = random.chance(70) || bytes.sketches.empty() ? bytes.page : bytes.sketches;
    for (std::uint64_t n = random.between(1, 3); n > 0; --n) {
      damaged[random.below(damaged.size())] = static_cast<char>(random.bits());
    }
    const auto rows = decode(bytes);
    if (!rows) continue;
    for (const auto& [place, rollup] : *rows) {
      ASSERT_LT(place.first, kPageSlotsMax);
      ASSERT_LE(rollup.latency_max_us, kLatencyUsMax);
      ASSERT_LE(rollup.latency_min_us, rollup.latency_max_us);
    }
  }
}

}  // namespace
}  // namespace minuted
