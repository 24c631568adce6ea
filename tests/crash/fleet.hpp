// Storage nodes as the daemon knows them: each pushes batches under idempotency keys, some through a
// bad network, and does what the contract tells it to when an answer does not come: send the same
// again. Now and then one sends again what was acknowledged long ago. Their own record of what was
// answered is the oracle that the daemon is held against.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/http_client.hpp"
#include "support/proxy.hpp"
#include "support/random.hpp"

namespace minuted::test {

// One sentence for each broken promise.
using Violations = std::vector<std::string>;

class Fleet {
 public:
  struct Counts {
    std::uint64_t batches = 0;   // made
    std::uint64_t attempts = 0;  // to push one
    std::uint64_t unknown = 0;   // attempts without an answer, or with one that says: try again
    std::uint64_t repeats = 0;   // answers that said "duplicate"
  };

  // Borrows the proxy. `stream` sets the random numbers of fleets of one test apart.
  Fleet(Proxy& proxy, std::uint64_t stream);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Where the nodes push, when not through the proxy.
  void set_daemon(std::uint16_t port) { daemon_port_ = port; }
  void resume();
  // Returns once no node is pushing.
  void pause();

  // While paused: what the daemon at `port` answers, against what was acknowledged.
  void check(std::uint16_t port);
  // While paused: every node pushes what is still unknown until it is acknowledged.
  void push_the_rest(std::uint16_t port);

  Counts counts() const;
  Violations take_violations();

 private:
  struct Batch {
    std::string key;
    std::string body;
    std::vector<Event> events;  // the good ones
    std::string first_answer;   // empty until acknowledged
    bool tried = false;
    bool seen = false;  // in an answer of the daemon
  };

  // A thread's own, but read by others while paused.
  struct Node {
    std::string name;
    Random random;
    std::vector<std::unique_ptr<Batch>> batches;
    std::vector<Batch*> unknown;
    std::unique_ptr<HttpClient> direct;
    std::unique_ptr<HttpClient> through_proxy;
    std::thread thread;
  };

  void run(Node& node);
  Batch& choose(Node& node);
  Batch& make_batch(Node& node);
  void push(Node& node, Batch& batch, bool through_proxy);
  void take_answer(Node& node, Batch& batch, const Answer& answer, bool may_be_repeat);
  void add_violation(const std::string& what);
  std::map<std::string, Batch*> by_key();
  void check_markers(const std::map<std::string, std::uint64_t>& markers);
  void check_sums(std::uint16_t port, const std::string& route);

  Proxy& proxy_;
  std::atomic<std::uint16_t> daemon_port_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool paused_ = true;  // under mutex_, as is all below
  bool over_ = false;
  std::size_t busy_ = 0;
  Counts counts_;
  Violations violations_;
};

}  // namespace minuted::test
