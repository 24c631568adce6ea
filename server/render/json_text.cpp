#include "render/json_text.hpp"

#include <cstdint>
#include <cstring>

namespace minuted::render {
namespace {

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Whether any of the eight bytes needs one. Subtracting n from each byte sets the high bit of those
// below n that had it clear; a borrow can mislead the next byte, but only where the answer is
// already yes. See H. S. Warren, Hacker's Delight, 6-1.
bool any_needs_escape(std::uint64_t word) {
  const auto below = [word](std::uint64_t w, std::uint64_t n) { return (w - kOnes * n) & ~word; };
  const std::uint64_t controls = below(word, 0x20);
  const std::uint64_t quotes = below(word ^ (kOnes * '"'), 1);
  const std::uint64_t backslashes = below(word ^ (kOnes * '\\'), 1);
  return ((controls | quotes | backslashes) & kHighBits) != 0;
}

// How much of `text` can be copied as it is.
std::size_t plain_bytes(std::string_view text) {
  std::size_t i = 0;
  for (; i + kWordBytes <= text.size(); i += kWordBytes) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, kWordBytes);
    if (any_needs_escape(word)) break;
  }
  while (i < text.size() && !needs_escape(text[i])) ++i;
  return i;
}

char* write_escape(char c, char* out) {
  *out++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *out++ = c;
      return out;
    case '\b':
      *out++ = 'b';
      return out;
    case '\f':
      *out++ = 'f';
      return out;
    case '\n':
      *out++ = 'n';
      return out;
    case '\r':
      *out++ = 'r';
      return out;
    case '\t':
      *out++ = 't';
      return out;
    default:
      break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  std::memcpy(out, "u00", 3);
  out[3] = kHex[static_cast<unsigned char>(c) >> 4];
  out[4] = kHex[static_cast<unsigned char>(c) & 15];
  return out + 5;
}

}  // namespace

char* write_json_escaped(std::string_view text, char* out) {
  while (true) {
    const std::size_t plain = plain_bytes(text);
    if (plain != 0) std::memcpy(out, text.data(), plain);
    out += plain;
    if (plain == text.size()) return out;
    out = write_escape(text[plain], out);
    text.remove_prefix(plain + 1);
  }
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_bytes(text);
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    char escape[kEscapedBytesPerByte];
    out.append(escape, write_escape(text[plain], escape));
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

}  // namespace minuted::render
