// The cursor over raw events: those of the archive and those not folded yet, pair by pair and minute by
// minute under one view, which has each in one of the two. Each minute is put in order as it is read.
//
// One thread at a time. Test: tests/engine/query/event_scan_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/query.hpp"
#include "query/pair_walk.hpp"
#include "query/planner.hpp"
#include "query/read_context.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class EventScan final : public EventCursor {
 public:
  EventScan(std::shared_ptr<ReadContext> context, const EventQuery& query);

  Result<bool> next(EventView& event) override;

 private:
  Result<bool> next_event(EventView& event);
  Result<bool> next_minute();
  Result<void> open_cursors();
  std::optional<Minute> at_pair(std::string_view key, std::size_t suffix_bytes) const;
  Error corrupt(Minute minute) const;

  const std::shared_ptr<ReadContext> context_;
  ReadMemory memory_;
  const QueryPlan plan_;
  bool ended_ = false;

  std::unique_ptr<PairWalk> pairs_;  // null: nothing is open yet
  std::unique_ptr<StoreCursor> archive_;
  std::unique_ptr<RawCursor> raw_;  // null: all is folded

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
