#include "log/escape.hpp"

#include <algorithm>

namespace minuted::log {
namespace {

constexpr std::string_view kCutMark = "…";
constexpr char kHex[] = "0123456789abcdef";

struct Character {
  std::uint32_t code_point;
  std::size_t bytes;  // 0: the first byte begins no valid character
};

// The character at the start of `text`, which is not empty. Overlong forms, surrogates and what is
// above U+10FFFF are not valid (Unicode 15, table 3-7).
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (bytes == 0 || text.size() < bytes) return {0, 0};
  std::uint32_t code_point = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 0};
    code_point = code_point << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::uint32_t kFirstOfThree = 0x800;
  constexpr std::uint32_t kFirstOfFour = 0x10000;
  const bool overlong = (bytes == 3 && code_point < kFirstOfThree) ||
                        (bytes == 4 && code_point < kFirstOfFour);
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (overlong || surrogate || code_point > 0x10FFFF) return {0, 0};
  return {code_point, bytes};
}

bool must_be_escaped(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void append_hex(std::uint32_t value, int digits, std::string& out) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kHex[value >> shift & 15];
}

// JSON's own letter for a control character; 0 if it has none.
char short_escape(std::uint32_t c) {
  switch (c) {
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
  }
}

void append_escape(std::uint32_t c, Escaping escaping, std::string& out) {
  out += '\\';
  if (escaping == Escaping::kJson && short_escape(c) != 0) {
    out += short_escape(c);
  } else if (escaping != Escaping::kJson && c < 0x80) {
    out += 'x';
    append_hex(c, 2, out);
  } else {
    out += 'u';
    append_hex(c, 4, out);
  }
}

// The first character of `text`, or its first byte if that is not valid, as it is written.
void append_first(std::string_view text, const Character& first, Escaping escaping,
                  std::string& out) {
  if (first.bytes == 0) {
    out += escaping == Escaping::kJson ? "\\\\x" : "\\x";
    append_hex(static_cast<unsigned char>(text[0]), 2, out);
  } else if (must_be_escaped(first.code_point)) {
    append_escape(first.code_point, escaping, out);
  } else {
    const bool quote = first.code_point == '"' || first.code_point == '\\';
    if (quote && escaping != Escaping::kBare) out += '\\';
    out += text.substr(0, first.bytes);
  }
}

}  // namespace

void append_escaped(std::string_view text, std::size_t bytes_max, Escaping escaping,
                    std::string& out) {
  const std::size_t begin = out.size();
  // Where the text would be cut, so that the mark has room behind it.
  std::size_t cut = begin;
  while (!text.empty()) {
    const Character first = first_character(text);
    append_first(text, first, escaping, out);
    if (out.size() - begin > bytes_max) {
      out.resize(cut);
      out += kCutMark;
      return;
    }
    if (out.size() - begin + kCutMark.size() <= bytes_max) cut = out.size();
    text.remove_prefix(std::max<std::size_t>(first.bytes, 1));
  }
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\\';
  });
}

}  // namespace minuted::log
