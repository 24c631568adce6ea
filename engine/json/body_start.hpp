// What the first bytes of a body say about the rest: a byte order mark, or bytes that cannot be JSON
// because they are compressed or in another encoding. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "json/event_json.hpp"

namespace minuted::json {

// The byte order mark of UTF-8 at the start of `body`, or nothing. Programs on Windows write one.
std::string_view byte_order_mark_of(std::string_view body);

// "malformed_json" with what `body` is instead of JSON, if its first bytes show it: gzip, zstd or zlib
// data, or UTF-16. No JSON text begins as any of them does.
std::optional<BodyError> compressed_or_utf16(std::string_view body);

}  // namespace minuted::json
