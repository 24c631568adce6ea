// Writing and reading the bytes of stored values: LEB128 varints (7 bits a byte, low first), zigzag
// for signed numbers, and length-prefixed strings. The reader never reads past its end and never
// fails loudly: after the first bad field it yields zeros and ok() is false, so a decoder checks once
// at its end. Pure; each object for one thread at a time.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "minuted/rollup.hpp"

namespace minuted {

inline void put_varint(std::string& out, UInt128 value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value) | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value) | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}
inline void put_varint(std::string& out, std::uint32_t value) {
  put_varint(out, std::uint64_t{value});
}

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}
constexpr UInt128 zigzag(Int128 value) {
  return (static_cast<UInt128>(value) << 1) ^ static_cast<UInt128>(value >> 127);
}
constexpr Int128 unzigzag(UInt128 value) {
  return static_cast<Int128>(value >> 1) ^ -static_cast<Int128>(value & 1);
}

inline void put_string(std::string& out, std::string_view text) {
  put_varint(out, std::uint64_t{text.size()});
  out.append(text);
}

inline void put_fixed64(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

// Reads what the functions above wrote. Borrows the bytes.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && at_ == end_; }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }

  std::uint8_t byte() {
    if (at_ == end_) return static_cast<std::uint8_t>(fail());
    return static_cast<std::uint8_t>(*at_++);
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto b = static_cast<std::uint8_t>(*at_++);
      if (shift == 63 && b > 1) break;
      value |= std::uint64_t{b & 0x7FU} << shift;
      if (b < 0x80) return value;
    }
    return fail();
  }

  // A varint that must not be above `limit`.
  std::uint64_t varint_up_to(std::uint64_t limit) {
    const std::uint64_t value = varint();
    return value <= limit ? value : fail();
  }

  UInt128 varint128() {
    UInt128 value = 0;
    for (unsigned shift = 0; shift < 128 && at_ != end_; shift += 7) {
      const auto b = static_cast<std::uint8_t>(*at_++);
      if (shift == 126 && b > 3) break;
      value |= UInt128{b & 0x7FU} << shift;
      if (b < 0x80) return value;
    }
    return fail();
  }

  // Passes over so many varints, whatever they hold.
  void skip_varints(std::uint64_t count) {
    for (; count != 0; --count) {
      while (at_ != end_ && static_cast<std::uint8_t>(*at_) >= 0x80) ++at_;
      if (at_ == end_) {
        fail();
        return;
      }
      ++at_;
    }
  }

  std::string_view string(std::size_t bytes_max = std::numeric_limits<std::size_t>::max()) {
    return bytes(varint_up_to(bytes_max));
  }

  std::string_view bytes(std::uint64_t count) {
    if (count > remaining()) {
      fail();
      return {};
    }
    const std::string_view text(at_, static_cast<std::size_t>(count));
    at_ += count;
    return text;
  }

  std::uint64_t fixed64() {
    const std::string_view text = bytes(8);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      value |= std::uint64_t{static_cast<std::uint8_t>(text[i])} << (8 * i);
    }
    return value;
  }

  // Marks the bytes as bad; for decoders whose own checks fail.
  std::uint64_t fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace minuted
