// When hosts of a pair were seen according to its events that the kept states and days do not have yet: those
// that are not folded, and those of open minutes, which no hour has yet. A cursor adds them to what is kept.
//
// One thread at a time. Test: tests/engine/query/raw_signs_test.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "nodes/signs.hpp"
#include "query/read_context.hpp"
#include "rollup/seen_in_minute.hpp"
#include "store/open_rows.hpp"
#include "store/raw_table.hpp"

namespace minuted {

class RawSigns {
 public:
  // Borrows the context, whose deadline is asked before each (pair, minute).
  explicit RawSigns(ReadContext& context) : context_(context), raw_(context.unfolded()) {}

  // Calls `take` with each unfolded event of the pair in the minutes. kCorruption if one cannot be read.
  using Take = std::function<void(Minute minute, const ChunkEvent& event)>;
  Result<void> for_each(std::string_view prefix, const MinuteRange& minutes, const Take& take);

  // Calls `take` with each host of the pair in each of its open minutes, and `after_minute` in between; its
  // error ends the walk. kCorruption if a minute cannot be read.
  using TakeHost =
      std::function<void(Minute minute, std::string_view host, const SeenInMinute& seen)>;
  using AfterMinute = std::function<Result<void>()>;
  Result<void> for_each_open_host(std::string_view prefix, const MinuteRange& minutes,
                                  const TakeHost& take, const AfterMinute& after_minute);

  // Adds both of all minutes to the kept states of the pair's hosts.
  Result<void> add_to(std::string_view prefix, HostStates& hosts);

 private:
  Result<void> open();

  ReadContext& context_;
  std::unique_ptr<RawCursor> raw_;          // null: all is folded
  std::unique_ptr<OpenRows> open_minutes_;  // null: not opened yet
  std::vector<ChunkEvent> events_;
};

// Removes the hosts that were last seen before the horizon of days, unless raw events of the pair are kept: no
// row of these hosts is kept, and whether the pruner has forgotten their series already must not show.
Result<void> drop_past(ReadContext& context, std::string_view prefix, HostStates& hosts);

}  // namespace minuted
