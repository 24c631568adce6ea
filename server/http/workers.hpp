// The threads that do what a loop must not: decode large bodies, read the store. A coroutine of a
// loop awaits run_on() and goes on on its loop. What waits for a thread is bounded by the connections,
// each having one piece of work at a time.
#pragma once

#include <pthread.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "http/asio.hpp"

namespace minuted::http {

// Which queue a piece of work waits in.
enum class Turn : std::uint8_t {
  kFirst,  // the first piece of a request's work
  kNext,   // further pieces: of hundreds of long answers each has one waiting at any time
};

// Who is next while both wait: the first pieces, until further pieces have had less than a third of the
// time since both began to wait. Pure; one thread at a time.
class TurnShares {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // At least one of both waits.
  Turn choose(bool first_waits, bool next_waits) {
    if (!first_waits || !next_waits) {
      first_ = next_ = Duration::zero();
      return first_waits ? Turn::kFirst : Turn::kNext;
    }
    return 2 * next_ < first_ ? Turn::kNext : Turn::kFirst;
  }
  void spent(Turn turn, Duration time) { (turn == Turn::kFirst ? first_ : next_) += time; }

 private:
  Duration first_{};
  Duration next_{};
};

class Workers {
 public:
  class Task {
   public:
    virtual ~Task() = default;
    virtual void run() = 0;  // must not throw
  };

  explicit Workers(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] {
        ::pthread_setname_np(::pthread_self(), "worker");
        work();
      });
    }
  }
  // What was begun or waits is done first.
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void add(Turn turn, std::unique_ptr<Task> task) {
    {
      const std::lock_guard lock(mutex_);
      (turn == Turn::kFirst ? first_ : next_).push_back(std::move(task));
    }
    wake_.notify_one();
  }

 private:
  void work() {
    for (;;) {
      std::unique_ptr<Task> task;
      Turn turn{};
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return ending_ || !first_.empty() || !next_.empty(); });
        if (first_.empty() && next_.empty()) return;
        turn = shares_.choose(!first_.empty(), !next_.empty());
        std::deque<std::unique_ptr<Task>>& queue = turn == Turn::kFirst ? first_ : next_;
        task = std::move(queue.front());
        queue.pop_front();
      }
      const auto begin = std::chrono::steady_clock::now();
      task->run();
      task.reset();
      const auto time = std::chrono::steady_clock::now() - begin;
      const std::lock_guard lock(mutex_);
      shares_.spent(turn, time);
    }
  }

  std::mutex mutex_;  // guards all but threads_
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Task>> first_;
  std::deque<std::unique_ptr<Task>> next_;
  TurnShares shares_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

namespace detail {

// A named function object, since GCC 12 destroys captures of lambdas in co_await expressions twice.
template <class Work, class Handler>
class WorkTask final : public Workers::Task {
 public:
  WorkTask(Work& work, Handler handler) : work_(work), handler_(std::move(handler)) {}
  void run() override {
    std::exception_ptr failure;
    try {
      work_();
    } catch (...) {
      failure = std::current_exception();
    }
    const auto executor = asio::get_associated_executor(handler_);
    asio::post(executor, [failure, handler = std::move(handler_)]() mutable {
      std::move(handler)(failure);
    });
  }

 private:
  Work& work_;
  Handler handler_;
};

template <class Work>
struct RunOnWorkers {
  Workers* workers;
  Turn turn;
  Work* work;

  template <class Handler>
  void operator()(Handler&& handler) const {
    workers->add(turn, std::make_unique<WorkTask<Work, std::decay_t<Handler>>>(
                           *work, std::forward<Handler>(handler)));
  }
};

}  // namespace detail

// Calls `work` on a worker thread and resumes on the caller's loop; what it throws is thrown here.
// `work` stays the caller's and must live until then, as a local of the awaiting coroutine does.
template <class Work>
auto run_on(Workers& workers, Work& work, Turn turn = Turn::kFirst) {
  UseAwaitable token;
  return asio::async_initiate<UseAwaitable, void(std::exception_ptr)>(
      detail::RunOnWorkers<Work>{&workers, turn, &work}, token);
}

}  // namespace minuted::http
