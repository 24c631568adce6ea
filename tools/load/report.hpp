// A load's outcome as text: a table for people, `name value` lines for pipes, one JSON object for
// programs; the same names and figures in all three. Pure; any thread.
#pragma once

#include <string>

#include "load/load.hpp"

namespace minuted::load {

enum class ReportForm : std::uint8_t { kTable, kLines, kJson };

// Ends with a line end.
std::string report(const LoadResult& result, ReportForm form);

}  // namespace minuted::load
