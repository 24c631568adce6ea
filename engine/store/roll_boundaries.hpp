// Which tier has the events of which minutes of a pair (repo, bucket).
//
// An event is written to its minute when it is folded, and to its hour, its day and the total of its
// pair later, once for all events of the finer span: see roll/roller.hpp. Two boundaries say how far that
// has come, for each pair:
//
//   minutes       0 ......... day boundary ......... hour boundary ......... now
//   minute rows   all events
//   hour rows     all events of these minutes        |  none: read the minute rows
//   day activity  the same as hour rows              |  none: read the minute rows
//   day rows      all events | none: read the hour rows, and then the minute rows
//   totals        the same as day rows
//
// No row holds a part of its events: an hour that begins before the hour boundary has all of them, one at
// or after it has no row, and the same is true of days. A reader therefore adds to the rows of a coarse
// tier what OpenRows (store/open_rows.hpp) finds in the finer ones, and sees each event once. A fold
// writes an event that arrives late, of a minute before a boundary, to the coarser row itself.
//
// A pass moves the boundaries of all pairs, in the order of their keys and in many small batches. Each
// batch moves the record forward with the rows that it writes: pairs up to the last one that was rolled
// have the next boundaries, the others still have the current ones. A view therefore shows boundaries and
// rows of the same moment, also in the middle of a pass and after a crash.
//
//   in the meta family, "rolled"   current hour boundary u32 | next u32 | current day boundary u32 | next u32
//                                  | prefix of the last pair that has the next ones; big-endian
//
// Boundaries only grow. Values; one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "minuted/query.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "store/store.hpp"

namespace minuted {

struct RollBoundaries {
  // Of the pairs that a pass has not reached, and of those that it has.
  struct Boundary {
    Minute current{0};
    Minute next{0};
    friend bool operator==(const Boundary&, const Boundary&) = default;
  };
  Boundary hour;  // the beginning of an hour
  Boundary day;   // the beginning of a day, at or before the hour boundary
  std::string last_rolled;  // the pair's prefix; empty: the pass has reached none

  // Whether a pass has begun and not ended.
  bool in_pass() const { return hour.current != hour.next || day.current != day.next; }
  // Whether the pass has been at the pair.
  bool has_next(std::string_view prefix) const {
    return in_pass() && !last_rolled.empty() && prefix <= last_rolled;
  }
  // The first minute of the pair whose events are not in its hour rows, and not in its day rows.
  Minute hour_of(std::string_view prefix) const {
    return has_next(prefix) ? hour.next : hour.current;
  }
  Minute day_of(std::string_view prefix) const { return has_next(prefix) ? day.next : day.current; }
  // All pairs have the next boundaries.
  void end_pass() {
    hour.current = hour.next;
    day.current = day.next;
    last_rolled.clear();
  }
  friend bool operator==(const RollBoundaries&, const RollBoundaries&) = default;
};

// Before which minutes all that any pair has is in its hour rows, and in its day rows: of some time in the
// past, and so of all time since.
struct RolledBefore {
  Minute hours{0};
  Minute days{0};
};

std::string encode_roll_boundaries(const RollBoundaries& boundaries);
// nullopt if the bytes are no such record.
std::optional<RollBoundaries> decode_roll_boundaries(std::string_view bytes);

void put_roll_boundaries(const RollBoundaries& boundaries, WriteSet& set);
// Both are 0 in a store without a record. kCorruption, kIoError.
Result<RollBoundaries> read_roll_boundaries(const Store& store);
Result<RollBoundaries> read_roll_boundaries(const View& view);

}  // namespace minuted
