// A clock that stands still until the test moves it. Safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "minuted/time.hpp"

namespace minuted::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Millis now = Millis{1'700'000'000'000}, std::int64_t steady_ms = 0)
      : now_(now.value), steady_ms_(steady_ms) {}

  Millis now() const override { return Millis{now_.load()}; }
  std::int64_t steady_ms() const override { return steady_ms_.load(); }

  // The wall clock may step in either direction; the steady one is not touched.
  void set_now(Millis now) { now_.store(now.value); }
  void set_steady_ms(std::int64_t steady_ms) { steady_ms_.store(steady_ms); }

  // Time passes, on both. Not one step for a reader that looks at both.
  void advance_ms(std::int64_t ms) {
    now_.fetch_add(ms);
    steady_ms_.fetch_add(ms);
  }

 private:
  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> steady_ms_;
};

}  // namespace minuted::test
