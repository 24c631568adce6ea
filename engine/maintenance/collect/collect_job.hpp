// Collects series: after each pass of the pruner drops those that are in no day that is kept, for
// every minute and hour that is kept lies in one. While some tier is kept for ever there is no such
// series. One step looks at the series of some pairs.
#pragma once

#include <cstdint>
#include <string>

#include "maintenance/collect/series_slice.hpp"
#include "maintenance/job.hpp"
#include "maintenance/prune/horizons.hpp"
#include "stats/counters.hpp"

namespace minuted {

class CollectJob final : public Job {
 public:
  // Borrows what the slice refers to, and the others. `passes`: of the pruner, which a pass of this
  // follows.
  CollectJob(const SeriesSlice& slice, const Horizons& horizons, const Counter& passes)
      : slice_(slice), horizons_(horizons), passes_(passes), followed_(passes) {}

  bool due() const override { return passes_ != followed_; }
  Result<bool> begin(const Demand& demand) override;
  bool is_under_way() const override { return passing_; }
  Result<bool> step() override;
  // It makes room.
  bool needs_room() const override { return false; }

 private:
  const SeriesSlice slice_;
  const Horizons& horizons_;
  const Counter& passes_;
  std::uint64_t followed_;  // of passes_

  // The pass under way.
  bool passing_ = false;
  std::string from_;
};

}  // namespace minuted
