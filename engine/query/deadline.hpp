// How long a read may hold its view: as long as the options allow, and until it is recalled.
//
// One thread at a time. Test: tests/engine/query/read_context_test.cpp.
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
  // than a step of most reads. `began`: the moment of the read's view, see ReadRecall.
  Deadline(const Clock& clock, std::int64_t lifetime_ms, std::uint32_t steps, ReadCounters& counters,
           std::uint64_t began)
      : clock_(clock),
        lifetime_ms_(lifetime_ms),
        end_ms_(clock.steady_ms() + lifetime_ms),
        began_(began),
        steps_(steps),
        counters_(counters) {}

  // To be called at every step. kExpired once the time is up, kOverloaded once the read is recalled.
  Result<void> check() {
    if (steps_left_-- != 0) return {};
    steps_left_ = steps_;
    if (counters_.recall.is_recalled(began_)) return recalled();
    if (clock_.steady_ms() <= end_ms_) return {};
    ++counters_.expired;
    return Error{ErrorCode::kExpired, "the read took longer than its snapshot may live, " +
                                          std::to_string(lifetime_ms_) + " ms"};
  }

 private:
  Error recalled() {
    steps_left_ = 0;  // further calls fail, too
    if (!counted_) ++counters_.recall.reads_recalled;
    counted_ = true;
    return {ErrorCode::kOverloaded,
            "the read was ended after so much was written while it ran that the memory that reads keep "
            "of earlier data passed its bound of " +
                std::to_string(counters_.recall.kept_bytes_max) +
                " bytes; ask for less at a time, or try again when fewer events come"};
  }

  const Clock& clock_;
  const std::int64_t lifetime_ms_;
  const std::int64_t end_ms_;
  const std::uint64_t began_;
  const std::uint32_t steps_;
  ReadCounters& counters_;
  std::uint32_t steps_left_ = 0;
  bool counted_ = false;
};

}  // namespace minuted
