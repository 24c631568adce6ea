// A question about minutes, hours or days, and the rows that answer it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/cursor.hpp"
#include "minuted/result.hpp"
#include "minuted/rollup.hpp"
#include "minuted/time.hpp"

namespace minuted {

// What one row covers. Spans are aligned to 1970-01-01 UTC.
enum class Span : std::uint8_t { kMinute, kHour, kDay };

constexpr std::uint32_t minutes_in(Span span) {
  return span == Span::kMinute ? 1 : span == Span::kHour ? kMinutesPerHour : kMinutesPerDay;
}

// Which ids rows keep; rows that differ in the others only are added up to one.
struct Grouping {
  bool repo = false;
  bool bucket = false;
  bool host = false;
  friend bool operator==(const Grouping&, const Grouping&) = default;
};

// A row's place in the order of answers. Ids that a Grouping leaves out are empty.
struct RowKey {
  std::string repo;
  std::string bucket;
  Minute minute;
  std::string host;
  friend bool operator==(const RowKey&, const RowKey&) = default;
};

// What of a row's rollup is wanted; the less, the faster.
enum class Columns : std::uint8_t {
  kAll,  // all but the sketch
  // Requests by class, bytes, size change, latency count and sum; the rest may be zero. Under a Grouping
  // that leaves ids out requests are of no class: all stand under OpClass::kOther.
  kSums,
  kSketch,  // all, so that Rollup::latency_quantile_us() can be asked
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
  // Absent, or all three kept: rows as they are. Which rows there are and their order is decided before
  // by the lists, afterwards by what is kept of (repo, bucket, minute, host).
  std::optional<Grouping> grouping = std::nullopt;
};

// One row: what one host did in one bucket in one span. The views and the pointer belong to the
// cursor and die at its next step. Under a Grouping the ids left out are empty.
struct Row {
  std::string_view repo;
  std::string_view bucket;
  std::string_view host;
  Minute minute;  // the first of the span
  const Rollup* rollup = nullptr;  // as much of it as Columns says
};

// Which raw events. Lists as in QuerySpec.
struct EventQuery {
  MinuteRange range;
  std::vector<std::string> repos;
  std::vector<std::string> buckets;
  std::vector<std::string> hosts;
};

// Hands out raw events in the order of (repo, bucket, time), and those of one millisecond as they were
// committed. Memory: the events of one minute of one (repo, bucket).
using EventCursor = Cursor<EventView>;

// Of which repos or buckets, ids as in QuerySpec's lists: totals since the beginning. Of a bucket, over
// all repos, or those named.
struct TotalsQuery {
  enum class By : std::uint8_t { kRepo, kBucket };
  By by = By::kRepo;
  std::vector<std::string> ids;
  std::vector<std::string> repos;
};

// One id's; the view dies at the cursor's next step.
struct Totals {
  std::string_view id;
  std::uint64_t requests = 0;
  UInt128 upl_bytes = 0;
  UInt128 dwl_bytes = 0;
  Int128 size_change = 0;
};

// Hands out the totals of ids that have any, in bytewise order.
using TotalsCursor = Cursor<Totals>;

// Hands out rows in the order (repo, bucket, minute, host), bytewise. Under a Grouping it also fails with
// kTooManyGroups, before the first row if that leaves out the repo. Memory does not grow with the answer, except under a Grouping that
// leaves out the repo or the bucket: some 130 bytes and its ids for each group, of which there are at
// most Options::groups_max (for each repo by itself, if repos are kept); with Columns::kAll twice that, and
// with kSketch besides the groups' sketches, 16 bytes for each 2% step in which a group has latencies. All
// of it counts in Options::query_bytes_max until the cursor ends or is gone.
using RowCursor = Cursor<Row>;

}  // namespace minuted
