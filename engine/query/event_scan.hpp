// Raw events: those of the archive and those not folded yet, pair by pair and minute by minute under
// one view, which has each in one of the two; each minute is put in order as it is read. One thread at a
// time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/query.hpp"
#include "query/deadline.hpp"
#include "query/pair_walk.hpp"
#include "query/planner.hpp"
#include "stats/counters.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class EventScan final : public EventCursor {
 public:
  struct Options {
    std::int64_t lifetime_ms;  // of the view
    const Clock* clock;
    Minute horizon;  // events before it are not shown
  };

  // Borrows the counters; owns the view. `mark`: how far folds had come in it.
  EventScan(RawView view, const FoldMark& mark, const EventQuery& query, const Options& options,
            ReadCounters& counters);
  ~EventScan() override;

  Result<bool> next(EventView& event) override;

 private:
  Result<bool> next_event(EventView& event);
  Result<bool> next_minute();
  Result<void> open_cursors();
  std::optional<Minute> at_pair(std::string_view key, std::size_t suffix_bytes) const;
  Error corrupt(Minute minute) const;

  QueryShare share_;
  std::shared_ptr<View> view_;
  std::unique_ptr<RawCursor> raw_;  // null: all is folded
  const QueryPlan plan_;
  ReadCounters& counters_;
  Deadline deadline_;
  bool ended_ = false;

  std::unique_ptr<PairWalk> pairs_;
  std::unique_ptr<StoreCursor> archive_;

  // The pair and the minute at hand.
  std::string prefix_;
  std::string_view repo_;
  std::string_view bucket_;
  bool in_pair_ = false;
  Minute minute_{};
  std::vector<std::string> values_;  // that events_ borrow
  std::vector<ChunkEvent> events_;
  std::size_t next_ = 0;
};

}  // namespace minuted
