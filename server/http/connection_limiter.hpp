// The bound on open connections, in all and of each address. At the bound a new connection is admitted
// in place of one that waits for its client: first of those that are idle (the first request has not come
// for a quarter of a second, or the next one for a second), then of those with part of a header, then of
// those whose body or answer makes next to no progress, and last of those that were opened, or had a
// request answered, more recently than that. Among equals a client that has more than half of all
// connections loses one first, and then whoever has waited longest. A connection whose request is being
// worked on, or has come and was not read so far, is never chosen. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace minuted::http {

// What a connection waits for its client to do.
enum class Waiting : std::uint8_t {
  kNothing,       // a request is being worked on
  kFirstRequest,  // nothing has come so far
  kNextRequest,   // one was answered
  kHeader,        // part of one has come
  kBody,          // part of one has come
  kAnswer,        // to be taken
};
inline constexpr std::size_t kWaitings = 6;
// `first_request`, `next_request`, `header`, …; for metrics.
std::string_view to_string(Waiting waiting);

// A connection as the limiter sees it. Changed by the connection's own thread without a lock, so that
// requests on a connection that is kept cost nothing here.
class ConnectionPlace {
 public:
  using Clock = std::chrono::steady_clock;

  // The connection waits for its client since `since`. False: it has been evicted, and must end.
  [[nodiscard]] bool wait(Waiting waiting, Clock::time_point since);
  // It waits no longer. False as above.
  [[nodiscard]] bool go_on();
  bool evicted() const { return state_.load(std::memory_order_acquire) == kEvicted; }
  // Bytes that came or were taken since the current wait began.
  void add_progress(std::size_t bytes) {
    progress_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  std::uint64_t id() const { return id_; }
  const std::string& address() const { return address_; }
  // Whether the address stands for many clients: this machine, or a trusted proxy.
  bool exempt() const { return exempt_; }

 private:
  friend class ConnectionLimiter;
  // Waiting in the lowest bits, above it the time in microseconds since the limiter's clock began.
  static constexpr std::uint64_t kEvicted = ~std::uint64_t{0};
  static constexpr int kWaitingBits = 3;
  bool replace(std::uint64_t next);

  ConnectionPlace(std::uint64_t id, std::string address, bool exempt, int socket,
                  std::function<void(std::uint64_t)> close)
      : id_(id),
        address_(std::move(address)),
        exempt_(exempt),
        socket_(socket),
        close_(std::move(close)) {}

  const std::uint64_t id_;
  const std::string address_;
  const bool exempt_;
  const int socket_;
  const std::function<void(std::uint64_t)> close_;
  std::atomic<std::uint64_t> state_{0};
  std::atomic<std::uint64_t> progress_bytes_{0};
  std::string client_;   // guarded by the limiter's mutex, as are those below
  bool leaving_ = false;  // evicted, and not gone yet
};

class ConnectionLimiter {
 public:
  using Clock = ConnectionPlace::Clock;
  enum class Verdict : std::uint8_t { kAdmitted, kTooMany, kTooManyFromAddress };

  // A body that comes slower than this, and an answer none of which is taken for this long, may cost
  // its connection. A link of 64 kbit/s is twice as fast.
  static constexpr std::uint64_t kBodyBytesPerSecondMin = 4096;
  static constexpr std::chrono::seconds kAnswerPatience{5};
  // A client on a busy machine needs this long to send what it has opened a connection for.
  static constexpr std::chrono::milliseconds kFirstPatience{250};
  // Between requests a connection is idle after this long.
  static constexpr std::chrono::seconds kIdleAfter{1};

  struct Admission {
    Verdict verdict;
    ConnectionPlace* place = nullptr;     // if admitted; until leave()
    Waiting evicted = Waiting::kNothing;  // what the connection was waiting for that was evicted for it
    bool again = false;  // if not admitted: connections are only waiting to be read, so try again soon
  };

  ConnectionLimiter(std::size_t max, std::size_t per_address_max)
      : max_(max), per_address_max_(std::min(per_address_max, max - max / 8)) {}

  // `exempt` addresses count in all, but have no bound of their own. `close` is called with the place's
  // id at most once, within another's enter() or evict_one(): it must end the connection soon, and
  // must not call the limiter. It is not called after leave(). `socket` is only looked at for bytes that
  // have not been read; -1: there are none.
  Admission enter(std::string address, bool exempt, int socket,
                  std::function<void(std::uint64_t)> close,
                  Clock::time_point now = Clock::now());
  void leave(ConnectionPlace& place);
  // On whose behalf the last request came; empty if that is not known.
  void identify(ConnectionPlace& place, std::string_view client);
  // Evicts the connection that would be evicted next; kNothing if there is none.
  Waiting evict_one(Clock::time_point now = Clock::now());
  // Connections that were evicted and have not ended yet.
  std::size_t leaving() const;
  // Whether nobody is left; waits up to `patience_ms` for it.
  bool wait_until_empty(std::int64_t patience_ms);
  // All connections, those that are leaving included.
  std::size_t size() const;
  std::size_t max() const { return max_; }
  std::size_t per_address_max() const { return per_address_max_; }

 private:
  struct Candidate {
    std::uint64_t id;
    std::uint64_t state;
  };
  // All below: the caller has the mutex.
  // Evicts one, of `address` unless that is null; what it waited for.
  Waiting evict(const std::string* address, Clock::time_point now);
  struct Candidates {
    int rank;
    std::vector<Candidate> of_least_rank;
  };
  Candidates candidates(const std::string* address, Clock::time_point now, int above) const;
  Waiting evict_first(std::vector<Candidate>& from);
  int rank_of(const ConnectionPlace& place, std::uint64_t state, Clock::time_point now) const;
  void forget(ConnectionPlace& place);

  const std::size_t max_;
  const std::size_t per_address_max_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable empty_;
  std::uint64_t last_id_ = 0;
  std::size_t leaving_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<ConnectionPlace>> places_;  // leaving ones too
  std::unordered_map<std::string, std::size_t> by_address_;                     // without leaving ones
  std::map<std::string, std::size_t, std::less<>> by_client_;                   // those that are known
  // Found by the last search, the next victim last: a search looks at all connections.
  std::vector<Candidate> victims_;
  Clock::time_point victims_until_;  // when to search anew
  bool some_unread_ = false;  // the last eviction passed over connections for their unread bytes
};

}  // namespace minuted::http
