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

TEST(KeyCodecTest, GoldenBytes) {
  std::string archive = pair_prefix("re", "b");
  append_minute(archive, Minute{0x01020304});
  append_sequence(archive, 0x1122334455667788);
  EXPECT_EQ(to_hex(archive), "7265006200010203041122334455667788");
  EXPECT_EQ(to_hex(raw_key(0x1122334455667788, 0x01020304)), "112233445566778801020304");
  EXPECT_EQ(to_hex(repo_key("re", RepoSpan::kFiveMinutes, Minute{5})), "35000000057265");
  EXPECT_EQ(to_hex(series_key(pair_prefix("re", "b"), "h")), "53726500620068");
  EXPECT_EQ(to_hex(bucket_index_key(pair_prefix("re", "b"))), "426200726500");
}

TEST(KeyCodecTest, KeysSortAsTheirPartsDo) {
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

TEST(KeyCodecTest, PairAndMinuteComeBackFromAKey) {
  const std::string key = minute_key("repo", "bucket \xE2\x82\xAC", 28'333'333);
  const auto pair = split_pair(key);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->repo, "repo");
  EXPECT_EQ(pair->bucket, "bucket \xE2\x82\xAC");
  EXPECT_EQ(read_minute(std::string_view(key).substr(pair->prefix.size())).value, 28'333'333U);
}

TEST(KeyCodecTest, AfterPrefixIsPastEveryKeyOfThePrefixAndBeforeTheNext) {
  const std::string end = after_prefix(pair_prefix("r", "b"));
  EXPECT_LT(minute_key("r", "b", UINT32_MAX) + std::string(8, '\xFF'), end);
  EXPECT_LT(end, pair_prefix("r", "b "));
  EXPECT_LT(after_prefix(repo_prefix("r")), pair_prefix("r ", " "));
  EXPECT_GT(after_prefix(repo_prefix("r")), minute_key("r", "\xF4\x8F\xBF\xBF", UINT32_MAX));
}

TEST(KeyCodecTest, BytesWithoutTwoEndsAreNoPair) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(split_pair(""));
  EXPECT_FALSE(split_pair("repo"));
  EXPECT_FALSE(split_pair("repo\0bucket"sv));
  EXPECT_TRUE(split_pair("repo\0bucket\0"sv));
}

TEST(KeyCodecTest, RawKeysSortByCommitAndGiveItBack) {
  EXPECT_EQ(commit_of_raw_key(raw_key(300, 7)), 300U);
  EXPECT_EQ(commit_of_raw_key(raw_key(300, 7) + "x"), std::nullopt);
  EXPECT_LT(raw_key(255, UINT32_MAX), raw_key(256, 0));
  EXPECT_LT(raw_key(256, 255), raw_key(256, 256));
}

TEST(KeyCodecTest, BucketIndexGivesItsRepoBack) {
  const std::string key = bucket_index_key(pair_prefix("re po", "b"));
  EXPECT_EQ(repo_of_bucket_index(key, bucket_index_prefix("b")), "re po");
  EXPECT_FALSE(repo_of_bucket_index("Bb", bucket_index_prefix("b")));
}

}  // namespace
}  // namespace minuted::test
