// How long a read may hold its view. One thread at a time.
#pragma once

#include <cstdint>
#include <string>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "stats/counters.hpp"

namespace minuted {

class Deadline {
 public:
  // Borrows both. `steps`: how many checks go by between two looks at the clock, since one costs more
  // than a step of most reads.
  Deadline(const Clock& clock, std::int64_t lifetime_ms, std::uint32_t steps, ReadCounters& counters)
      : clock_(clock),
        lifetime_ms_(lifetime_ms),
        end_ms_(clock.steady_ms() + lifetime_ms),
        steps_(steps),
        counters_(counters) {}

  // To be called at every step. kExpired once the time is up.
  Result<void> check() {
    if (steps_left_-- != 0) return {};
    steps_left_ = steps_;
    if (clock_.steady_ms() <= end_ms_) return {};
    ++counters_.expired;
    return Error{ErrorCode::kExpired, "the read took longer than its snapshot may live, " +
                                          std::to_string(lifetime_ms_) + " ms"};
  }

 private:
  const Clock& clock_;
  const std::int64_t lifetime_ms_;
  const std::int64_t end_ms_;
  const std::uint32_t steps_;
  ReadCounters& counters_;
  std::uint32_t steps_left_ = 0;
};

}  // namespace minuted
