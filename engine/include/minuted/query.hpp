// A question about minutes and the rows that answer it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/result.hpp"
#include "minuted/rollup.hpp"
#include "minuted/time.hpp"

namespace minuted {

// Which rows: those in `range` that match every list (a row matches a list if it names its id, or
// if the list is empty). Lists are sets: order and repetition mean nothing.
struct QuerySpec {
  MinuteRange range;
  std::vector<std::string> repos;
  std::vector<std::string> buckets;
  std::vector<std::string> hosts;
};

// One row: what one host did in one bucket in one minute. The views and the pointer belong to the
// cursor and die at its next step.
struct Row {
  std::string_view repo;
  std::string_view bucket;
  std::string_view host;
  Minute minute;
  const Rollup* rollup = nullptr;  // without its sketch: QuerySpec cannot ask for quantiles yet
};

// Hands out rows in the order (repo, bucket, minute, host), bytewise, from one consistent view:
// everything acknowledged before it was made, folded or not, and nothing later. Holds a snapshot for
// at most Options::snapshot_ms_max; memory does not grow with the answer. May move between threads,
// used by one at a time; must be gone before the engine is.
class RowCursor {
 public:
  virtual ~RowCursor() = default;

  // Steps to the next row: true and `row` filled, or false at the end. After an error or the end
  // there is nothing more. kExpired, kCorruption, kIoError.
  virtual Result<bool> next(Row& row) = 0;
};

}  // namespace minuted
