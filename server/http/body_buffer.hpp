// A request body's bytes, with room behind them that a parser may read past the end into. Memory is
// not touched before it is written, so a large announced length costs nothing until it arrives.
// Moved, never copied; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace minuted::http {

class BodyBuffer {
 public:
  // Readable bytes behind the body, all zero.
  static constexpr std::size_t kPadding = 64;

  BodyBuffer() = default;
  BodyBuffer(BodyBuffer&& other) noexcept { *this = std::move(other); }
  BodyBuffer& operator=(BodyBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    capacity_ = std::exchange(other.capacity_, 0);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  // Makes room for `capacity` bytes in all; throws bad_alloc.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    void* const grown = std::realloc(bytes_.get(), capacity + kPadding);
    if (grown == nullptr) throw std::bad_alloc();
    (void)bytes_.release();
    bytes_.reset(static_cast<char*>(grown));
    capacity_ = capacity;
  }
  // Where the next bytes go, and how many fit.
  char* room() { return bytes_.get() + size_; }
  std::size_t room_bytes() const { return capacity_ - size_; }
  // `count` bytes were written to room().
  void grew_by(std::size_t count) { size_ += count; }
  // Zeroes the padding: the body is complete.
  void finish() {
    reserve(1);
    std::memset(bytes_.get() + size_, 0, kPadding);
  }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {bytes_.get(), size_}; }

  // Gives the memory back.
  void release() {
    bytes_.reset();
    capacity_ = size_ = 0;
  }

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<char, Free> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace minuted::http
