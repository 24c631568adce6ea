// A bad network between a client and the daemon: what a POST may suffer on the way, at random and in
// whole requests. A request may vanish, its reply may vanish, both may be late, the request may
// arrive twice at once, and it may arrive long after its sender gave up and others went ahead, even
// at a daemon started later. Requests need a Content-Length. Loopback only; any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/random.hpp"

namespace minuted::test {

class Proxy {
 public:
  // Out of 100 requests; the rest goes through as it is.
  struct Odds {
    unsigned lose_request = 4;
    unsigned lose_reply = 8;
    unsigned delay = 10;
    unsigned twice = 8;
    unsigned hold_back = 8;  // the sender sees the connection end; the request arrives later
  };

  struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t lost_requests = 0;
    std::uint64_t lost_replies = 0;
    std::uint64_t delayed = 0;
    std::uint64_t doubled = 0;
    std::uint64_t held_back = 0;
  };

  explicit Proxy(Odds odds);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::uint16_t port() const { return port_; }
  // Where requests go from now on.
  void set_daemon(std::uint16_t port) { daemon_port_ = port; }

  // Delivers what is held back and waits until nothing is on its way. No client may be sending.
  void settle();
  Counts counts() const;

 private:
  struct Connection {
    int fd;
    std::thread thread;
    std::atomic<bool> over = false;
  };

  void accept_clients();
  void serve(Connection& connection);
  // Whether the connection goes on.
  bool carry(int fd, const std::string& request);
  void hold_back(const std::string& request);
  // One of those held back, or nothing.
  std::string take_held(bool any);
  // The daemon's whole reply; empty if there was none.
  std::string deliver(const std::string& request);
  void reap(bool all);

  const Odds odds_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint16_t> daemon_port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread acceptor_;

  mutable std::mutex mutex_;
  std::condition_variable quiet_;
  std::list<Connection> connections_;  // under mutex_, as is all below
  std::vector<std::string> held_;
  std::size_t on_their_way_ = 0;
  Counts counts_;
  Random random_;
};

}  // namespace minuted::test
