// Bodies as Content-Encoding names them. Called while bodies are prepared, never while they are
// sent.
#pragma once

#include <string>
#include <string_view>

#include "load/bodies.hpp"
#include "minuted/result.hpp"

namespace minuted::load {

// `plain` by gzip (level 6) or zstd (level 3). kInvalidArgument if the library refuses, out of
// memory or because `plain` is too large for it.
Result<std::string> compress(BodyCoding coding, std::string_view plain);

}  // namespace minuted::load
