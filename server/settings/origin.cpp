#include "settings/origin.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "settings/address.hpp"

namespace minuted::settings {
namespace {

constexpr std::size_t kOriginBytesMax = 255;

Error fault(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    const std::string_view address = text.substr(1, text.size() - std::min<std::size_t>(text.size(), 2));
    return text.ends_with(']') && address.find(':') != address.npos && parse_ip(address);
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

Result<std::string> parse_origin(std::string_view text) {
  if (text == kAnyOrigin) return std::string(text);
  if (text.size() > kOriginBytesMax) return fault("is longer than 255 bytes");
  std::string origin(text);
  std::transform(origin.begin(), origin.end(), origin.begin(), lower);
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == origin.npos) return fault("has no scheme");
  const std::string scheme = origin.substr(0, scheme_end);
  if (!is_scheme(scheme)) return fault("has a scheme that is none");
  const std::string site = origin.substr(scheme_end + 3);
  if (site.find_first_of("/?#") != site.npos) return fault("goes on behind its host and port");
  const std::size_t bracket = site.starts_with('[') ? std::min(site.find(']'), site.size()) : 0;
  const std::size_t colon = std::min(site.find(':', bracket), site.size());
  if (!is_host(std::string_view(site).substr(0, colon))) return fault("has a host that is none");
  if (colon == site.size()) return origin;
  std::uint16_t port = 0;
  const char* const end = site.data() + site.size();
  const auto read = std::from_chars(site.data() + colon + 1, end, port);
  if (read.ec != std::errc{} || read.ptr != end || port == 0) {
    return fault("has a port that is not a number from 1 to 65535");
  }
  const bool own = (scheme == "http" && port == 80) || (scheme == "https" && port == 443);
  origin.resize(scheme_end + 3 + colon);
  return own ? origin : origin + ":" + std::to_string(port);
}

}  // namespace minuted::settings
