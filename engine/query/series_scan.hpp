// The cursor over the known series, pair by pair: when each host was seen according to what is folded, with
// what is not folded yet added, under one view.
//
// One thread at a time. Test: tests/engine/query/series_scan_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "minuted/series.hpp"
#include "nodes/signs.hpp"
#include "query/pair_walk.hpp"
#include "query/planner.hpp"
#include "query/raw_signs.hpp"
#include "query/read_context.hpp"
#include "store/store.hpp"

namespace minuted {

class SeriesScan final : public SeriesCursor {
 public:
  SeriesScan(std::shared_ptr<ReadContext> context, const SeriesQuery& query);

  Result<bool> prepare() override;
  Result<bool> next(SeriesRow& row) override;

 private:
  Result<void> open();
  void end();
  // Steps to the next pair and reads its hosts; false at the end.
  Result<bool> next_pair();
  Result<void> read_states();
  // Whether the host at hand, or any behind it, is to be handed out.
  bool find_host();

  const std::shared_ptr<ReadContext> context_;
  ReadMemory memory_;
  const SeriesQuery query_;
  const QueryPlan plan_;
  std::unique_ptr<StoreCursor> stored_;  // null: nothing is open yet
  std::optional<RawSigns> signs_;
  std::optional<PairWalk> pairs_;

  bool ended_ = false;
  std::string prefix_;
  HostStates hosts_;  // of the pair
  std::size_t at_ = 0;
};

}  // namespace minuted
