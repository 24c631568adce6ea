// What the reads about nodes and series were asked: from query strings to the engine's questions. Pure;
// any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "minuted/engine.hpp"
#include "minuted/nodes.hpp"
#include "render/query_string.hpp"

namespace minuted::render {

struct NodeParams {
  NodeQuery query;
  bool unit_id = false;  // asked by unitId: rows call the bucket so
};

// bucketId or unitId, lists as in minute_params.hpp; others are ignored.
std::variant<NodeParams, ParameterError> parse_node_params(std::string_view raw_query);

// Also startDate and endDate, days written ddmmyyyy, both of them in: eight digits, or seven where a
// number has lost a leading zero. With neither the last 30 days through today; with startDate from there
// through today; with endDate the 30 days that end with it. Of several faults the first in the query is
// told, then unitId against bucketId, then startDate after endDate.
inline constexpr std::int64_t kNodeDaysDefault = 30;
std::variant<NodeParams, ParameterError> parse_node_day_params(std::string_view raw_query,
                                                               Millis now);

struct SeriesParams {
  SeriesQuery query;
  bool unit_id = false;
  std::uint64_t limit = 0;       // rows of this page
  std::uint64_t query_hash = 0;  // of what must stay the same from page to page
};
inline constexpr std::uint64_t kSeriesLimitDefault = 1'000;
inline constexpr std::uint64_t kSeriesLimitMax = 100'000;

// repoId, bucketId, unitId, search (the beginning of a repoId, bucketId or host), limit and cursor, which
// is made by encode_series_cursor() with the same key.
std::variant<SeriesParams, ParameterError> parse_series_params(std::string_view raw_query,
                                                               const SecretKey& cursor_key);

// Where a page ended, as page_cursor.hpp has it: of the minutes all, and the first.
std::string encode_series_cursor(std::uint64_t query_hash, const SeriesKey& last,
                                 const SecretKey& cursor_key);

}  // namespace minuted::render
