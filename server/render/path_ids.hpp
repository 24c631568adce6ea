// Ids in a path: the segments that a route's braces stand for, decoded and checked. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "render/query_string.hpp"

namespace minuted::render {

// The ids of `path` in the order of the braces of `pattern`, which it matches. kInvalidParameter,
// named as the brace is, for one that is not well encoded or can be no id.
std::variant<std::vector<std::string>, ParameterError> path_ids(std::string_view pattern,
                                                                std::string_view path);

}  // namespace minuted::render
