// One thread that pushes a prepared load over its connections: the loop they share, what they take
// from, and what they add up to. See load.hpp for what it promises.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "load/feed.hpp"
#include "load/load.hpp"
#include "load/stamps.hpp"

namespace minuted::load {

using LoopExecutor = boost::asio::io_context::executor_type;
using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;

class Connection;

class Sender {
 public:
  // Borrows all of them.
  Sender(const LoadOptions& options, PreparedLoad& prepared, const OnProgress& on_progress);
  ~Sender();

  Result<LoadResult> run();

  // For the connections:
  boost::asio::io_context& context() { return context_; }
  const LoadOptions& options() const { return options_; }
  Feed& feed() { return feed_; }
  LoadResult& result() { return result_; }
  // Lends the next batch, its timestamps written if it is live; when none is due, remembers the
  // connection and wakes it later. nullopt also if none comes any more: see Feed::over().
  std::optional<Batch> next_batch(Connection& connection);
  // The head of the request for a batch, up to and with the empty line.
  void write_head(const Batch& batch, std::string& out) const;
  // A batch was acknowledged, now.
  void acknowledged(TimePoint due);
  // A connection has nothing more to do.
  void ended();

 private:
  void wake_idle();
  void wait_for_due();
  void wait_for_tick();
  void tick();

  const LoadOptions& options_;
  const OnProgress& on_progress_;
  boost::asio::io_context context_{1};
  Timer tick_timer_;
  Timer due_timer_;
  TimePoint start_;
  TimePoint next_progress_;
  Feed feed_;
  StampWriter stamps_;
  std::string head_;  // of every request, without what is the batch's own
  std::string key_;   // of every batch, without its number
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> idle_;  // each connection at most once
  std::size_t open_ = 0;          // connections that have not ended
  LoadResult result_;
  Latencies lately_;  // since on_progress_ was last called; empty if nobody asks
};

Result<LoadResult> send_all(const LoadOptions& options, PreparedLoad& prepared,
                            const OnProgress& on_progress);

}  // namespace minuted::load
