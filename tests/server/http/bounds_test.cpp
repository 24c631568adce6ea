// What bounds the daemon's memory: the budget of bytes and a body's buffer.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/body_buffer.hpp"
#include "http/byte_budget.hpp"

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

constexpr std::size_t kMiB = 1 << 20;

// A share of a client's.
struct Body : BudgetShare {
  Body(ByteBudget& budget, std::string_view client) : BudgetShare(budget) { set_client(client); }
};

TEST(ByteBudgetTest, LargeBodiesThatWaitGetRoomInTheirOrder) {
  ByteBudget budget(128 * kMiB);
  Body holder(budget, "a");
  ASSERT_TRUE(holder.raise_to(60 * kMiB));
  Body first(budget, "a");
  Body second(budget, "a");
  Body third(budget, "a");
  EXPECT_FALSE(first.raise_to(30 * kMiB));
  EXPECT_FALSE(second.raise_to(2 * kMiB)) << "there would be room, but another was first";
  EXPECT_FALSE(third.raise_to(2 * kMiB));
  Body small(budget, "a");
  EXPECT_TRUE(small.raise_to(kMiB)) << "small ones do not wait behind large ones";
  Body other(budget, "b");
  EXPECT_TRUE(other.raise_to(2 * kMiB)) << "nor do those of others";
  EXPECT_TRUE(holder.raise_to(61 * kMiB)) << "what is large already goes on";
  holder.release();
  EXPECT_FALSE(second.raise_to(2 * kMiB));
  EXPECT_TRUE(first.raise_to(30 * kMiB));
  EXPECT_FALSE(third.raise_to(2 * kMiB)) << "the second is before it";
  second.release();  // it does not wait any longer
  EXPECT_TRUE(third.raise_to(2 * kMiB));
  EXPECT_TRUE(second.raise_to(2 * kMiB));
}

TEST(ByteBudgetTest, LargeBodiesOfOneClientShareHalf) {
  ByteBudget budget(128 * kMiB);
  Body first(budget, "a");
  Body second(budget, "a");
  Body third(budget, "a");
  EXPECT_TRUE(first.raise_to(40 * kMiB));
  EXPECT_FALSE(second.raise_to(25 * kMiB));
  EXPECT_EQ(second.bytes(), 0U);
  EXPECT_TRUE(second.raise_to(24 * kMiB));
  EXPECT_FALSE(third.raise_to(kMiB + 1));
  EXPECT_TRUE(third.raise_to(kMiB)) << "a small body";
  EXPECT_FALSE(third.raise_to(kMiB + 1)) << "it becomes large";
  EXPECT_EQ(third.bytes(), kMiB);
  first.release();
  EXPECT_TRUE(third.raise_to(40 * kMiB));
  EXPECT_EQ(budget.used(), 64 * kMiB);
}

TEST(ByteBudgetTest, OneClientCannotKeepTheOthersFromSendingALargeBody) {
  ByteBudget budget(128 * kMiB);
  Body first(budget, "a");
  Body second(budget, "a");
  Body other(budget, "b");
  Body another(budget, "b");
  EXPECT_TRUE(first.raise_to(32 * kMiB));
  EXPECT_TRUE(second.raise_to(32 * kMiB));
  EXPECT_TRUE(other.raise_to(32 * kMiB));
  EXPECT_TRUE(other.raise_to(48 * kMiB)) << "its first may grow up to seven eighths in all";
  EXPECT_FALSE(other.raise_to(48 * kMiB + 1));
  EXPECT_FALSE(another.raise_to(2 * kMiB));
}

TEST(ByteBudgetTest, SmallBodiesHaveAnEighthWhateverLargeOnesHold) {
  ByteBudget budget(128 * kMiB);
  Body large(budget, "a");
  ASSERT_TRUE(large.raise_to(128 * kMiB)) << "alone it may have all";
  std::vector<BudgetShare> small;
  for (int i = 0; i < 16; ++i) {
    small.emplace_back(budget);
    EXPECT_TRUE(small.back().raise_to(kMiB)) << i;
  }
  small.emplace_back(budget);
  EXPECT_FALSE(small.back().raise_to(1));
  EXPECT_EQ(budget.used(), 144 * kMiB);
  large.release();
  EXPECT_TRUE(small.back().raise_to(kMiB));
}

TEST(ByteBudgetTest, OneClientsSmallBodiesLeaveAQuarterToOthers) {
  ByteBudget budget(64 * kMiB);
  std::vector<BudgetShare> small;
  const auto push = [&](std::string_view client) {
    small.emplace_back(budget).set_client(client);
    return small.back().raise_to(kMiB);
  };
  for (int i = 0; i < 48; ++i) EXPECT_TRUE(push("a")) << i;
  EXPECT_FALSE(push("a"));
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(push("b")) << i;
  EXPECT_FALSE(push("b"));
  small.clear();
  // Clients that cannot be told from each other have no share of their own.
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(push("")) << i;
  EXPECT_FALSE(push(""));
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

}  // namespace
}  // namespace minuted::http
