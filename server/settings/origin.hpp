// Origins of web pages as settings name them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "minuted/result.hpp"

namespace minuted::settings {

inline constexpr std::string_view kAnyOrigin = "*";

// `*`, or an origin in the form in which browsers send it: scheme and host in lower case, no port where
// it is the scheme's own. An error's message goes on from the value.
Result<std::string> parse_origin(std::string_view text);

}  // namespace minuted::settings
