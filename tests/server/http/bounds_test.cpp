// What bounds the daemon's memory and connections: the budget of bytes, a body's buffer, the
// census.
#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

#include "http/body_buffer.hpp"
#include "http/byte_budget.hpp"
#include "http/server.hpp"

namespace minuted::http {
namespace {

TEST(ByteBudgetTest, SharesAddUpToTheBoundAndNoFurther) {
  ByteBudget budget(100);
  EXPECT_EQ(budget.bytes_max(), 100U);
  BudgetShare first(budget);
  BudgetShare second(budget);
  EXPECT_TRUE(first.raise_to(60));
  EXPECT_TRUE(first.raise_to(50)) << "it has as much";
  EXPECT_EQ(budget.used(), 60U);
  EXPECT_FALSE(second.raise_to(41));
  EXPECT_EQ(budget.used(), 60U) << "a refusal takes nothing";
  EXPECT_TRUE(second.raise_to(40));
  EXPECT_FALSE(first.raise_to(61));
  EXPECT_EQ(budget.used(), 100U);
  first.release();
  first.release();
  EXPECT_EQ(budget.used(), 40U);
  EXPECT_TRUE(second.raise_to(100));
}

TEST(ByteBudgetTest, LargeOnesShareHalfAndLeaveTheRestToOthers) {
  ByteBudget budget(100);
  BudgetShare first(budget);
  BudgetShare second(budget);
  BudgetShare small(budget);
  EXPECT_TRUE(first.claim(30));
  EXPECT_FALSE(second.claim(21));
  EXPECT_EQ(second.bytes(), 0U);
  EXPECT_TRUE(second.claim(20));
  EXPECT_TRUE(small.raise_to(50));
  EXPECT_EQ(budget.used(), 100U);
  first.release();
  second.release();
  EXPECT_EQ(budget.used(), 50U);
  EXPECT_FALSE(first.claim(51)) << "there is not that much left";
  EXPECT_TRUE(first.claim(50));
}

TEST(ByteBudgetTest, ALargeOneAloneMayTakeMoreThanHalf) {
  ByteBudget budget(100);
  BudgetShare first(budget);
  BudgetShare second(budget);
  EXPECT_TRUE(first.claim(90));
  EXPECT_FALSE(second.claim(1));
  first.release();
  EXPECT_FALSE(second.claim(SIZE_MAX));
  EXPECT_TRUE(second.claim(1));
}

TEST(ByteBudgetTest, NoNumberIsTooLargeToRefuse) {
  ByteBudget budget(100);
  BudgetShare share(budget);
  ASSERT_TRUE(share.raise_to(1));
  EXPECT_FALSE(share.raise_to(SIZE_MAX));
  EXPECT_EQ(budget.used(), 1U);
}

TEST(ByteBudgetTest, AShareIsGivenBackOnce) {
  ByteBudget budget(100);
  {
    BudgetShare share(budget);
    ASSERT_TRUE(share.raise_to(70));
    BudgetShare moved(std::move(share));
    EXPECT_EQ(budget.used(), 70U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST(ByteBudgetTest, ManyThreadsNeverPassTheBound) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kStep = 30;
  ByteBudget budget(100);
  std::atomic<bool> passed{false};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20'000; ++round) {
        BudgetShare share(budget);
        if (share.raise_to(kStep)) (void)share.raise_to(2 * kStep);
        if (budget.used() > budget.bytes_max()) passed = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(passed);
  EXPECT_EQ(budget.used(), 0U);
}

void append(BodyBuffer& buffer, std::string_view text) {
  ASSERT_GE(buffer.room_bytes(), text.size());
  std::copy(text.begin(), text.end(), buffer.room());
  buffer.grew_by(text.size());
}

TEST(BodyBufferTest, KeepsWhatWasWrittenWhileItGrows) {
  BodyBuffer buffer;
  buffer.reserve(4);
  append(buffer, "abcd");
  EXPECT_EQ(buffer.room_bytes(), 0U);
  buffer.reserve(2);
  EXPECT_EQ(buffer.capacity(), 4U) << "it never shrinks";
  buffer.reserve(1 << 20);
  append(buffer, "efg");
  EXPECT_EQ(buffer.view(), "abcdefg");
  EXPECT_EQ(buffer.size(), 7U);
}

TEST(BodyBufferTest, ReadsAsZerosBehindTheBody) {
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U}) {
    BodyBuffer buffer;
    buffer.reserve(size + 200);
    append(buffer, std::string(size + 200, 'x'));
    buffer = BodyBuffer();
    buffer.reserve(size);
    if (size != 0) append(buffer, std::string(size, 'x'));
    buffer.finish();
    EXPECT_EQ(buffer.size(), size);
    EXPECT_EQ(std::string(buffer.view().data() + size, BodyBuffer::kPadding),
              std::string(BodyBuffer::kPadding, '\0'));
  }
}

TEST(BodyBufferTest, GivesItsMemoryAway) {
  BodyBuffer from;
  from.reserve(10);
  append(from, "body");
  BodyBuffer to(std::move(from));
  EXPECT_EQ(to.view(), "body");
  EXPECT_EQ(from.size(), 0U);
  EXPECT_EQ(from.capacity(), 0U);
  to.release();
  EXPECT_EQ(to.size(), 0U);
  EXPECT_EQ(to.capacity(), 0U);
  to.reserve(4);
  append(to, "more");
  EXPECT_EQ(to.view(), "more");
}

using Verdict = ConnectionCensus::Verdict;

TEST(ConnectionCensusTest, CountsInAllAndByAddress) {
  ConnectionCensus census(3, 2);
  EXPECT_EQ(census.enter("a", false), Verdict::kAdmitted);
  EXPECT_EQ(census.enter("a", false), Verdict::kAdmitted);
  EXPECT_EQ(census.enter("a", false), Verdict::kTooManyFromAddress);
  EXPECT_EQ(census.enter("b", false), Verdict::kAdmitted);
  EXPECT_EQ(census.enter("c", false), Verdict::kTooMany);
  EXPECT_EQ(census.size(), 3U) << "who is refused does not count";
  census.leave("a");
  EXPECT_EQ(census.enter("c", false), Verdict::kAdmitted);
  census.leave("c");
  EXPECT_EQ(census.enter("a", false), Verdict::kAdmitted);
}

TEST(ConnectionCensusTest, ExemptAddressesCountInAllOnly) {
  ConnectionCensus census(4, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(census.enter("a", true), Verdict::kAdmitted);
  EXPECT_EQ(census.enter("b", false), Verdict::kAdmitted);
  EXPECT_EQ(census.enter("a", true), Verdict::kTooMany);
}

TEST(ConnectionCensusTest, WaitsForTheLastToLeave) {
  ConnectionCensus census(4, 4);
  EXPECT_TRUE(census.wait_until_empty(0));
  census.enter("a", false);
  census.enter("b", false);
  EXPECT_FALSE(census.wait_until_empty(0));
  std::thread leaver([&] {
    census.leave("a");
    census.leave("b");
  });
  EXPECT_TRUE(census.wait_until_empty(60'000));
  leaver.join();
  EXPECT_EQ(census.size(), 0U);
}

TEST(ConnectionCensusTest, WhoIsNotAdmittedIsToldTheBound) {
  Limits limits;
  limits.connections_max = 7;
  limits.connections_per_address_max = 3;
  const auto told = [&](ConnectionCensus::Verdict verdict) { return refusal_of(verdict, limits).body; };
  EXPECT_EQ(told(ConnectionCensus::Verdict::kTooMany),
            R"({"success":false,"message":"the server has 7 connections, as many as it may; try again )"
            R"(soon","error_code":"too_many_connections"})");
  EXPECT_EQ(told(ConnectionCensus::Verdict::kTooManyFromAddress),
            R"({"success":false,"message":"your address has 3 connections, as many as it may; reuse )"
            R"(them, or try again soon","error_code":"too_many_from_address"})");
}

}  // namespace
}  // namespace minuted::http
