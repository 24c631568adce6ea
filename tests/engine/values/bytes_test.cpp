#include "codec/bytes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

constexpr UInt128 kMax128 = ~UInt128{0};
constexpr Int128 kSignedMax128 = static_cast<Int128>(kMax128 >> 1);
constexpr Int128 kSignedMin128 = -kSignedMax128 - 1;

template <class Number>
std::string varint_of(Number value) {
  std::string out;
  put_varint(out, value);
  return out;
}

struct Read {
  bool done;
  std::uint64_t value;
  friend bool operator==(const Read&, const Read&) = default;
};
Read read64(std::string_view hex) {
  const std::string bytes = test::from_hex(hex);
  ByteReader in(bytes);
  const std::uint64_t value = in.varint();
  return {in.done(), value};
}
bool read128(std::string_view hex, UInt128& value) {
  const std::string bytes = test::from_hex(hex);
  ByteReader in(bytes);
  value = in.varint128();
  return in.done();
}

// Promise: LEB128, low seven bits first; these bytes are in stored data.
TEST(VarintTest, BytesAreFrozen) {
  EXPECT_EQ(test::to_hex(varint_of(std::uint64_t{0})), "00");
  EXPECT_EQ(test::to_hex(varint_of(std::uint64_t{127})), "7f");
  EXPECT_EQ(test::to_hex(varint_of(std::uint64_t{128})), "8001");
  EXPECT_EQ(test::to_hex(varint_of(std::uint64_t{300})), "ac02");
  EXPECT_EQ(test::to_hex(varint_of(std::uint32_t{UINT32_MAX})), "ffffffff0f");
  EXPECT_EQ(test::to_hex(varint_of(std::uint64_t{UINT64_MAX})), "ffffffffffffffffff01");
  EXPECT_EQ(test::to_hex(varint_of(UInt128{300})), "ac02");
  EXPECT_EQ(test::to_hex(varint_of(UInt128{1} << 64)), "80808080808080808002");
  EXPECT_EQ(test::to_hex(varint_of(kMax128)), "ffffffffffffffffffffffffffffffffffff03");
}

// Promise: every width round-trips, and a number has the same bytes whichever type carries it.
TEST(VarintTest, EveryPowerOfTwoRoundTrips) {
  for (unsigned bit = 0; bit < 128; ++bit) {
    for (int around = -1; around <= 1; ++around) {
      const UInt128 value = (UInt128{1} << bit) + static_cast<UInt128>(static_cast<Int128>(around));
      const std::string wide = varint_of(value);
      ByteReader in(wide);
      EXPECT_TRUE(in.varint128() == value);
      EXPECT_TRUE(in.done());
      if (value > UINT64_MAX) continue;
      const std::string narrow = varint_of(static_cast<std::uint64_t>(value));
      EXPECT_EQ(narrow, wide);
      ByteReader in64(narrow);
      EXPECT_EQ(in64.varint(), static_cast<std::uint64_t>(value));
      EXPECT_TRUE(in64.done());
    }
  }
}

TEST(VarintTest, RandomNumbersRoundTrip) {
  test::Random random;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t narrow = random.wide();
    const UInt128 wide = random.wide128();
    std::string bytes = varint_of(narrow);
    put_varint(bytes, wide);
    ByteReader in(bytes);
    ASSERT_EQ(in.varint(), narrow);
    ASSERT_TRUE(in.varint128() == wide);
    ASSERT_TRUE(in.done());
  }
}

// Promise: a number that does not fit is refused, never cut: a tenth byte above 1, an eleventh
// byte.
TEST(VarintTest, MoreThan64BitsAreRefused) {
  EXPECT_EQ(read64("ffffffffffffffffff01"), (Read{true, UINT64_MAX}));
  EXPECT_EQ(read64("80808080808080808001"), (Read{true, std::uint64_t{1} << 63}));
  EXPECT_EQ(read64("ffffffffffffffffff02"), (Read{false, 0}));
  EXPECT_EQ(read64("ffffffffffffffffff7f"), (Read{false, 0}));
  EXPECT_EQ(read64("80808080808080808080"), (Read{false, 0}));
  EXPECT_EQ(read64("8080808080808080808000"), (Read{false, 0}));
  EXPECT_EQ(read64("8080808080808080808100"), (Read{false, 0}));
}

TEST(VarintTest, MoreThan128BitsAreRefused) {
  UInt128 value = 0;
  EXPECT_TRUE(read128("ffffffffffffffffffffffffffffffffffff03", value));
  EXPECT_TRUE(value == kMax128);
  EXPECT_FALSE(read128("ffffffffffffffffffffffffffffffffffff04", value));
  EXPECT_FALSE(read128("80808080808080808080808080808080808080", value));
  EXPECT_FALSE(read128("8080808080808080808080808080808080808000", value));
  EXPECT_TRUE(value == 0);
}

// Promise: a number written longer than it need be is still that number.
TEST(VarintTest, OverlongFormsAreRead) {
  EXPECT_EQ(read64("8000"), (Read{true, 0}));
  EXPECT_EQ(read64("81808000"), (Read{true, 1}));
  EXPECT_EQ(read64("80808080808080808000"), (Read{true, 0}));
  UInt128 value = 1;
  EXPECT_TRUE(read128("80808080808080808080808080808080808000", value));
  EXPECT_TRUE(value == 0);
}

// Promise: cut anywhere, a number is refused.
TEST(VarintTest, TruncationsAreRefused) {
  EXPECT_EQ(read64(""), (Read{false, 0}));
  const std::string bytes = varint_of(kMax128);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    ByteReader in(std::string_view(bytes).substr(0, n));
    EXPECT_TRUE(in.varint128() == 0);
    EXPECT_FALSE(in.ok());
    ByteReader in64(std::string_view(bytes).substr(0, n));
    EXPECT_EQ(in64.varint(), 0U);
    EXPECT_FALSE(in64.ok());
  }
}

// Promise: a limit is inclusive.
TEST(VarintTest, LimitsAreInclusive) {
  const std::string bytes = varint_of(std::uint64_t{1000});
  ByteReader at(bytes);
  EXPECT_EQ(at.varint_up_to(1000), 1000U);
  EXPECT_TRUE(at.done());
  ByteReader above(bytes);
  EXPECT_EQ(above.varint_up_to(999), 0U);
  EXPECT_FALSE(above.ok());
  EXPECT_EQ(above.remaining(), 0U);
}

// Promise: zigzag folds signs so that small numbers of either sign stay small, and loses nothing.
TEST(ZigzagTest, SignsFoldAndUnfold) {
  EXPECT_EQ(zigzag(std::int64_t{0}), 0U);
  EXPECT_EQ(zigzag(std::int64_t{-1}), 1U);
  EXPECT_EQ(zigzag(std::int64_t{1}), 2U);
  EXPECT_EQ(zigzag(INT64_MAX), UINT64_MAX - 1);
  EXPECT_EQ(zigzag(INT64_MIN), UINT64_MAX);
  EXPECT_TRUE(zigzag(kSignedMax128) == kMax128 - 1);
  EXPECT_TRUE(zigzag(kSignedMin128) == kMax128);
  EXPECT_TRUE(unzigzag(kMax128) == kSignedMin128);
  EXPECT_TRUE(unzigzag(kMax128 - 1) == kSignedMax128);
  test::Random random;
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t narrow = random.wide_signed();
    EXPECT_EQ(unzigzag(zigzag(narrow)), narrow);
    const Int128 wide = random.wide_signed128();
    EXPECT_TRUE(unzigzag(zigzag(wide)) == wide);
  }
}

// Promise: strings carry their length; a length beyond the bytes or the limit is refused.
TEST(ByteReaderTest, StringsAreBounded) {
  std::string bytes;
  put_string(bytes, "");
  put_string(bytes, std::string_view("a\0b", 3));
  ByteReader in(bytes);
  EXPECT_EQ(in.string(), "");
  EXPECT_EQ(in.string(3), std::string_view("a\0b", 3));
  EXPECT_TRUE(in.done());

  ByteReader too_long(
      std::string_view("\x03"
                       "abc",
                       4));
  EXPECT_EQ(too_long.string(2), "");
  EXPECT_FALSE(too_long.ok());
  ByteReader cut(
      std::string_view("\x03"
                       "ab",
                       3));
  EXPECT_EQ(cut.string(), "");
  EXPECT_FALSE(cut.ok());
  const std::string wild = varint_of(std::uint64_t{UINT64_MAX}) + "abc";
  ByteReader huge(wild);
  EXPECT_EQ(huge.string(), "");
  EXPECT_FALSE(huge.ok());
}

// Promise: fixed64 is little-endian.
TEST(ByteReaderTest, Fixed64IsLittleEndian) {
  std::string bytes;
  put_fixed64(bytes, 0x0102030405060708U);
  put_fixed64(bytes, UINT64_MAX);
  EXPECT_EQ(test::to_hex(bytes), "0807060504030201ffffffffffffffff");
  ByteReader in(bytes);
  EXPECT_EQ(in.fixed64(), 0x0102030405060708U);
  EXPECT_EQ(in.fixed64(), UINT64_MAX);
  EXPECT_TRUE(in.done());
  ByteReader cut(std::string_view(bytes).substr(0, 7));
  EXPECT_EQ(cut.fixed64(), 0U);
  EXPECT_FALSE(cut.ok());
}

// Promise: after the first bad field everything is zero and empty, and nothing is read any more.
TEST(ByteReaderTest, AfterAFailureAllIsZero) {
  const std::string bytes(64, '\x01');
  ByteReader in(bytes);
  EXPECT_EQ(in.byte(), 1);
  in.fail();
  EXPECT_FALSE(in.ok());
  EXPECT_FALSE(in.done());
  EXPECT_EQ(in.remaining(), 0U);
  EXPECT_EQ(in.byte(), 0);
  EXPECT_EQ(in.varint(), 0U);
  EXPECT_TRUE(in.varint128() == 0);
  EXPECT_EQ(in.string(), "");
  EXPECT_EQ(in.bytes(1), "");
  EXPECT_EQ(in.fixed64(), 0U);
  EXPECT_FALSE(in.ok());
}

// Promise: done() asks for the last byte to be used up.
TEST(ByteReaderTest, DoneMeansNothingIsLeft) {
  ByteReader empty{std::string_view{}};
  EXPECT_TRUE(empty.ok());
  EXPECT_TRUE(empty.done());
  ByteReader one(std::string_view("\0", 1));
  EXPECT_FALSE(one.done());
  EXPECT_EQ(one.remaining(), 1U);
  EXPECT_EQ(one.byte(), 0);
  EXPECT_TRUE(one.done());
}

}  // namespace
}  // namespace minuted
