// Text as JSON strings: the one place that knows what must be escaped. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace minuted::render {

// Bytes one byte of text may become at most (`\u001f`).
inline constexpr std::size_t kEscapedBytesPerByte = 6;

// Appends `text`, which must be valid UTF-8, as a JSON string with its quotes. Escapes the quote,
// the backslash and C0 controls, nothing else.
void append_json_string(std::string_view text, std::string& out);

// The same without quotes into `out`, which has room for kEscapedBytesPerByte · text.size() bytes.
// Returns the end of what was written.
char* write_json_escaped(std::string_view text, char* out);

}  // namespace minuted::render
