// The listening side: accepts connections, deals them out to the loops, counts and bounds them, and at
// the end lets what is under way finish. listen(), start() and stop() are for the thread that wires
// the daemon; the rest happens on the loops.
#pragma once

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/loop.hpp"
#include "http/session.hpp"
#include "minuted/result.hpp"

namespace minuted::http {

// How many connections there are, in all and from each address. Any thread.
class ConnectionCensus {
 public:
  enum class Verdict : std::uint8_t { kAdmitted, kTooMany, kTooManyFromAddress };
  ConnectionCensus(std::size_t max, std::size_t per_address_max)
      : max_(max), per_address_max_(per_address_max) {}

  // `exempt` addresses count in all, but have no bound of their own.
  Verdict enter(const std::string& address, bool exempt);
  void leave(const std::string& address);
  // Whether nobody is left; waits up to `patience_ms` for it.
  bool wait_until_empty(std::int64_t patience_ms);
  std::size_t size() const;

 private:
  const std::size_t max_;
  const std::size_t per_address_max_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable empty_;
  std::size_t size_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

// What a connection is told that is not admitted.
Response refusal_of(ConnectionCensus::Verdict verdict, const Limits& limits);

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

  std::size_t connections() const { return census_.size(); }

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
  Awaitable<void> accept_all();
  void serve(Socket socket, const asio::ip::tcp::endpoint& from, Loop& loop);
  void refuse(Socket socket, ConnectionCensus::Verdict verdict, Loop& loop);
  Awaitable<void> pause_accepting();

  const Options options_;
  const Application app_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::optional<Acceptor> acceptor_;
  ConnectionCensus census_;
  std::atomic<bool> stopping_{false};
};

}  // namespace minuted::http
