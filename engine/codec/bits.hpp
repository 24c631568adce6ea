// Numbers of any width, bit by bit, as bytes: low end first, in the order they were put. The reader
// never reads past its end and never fails loudly: then it yields zeros and ok() is false. Pure; each
// object for one thread at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "minuted/rollup.hpp"

namespace minuted {

// Appends the bytes; the last one, filled up with zeros, when it is destroyed.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  ~BitWriter() {
    for (; filled_ > 0; filled_ -= std::min(filled_, 8U)) put_byte();
  }
  BitWriter(const BitWriter&) = delete;
  BitWriter& operator=(const BitWriter&) = delete;

  // The low `bits` bits of `value`, 0–64; those above must be zero.
  void put(std::uint64_t value, unsigned bits) {
    pending_ |= UInt128{value} << filled_;
    filled_ += bits;
    for (; filled_ >= 8; filled_ -= 8) put_byte();
  }

  // A value below `values` in as few whole bits as tell them apart: one less for the first ones, where
  // `values` is no power of two ("truncated binary").
  void put_below(std::uint64_t value, std::uint64_t values) {
    assert(value < values);
    const auto bits = static_cast<unsigned>(std::bit_width(values)) - 1;
    const std::uint64_t shorter = (std::uint64_t{2} << bits) - values;
    if (value < shorter) return put(value, bits);
    put((value + shorter) >> 1, bits);
    put((value + shorter) & 1, 1);
  }

 private:
  void put_byte() {
    out_.push_back(static_cast<char>(pending_));
    pending_ >>= 8;
  }
  std::string& out_;
  UInt128 pending_ = 0;
  unsigned filled_ = 0;
};

// Borrows the bytes.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {
    if (bytes.size() > sizeof tail_) tail_first_ = bytes.size() - sizeof tail_;
    if (!bytes.empty()) std::memcpy(&tail_, bytes.data() + tail_first_, bytes.size() - tail_first_);
  }

  bool ok() const { return at_ <= bytes_.size() * 8; }
  // Nothing is left but what fills up the last byte, and that is zeros.
  bool done() const { return ok() && bytes_.size() * 8 - at_ < 8 && window() == 0; }

  // As many bits as were put, 0–56.
  std::uint64_t take(unsigned bits) {
    const std::uint64_t value = window() & ((std::uint64_t{1} << bits) - 1);
    at_ += bits;
    return value;
  }

  // What put_below() put; `values` is 1 at least and 2^48 at most. Without a branch: which of the two
  // widths it is nobody can foretell.
  std::uint64_t take_below(std::uint64_t values) {
    const auto bits = static_cast<unsigned>(std::bit_width(values)) - 1;
    const std::uint64_t shorter = (std::uint64_t{2} << bits) - values;
    const std::uint64_t ahead = window();
    const std::uint64_t high = ahead & ((std::uint64_t{1} << bits) - 1);
    const std::uint64_t longer = (high << 1 | (ahead >> bits & 1)) - shorter;
    at_ += bits + (high >= shorter);
    return high >= shorter ? longer : high;
  }

 private:
  static_assert(std::endian::native == std::endian::little, "windows are loaded as they lie");

  // The next 57 bits at least; zeros behind the end.
  std::uint64_t window() const {
    const std::size_t first = at_ / 8;
    if (first < tail_first_) {
      std::uint64_t loaded;
      std::memcpy(&loaded, bytes_.data() + first, sizeof loaded);
      return loaded >> (at_ % 8);
    }
    const std::size_t shift = at_ - tail_first_ * 8;
    return shift < 64 ? tail_ >> shift : 0;
  }

  std::string_view bytes_;
  std::size_t tail_first_ = 0;
  std::uint64_t tail_ = 0;  // the last eight bytes, or all if they are fewer
  std::size_t at_ = 0;      // in bits
};

}  // namespace minuted
