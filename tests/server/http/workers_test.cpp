// The order in which workers take what waits for them.
#include "http/workers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <functional>
#include <memory>
#include <string>

namespace minuted::http {
namespace {

class Call final : public Workers::Task {
 public:
  explicit Call(std::function<void()> call) : call_(std::move(call)) {}
  void run() override { call_(); }

 private:
  const std::function<void()> call_;
};

using std::chrono::milliseconds;

// Whose turns they are, when each takes so long.
std::string turns(milliseconds first, milliseconds next, int count) {
  TurnShares shares;
  std::string order;
  for (int i = 0; i < count; ++i) {
    const Turn turn = shares.choose(true, true);
    order += turn == Turn::kFirst ? 'f' : 'n';
    shares.spent(turn, turn == Turn::kFirst ? first : next);
  }
  return order;
}

TEST(TurnSharesTest, FurtherPiecesHaveAThirdOfTheTime) {
  EXPECT_EQ(turns(milliseconds(2), milliseconds(1), 9), "fnfnfnfnf");
  EXPECT_EQ(turns(milliseconds(10), milliseconds(1), 13), "fnnnnnfnnnnnf") << "long first ones";
  EXPECT_EQ(turns(milliseconds(1), milliseconds(3), 15), "fnffffffnffffff") << "long further ones";
}

TEST(TurnSharesTest, OnlyTimeInWhichBothWaitCounts) {
  TurnShares shares;
  EXPECT_EQ(shares.choose(true, false), Turn::kFirst);
  shares.spent(Turn::kFirst, milliseconds(1000));
  EXPECT_EQ(shares.choose(false, true), Turn::kNext);
  shares.spent(Turn::kNext, milliseconds(1));
  // The one before is still counted; none of the long one is.
  EXPECT_EQ(shares.choose(true, true), Turn::kFirst);
  shares.spent(Turn::kFirst, milliseconds(3));
  EXPECT_EQ(shares.choose(true, true), Turn::kNext);
}

TEST(WorkersTest, FirstPiecesGoBeforeFurtherOnes) {
  std::string order;
  {
    std::promise<void> go;  // outlives the thread that waits for it
    Workers workers(1);
    // Holds the only thread up until all are waiting: as a further piece, so that these have had more
    // than their share.
    workers.add(Turn::kNext, std::make_unique<Call>([&] { go.get_future().wait(); }));
    for (int i = 0; i < 3; ++i) {
      workers.add(Turn::kNext, std::make_unique<Call>([&] { order += 'n'; }));
    }
    for (int i = 0; i < 3; ++i) {
      workers.add(Turn::kFirst, std::make_unique<Call>([&] { order += 'f'; }));
    }
    go.set_value();
  }
  EXPECT_TRUE(order.starts_with("f")) << order;
  EXPECT_EQ(std::count(order.begin(), order.end(), 'f'), 3) << order;
  EXPECT_EQ(std::count(order.begin(), order.end(), 'n'), 3) << order;
}

TEST(WorkersTest, AllThatWaitsIsDoneBeforeTheEnd) {
  constexpr int kTasks = 1000;
  std::atomic<int> done{0};
  {
    Workers workers(3);
    for (int i = 0; i < kTasks; ++i) {
      workers.add(i % 2 == 0 ? Turn::kFirst : Turn::kNext, std::make_unique<Call>([&] { ++done; }));
    }
  }
  EXPECT_EQ(done, kTasks);
}

}  // namespace
}  // namespace minuted::http
