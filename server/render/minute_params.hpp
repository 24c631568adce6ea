// What `GET /stats/minute` was asked: from its query string to the engine's QuerySpec and how the
// rows are to be written. Second stop of a read's journey, before Engine::query. Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "minuted/query.hpp"
#include "minuted/time.hpp"
#include "render/query_string.hpp"

namespace minuted::render {

struct MinuteParams {
  QuerySpec spec;        // lists ascending and without repeats; the range may be empty
  bool unit_id = false;  // asked by unitId: rows call the bucket `unitId`
};

// Reads startDate, endDate, repoId, bucketId, unitId and hosts by the contract's rules; the range's
// end may be one past kMinuteMax. `now` gives the range its begin when no date does. Of several
// faults the first in the query is told, then unitId against bucketId, then startDate against
// endDate. kInvalidParameter; kUnsupportedParameter for those this version does not have yet.
std::variant<MinuteParams, ParameterError> parse_minute_params(std::string_view raw_query,
                                                               Millis now);

}  // namespace minuted::render
