// Stored bytes as people read and write them in tests. Pure.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace minuted::test {

inline std::string to_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

// "01 ff" or "01ff" to two bytes. Anything else than digits and spaces aborts.
inline std::string from_hex(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    std::abort();
  };
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    if (i + 1 == text.size()) std::abort();
    out.push_back(static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1])));
    i += 2;
  }
  return out;
}

}  // namespace minuted::test
