// The known series, pair by pair: when each host was seen by what is folded, with what is not folded yet
// laid over it, under one view. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "minuted/series.hpp"
#include "nodes/signs.hpp"
#include "query/deadline.hpp"
#include "query/pair_walk.hpp"
#include "query/raw_signs.hpp"
#include "stats/counters.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class SeriesScan final : public SeriesCursor {
 public:
  struct Options {
    std::int64_t lifetime_ms;  // of the view
    const Clock* clock;
    Minute days_begin;     // no day before it is kept, and no series that ended before it is known
    Minute archive_begin;  // nor raw events before this
  };

  // Borrows the counters; owns the view. `mark`: how far folds had come in it.
  SeriesScan(RawView view, const FoldMark& mark, const SeriesQuery& query, const Options& options,
             ReadCounters& counters);
  ~SeriesScan() override;

  Result<bool> prepare() override;
  Result<bool> next(SeriesRow& row) override;

 private:
  // Steps to the next pair and reads its hosts; false at the end.
  Result<bool> next_pair();
  Result<void> read_states();
  // Whether the host at hand, or any behind it, is to be handed out.
  bool find_host();

  QueryShare share_;
  std::shared_ptr<View> view_;
  const SeriesQuery query_;
  const QueryPlan plan_;
  const Minute days_begin_;
  const Minute archive_begin_;
  ReadCounters& counters_;
  Deadline deadline_;
  RawSigns raw_;
  std::unique_ptr<StoreCursor> stored_;
  PairWalk pairs_;

  bool opened_ = false;
  bool ended_ = false;
  std::string prefix_;
  std::unique_ptr<OpenRows> open_minutes_;  // that no kept state has yet
  HostStates hosts_;  // of the pair
  std::size_t at_ = 0;
};

}  // namespace minuted
