// Which of several forms an answer has, by the client's Accept (RFC 9110, section 12.5.1). Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace minuted::http {

// The place among `offered` (lower case) of the type the client likes best; nullopt if it takes none.
// Of equal weights the one named more precisely, then the one named first, then the one offered first. The
// parameters of a range are not looked at, but for its weight. A range that cannot be read is passed over;
// a client with no other takes anything.
std::optional<std::size_t> choose_media_type(std::string_view accept,
                                             std::span<const std::string_view> offered);

}  // namespace minuted::http
