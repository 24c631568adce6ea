// Bytes as text that may stand in a URL or a header: RFC 4648, section 5, without padding. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace minuted::render {

std::string to_base64url(std::string_view bytes);
// nullopt for anything to_base64url() cannot have made.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace minuted::render
