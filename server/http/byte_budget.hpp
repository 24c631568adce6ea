// How many bytes of request bodies the daemon holds at once, over all connections, and the bound on
// them. Who would pass it is refused, never made to wait. Any thread.
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
  void give_back(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

// What one request holds of a budget; gives it back when it goes. Borrows the budget.
class BudgetShare {
 public:
  explicit BudgetShare(ByteBudget& budget) : budget_(&budget) {}
  BudgetShare(BudgetShare&& other) noexcept
      : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  BudgetShare& operator=(BudgetShare&&) = delete;
  ~BudgetShare() { release(); }

  // Raises the share to `bytes`; false, and as it was, if the budget has not that much left.
  [[nodiscard]] bool raise_to(std::size_t bytes) {
    if (bytes <= bytes_) return true;
    if (!budget_->take(bytes - bytes_)) return false;
    bytes_ = bytes;
    return true;
  }
  std::size_t bytes() const { return bytes_; }
  void release() { budget_->give_back(std::exchange(bytes_, 0)); }

 private:
  ByteBudget* budget_;
  std::size_t bytes_ = 0;
};

}  // namespace minuted::http
