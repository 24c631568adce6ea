#include "render/base64url.hpp"

namespace minuted::render {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kDigitBits = 6;
constexpr unsigned kByteBits = 8;

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string out;
  unsigned pending = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    pending = (pending << kByteBits | static_cast<unsigned char>(c)) & 0xFFFFU;
    bits += kByteBits;
    while (bits >= kDigitBits) {
      bits -= kDigitBits;
      out.push_back(kDigits[pending >> bits & 63]);
    }
  }
  if (bits != 0) out.push_back(kDigits[pending << (kDigitBits - bits) & 63]);
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  unsigned pending = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == kDigits.npos) return std::nullopt;
    pending = (pending << kDigitBits | static_cast<unsigned>(digit)) & 0xFFFFU;
    bits += kDigitBits;
    if (bits < kByteBits) continue;
    bits -= kByteBits;
    out.push_back(static_cast<char>(pending >> bits & 0xFF));
  }
  // What is left over must be less than a digit, and zero.
  if (bits >= kDigitBits || (pending & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace minuted::render
