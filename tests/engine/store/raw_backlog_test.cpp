#include "store/raw_backlog.hpp"

#include <gtest/gtest.h>

namespace minuted::test {
namespace {

TEST(RawBacklogTest, SizeIsWhatWasAddedAndNotRemoved) {
  RawBacklog backlog;
  backlog.add({2, 100}, 0);
  backlog.add({1, 50}, 0);
  backlog.remove({2, 100});
  EXPECT_EQ(backlog.size().chunks, 1U);
  EXPECT_EQ(backlog.size().bytes, 50U);
}

TEST(RawBacklogTest, LagIsTheAgeOfTheOldestUnfoldedCommit) {
  RawBacklog backlog;
  EXPECT_EQ(backlog.lag_ms(1000), 0);
  backlog.add({1, 10}, 1000);
  backlog.add({1, 10}, 3000);
  EXPECT_EQ(backlog.lag_ms(4000), 3000);
  backlog.begin_fold();
  backlog.add({1, 10}, 5000);
  EXPECT_EQ(backlog.lag_ms(6000), 5000) << "what is being folded is not folded yet";
  backlog.remove({2, 20});
  backlog.end_fold(true);
  EXPECT_EQ(backlog.lag_ms(6000), 1000);
}

TEST(RawBacklogTest, AFailedFoldKeepsItsLag) {
  RawBacklog backlog;
  backlog.add({1, 10}, 1000);
  backlog.begin_fold();
  backlog.end_fold(false);
  EXPECT_EQ(backlog.lag_ms(9000), 8000);
}

// A reader may skip raw data only if none was there when it looked and none came until its view.
TEST(RawBacklogTest, NoneSinceIsFalseOnceAnythingWasAddedEvenIfItIsGoneAgain) {
  RawBacklog backlog;
  const auto empty = backlog.mark();
  EXPECT_TRUE(backlog.none_since(empty));
  backlog.add({1, 10}, 0);
  EXPECT_FALSE(backlog.none_since(empty));
  const auto full = backlog.mark();
  backlog.remove({1, 10});
  EXPECT_FALSE(backlog.none_since(empty));
  EXPECT_FALSE(backlog.none_since(full));
  EXPECT_TRUE(backlog.none_since(backlog.mark()));
}

}  // namespace
}  // namespace minuted::test
