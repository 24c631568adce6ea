// A set of bounded memory is never wrong: what it says is there was inserted, what it excludes was not.
#include "store/known_hashes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/random.hpp"

namespace minuted::test {
namespace {

using Answer = KnownHashes::Answer;

SeriesHash random_hash(Random& random) { return {random.bits(), random.bits()}; }

TEST(KnownHashesTest, AHashIsFoundUntilItIsErased) {
  KnownHashes known(4);
  const SeriesHash zero{0, 0};
  const SeriesHash other{0, 5};
  EXPECT_EQ(known.find(zero), Answer::kAbsent);
  EXPECT_EQ(known.insert(zero), 0U);
  EXPECT_EQ(known.insert(other), 0U);
  EXPECT_EQ(known.find(zero), Answer::kPresent);
  known.erase(zero);
  EXPECT_EQ(known.find(zero), Answer::kAbsent);
  EXPECT_EQ(known.find(other), Answer::kPresent);
}

TEST(KnownHashesTest, WhatMadeRoomIsUnknownAndNotAbsent) {
  KnownHashes known(0);
  for (std::uint64_t i = 1; i <= KnownHashes::kTags; ++i) EXPECT_EQ(known.insert({0, i}), 0U);
  EXPECT_EQ(known.find({0, 99}), Answer::kAbsent);
  EXPECT_EQ(known.insert({0, 50}), 1U) << "the oldest";
  EXPECT_EQ(known.find({0, 1}), Answer::kUnknown);
  EXPECT_EQ(known.find({0, 2}), Answer::kPresent);
  EXPECT_EQ(known.find({0, 99}), Answer::kUnknown);
  known.erase({0, 50});
  EXPECT_EQ(known.find({0, 99}), Answer::kUnknown) << "it does not learn what was dropped";
}

TEST(KnownHashesTest, OfASetThatDoesNotHaveAllNothingIsExcluded) {
  KnownHashes known(4);
  known.exclude_nothing();
  known.insert({1, 1});
  EXPECT_EQ(known.find({1, 1}), Answer::kPresent);
  EXPECT_EQ(known.find({1, 2}), Answer::kUnknown);
}

TEST(KnownHashesTest, HalfFullItKnowsNearlyAll) {
  Random random;
  constexpr unsigned kBits = 12;
  KnownHashes known(kBits);
  std::vector<SeriesHash> hashes;
  for (std::size_t i = 0; i < (KnownHashes::kTags << kBits) / 2; ++i) {
    hashes.push_back(random_hash(random));
    ASSERT_NE(known.find(hashes.back()), Answer::kPresent);
    known.insert(hashes.back());
  }
  const auto present = std::count_if(hashes.begin(), hashes.end(), [&](const SeriesHash& hash) {
    EXPECT_NE(known.find(hash), Answer::kAbsent);
    return known.find(hash) == Answer::kPresent;
  });
  EXPECT_GT(present * 100, static_cast<std::ptrdiff_t>(hashes.size()) * 98);
  int excluded = 0;
  for (int i = 0; i < 1000; ++i) {
    const Answer answer = known.find(random_hash(random));
    EXPECT_NE(answer, Answer::kPresent);
    excluded += answer == Answer::kAbsent ? 1 : 0;
  }
  EXPECT_GT(excluded, 950);
}

}  // namespace
}  // namespace minuted::test
