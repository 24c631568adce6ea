// A keep-alive HTTP client that reads answers as cheaply as they can be read: a blocking socket,
// bytes counted, chunks stepped over, nothing parsed of what is in them. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/result.hpp"

namespace minuted::bench {

class ReadClient {
 public:
  // To a port of 127.0.0.1. kUnavailable.
  static Result<ReadClient> connect(std::uint16_t port);
  ~ReadClient();
  ReadClient(ReadClient&& other) noexcept;
  ReadClient& operator=(ReadClient&&) = delete;

  // GETs a target and returns its body's bytes, which are appended to `body` if that is given.
  // kUnavailable for an answer that is not a 200, is cut short, or does not come in a minute.
  Result<std::uint64_t> get(std::string_view target, std::string* body = nullptr);

  // For a reader that is slow: sends a GET and takes no answer; takes at most so many bytes of what
  // has come, head and chunks' sizes included, waiting for the first. get() cannot follow. The same
  // errors.
  Result<void> send_get(std::string_view target);
  Result<std::size_t> receive_some(std::size_t bytes_max);

 private:
  explicit ReadClient(int fd);
  // Next bytes into the buffer, behind those not taken yet.
  Result<void> receive();
  // A line without its end, valid until the next call of anything.
  Result<std::string_view> take_line();
  Result<void> take(std::uint64_t bytes, std::string* body);

  int fd_;
  std::string request_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what is not taken yet
  std::size_t end_ = 0;
};

}  // namespace minuted::bench
