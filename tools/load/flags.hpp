// The command line of minuted-load: one table of flags with their units, ranges and defaults, to
// LoadOptions. Durations and sizes are written as the daemon's settings are: 10s, 64MiB. One
// thread.
#pragma once

#include <string>
#include <vector>

#include "load/load.hpp"
#include "minuted/result.hpp"

namespace minuted::load {

struct CommandLine {
  LoadOptions options;
  bool json = false;
  bool help = false;
};

// `arguments` without the program's name. An error names the flag, its value and what would be
// right.
Result<CommandLine> read_command_line(const std::vector<std::string>& arguments);

// For --help.
std::string help_text();

}  // namespace minuted::load
