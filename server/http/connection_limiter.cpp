#include "http/connection_limiter.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace minuted::http {
namespace {

using Clock = ConnectionPlace::Clock;

// Found by one search for several evictions to come.
constexpr std::size_t kCandidatesMax = 64;
constexpr std::uint64_t kIdleMicros =
    std::chrono::microseconds(ConnectionLimiter::kIdleAfter).count();
constexpr std::uint64_t kFirstMicros =
    std::chrono::microseconds(ConnectionLimiter::kFirstPatience).count();
constexpr std::uint64_t kAnswerMicros =
    std::chrono::microseconds(ConnectionLimiter::kAnswerPatience).count();
// No rank: the connection is not a candidate.
constexpr int kNever = -1;
// Ranks of connections whose clients have no more than half of all.
constexpr int kIdleRank = 1;
constexpr int kHeaderRank = 3;
constexpr int kRecentRank = 7;
// Others may have become better victims since.
constexpr auto kVictimsFor = std::chrono::milliseconds(10);

// A hint: the socket may have been closed meanwhile, and its number may be another's.
bool has_unread_bytes(int socket) {
  char byte = 0;
  return socket >= 0 && ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

std::uint64_t micros_of(Clock::time_point t) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(t.time_since_epoch()).count());
}

}  // namespace

std::string_view to_string(Waiting waiting) {
  switch (waiting) {
    case Waiting::kNothing: return "nothing";
    case Waiting::kFirstRequest: return "first_request";
    case Waiting::kNextRequest: return "next_request";
    case Waiting::kHeader: return "header";
    case Waiting::kBody: return "body";
    case Waiting::kAnswer: break;
  }
  return "answer";
}

bool ConnectionPlace::replace(std::uint64_t next) {
  std::uint64_t seen = state_.load(std::memory_order_relaxed);
  // Only an eviction comes between.
  return seen != kEvicted &&
         state_.compare_exchange_strong(seen, next, std::memory_order_acq_rel);
}

bool ConnectionPlace::wait(Waiting waiting, Clock::time_point since) {
  progress_bytes_.store(0, std::memory_order_relaxed);
  return replace(micros_of(since) << kWaitingBits | static_cast<std::uint64_t>(waiting));
}

bool ConnectionPlace::go_on() { return replace(static_cast<std::uint64_t>(Waiting::kNothing)); }

ConnectionLimiter::Admission ConnectionLimiter::enter(std::string address, bool exempt,
                                                      int socket,
                                                      std::function<void(std::uint64_t)> close,
                                                      Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Admission admission{Verdict::kAdmitted};
  const auto at = by_address_.find(address);
  if (!exempt && at != by_address_.end() && at->second >= per_address_max_) {
    admission.evicted = evict(&address, now);
    if (admission.evicted == Waiting::kNothing) {
      return {Verdict::kTooManyFromAddress, nullptr, Waiting::kNothing, some_unread_};
    }
  } else if (places_.size() - leaving_ >= max_) {
    admission.evicted = evict(nullptr, now);
    if (admission.evicted == Waiting::kNothing) {
      return {Verdict::kTooMany, nullptr, Waiting::kNothing, some_unread_};
    }
  }
  const std::uint64_t id = ++last_id_;
  ++by_address_[address];
  std::unique_ptr<ConnectionPlace> place(
      new ConnectionPlace(id, std::move(address), exempt, socket, std::move(close)));
  // It has said nothing so far, whether its coroutine has begun or not.
  (void)place->wait(Waiting::kFirstRequest, now);
  admission.place = places_.emplace(id, std::move(place)).first->second.get();
  return admission;
}

void ConnectionLimiter::leave(ConnectionPlace& place) {
  const std::lock_guard lock(mutex_);
  if (place.leaving_) {
    --leaving_;
  } else {
    forget(place);
  }
  places_.erase(place.id_);
  if (places_.empty()) empty_.notify_all();
}

void ConnectionLimiter::forget(ConnectionPlace& place) {
  const auto address = by_address_.find(place.address_);
  if (address != by_address_.end() && --address->second == 0) by_address_.erase(address);
  const auto client = by_client_.find(place.client_);
  if (client != by_client_.end() && --client->second == 0) by_client_.erase(client);
}

void ConnectionLimiter::identify(ConnectionPlace& place, std::string_view client) {
  const std::lock_guard lock(mutex_);
  if (place.leaving_ || place.client_ == client) return;
  const auto before = by_client_.find(place.client_);
  if (before != by_client_.end() && --before->second == 0) by_client_.erase(before);
  place.client_ = client;
  if (!client.empty()) ++by_client_[place.client_];
}

Waiting ConnectionLimiter::evict_one(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  return evict(nullptr, now);
}

Waiting ConnectionLimiter::evict(const std::string* address, Clock::time_point now) {
  some_unread_ = false;
  // One that has not changed since it was found still has waited longest.
  if (address == nullptr && now < victims_until_) {
    const Waiting found_before = evict_first(victims_);
    if (found_before != Waiting::kNothing) return found_before;
  }
  Candidates found{kNever, {}};
  Waiting evicted = Waiting::kNothing;
  do {
    found = candidates(address, now, found.rank);
    evicted = evict_first(found.of_least_rank);
  } while (evicted == Waiting::kNothing && found.rank != kNever);
  if (address != nullptr) return evicted;
  // Other ranks change without a change of the state.
  if (found.rank == kIdleRank) {
    victims_ = std::move(found.of_least_rank);
    victims_until_ = Clock::time_point::max();
  } else if (found.rank == kHeaderRank || found.rank == kRecentRank) {
    victims_ = std::move(found.of_least_rank);
    victims_until_ = now + kVictimsFor;
  }
  return evicted;
}

Waiting ConnectionLimiter::evict_first(std::vector<Candidate>& from) {
  while (!from.empty()) {
    Candidate candidate = from.back();
    from.pop_back();
    const auto at = places_.find(candidate.id);
    if (at == places_.end()) continue;
    ConnectionPlace& place = *at->second;
    // Its loop is late, not its client.
    if (has_unread_bytes(place.socket_)) {
      some_unread_ = true;
      continue;
    }
    const auto waiting = static_cast<Waiting>(
        candidate.state & ((1U << ConnectionPlace::kWaitingBits) - 1));
    if (!place.state_.compare_exchange_strong(candidate.state, ConnectionPlace::kEvicted,
                                              std::memory_order_acq_rel)) {
      continue;
    }
    place.leaving_ = true;
    ++leaving_;
    forget(place);
    place.close_(place.id_);
    return waiting;
  }
  return Waiting::kNothing;
}

// The lower, the sooner it goes.
int ConnectionLimiter::rank_of(const ConnectionPlace& place, std::uint64_t state,
                               Clock::time_point now) const {
  if (state == ConnectionPlace::kEvicted) return kNever;
  const auto waiting =
      static_cast<Waiting>(state & ((1U << ConnectionPlace::kWaitingBits) - 1));
  const std::uint64_t since = state >> ConnectionPlace::kWaitingBits;
  const std::uint64_t waited = std::max(micros_of(now), since) - since;
  int rank = kNever;
  switch (waiting) {
    case Waiting::kNothing:
      return kNever;
    case Waiting::kFirstRequest:
      rank = waited >= kFirstMicros ? 0 : 6;
      break;
    case Waiting::kNextRequest:
      rank = waited >= kIdleMicros ? 0 : 6;
      break;
    case Waiting::kHeader:
      rank = 2;
      break;
    case Waiting::kBody:
      // Bytes times a million over microseconds.
      if (place.progress_bytes_.load(std::memory_order_relaxed) * 1'000'000 >=
          waited * kBodyBytesPerSecondMin) {
        return kNever;
      }
      rank = 4;
      break;
    case Waiting::kAnswer:
      if (waited < kAnswerMicros) return kNever;
      rank = 4;
      break;
  }
  const auto client = by_client_.find(place.client_);
  const bool greedy = client != by_client_.end() && client->second > max_ / 2;
  return greedy ? rank : rank + 1;
}

// Those of the lowest rank there is above that, the one that has waited longest last.
ConnectionLimiter::Candidates ConnectionLimiter::candidates(const std::string* address,
                                                            Clock::time_point now, int above) const {
  std::vector<Candidate> found;
  int rank = kNever;
  for (const auto& [id, place] : places_) {
    if (address != nullptr && place->address_ != *address) continue;
    const std::uint64_t state = place->state_.load(std::memory_order_acquire);
    const int its = rank_of(*place, state, now);
    if (its <= above || (rank != kNever && its > rank)) continue;
    if (its != rank) found.clear();
    rank = its;
    found.push_back({id, state});
  }
  const auto later = [](const Candidate& a, const Candidate& b) {
    const std::uint64_t a_since = a.state >> ConnectionPlace::kWaitingBits;
    const std::uint64_t b_since = b.state >> ConnectionPlace::kWaitingBits;
    return a_since != b_since ? a_since > b_since : a.id > b.id;
  };
  if (found.size() > kCandidatesMax) {
    const auto first = found.end() - kCandidatesMax;
    std::nth_element(found.begin(), first, found.end(), later);
    found.erase(found.begin(), first);
  }
  std::sort(found.begin(), found.end(), later);
  return {rank, std::move(found)};
}

std::size_t ConnectionLimiter::leaving() const {
  const std::lock_guard lock(mutex_);
  return leaving_;
}

bool ConnectionLimiter::wait_until_empty(std::int64_t patience_ms) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, std::chrono::milliseconds(patience_ms),
                         [this] { return places_.empty(); });
}

std::size_t ConnectionLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

}  // namespace minuted::http
