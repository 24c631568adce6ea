// The long texts made from the table: --help and --print-config. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "settings/resolve.hpp"

namespace minuted::settings {

// No line is longer, unless a single word is.
inline constexpr std::size_t kTextColumns = 100;

std::string help_text();

// A TOML file that gives the same settings (all but config), each with its meaning, unit, range,
// default and where its value came from; `warnings` as comments before them.
std::string config_text(const Resolved& resolved, std::span<const std::string> warnings);

}  // namespace minuted::settings
