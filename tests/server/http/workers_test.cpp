// The order in which workers take what waits for them.
#include "http/workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
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

TEST(WorkersTest, FirstPiecesGoBeforeFurtherOnesWhichAreNotForgotten) {
  std::string order;
  {
    std::promise<void> go;  // outlives the thread that waits for it
    Workers workers(1);
    // Holds the only thread up until all are waiting.
    workers.add(Turn::kFirst, std::make_unique<Call>([&] { go.get_future().wait(); }));
    for (int i = 0; i < 3; ++i) {
      workers.add(Turn::kNext, std::make_unique<Call>([&] { order += 'n'; }));
    }
    for (int i = 0; i < 18; ++i) {
      workers.add(Turn::kFirst, std::make_unique<Call>([&] { order += 'f'; }));
    }
    go.set_value();
  }
  // The one that held the thread up counts, or does not if it was taken before others waited.
  static_assert(Workers::kFirstInARowMax == 8);
  EXPECT_TRUE(order == "fffffffnffffffffnfffn" || order == "ffffffffnffffffffnffn") << order;
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
