// What the events that are not folded yet, and the minutes that are not rolled yet, say of the hosts of their
// pair, to be laid over what is kept.
// One thread at a time.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/result.hpp"
#include "nodes/signs.hpp"
#include "store/open_rows.hpp"
#include "store/raw_table.hpp"

namespace minuted {

class RawSigns {
 public:
  // `raw` is owned; null: all is folded. `check_time` is asked before each (pair, minute).
  RawSigns(std::unique_ptr<RawCursor> raw, std::function<Result<void>()> check_time)
      : raw_(std::move(raw)), check_time_(std::move(check_time)) {}

  // Calls `take` with each event of the pair in the minutes. kCorruption if one cannot be read.
  using Take = std::function<void(Minute minute, const ChunkEvent& event)>;
  Result<void> for_each(std::string_view prefix, const MinuteRange& minutes, const Take& take);

 private:
  std::unique_ptr<RawCursor> raw_;
  std::function<Result<void>()> check_time_;
  std::vector<ChunkEvent> events_;
};

// Calls `take` with each host of the pair in its open minutes, those that no hour has yet: `open`. `check`
// is asked before each minute. kCorruption if one cannot be read.
using TakeOpenHost =
    std::function<void(Minute minute, std::string_view host, const SeenInMinute& seen)>;
Result<void> for_each_open_host(OpenRows& open, std::string_view prefix, const MinuteRange& minutes,
                                const std::function<Result<void>()>& check,
                                const TakeOpenHost& take);

// Adds when the hosts of the pair were seen in the open minutes, which the kept states do not have yet.
Result<void> note_open_hosts(OpenRows& open, std::string_view prefix,
                             const std::function<Result<void>()>& check_time, HostStates& hosts);

// Takes out the hosts that were last seen before `days_begin`, the first day that is kept, unless raw
// events of the pair from `archive_begin` on are held: no row of theirs is kept, and whether the pruner
// has forgotten their series already must not show.
Result<void> drop_past(const View& view, std::string_view prefix, Minute days_begin,
                       Minute archive_begin, HostStates& hosts);

}  // namespace minuted
