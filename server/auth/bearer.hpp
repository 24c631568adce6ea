// The value of an `Authorization` header, taken apart. First stop of a request's token. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace minuted::auth {

// Ours have 47; a token of the operator's own making may be longer.
inline constexpr std::size_t kPresentedBytesMax = 256;

enum class BearerFault : std::uint8_t {
  kOtherScheme,   // Basic, Digest, or no scheme at all
  kNoToken,       // the scheme and nothing after it
  kTooLong,       // over kPresentedBytesMax
  kBadCharacter,  // not token68: A–Z a–z 0–9 - . _ ~ + / and `=` at the end
};

// Why the value was refused and what would be right, as one sentence. Never holds any of the value:
// what is no good token here may be a good one elsewhere.
std::string_view explain(BearerFault fault);

// The token of `Bearer TOKEN`: a view into `header_value`. The scheme's case does not matter, one
// or more spaces follow it, and blanks around the whole are dropped. RFC 6750, section 2.1.
std::variant<std::string_view, BearerFault> parse_bearer(std::string_view header_value);

}  // namespace minuted::auth
