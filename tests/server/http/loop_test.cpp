// A loop's end, whatever is due at that moment.
#include "http/loop.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

namespace minuted::http::test {
namespace {

// Longer than a tick, so that one is due when the loop looks up again.
constexpr auto kBusy = std::chrono::milliseconds(250);
constexpr auto kPatience = std::chrono::seconds(10);

TEST(LoopTest, EndsThoughATickIsDueAlready) {
  Loop loop(system_clock());
  loop.start();
  std::promise<void> begun;
  asio::post(loop.context(), [&begun] {
    begun.set_value();
    std::this_thread::sleep_for(kBusy);
  });
  begun.get_future().wait();
  std::promise<void> ended;
  std::thread stopping([&] {
    loop.stop();
    ended.set_value();
  });
  if (ended.get_future().wait_for(kPatience) != std::future_status::ready) {
    std::fprintf(stderr, "the loop does not end\n");
    std::_Exit(1);  // nobody could join its thread
  }
  stopping.join();
}

}  // namespace
}  // namespace minuted::http::test
