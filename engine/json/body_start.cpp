#include "json/body_start.hpp"

#include <cstddef>
#include <string>

namespace minuted::json {
namespace {

using namespace std::string_view_literals;

bool is_zlib(std::string_view body) {
  // RFC 1950: deflate in a window of 32 KiB, and a checksum over both bytes.
  if (body.size() < 2 || body[0] != '\x78') return false;
  return (static_cast<unsigned char>(body[0]) * 256U + static_cast<unsigned char>(body[1])) % 31 == 0;
}

// By its byte order mark, or by zeros in the place of two ASCII characters' high bytes.
bool is_utf16(std::string_view body) {
  if (body.starts_with("\xFF\xFE"sv) || body.starts_with("\xFE\xFF"sv)) return true;
  if (body.size() < 4) return false;
  const auto is_ascii = [&](std::size_t at) { return body[at] > 0; };
  const auto is_zero = [&](std::size_t at) { return body[at] == 0; };
  return (is_ascii(0) && is_zero(1) && is_ascii(2) && is_zero(3)) ||
         (is_zero(0) && is_ascii(1) && is_zero(2) && is_ascii(3));
}

BodyError compressed(std::string_view with, BodyHint hint) {
  return BodyError{"malformed_json", "the body begins as " + std::string(with) + " does", hint};
}

}  // namespace

std::string_view byte_order_mark_of(std::string_view body) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return body.substr(0, body.starts_with(kMark) ? kMark.size() : 0);
}

std::optional<BodyError> compressed_or_utf16(std::string_view body) {
  if (body.starts_with("\x1F\x8B"sv)) return compressed("gzip", BodyHint::kGzip);
  if (body.starts_with("\x28\xB5\x2F\xFD"sv)) return compressed("zstd", BodyHint::kZstd);
  if (is_zlib(body)) return compressed("zlib (deflate)", BodyHint::kDeflate);
  if (is_utf16(body)) return BodyError{"malformed_json", "the body is in UTF-16; send it in UTF-8"};
  return std::nullopt;
}

}  // namespace minuted::json
