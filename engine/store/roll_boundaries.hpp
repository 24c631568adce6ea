// Which tier has the events of which minutes of a pair (repo, bucket).
//
// An event is written to its minute when it is folded, and to its hour, its day and the total of its
// pair later, once for all events of the finer span: see maintenance/roll/roller.hpp. Two boundaries say how far that
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
// The record is RollBoundaries of schema/meta_records.hpp. Boundaries only grow. Values; one thread at a time.
#pragma once

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "schema/meta_records.hpp"
#include "store/store.hpp"

namespace minuted {

// Before which minutes all that any pair has is in its hour rows, and in its day rows: of some time in the
// past, and so of all time since.
struct RolledBefore {
  Minute hours{0};
  Minute days{0};
};

void put_roll_boundaries(const RollBoundaries& boundaries, WriteSet& set);
// Both are 0 in a store without a record. kCorruption, kIoError.
Result<RollBoundaries> read_roll_boundaries(const Store& store);
Result<RollBoundaries> read_roll_boundaries(const View& view);

}  // namespace minuted
