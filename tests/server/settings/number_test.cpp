// Promise: a duration or size means what its unit says, to the last bit, or is refused.
#include "settings/number.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/random.hpp"

namespace minuted::settings {
namespace {

using enum NumberForm;

constexpr Range kAny{0, UINT64_MAX};

// The number as text, or what is wrong with it.
std::string parsed(NumberForm form, std::string_view text, Range range = kAny) {
  const auto result = parse_number(form, text, range);
  return result ? std::to_string(*result) : result.error().message;
}

TEST(SettingNumberTest, DurationsAreMilliseconds) {
  EXPECT_EQ(parsed(kDuration, "1500ms"), "1500");
  EXPECT_EQ(parsed(kDuration, "2s"), "2000");
  EXPECT_EQ(parsed(kDuration, "10m"), "600000");
  EXPECT_EQ(parsed(kDuration, "48h"), "172800000");
  EXPECT_EQ(parsed(kDuration, "7d"), "604800000");
  EXPECT_EQ(parsed(kDuration, "0"), "0");
  EXPECT_EQ(parsed(kDuration, "0s"), "0");
  EXPECT_EQ(parsed(kDuration, "007s"), "7000");
}

TEST(SettingNumberTest, ADurationNeedsItsUnit) {
  EXPECT_EQ(parsed(kDuration, "2"), "has no unit");
  EXPECT_EQ(parsed(kDuration, "99999999999999999999"), "has no unit");
}

TEST(SettingNumberTest, SizesAreBytesInBinaryOrDecimalUnits) {
  EXPECT_EQ(parsed(kSize, "4096"), "4096");
  EXPECT_EQ(parsed(kSize, "64KiB"), "65536");
  EXPECT_EQ(parsed(kSize, "8MiB"), "8388608");
  EXPECT_EQ(parsed(kSize, "1GiB"), "1073741824");
  EXPECT_EQ(parsed(kSize, "3TiB"), "3298534883328");
  EXPECT_EQ(parsed(kSize, "1PiB"), "1125899906842624");
  EXPECT_EQ(parsed(kSize, "64KB"), "64000");
  EXPECT_EQ(parsed(kSize, "8MB"), "8000000");
  EXPECT_EQ(parsed(kSize, "1GB"), "1000000000");
  EXPECT_EQ(parsed(kSize, "1TB"), "1000000000000");
  EXPECT_EQ(parsed(kSize, "1PB"), "1000000000000000");
}

TEST(SettingNumberTest, WhatIsNoNumberIsRefused) {
  for (const char* text : {"", "s", "-1s", "+1s", " 1s", "1 s", "1s ", "1.5s", "1S", "1sec", "1e3s",
                           "0x1s", "1m30s", "1KiB"}) {
    EXPECT_EQ(parsed(kDuration, text), "is not a duration") << text;
  }
  for (const char* text : {"", "KiB", "-1", "+1", "1.5MiB", "1kib", "1K", "1 KiB", "1B", "1s"}) {
    EXPECT_EQ(parsed(kSize, text), "is not a size") << text;
  }
  for (const char* text : {"", "-1", "+1", "1.0", "1e3", "1_000", "1,000", "0x10", "5KiB", "5s"}) {
    EXPECT_EQ(parsed(kCount, text), "is not a whole number") << text;
  }
}

TEST(SettingNumberTest, RangesHoldTheirEnds) {
  constexpr Range kRange{2000, 4000};
  EXPECT_EQ(parsed(kDuration, "1999ms", kRange), "is out of range");
  EXPECT_EQ(parsed(kDuration, "2s", kRange), "2000");
  EXPECT_EQ(parsed(kDuration, "4s", kRange), "4000");
  EXPECT_EQ(parsed(kDuration, "4001ms", kRange), "is out of range");
  EXPECT_EQ(parsed(kDuration, "0", kRange), "is out of range");
}

TEST(SettingNumberTest, NumbersThatDoNotFitAreOutOfRange) {
  EXPECT_EQ(parsed(kCount, "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(parsed(kCount, "18446744073709551616"), "is out of range");
  EXPECT_EQ(parsed(kSize, "16383PiB"), "18445618173802708992");
  EXPECT_EQ(parsed(kSize, "16384PiB"), "is out of range");
  EXPECT_EQ(parsed(kSize, "16385PiB"), "is out of range");
  EXPECT_EQ(parsed(kSize, std::string(1000, '9') + "KiB"), "is out of range");
}

TEST(SettingNumberTest, TextIsInTheLargestWholeUnit) {
  EXPECT_EQ(to_text(kDuration, 1500), "1500ms");
  EXPECT_EQ(to_text(kDuration, 90'000), "90s");
  EXPECT_EQ(to_text(kDuration, 36 * 3'600'000), "36h");
  EXPECT_EQ(to_text(kDuration, 0), "0");
  EXPECT_EQ(to_text(kSize, 1023), "1023");
  EXPECT_EQ(to_text(kSize, 1024), "1KiB");
  EXPECT_EQ(to_text(kSize, 10'000'000), "10000000");
  EXPECT_EQ(to_text(kSize, 3ULL << 50), "3PiB");
  EXPECT_EQ(to_text(kCount, 1024), "1024");
}

TEST(SettingNumberTest, TextReadsBackAsTheNumber) {
  minuted::test::Random random;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t unit = random.pick(std::to_array<std::uint64_t>({1, 1000, 60'000, 1024}));
    const std::uint64_t value = random.wide(50) * unit;
    for (const NumberForm form : {kDuration, kSize, kCount}) {
      ASSERT_EQ(parsed(form, to_text(form, value)), std::to_string(value));
    }
  }
}

}  // namespace
}  // namespace minuted::settings
