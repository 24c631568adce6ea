// Flags to given settings, by CLI11, which this folder uses for nothing else: its own reading of
// files would let them win over variables. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings/given.hpp"

namespace minuted::settings {

struct CommandLine {
  Source source;
  std::vector<std::string_view> commands;  // names of those given

  bool asks_for(std::string_view command) const;
};

CommandLine read_command_line(std::span<const std::string> arguments);

}  // namespace minuted::settings
