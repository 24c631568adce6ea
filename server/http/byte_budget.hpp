// How many bytes of request bodies the daemon holds at once, over all connections, and the bound on
// them. Who would pass it is refused. Large bodies share half of it and take their part as a whole,
// before they are read: if each took as it went, many at once would all be refused half-way, and none
// would get through; nor can they take what small ones need. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace minuted::http {

class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  std::size_t bytes_max() const { return bytes_max_; }

 private:
  friend class BudgetShare;
  bool take(std::size_t bytes) {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > bytes_max_ - used) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  // One alone may be larger than the half.
  bool take_large(std::size_t bytes) {
    std::size_t used = large_used_.load(std::memory_order_relaxed);
    do {
      if (used != 0 && (used > bytes_max_ / 2 || bytes > bytes_max_ / 2 - used)) return false;
    } while (!large_used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    if (take(bytes)) return true;
    large_used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  void give_back(std::size_t bytes, std::size_t large) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    large_used_.fetch_sub(large, std::memory_order_relaxed);
  }

  const std::size_t bytes_max_;
  std::atomic<std::size_t> large_used_{0};
  std::atomic<std::size_t> used_{0};
};

// What one request holds of a budget; gives it back when it goes. Borrows the budget.
class BudgetShare {
 public:
  explicit BudgetShare(ByteBudget& budget) : budget_(&budget) {}
  BudgetShare(BudgetShare&& other) noexcept
      : budget_(other.budget_),
        bytes_(std::exchange(other.bytes_, 0)),
        large_(std::exchange(other.large_, 0)) {}
  BudgetShare& operator=(BudgetShare&&) = delete;
  ~BudgetShare() { release(); }

  // Raises the share to `bytes`; false, and as it was, if the budget has not that much left.
  [[nodiscard]] bool raise_to(std::size_t bytes) {
    if (bytes <= bytes_) return true;
    if (!budget_->take(bytes - bytes_)) return false;
    bytes_ = bytes;
    return true;
  }
  // Takes the whole of a large body's part at once; false, and nothing taken, if there is no room.
  // For a share that holds nothing.
  [[nodiscard]] bool claim(std::size_t bytes) {
    if (!budget_->take_large(bytes)) return false;
    bytes_ = large_ = bytes;
    return true;
  }
  std::size_t bytes() const { return bytes_; }
  void release() { budget_->give_back(std::exchange(bytes_, 0), std::exchange(large_, 0)); }

 private:
  ByteBudget* budget_;
  std::size_t bytes_ = 0;
  std::size_t large_ = 0;  // of them, those of claim()
};

}  // namespace minuted::http
