// Whether an engine can be opened with these options at all. Pure; any thread.
#pragma once

#include <optional>

#include "minuted/options.hpp"
#include "minuted/result.hpp"

namespace minuted {

// kInvalidArgument, naming the option and what is accepted.
std::optional<Error> check_options(const Options& options);

}  // namespace minuted
