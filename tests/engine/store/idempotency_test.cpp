#include "store/idempotency.hpp"

#include <gtest/gtest.h>

#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

IdempotencyRecord sample() {
  return {Millis{1'700'000'000'000},
          {0x1111111111111111, 0x2222222222222222},
          {300, 2, 1, {{7, "latency_ms", "must be"}, {9, "", "not an object"}}, false}};
}

// A change of these bytes is a change of format.
TEST(IdempotencyRecordTest, GoldenBytes) {
  EXPECT_EQ(to_hex(encode_record(sample())),
            "0100" "68e5cf8b010000" "1111111111111111" "2222222222222222" "ac02" "02" "01" "02"
            "07" "0a6c6174656e63795f6d73" "076d757374206265"
            "09" "00" "0d6e6f7420616e206f626a656374");
}

TEST(IdempotencyRecordTest, RoundTrip) {
  const std::string bytes = encode_record(sample());
  EXPECT_EQ(decode_record(bytes), sample());
  EXPECT_EQ(record_time(bytes), sample().committed_at);
}

TEST(IdempotencyRecordTest, EveryTruncationIsRefused) {
  const std::string bytes = encode_record(sample());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(decode_record(std::string_view(bytes).substr(0, n))) << n;
  }
  EXPECT_FALSE(decode_record(bytes + "x"));
}

TEST(IdempotencyRecordTest, RandomBytesNeverCrash) {
  Random random;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = encode_record(sample());
    for (std::uint64_t n = random.below(4); n > 0; --n) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    bytes.resize(random.below(bytes.size() + 1));
    (void)decode_record(bytes);
    (void)record_time(bytes);
  }
}

TEST(IdempotencyKeyTest, ScopeAndKeyAreKeptApart) {
  Random random;
  const std::string secret = random.bytes(192);
  const auto named = [&](const char* scope, const char* key) {
    return record_key(secret, {scope, key, {}});
  };
  EXPECT_EQ(named("a", "b"), named("a", "b"));
  EXPECT_EQ(named("a", "b").size(), 16U);
  EXPECT_NE(named("a", "bc"), named("ab", "c"));
  EXPECT_NE(named("a", "b"), named("b", "a"));
  EXPECT_NE(named("a", "b"), record_key(random.bytes(192), {"a", "b", {}}));
}

TEST(FingerprintTest, BodyAndStrictnessBothCount) {
  Random random;
  const std::string secret = random.bytes(192);
  EXPECT_EQ(fingerprint_of(secret, "body", false), fingerprint_of(secret, "body", false));
  EXPECT_NE(fingerprint_of(secret, "body", false), fingerprint_of(secret, "body", true));
  EXPECT_NE(fingerprint_of(secret, "body", false), fingerprint_of(secret, "bodz", false));
}

}  // namespace
}  // namespace minuted::test
