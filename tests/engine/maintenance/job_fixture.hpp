// A hand-made store for the tests of one job: how it is run to its end, or step by step.
#pragma once

#include <optional>
#include <string>

#include "hand_made_store.hpp"
#include "maintenance/job.hpp"
#include "maintenance/prune/pruner.hpp"
#include "maintenance/roll/roller.hpp"
#include "schema/keys.hpp"

namespace minuted::test {

inline constexpr std::int64_t kDayMs = 24 * kHourMs;
inline const Demand kAsked{true, std::nullopt};

class JobTest : public HandMadeStore {
 protected:
  // Begins a pass and does it; how many steps that took.
  int run(Job& job, const Demand& demand = kAsked) {
    const auto begun = job.begin(demand);
    EXPECT_TRUE(begun.ok()) << begun.error().message;
    if (!begun.ok() || !*begun) return 0;
    return finish(job);
  }
  int finish(Job& job) {
    for (int steps = 1;; ++steps) {
      const auto more = job.step();
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (more.ok() && *more) {
        EXPECT_TRUE(job.is_under_way());
        continue;
      }
      EXPECT_FALSE(job.is_under_way());
      EXPECT_FALSE(*job.step()) << "a step without a pass";
      return steps;
    }
  }

  // Folds, and rolls all that is closed.
  void fold_and_roll() {
    fold();
    RollCounters counters;
    Roller roller(*store_, counters, {&clock_, 0, 0, 1U << 20, [](const Error&) {}});
    run(roller);
  }

  bool has_series(std::string_view bucket, std::string_view host = "h") const {
    const std::string key = series_key(pair_prefix("r", bucket), host);
    return !keys(Family::kCatalog, key).empty();
  }
  bool is_in_index(std::string_view bucket) const {
    return !keys(Family::kCatalog, bucket_index_key(pair_prefix("r", bucket))).empty();
  }
};

}  // namespace minuted::test
