// Which reads are admitted when all places are held, and which slow one gives way.
#include "http/read_places.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace minuted::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ReadPlacesTest : public testing::Test {
 protected:
  ReadPlaces& make(std::size_t max) {
    return *places_.emplace_back(std::make_unique<ReadPlaces>(max));
  }
  ReadPlace& add(ReadPlaces& places, std::string_view client = "") {
    return *reads_.emplace_back(std::make_unique<ReadPlace>(places, client));
  }
  // Reads that were admitted, `count` of them.
  void fill(ReadPlaces& places, std::size_t count, std::string_view client = "") {
    for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(add(places, client).enter(now_)) << i;
  }

  ReadPlaces::TimePoint now_{std::chrono::hours(1)};
  std::vector<std::unique_ptr<ReadPlaces>> places_;  // outlive their reads
  std::vector<std::unique_ptr<ReadPlace>> reads_;
};

TEST_F(ReadPlacesTest, ReadsThatMakeRowsAreNotEvicted) {
  ReadPlaces& places = make(4);
  fill(places, 4);
  now_ += seconds(100);
  EXPECT_FALSE(add(places).enter(now_));
  EXPECT_EQ(places.held(), 4U);
  reads_.erase(reads_.begin());
  EXPECT_TRUE(reads_.back()->enter(now_));
  EXPECT_EQ(places.evicted_total(), 0U);
}

TEST_F(ReadPlacesTest, TheReaderThatTookTheLeastOfLateGivesWay) {
  ReadPlaces& places = make(8);
  fill(places, 8);
  for (std::size_t i = 0; i < 3; ++i) reads_[i]->wait(0, now_);
  // The first took most, but long ago; the last takes a little all the time.
  reads_[0]->progress(100 << 20, now_ + milliseconds(100));
  for (int tick = 1; tick <= 40; ++tick) {
    now_ += milliseconds(100);
    reads_[0]->progress(100 << 20, now_);
    reads_[1]->progress(static_cast<std::uint64_t>(tick) * 2'000, now_);
    reads_[2]->progress(static_cast<std::uint64_t>(tick) * 1'000, now_);
  }
  for (const std::size_t next : {0U, 2U, 1U}) {
    EXPECT_FALSE(reads_[next]->evicted());
    ReadPlace& read = add(places);
    EXPECT_TRUE(read.enter(now_));
    EXPECT_TRUE(reads_[next]->evicted()) << next;
    reads_[next].reset(new ReadPlace(places, ""));  // its connection is gone
  }
  EXPECT_FALSE(add(places).enter(now_));
  EXPECT_EQ(places.evicted_total(), 3U);
}

TEST_F(ReadPlacesTest, AReaderIsSlowOnlyAfterAWhileAndBelowARate) {
  ReadPlaces& places = make(1);
  ReadPlace& reader = add(places);
  ASSERT_TRUE(reader.enter(now_));
  reader.wait(0, now_);
  ReadPlace& other = add(places);
  EXPECT_FALSE(other.enter(now_ + ReadPlaces::kSlowAfter - milliseconds(1)));
  now_ += seconds(1);
  reader.progress(ReadPlaces::kSlowBytesPerSecond, now_);
  EXPECT_FALSE(other.enter(now_)) << "it takes enough";
  reader.go_on();
  EXPECT_FALSE(other.enter(now_ + seconds(60))) << "it makes rows";
  reader.wait(ReadPlaces::kSlowBytesPerSecond, now_ + seconds(60));
  now_ += seconds(61);
  reader.progress(2 * ReadPlaces::kSlowBytesPerSecond - 1, now_);
  EXPECT_TRUE(other.enter(now_));
  EXPECT_TRUE(reader.evicted());
}

TEST_F(ReadPlacesTest, SlowReadersLeaveAnEighthToOthers) {
  ReadPlaces& places = make(16);
  fill(places, 14);
  for (auto& read : reads_) read->wait(0, now_);
  now_ += seconds(1);
  EXPECT_TRUE(add(places).enter(now_));
  EXPECT_EQ(places.evicted_total(), 1U) << "though places were free";
  EXPECT_EQ(places.waiting(), 13U);
  EXPECT_TRUE(add(places).enter(now_));
  EXPECT_EQ(places.evicted_total(), 1U);
}

TEST_F(ReadPlacesTest, EvictedReadsCountUntilTheyEnd) {
  ReadPlaces& places = make(16);
  fill(places, 16);
  for (auto& read : reads_) read->wait(0, now_);
  now_ += seconds(1);
  fill(places, 2);
  EXPECT_FALSE(add(places).enter(now_)) << "two hold their snapshots still";
  for (auto& read : reads_) {
    if (read->evicted()) {
      read.reset(new ReadPlace(places, ""));
      break;
    }
  }
  EXPECT_TRUE(reads_.back()->enter(now_));
}

TEST_F(ReadPlacesTest, AClientHasThreeQuartersAndLosesItsOwn) {
  ReadPlaces& places = make(8);
  ReadPlace& other = add(places, "b");
  ASSERT_TRUE(other.enter(now_));
  other.wait(0, now_);
  fill(places, 6, "a");
  now_ += seconds(1);
  EXPECT_FALSE(add(places, "a").enter(now_)) << "a place is free, but not for it";
  reads_[1]->wait(0, now_ - seconds(1));
  EXPECT_TRUE(reads_.back()->enter(now_));
  EXPECT_TRUE(reads_[1]->evicted());
  EXPECT_FALSE(other.evicted());
  EXPECT_TRUE(add(places, "c").enter(now_));
}

TEST_F(ReadPlacesTest, TheClientWithTheMostReadsLosesOne) {
  ReadPlaces& places = make(8);
  fill(places, 3, "modest");
  fill(places, 5, "greedy");
  for (auto& read : reads_) read->wait(0, now_);
  for (std::size_t i = 3; i < 8; ++i) reads_[i]->progress(1000 * i, now_ + milliseconds(500));
  now_ += seconds(1);
  EXPECT_TRUE(add(places, "c").enter(now_));
  EXPECT_TRUE(reads_[3]->evicted());
}

TEST_F(ReadPlacesTest, FewWaitForAPlaceWithTheirFirstPieceMade) {
  ReadPlaces& places = make(16);
  fill(places, 16);
  ReadPlace& first = add(places);
  EXPECT_TRUE(first.queue());
  EXPECT_TRUE(first.queue()) << "once";
  EXPECT_TRUE(add(places).queue());
  EXPECT_FALSE(add(places).queue());
  reads_.erase(reads_.begin());
  EXPECT_TRUE(first.enter(now_));
  EXPECT_TRUE(reads_.back()->queue());
}

}  // namespace
}  // namespace minuted::http
