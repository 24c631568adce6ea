// Which raw events are folded, as the records of folds say: in the same process, and in the next.
#include "store/fold_progress.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "schema/keys.hpp"
#include "support/hex.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

std::string key_of(std::string_view bucket, std::uint32_t minute) {
  std::string key = pair_prefix("r", bucket);
  append_minute(key, Minute{minute});
  return key;
}

class FoldProgressTest : public testing::Test {
 protected:
  void SetUp() override {
    StoreOptions options;
    options.path = directory_ / "store";
    auto opened = Store::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }

  void restart() {
    store_.reset();
    SetUp();
  }
  template <class Fill>
  void write(Fill fill) {
    WriteSet set(*store_);
    fill(set);
    ASSERT_TRUE(store_->write(set, Durability::kSynced).ok());
  }
  FoldProgress progress() {
    auto read = FoldProgress::read(*store_->view());
    EXPECT_TRUE(read.ok()) << read.error().message;
    return *read;
  }

  TempDir directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(FoldProgressTest, OfANewStoreNothingIsFolded) {
  EXPECT_EQ(progress().floor(), 0U);
  EXPECT_FALSE(progress().is_folded(1, pair_prefix("a", "a"), Minute{0}));
}

TEST_F(FoldProgressTest, AMarkCoversItsCommitsUpToItsKeyAndAllBefore) {
  write([&](WriteSet& set) { put_mark(*store_, {3, key_of("b", 5), 10, 20}, set); });
  for (const bool restarted : {false, true}) {
    if (restarted) restart();
    const FoldProgress folded = progress();
    EXPECT_EQ(folded.first_commit(), 10U);
    EXPECT_EQ(folded.last_commit(), 20U);
    const std::string b = pair_prefix("r", "b");
    for (const std::uint64_t commit : {10U, 15U, 20U}) {
      EXPECT_TRUE(folded.is_folded(commit, pair_prefix("r", "a"), Minute{9}));
      EXPECT_TRUE(folded.is_folded(commit, b, Minute{4}));
      EXPECT_TRUE(folded.is_folded(commit, b, Minute{5}));
      EXPECT_FALSE(folded.is_folded(commit, b, Minute{6}));
      EXPECT_FALSE(folded.is_folded(commit, pair_prefix("r", "c"), Minute{0}));
    }
    EXPECT_TRUE(folded.is_folded(9, pair_prefix("z", "z"), Minute{9})) << "generations before it";
    EXPECT_FALSE(folded.is_folded(21, pair_prefix("a", "a"), Minute{0})) << "those after it";
  }
}

TEST_F(FoldProgressTest, BelowTheFloorAllIsFolded) {
  write([&](WriteSet& set) {
    put_mark(*store_, {3, key_of("b", 5), 10, 20}, set);
    set.raise_raw_floor(21);
  });
  restart();
  EXPECT_EQ(progress().floor(), 21U);
  EXPECT_TRUE(progress().is_folded(20, pair_prefix("z", "z"), Minute{9}));
  EXPECT_FALSE(progress().is_folded(21, pair_prefix("a", "a"), Minute{0}));
}

TEST_F(FoldProgressTest, WhatIsUnreadableIsFoundAgainWithItsBytes) {
  write([&](WriteSet& set) {
    put_unreadable(key_of("b", 5), 10, "two", set);
    put_unreadable(key_of("a", 7), 10, "one", set);
    put_unreadable(key_of("b", 5), 11, "three", set);
  });
  restart();
  std::vector<std::pair<std::string, std::string>> found;
  const auto read = for_each_unreadable(*store_->view(), [&](std::string_view key, std::string_view value) {
    found.emplace_back(key, value);
  });
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(found, (std::vector<std::pair<std::string, std::string>>{
                       {key_of("a", 7), "one"}, {key_of("b", 5), "two"}, {key_of("b", 5), "three"}}));
}

TEST_F(FoldProgressTest, RecordsThatAreDamagedAreReported) {
  write([&](WriteSet& set) { set.put(Family::kMeta, "folded", std::string(31, 'x')); });
  EXPECT_EQ(FoldProgress::read(*store_->view()).error().code, ErrorCode::kCorruption);
  EXPECT_EQ(read_mark(*store_, *store_->view()).error().code, ErrorCode::kCorruption);
  write([&](WriteSet& set) {
    set.remove(Family::kMeta, "folded");
    set.put(Family::kMeta, "unreadable:r", "x");
  });
  EXPECT_EQ(for_each_unreadable(*store_->view(), [](auto, auto) {}).error().code,
            ErrorCode::kCorruption);
  write([&](WriteSet& set) { set.put(Family::kMeta, "folded_below", "7 bytes"); });
  EXPECT_EQ(FoldProgress::read(*store_->view()).error().message,
            "the record of which commits are folded cannot be read; it has 7 bytes");
}

TEST_F(FoldProgressTest, GoldenBytes) {
  write([&](WriteSet& set) {
    put_mark(*store_, {3, key_of("b", 5), 10, 20}, set);
    set.raise_raw_floor(0x1122);
    put_unreadable(key_of("b", 5), 10, "x", set);
  });
  const std::string mark = **store_->get(Family::kMeta, "folded");
  EXPECT_EQ(to_hex(mark.substr(8)),
            "0300000000000000" "0a00000000000000" "1400000000000000" "72006200" "00000005");
  EXPECT_EQ(to_hex(**store_->get(Family::kMeta, "folded_below")), "2211000000000000");
  EXPECT_EQ(**store_->get(Family::kMeta, std::string("unreadable:") +
                                             from_hex("72006200 00000005 000000000000000a")),
            "x");
}

}  // namespace
}  // namespace minuted::test
