// The command line of minuted-fill: one table of flags with their units, ranges and defaults. One
// thread.
#pragma once

#include <string>
#include <vector>

#include "fill/fleet.hpp"
#include "minuted/result.hpp"

namespace minuted::fill {

struct CommandLine {
  std::string data;  // the directory
  FleetOptions fleet;
  bool seal = true;
  bool help = false;
};

// `arguments` without the program's name; `now` gives the range its default end, the last midnight.
// An error names the flag, its value and what would be right.
Result<CommandLine> read_command_line(const std::vector<std::string>& arguments, Millis now);

// For --help.
std::string help_text();

}  // namespace minuted::fill
