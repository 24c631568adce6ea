// One thread and the connections it serves. Everything of a connection happens on its loop's thread;
// only start(), stop() and what is posted come from elsewhere. A loop also watches its connections'
// deadlines: it looks at all of them ten times a second, which costs less than arming a timer for each
// phase of each request, and unlike a stream that closes itself leaves the socket fit for a 408.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "http/asio.hpp"
#include "minuted/time.hpp"

namespace minuted::http {

class Session;

class Loop {
 public:
  // Borrows the clock, whose now() is what answers are dated by.
  explicit Loop(const Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  asio::io_context& context() { return context_; }
  void start();
  // Ends the thread once nothing is left to do. Any thread but its own.
  void stop();

  // From here on: the loop's thread only.
  void enter(std::uint64_t id, Session& session);
  void leave(std::uint64_t id) { sessions_.erase(id); }
  // Ends the connection if it is still there.
  void evict(std::uint64_t id);
  // Idle connections are closed now, the others after their request.
  void drain();
  // All are closed now.
  void abort();
  bool draining() const { return draining_; }
  // `Tue, 24 Nov 2026 10:00:00 GMT`, of this second.
  std::string_view date() const { return date_; }

 private:
  void tick();
  void wait_for_tick();

  const Clock& clock_;
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_;
  Timer timer_;
  std::unordered_map<std::uint64_t, Session*> sessions_;  // by the ids of their places
  std::string date_;
  bool draining_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

// An instant as HTTP writes it (RFC 9110, section 5.6.7).
std::string format_http_date(Millis t);

}  // namespace minuted::http
