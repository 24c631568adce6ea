// The program's `inspect` subcommand: says what a store holds, with or without a daemon running on it.
// Main thread, before anything else is started.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "minuted/time.hpp"

namespace minuted::inspection {

struct Console {
  std::ostream& out;     // what was asked for
  std::ostream& err;     // what is to be said about it
  bool out_is_terminal;  // a table for eyes, instead of lines for programs
  bool err_is_terminal;  // how far it is, when it takes long
};

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // there is no store, or it cannot be read
inline constexpr int kExitUsage = 2;   // the command line makes no sense

// `arguments` is what follows `inspect`; `data` the directory if none of them names one.
int run_inspect_command(std::span<const std::string> arguments, const std::string& data,
                        const Console& console, const Clock& clock);

}  // namespace minuted::inspection
