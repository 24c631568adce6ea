// The listening side: accepts connections, deals them out to the loops, counts and bounds them, and at
// the end lets what is under way finish. listen(), start() and stop() are for the thread that wires
// the daemon; the rest happens on the loops.
#pragma once

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/connection_limiter.hpp"
#include "http/log_gate.hpp"
#include "http/loop.hpp"
#include "http/session.hpp"
#include "minuted/result.hpp"

namespace minuted::http {

// What a connection is told that is not admitted.
Response refusal_of(ConnectionLimiter::Verdict verdict, const ConnectionLimiter& limiter);

class Server {
 public:
  struct Options {
    std::size_t loops = 2;
    const Clock* clock = &system_clock();                             // borrowed
    std::function<bool(const asio::ip::address&)> trusted_proxy = {};  // empty = none is
  };

  // Borrows what the application names.
  Server(const Options& options, const Application& application);
  // stop() must have been called if start() was.
  ~Server();

  // Binds and listens. The port that was asked for, or the system's choice for 0.
  // kInvalidArgument for an address that cannot be had.
  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);

  // Serves, on threads of its own.
  void start();

  // Accepts nothing more, lets requests under way finish for the drain timeout, closes the rest.
  // False if some connection still had not ended a while later: its coroutine is stuck below us.
  bool stop();

  std::size_t connections() const { return limiter_.size(); }

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
  Awaitable<void> accept_all();
  // False: the socket was not taken, for the loops have to catch up first.
  bool serve(Socket& socket, const asio::ip::tcp::endpoint& from, Loop& loop,
             bool may_wait);
  void refuse(Socket socket, ConnectionLimiter::Verdict verdict, Loop& loop);
  Awaitable<void> pause_accepting(std::chrono::milliseconds time);
  // Makes room for a connection that the system has no descriptor or memory for.
  Awaitable<void> survive_shortage(std::string reason);
  // Waits, within bounds, while many evicted connections have not ended yet.
  Awaitable<void> wait_for_evicted();
  void note_evicted(Waiting waiting);

  const Options options_;
  const Application app_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::optional<Acceptor> acceptor_;
  ConnectionLimiter limiter_;
  LogGate evictions_gate_;
  LogGate shortages_gate_;
  std::atomic<bool> stopping_{false};
};

}  // namespace minuted::http
