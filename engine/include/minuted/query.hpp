// A question about minutes, hours or days, and the rows that answer it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/result.hpp"
#include "minuted/rollup.hpp"
#include "minuted/time.hpp"

namespace minuted {

// What one row covers. Spans are aligned to 1970-01-01 UTC.
enum class Span : std::uint8_t { kMinute, kHour, kDay };

constexpr std::uint32_t minutes_in(Span span) {
  return span == Span::kMinute ? 1 : span == Span::kHour ? kMinutesPerHour : kMinutesPerDay;
}

// A row's place in the order of answers.
struct RowKey {
  std::string repo;
  std::string bucket;
  Minute minute;
  std::string host;
  friend bool operator==(const RowKey&, const RowKey&) = default;
};

// What of a row's rollup is wanted; the less, the faster.
enum class Columns : std::uint8_t {
  kAll,   // all but the sketch
  kSums,  // requests by class, bytes, size change, latency count and sum; the rest may be zero
};

// Which rows: those of the spans that overlap `range` that match every list (a row matches a list if it names its id, or
// if the list is empty). Lists are sets: order and repetition mean nothing.
struct QuerySpec {
  MinuteRange range;
  std::vector<std::string> repos;
  std::vector<std::string> buckets;
  std::vector<std::string> hosts;
  Span span = Span::kMinute;
  Columns columns = Columns::kAll;
  // Only rows that come after this one, whether or not it is there: the last row of an earlier page.
  std::optional<RowKey> after = std::nullopt;
};

// One row: what one host did in one bucket in one span. The views and the pointer belong to the
// cursor and die at its next step.
struct Row {
  std::string_view repo;
  std::string_view bucket;
  std::string_view host;
  Minute minute;  // the first of the span
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
