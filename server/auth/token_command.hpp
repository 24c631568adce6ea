// The program's `token` subcommand: makes, lists and revokes tokens in their file, with or without
// a daemon running. Main thread, before anything else is started.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "minuted/time.hpp"

namespace minuted::auth {

struct Console {
  std::ostream& out;     // what was asked for
  std::ostream& err;     // what is to be said about it
  bool out_is_terminal;  // a table for eyes, instead of tab-separated lines for programs
};

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // the file could not be read or changed
inline constexpr int kExitUsage = 2;   // the command line makes no sense

// Runs `create`, `list` or `revoke`: `arguments` is what follows `token`. `create` prints the token
// as the only, and so the last, line of `out`; no hash is ever shown in full.
int run_token_command(std::span<const std::string> arguments, const Console& console,
                      const Clock& clock);

}  // namespace minuted::auth
