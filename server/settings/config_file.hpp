// The configuration file to given settings, by toml++, with the line of each. Reads the file;
// otherwise pure. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "settings/given.hpp"

namespace minuted::settings {

inline constexpr std::size_t kConfigFileBytesMax = 4U << 20;

// `named_by`: the flag or variable that named the file, for the message when it cannot be read.
Source read_config_file(const std::string& path, std::string_view named_by);

// The same of a file's text; `path` is for messages.
Source parse_config_text(std::string_view text, const std::string& path);

}  // namespace minuted::settings
