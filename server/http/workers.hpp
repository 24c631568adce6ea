// The threads that do what a loop must not: decode large bodies, read the store. A coroutine of a
// loop awaits run_on() and goes on on its loop. What waits for a thread is bounded by the connections,
// each having one piece of work at a time.
#pragma once

#include <pthread.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "http/asio.hpp"

namespace minuted::http {

class Workers {
 public:
  explicit Workers(std::size_t threads) : work_(asio::make_work_guard(pool_)) {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] {
        ::pthread_setname_np(::pthread_self(), "worker");
        pool_.run();
      });
    }
  }
  // What was begun or waits is done first.
  ~Workers() {
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  asio::io_context& pool() { return pool_; }

 private:
  asio::io_context pool_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

namespace detail {

// A named function object, since GCC 12 destroys captures of lambdas in co_await expressions twice.
template <class Work>
struct RunOnWorkers {
  Workers* workers;
  Work* work;

  template <class Handler>
  void operator()(Handler&& handler) const {
    asio::post(workers->pool(), [work = work, handler = std::forward<Handler>(handler)]() mutable {
      std::exception_ptr failure;
      try {
        (*work)();
      } catch (...) {
        failure = std::current_exception();
      }
      const auto executor = asio::get_associated_executor(handler);
      asio::post(executor, [failure, handler = std::move(handler)]() mutable {
        std::move(handler)(failure);
      });
    });
  }
};

}  // namespace detail

// Calls `work` on a worker thread and resumes on the caller's loop; what it throws is thrown here.
// `work` stays the caller's and must live until then, as a local of the awaiting coroutine does.
template <class Work>
auto run_on(Workers& workers, Work& work) {
  UseAwaitable token;
  return asio::async_initiate<UseAwaitable, void(std::exception_ptr)>(
      detail::RunOnWorkers<Work>{&workers, &work}, token);
}

}  // namespace minuted::http
