#include "auth/bearer.hpp"

#include <algorithm>

namespace minuted::auth {
namespace {

constexpr std::string_view kScheme = "bearer";
static_assert(kPresentedBytesMax == 256, "explain() says so");

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token68(char c) {
  const char small = lower(c);
  return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~+/").find(c) != std::string_view::npos;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::string_view explain(BearerFault fault) {
  switch (fault) {
    case BearerFault::kOtherScheme:
      return "the Authorization header is not of the Bearer scheme; send Authorization: Bearer "
             "TOKEN";
    case BearerFault::kNoToken:
      return "the Authorization header names no token; send Authorization: Bearer TOKEN";
    case BearerFault::kTooLong:
      return "the token in the Authorization header is longer than 256 bytes; send it as `minuted "
             "token create` printed it";
    case BearerFault::kBadCharacter:
      return "the token in the Authorization header has a character that no token has; send it as "
             "`minuted token create` printed it";
  }
  return {};
}

std::variant<std::string_view, BearerFault> parse_bearer(std::string_view header_value) {
  const std::string_view value = trim(header_value);
  const std::string_view scheme = value.substr(0, value.find(' '));
  const bool ours = std::equal(scheme.begin(), scheme.end(), kScheme.begin(), kScheme.end(),
                               [](char a, char b) { return lower(a) == b; });
  if (!ours) return BearerFault::kOtherScheme;
  std::string_view token = value.substr(scheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  if (token.empty()) return BearerFault::kNoToken;
  if (token.size() > kPresentedBytesMax) return BearerFault::kTooLong;
  // An npos here (nothing but padding) wraps to 0: no token is left, and that is refused below.
  const std::string_view body = token.substr(0, token.find_last_not_of('=') + 1);
  if (body.empty() || !std::all_of(body.begin(), body.end(), is_token68)) {
    return BearerFault::kBadCharacter;
  }
  return token;
}

}  // namespace minuted::auth
