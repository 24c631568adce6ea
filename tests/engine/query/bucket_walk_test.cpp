// Promise: a walk hands out the buckets of a question, ascending, each once, with the pairs that the
// question is about and that have series or a total, whichever of its ways it takes. Against a set of pairs.
#include "query/bucket_walk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "schema/keys.hpp"
#include "query/read_fixture.hpp"

namespace minuted::test {
namespace {

using Pairs = std::map<std::string, std::set<std::string>>;  // buckets to their repos

class BucketWalkTest : public ReadTest {
 protected:
  void know(const std::string& repo, const std::string& bucket, const std::string& host) {
    WriteSet set(*store_);
    const std::string prefix = pair_prefix(repo, bucket);
    set.put(Family::kCatalog, series_key(prefix, host), "");
    set.put(Family::kCatalog, bucket_index_key(prefix), "");
    set.put(Family::kCatalog, host_index_key(prefix, host), "");
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
    known_[bucket].insert(repo);
  }

  // A pair of which nothing but its total is left.
  void count(const std::string& repo, const std::string& bucket) {
    WriteSet set(*store_);
    const std::string prefix = pair_prefix(repo, bucket);
    set.put(Family::kTotal, prefix, "");
    set.put(Family::kCatalog, bucket_index_key(prefix), "");
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
    known_[bucket].insert(repo);
  }

  // Of pairs that nothing is known of, those that were asked for by both names may be among them.
  Pairs walked(const std::vector<std::string>& repos, const std::vector<std::string>& buckets,
               std::size_t own_pairs_max) {
    const auto read = begin_read();
    BucketWalk walk(*read, repos, buckets, own_pairs_max);
    Pairs found;
    std::string last;
    std::string bucket;
    for (;;) {
      const auto more = walk.next(bucket);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) break;
      EXPECT_LT(last, bucket);
      last = bucket;
      for (int again = 0; again < 2; ++again) {
        std::string last_prefix;
        const auto looked = walk.for_each_pair([&](const std::string& prefix) -> Result<void> {
          EXPECT_LT(last_prefix, prefix);
          last_prefix = prefix;
          const auto pair = split_pair(prefix);
          EXPECT_EQ(pair->bucket, bucket);
          const auto at = known_.find(bucket);
          if (at != known_.end() && at->second.contains(std::string(pair->repo))) {
            found[bucket].insert(std::string(pair->repo));
          }
          return {};
        });
        EXPECT_TRUE(looked.ok());
      }
    }
    return found;
  }

  Pairs wanted(const std::vector<std::string>& repos, const std::vector<std::string>& buckets) {
    const auto names = [](const std::vector<std::string>& ids, const std::string& id) {
      return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    Pairs all;
    for (const auto& [bucket, of] : known_) {
      for (const std::string& repo : of) {
        if (names(repos, repo) && names(buckets, bucket)) all[bucket].insert(repo);
      }
    }
    return all;
  }

  Pairs known_;
};

TEST_F(BucketWalkTest, FindsWhatTheQuestionIsAbout) {
  Random random;
  // Ids that are each other's beginnings, and one that nobody has.
  const std::vector<std::string> ids = {"a", "a!", "aa", "b", "b\x01", "c", "nobody's"};
  const auto some = [&] {
    std::vector<std::string> list;
    for (std::uint64_t i = random.below(4); i > 0; --i) list.push_back(random.pick(ids));
    return list;
  };
  for (int round = 0; round < 30; ++round) {
    const std::string repo = ids[random.below(ids.size() - 1)];
    const std::string bucket = ids[random.below(ids.size() - 1)];
    for (std::uint64_t host = random.below(8); host > 0; --host) {
      know(repo, bucket, "h" + std::to_string(host));
    }
    if (random.chance(50)) count(repo, bucket);
    for (int question = 0; question < 20; ++question) {
      const auto repos = some();
      const auto buckets = some();
      EXPECT_EQ(walked(repos, buckets, random.below(6) + 1), wanted(repos, buckets));
      EXPECT_EQ(walked(repos, buckets, kOwnPairsMax), wanted(repos, buckets));
    }
  }
}

// Time that is up ends each of its ways, and so does what `look` meets.
TEST_F(BucketWalkTest, EndsWithTheErrorItIsGiven) {
  know("a", "x", "h");
  const Error late{ErrorCode::kExpired, "late"};
  const auto read = begin_read();
  const std::vector<std::string> none;
  for (const std::vector<std::string>& repos : {none, {"a"}}) {
    for (const std::vector<std::string>& buckets : {none, {"x"}}) {
      std::string bucket;
      const auto expired = begin_read({.clock = &clock_, .lifetime_ms = -1});
      BucketWalk walk(*expired, repos, buckets);
      const auto more = walk.next(bucket);
      ASSERT_FALSE(more.ok());
      EXPECT_EQ(more.error().code, ErrorCode::kExpired);
      BucketWalk other(*read, repos, buckets);
      ASSERT_TRUE(other.next(bucket).ok());
      const auto looked = other.for_each_pair([&](const std::string&) { return Result<void>(late); });
      ASSERT_FALSE(looked.ok());
      EXPECT_EQ(looked.error().code, ErrorCode::kExpired);
    }
  }
}

}  // namespace
}  // namespace minuted::test
