// The parts of a Content-Type that decide how a body is read, or of a range of an Accept. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace minuted::http {

struct MediaType {
  std::string_view type;  // `application/json`, as sent; a view into the value
  std::string charset;    // unquoted; empty if none was given
  std::optional<std::string> weight;  // of `q=`, as sent
};

// `type/subtype` and its parameters (RFC 9110, section 8.3.1), or nullopt if it is none.
std::optional<MediaType> parse_media_type(std::string_view value);

}  // namespace minuted::http
