// Whether the long forms of tests are asked for: every cut instead of a sample, minutes instead of
// seconds.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace minuted::test {

inline bool long_form() {
  const char* text = std::getenv("MINUTED_TEST_LONG");
  return text != nullptr && *text != '\0' && std::string_view(text) != "0";
}

// How many of `count` random samples a test takes: all, or a third under a sanitizer, which makes the test
// many times slower and looks for faults of another kind.
constexpr std::size_t sampled(std::size_t count) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return (count + 2) / 3;
#else
  return count;
#endif
}

}  // namespace minuted::test
