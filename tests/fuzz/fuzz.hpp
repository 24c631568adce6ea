// What fuzz targets share: an input taken apart, and a check that stays in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace minuted::fuzz {

inline void require_at(bool holds, const char* what, const char* file, int line) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  std::abort();
}

// Takes choices off the front of an input, and hands the rest out.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : left_(reinterpret_cast<const char*>(data), size) {}

  // The next byte; 0 at the end.
  std::uint8_t byte() {
    const std::string_view one = bytes(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
  }
  // Two bytes, little-endian.
  std::uint16_t word() {
    const unsigned low = byte();
    return static_cast<std::uint16_t>(low | unsigned{byte()} << 8);
  }
  // Eight bytes, little-endian.
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) value |= std::uint64_t{byte()} << shift;
    return value;
  }
  // At most so many.
  std::string_view bytes(std::size_t count) {
    const std::string_view front = left_.substr(0, count);
    left_.remove_prefix(front.size());
    return front;
  }
  std::string_view rest() { return bytes(left_.size()); }
  bool empty() const { return left_.empty(); }

 private:
  std::string_view left_;
};

}  // namespace minuted::fuzz

#define MINUTED_REQUIRE(...) \
  ::minuted::fuzz::require_at(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
