// Gives back the space of what is past its tier's horizon (horizons.hpp), unless a coarser tier does not
// have it yet (store/roll_boundaries.hpp): rows, pages whose last row
// is past it, the repos' values and pages of as fine a span, and, with the days, the signs of life on them. Totals stay. A pass walks each family
// once, pair by pair, and looks at what is oldest first, so that a pair that has nothing to give
// costs a seek; each step writes one atomic batch of bounded size. Readers have been clipped to the
// horizon before, so none can tell how far a pass is.
// Nothing else may write rows while a step runs: the caller sees to it. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "maintenance/job.hpp"
#include "minuted/result.hpp"
#include "maintenance/prune/horizons.hpp"
#include "schema/tiers.hpp"
#include "stats/counters.hpp"
#include "store/repo_tiers.hpp"
#include "store/store.hpp"

namespace minuted {

class Pruner final : public Job {
 public:
  struct Options {
    const Clock* clock;
    std::int64_t interval_ms;  // between two passes, at least; 0: no pass by itself
    std::size_t batch_bytes;   // of one step's writes, about
    std::function<void(const Error&)> on_write_failure;  // called once a write failed
  };

  // Borrows all three.
  Pruner(Store& store, const Horizons& horizons, PruneCounters& counters, Options options);

  // Whether it is time for another pass, and a tier is not kept for ever.
  bool due() const override;
  // Begins from the start of the first family.
  Result<bool> begin(const Demand& demand) override;
  bool is_under_way() const override { return passing_; }
  // Does the pass's next batch. True while there is more to do; false when no pass is under way, or
  // while the clock is not believed.
  Result<bool> step() override;
  // It makes room.
  bool needs_room() const override { return false; }

 private:
  struct Part;
  struct RepoPart {
    const RepoTier* tier;
    Family family;
    std::uint32_t minutes;  // a key's
  };
  static RepoPart repo_part(std::size_t number);
  Result<bool> step_in(std::size_t part);
  Result<void> prune_rows(const Part& part, Minute horizon);
  Result<void> prune_repo_values(const RepoPart& part);
  Result<void> prune_heartbeats();
  Result<void> write();

  Store& store_;
  const Horizons& horizons_;
  PruneCounters& counters_;
  const Options options_;
  std::int64_t next_pass_ms_;

  // The pass under way.
  bool passing_ = false;
  std::size_t part_ = 0;
  std::string position_;  // where in the part's family; empty: at its end
  WriteSet set_;
  std::uint64_t keys_ = 0;
};

}  // namespace minuted
