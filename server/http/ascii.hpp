// Comparing the tokens of HTTP, which are ASCII and mostly of no particular case. Pure; any thread.
#pragma once

#include <algorithm>
#include <string_view>

namespace minuted::http {

inline char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace minuted::http
