// The bound on the bytes of request bodies that the daemon holds at once, over all connections, and how
// clients share it. A client is a token, or an address where there are no tokens.
//
// - A body of more than kSmallBodyMax bytes is large. The large bodies of one client share half of the
//   budget. The first large body of a client that holds none may use seven eighths of it, so that one
//   client cannot keep all others from sending one.
// - The last eighth belongs to small bodies: they are admitted as long as they hold less than it,
//   whatever large bodies hold. Beyond it, one client holds three quarters of the budget at most.
// - A large body may take the whole budget if no other is held, since it could never be sent otherwise.
//   Only then can the sum exceed the bound, by that eighth.
// - Large bodies of one client that find no room stand in a line: the first to come is the first to get
//   room, and none that comes later goes before it.
// Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace minuted::http {

class BudgetShare;

class ByteBudget {
 public:
  // A larger body counts as large.
  static constexpr std::size_t kSmallBodyMax = 1 << 20;

  explicit ByteBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  std::size_t used() const {
    const std::lock_guard lock(mutex_);
    return all_.sum();
  }
  std::size_t bytes_max() const { return bytes_max_; }
  // What small bodies may hold in any case.
  std::size_t kept_for_small() const { return bytes_max_ / 8; }

 private:
  friend class BudgetShare;

  struct Held {
    std::size_t small = 0;
    std::size_t large = 0;
    std::size_t sum() const { return small + large; }
    void add(std::size_t body) { (body > kSmallBodyMax ? large : small) += body; }
    void remove(std::size_t body) { (body > kSmallBodyMax ? large : small) -= body; }
  };

  // Whether `more` bytes fit beside `held` within `bound`.
  static bool fits(std::size_t more, std::size_t held, std::size_t bound) {
    return held <= bound && more <= bound - held;
  }

  // Changes a share of `client` from `from` to `to` bytes; false, and nothing changed, if that is
  // more than may be. What would become large is then in its client's line, until leave_line().
  bool change(const BudgetShare* share, std::string_view client, std::size_t from, std::size_t to) {
    const std::lock_guard lock(mutex_);
    // One that is large already must not wait for others with what it holds.
    const bool lines_up = to > from && to > kSmallBodyMax && from <= kSmallBodyMax;
    if (!lines_up) return change_now(client, from, to);
    auto line = lines_.find(client);
    const bool stands = line != lines_.end() && is_in(line->second, share);
    const bool first = line == lines_.end() || line->second.front() == share;
    if (first && change_now(client, from, to)) return true;
    if (stands) return false;
    if (line == lines_.end()) line = lines_.emplace(client, Line{}).first;
    line->second.push_back(share);
    return false;
  }
  void leave_line(const BudgetShare* share, std::string_view client) {
    const std::lock_guard lock(mutex_);
    const auto line = lines_.find(client);
    if (line != lines_.end() && is_in(line->second, share)) leave(line, share);
  }

  using Line = std::deque<const BudgetShare*>;
  using Lines = std::map<std::string, Line, std::less<>>;

  static bool is_in(const Line& line, const BudgetShare* share) {
    return std::find(line.begin(), line.end(), share) != line.end();
  }
  void leave(Lines::iterator line, const BudgetShare* share) {
    std::erase(line->second, share);
    if (line->second.empty()) lines_.erase(line);
  }

  bool change_now(std::string_view client, std::size_t from, std::size_t to) {
    const auto at = by_client_.find(client);
    // What is held beside this share, in all and by the client.
    Held others = all_;
    Held own = at == by_client_.end() ? Held{} : at->second;
    others.remove(from);
    own.remove(from);
    if (to > from && !admits(client, others, own, to)) return false;
    others.add(to);
    own.add(to);
    all_ = others;
    if (own.sum() == 0) {
      if (at != by_client_.end()) by_client_.erase(at);
    } else if (at != by_client_.end()) {
      at->second = own;
    } else {
      by_client_.emplace(client, own);
    }
    return true;
  }

  bool admits(std::string_view client, const Held& others, const Held& own, std::size_t to) const {
    if (to > kSmallBodyMax) {
      const std::size_t bound = others.large == 0 ? bytes_max_
                                : own.large == 0  ? bytes_max_ - kept_for_small()
                                                  : bytes_max_ / 2;
      return fits(to, others.large, bound) && fits(to, others.sum(), bytes_max_);
    }
    if (fits(to, others.small, kept_for_small())) return true;
    // A client without a name is many: all of this machine, all behind a proxy.
    const bool within_share = client.empty() || fits(to, own.sum(), bytes_max_ / 4 * 3);
    return within_share && fits(to, others.sum(), bytes_max_);
  }

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;  // guards all below
  Held all_;
  std::map<std::string, Held, std::less<>> by_client_;  // without those that hold nothing
  Lines lines_;  // of large bodies that wait, by client; none is empty
};

// The share of one request; returns it when it is destroyed. Borrows the budget.
class BudgetShare {
 public:
  explicit BudgetShare(ByteBudget& budget) : budget_(&budget) {}
  // Not of one that waits.
  BudgetShare(BudgetShare&& other) noexcept
      : budget_(other.budget_),
        client_(std::move(other.client_)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  BudgetShare& operator=(BudgetShare&&) = delete;
  ~BudgetShare() { release(); }

  // On whose account the body is held; empty for a client that cannot be told from others. Must be
  // called before the first byte.
  void set_client(std::string_view client) { client_ = client; }

  // Raises the share to `bytes`; false, and as it was, if the budget does not have them. That of a large
  // body keeps its place in the line then: to be asked again, or to be released.
  [[nodiscard]] bool raise_to(std::size_t bytes) {
    if (bytes <= bytes_) return true;
    if (!budget_->change(this, client_, bytes_, bytes)) {
      waits_ = bytes > ByteBudget::kSmallBodyMax;
      return false;
    }
    if (std::exchange(waits_, false)) budget_->leave_line(this, client_);
    bytes_ = bytes;
    return true;
  }
  std::size_t bytes() const { return bytes_; }
  void release() {
    if (std::exchange(waits_, false)) budget_->leave_line(this, client_);
    if (bytes_ != 0) (void)budget_->change(this, client_, std::exchange(bytes_, 0), 0);
  }

 private:
  ByteBudget* budget_;
  std::string client_;
  std::size_t bytes_ = 0;
  bool waits_ = false;
};

}  // namespace minuted::http
