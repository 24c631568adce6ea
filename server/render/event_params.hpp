// What the query string of `POST /events` says about the batch. Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "render/query_string.hpp"

namespace minuted::render {

struct EventParams {
  bool strict = false;  // one bad event refuses the whole batch
};

// Reads `strict`: 1 or true, 0 or false; absent or empty = false. kInvalidParameter.
std::variant<EventParams, ParameterError> parse_event_params(std::string_view raw_query);

}  // namespace minuted::render
