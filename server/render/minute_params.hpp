// What `GET /stats/minute`, `/stats/hourly` or `/stats/daily` was asked: from its query string to the engine's QuerySpec and how the
// rows are to be written. Second stop of a read's journey, before Engine::query. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "minuted/engine.hpp"
#include "minuted/query.hpp"
#include "minuted/time.hpp"
#include "render/query_string.hpp"
#include "render/row_columns.hpp"
#include "render/row_writer.hpp"

namespace minuted::render {

// Rows of one page at most.
inline constexpr std::uint64_t kLimitMax = 1'000'000;

struct MinuteParams {
  QuerySpec spec;        // lists ascending and without repeats; the range may be empty
  RowColumns columns;    // of the rows; the spec asks for what they need
  std::optional<RowFormat> format;     // by its name; absent = by what the client accepts
  bool paged = false;                  // limit or cursor is given, which go with JSON alone
  std::optional<std::uint64_t> limit;  // rows of this page, 1 … kLimitMax; absent = all
  std::uint64_t query_hash = 0;        // of what must stay the same from page to page
};

// Reads startDate, endDate, repoId, bucketId, unitId, hosts, groupBy, fields, format, integers, limit and
// cursor by the contract's rules; format is not set against limit and cursor, see check_paging;
// the range's end may be one past kMinuteMax, and the engine widens it to whole spans. `now` gives the
// range its begin when no date and no cursor does; a cursor must have been made with `cursor_key`. Of
// several faults the first in the query is told, then unitId against bucketId, startDate against endDate,
// the cursor against the rest.
// kInvalidParameter.
std::variant<MinuteParams, ParameterError> parse_minute_params(std::string_view raw_query,
                                                               Millis now,
                                                               const SecretKey& cursor_key,
                                                               Span span = Span::kMinute);

// Whether the rows can be had in `format`: pages are JSON.
std::optional<ParameterError> check_paging(const MinuteParams& params, RowFormat format);

// What `GET /events` was asked.
struct RawEventParams {
  EventQuery query;
  bool unit_id = false;       // the request asked by unitId
  bool quoted_bytes = false;  // by integers=string
};

// startDate, endDate, repoId, bucketId, unitId, hosts and integers as above; others are ignored.
std::variant<RawEventParams, ParameterError> parse_raw_event_params(std::string_view raw_query,
                                                                    Millis now);

// The ids of a request that asks by one kind alone: repoId, or bucketId and unitId, its older name.
// Others are ignored. Ascending, each once.
enum class IdOf : std::uint8_t { kRepo, kBucket };
std::variant<std::vector<std::string>, ParameterError> parse_ids(std::string_view raw_query, IdOf of);

// startDate and endDate of a request that changes what is stored: both, or neither, and no other
// parameter, since one that was misspelt would change more than was meant. nullopt: no dates.
std::variant<std::optional<MinuteRange>, ParameterError> parse_dates(std::string_view raw_query);

// Of the parameter `integers`: neither `string` nor `number`.
std::optional<ParameterError> check_integers(std::string_view name, std::string_view value);

}  // namespace minuted::render
