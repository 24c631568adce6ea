// Whether the long forms of tests are asked for: every cut instead of a sample, minutes instead of
// seconds.
#pragma once

#include <cstdlib>
#include <string_view>

namespace minuted::test {

inline bool long_form() {
  const char* text = std::getenv("MINUTED_TEST_LONG");
  return text != nullptr && *text != '\0' && std::string_view(text) != "0";
}

}  // namespace minuted::test
