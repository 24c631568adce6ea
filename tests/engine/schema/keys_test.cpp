// Keys sort as the answers must: by repo, bucket, minute, bytewise; and each says where it ends.
#include "schema/keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

std::string minute_key(std::string_view repo, std::string_view bucket, std::uint32_t minute) {
  std::string key = pair_prefix(repo, bucket);
  append_minute(key, Minute{minute});
  return key;
}

TEST(KeysTest, GoldenBytes) {
  const std::string pair = pair_prefix("re", "b");
  EXPECT_EQ(to_hex(pair), "7265006200");
  EXPECT_EQ(to_hex(repo_prefix("re")), "726500");
  EXPECT_EQ(to_hex(row_key(pair, Minute{0x01020304})), "726500620001020304");
  EXPECT_EQ(to_hex(archive_key(pair, Minute{0x01020304}, 0x1122334455667788)),
            "7265006200010203041122334455667788");
  EXPECT_EQ(to_hex(raw_key(0x1122334455667788, 0x01020304)), "112233445566778801020304");
  EXPECT_EQ(to_hex(repo_key("re", RepoSpan::kFiveMinutes, Minute{5})), "35000000057265");
  EXPECT_EQ(to_hex(series_key(pair_prefix("re", "b"), "h")), "53726500620068");
  EXPECT_EQ(to_hex(bucket_index_key(pair)), "426200726500");
  EXPECT_EQ(to_hex(host_index_key(pair, "h")), "4868007265006200");
  EXPECT_EQ(to_hex(repo_metadata_key("re")), "527265");
  EXPECT_EQ(to_hex(workspace_index_key("w", "re")), "5777007265");
  EXPECT_EQ(to_hex(node_key("h")), "4e68");
  EXPECT_EQ(to_hex(node_day_key("h", Minute{0x01020304})), "44680001020304");
  EXPECT_EQ(to_hex(idempotency_key(0x1122334455667788, 0x99AABBCCDDEEFF00)),
            "887766554433221100ffeeddccbbaa99");
  const EventIdPair hashes = event_id_pair(0x1122334455667788, 0x99AABBCCDDEEFF00);
  const EventIdKey id =
      event_id_key(Minute{0x01020304}, hashes, 0x0102030405060708, 0xA1A2A3A4A5A6A7A8);
  EXPECT_EQ(to_hex({id.data(), id.size()}),
            "01020304"
            "8877665544332211"
            "00ffeeddccbbaa99"
            "0807060504030201"
            "a8a7a6a5");
  EXPECT_EQ(to_hex(event_id_begin(Minute{0x01020304}, "ab")), "010203046162");
}

TEST(KeysTest, KeysSortAsTheirPartsDo) {
  Random random;
  std::vector<std::tuple<std::string, std::string, std::uint32_t>> parts;
  const std::vector<std::string> ids = {"a", "aa", "a b", "a\xC3\xA9", "b", "a!", "a~", " "};
  for (int i = 0; i < 2000; ++i) {
    parts.emplace_back(ids[random.below(ids.size())], ids[random.below(ids.size())],
                       static_cast<std::uint32_t>(random.below(1ULL << 32)));
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto& [r1, b1, m1] = parts[i - 1];
    const auto& [r2, b2, m2] = parts[i];
    ASSERT_EQ(minute_key(r1, b1, m1) < minute_key(r2, b2, m2), parts[i - 1] < parts[i])
        << shorten(minute_key(r1, b1, m1)) << " against " << shorten(minute_key(r2, b2, m2));
  }
}

TEST(KeysTest, PairAndMinuteComeBackFromAKey) {
  const std::string key = minute_key("repo", "bucket \xE2\x82\xAC", 28'333'333);
  const auto pair = split_pair(key);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->repo, "repo");
  EXPECT_EQ(pair->bucket, "bucket \xE2\x82\xAC");
  EXPECT_EQ(read_minute(std::string_view(key).substr(pair->prefix.size())).value, 28'333'333U);
}

TEST(KeysTest, AfterPrefixIsPastEveryKeyOfThePrefixAndBeforeTheNext) {
  const std::string end = after_prefix(pair_prefix("r", "b"));
  EXPECT_LT(minute_key("r", "b", UINT32_MAX) + std::string(8, '\xFF'), end);
  EXPECT_LT(end, pair_prefix("r", "b "));
  EXPECT_LT(after_prefix(repo_prefix("r")), pair_prefix("r ", " "));
  EXPECT_GT(after_prefix(repo_prefix("r")), minute_key("r", "\xF4\x8F\xBF\xBF", UINT32_MAX));
}

TEST(KeysTest, BytesWithoutTwoEndsAreNoPair) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(split_pair(""));
  EXPECT_FALSE(split_pair("repo"));
  EXPECT_FALSE(split_pair("repo\0bucket"sv));
  EXPECT_TRUE(split_pair("repo\0bucket\0"sv));
}

TEST(KeysTest, RawKeysSortByCommitAndGiveItBack) {
  EXPECT_EQ(commit_of_raw_key(raw_key(300, 7)), 300U);
  EXPECT_EQ(commit_of_raw_key(raw_key(300, 7) + "x"), std::nullopt);
  EXPECT_LT(raw_key(255, UINT32_MAX), raw_key(256, 0));
  EXPECT_LT(raw_key(256, 255), raw_key(256, 256));
}

TEST(KeysTest, BucketIndexGivesItsRepoBack) {
  const std::string key = bucket_index_key(pair_prefix("re po", "b"));
  EXPECT_EQ(repo_of_bucket_index(key, bucket_index_prefix("b")), "re po");
  EXPECT_FALSE(repo_of_bucket_index("Bb", bucket_index_prefix("b")));
}

// Whoever walks one kind of a family's records sees all of them and no others.
TEST(KeysTest, TheBoundsOfAKindHoldItsKeysOnly) {
  for (const std::string_view id : {" ", "a", "\xF4\x8F\xBF\xBF"}) {
    const std::string pair = pair_prefix(id, id);
    const std::string bucket = bucket_index_key(pair);
    EXPECT_TRUE(kBucketIndexBegin <= bucket && bucket < kBucketIndexEnd);
    const std::string day = node_day_key(id, kMinuteMax);
    EXPECT_TRUE(kNodeDaysBegin <= day && day < kNodeDaysEnd);
    EXPECT_LT(day, node_key(" ")) << "heartbeats lie before the records";
    EXPECT_LT(repo_metadata_key(id), kRepoMetadataEnd);
    const std::string series = series_key(pair, id);
    EXPECT_TRUE(kRepoMetadataEnd <= series && series < series_end());
    EXPECT_TRUE(is_series_key(series) && !is_series_key(bucket));
    EXPECT_TRUE(is_node_key(node_key(id)) && !is_node_key(day));
    EXPECT_LT(host_index_key(pair, id), repo_metadata_key(" "));
    EXPECT_GT(workspace_index_key(id, id), series_end());
  }
}

}  // namespace
}  // namespace minuted::test
