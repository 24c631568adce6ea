// The rows of finer tiers that hold what the rows of a coarse tier do not hold yet: the minutes of a pair
// from its hour boundary on, and for days and totals before them the hours from its day boundary on. See
// store/roll_boundaries.hpp. Each event of the minutes asked for that is not in the coarse tier is in
// exactly one of them. Pages are never among them, since no row is sealed before it has been rolled.
//
// Enter pairs in ascending order where possible: where there is nothing between two pairs, the second
// then costs no seek. Must be gone before its view. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "minuted/query.hpp"
#include "minuted/result.hpp"
#include "store/roll_boundaries.hpp"
#include "store/store.hpp"

namespace minuted {

class OpenRows {
 public:
  // `tier`: what the rows are to be added to: hours (and the activity of days), or days (and totals).
  // Borrows the view.
  OpenRows(const View& view, RollBoundaries boundaries, Span tier);

  // To the first row of the pair in `minutes`, which are whole rows of the coarse tier.
  void enter(std::string_view prefix, const MinuteRange& minutes);
  // False at the end of the pair's rows, and after an error: status() tells which.
  bool valid() const { return at_ != nullptr; }
  // The first minute of the row; ascending. Key and value die at the next step.
  Minute minute() const { return minute_; }
  std::string_view key() const;
  std::string_view value() const;  // a hosts value
  void next();
  Result<void> status() const;

  const RollBoundaries& boundaries() const { return boundaries_; }

 private:
  struct Source {
    Family family;
    std::unique_ptr<StoreCursor> cursor{};
    std::string end{};      // of the pair's rows
    std::string passed{};   // the cursor stands on the first key at or after it
    bool bounded = true;    // the last time
    bool wanted = false;    // has a part of the minutes
  };
  void place(Source& source, std::string_view prefix, const MinuteRange& minutes);
  void settle();

  const View& view_;
  const RollBoundaries boundaries_;
  Source hours_{Family::kHour};
  Source minutes_{Family::kMinute};
  const bool with_hours_;
  std::uint32_t entered_ = 0;
  std::string key_;
  std::string prefix_;
  Source* at_ = nullptr;
  Minute minute_{};
};

}  // namespace minuted
