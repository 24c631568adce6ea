// Text of any origin as a part of one log line. Nothing in it can end the line, steer a terminal or
// reorder what an editor shows. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace minuted::log {

enum class Escaping : std::uint8_t {
  kBare,    // a message for people: quotation marks and backslashes stay as they are
  kQuoted,  // for people, between quotation marks
  kJson,    // inside a JSON string
};

// Appends `text`, or as much of it as fits into `bytes_max` bytes with "…" behind it. Valid UTF-8 stays
// as it is, and is never cut inside a character, except for these: control characters (C0, DEL, C1),
// characters that set the direction of text (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to
// U+2069), and line and paragraph separators (U+2028, U+2029). They become \xNN, \uNNNN or JSON's short
// escapes. A byte that is not valid UTF-8 becomes \xNN (in JSON, which has no such escape, \\xNN).
void append_escaped(std::string_view text, std::size_t bytes_max, Escaping escaping,
                    std::string& out);

// Whether `text` can stand in a line for people without quotation marks: visible ASCII, not empty.
bool is_plain(std::string_view text);

}  // namespace minuted::log
