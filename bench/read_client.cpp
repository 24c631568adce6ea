#include "read_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace minuted::bench {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;
constexpr int kPatienceSeconds = 60;
constexpr std::size_t kBodyBytesShown = 500;

Error failed(const std::string& what) { return Error{ErrorCode::kUnavailable, what}; }

std::optional<std::uint64_t> parse(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (parsed.ec != std::errc() || parsed.ptr == text.data()) return std::nullopt;
  return value;
}

}  // namespace

Result<ReadClient> ReadClient::connect(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ReadClient client(fd);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{kPatienceSeconds, 0};
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failed(std::string("no connection: ") + std::strerror(errno));
  }
  return client;
}

ReadClient::ReadClient(int fd) : fd_(fd), buffer_(kBufferBytes) {}
ReadClient::~ReadClient() {
  if (fd_ >= 0) ::close(fd_);
}
ReadClient::ReadClient(ReadClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      request_(std::move(other.request_)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      end_(other.end_) {}

Result<void> ReadClient::send_get(std::string_view target) {
  request_ = "GET ";
  request_.append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  if (::send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request_.size())) {
    return failed("the request could not be sent");
  }
  return {};
}

Result<std::size_t> ReadClient::receive_some(std::size_t bytes_max) {
  const ssize_t bytes = ::recv(fd_, buffer_.data(), std::min(bytes_max, buffer_.size()), 0);
  if (bytes < 0) return failed(std::string("no answer: ") + std::strerror(errno));
  if (bytes == 0) return failed("the answer was cut short");
  return static_cast<std::size_t>(bytes);
}

Result<std::uint64_t> ReadClient::get(std::string_view target, std::string* body) {
  if (auto sent = send_get(target); !sent) return sent.error();
  bool good = false;
  bool chunked = false;
  std::uint64_t length = 0;
  std::string status;
  for (;;) {
    const auto line = take_line();
    if (!line) return line.error();
    if (line->empty()) break;
    if (status.empty()) {
      status = *line;
      good = status.starts_with("HTTP/1.1 200 ");
    }
    // As this daemon writes them.
    constexpr std::string_view kLength = "Content-Length: ";
    if (line->starts_with(kLength)) length = parse(line->substr(kLength.size()), 10).value_or(0);
    chunked |= *line == "Transfer-Encoding: chunked";
  }
  std::string refusal;
  if (!good) body = &refusal;
  std::uint64_t bytes = length;
  if (!chunked) {
    if (auto taken = take(length, body); !taken) return taken.error();
  }
  while (chunked) {
    const auto line = take_line();
    if (!line) return line.error();
    const auto chunk = parse(*line, 16);
    if (!chunk) return failed("a chunk without its size");
    if (auto taken = take(*chunk, body); !taken) return taken.error();
    if (const auto end = take_line(); !end) return end.error();
    bytes += *chunk;
    chunked = *chunk != 0;
  }
  if (!good) {
    return failed("GET " + std::string(target) + " was answered " + status + ": " +
                  refusal.substr(0, kBodyBytesShown));
  }
  return bytes;
}

Result<void> ReadClient::receive() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const ssize_t bytes = ::recv(fd_, buffer_.data() + end_, buffer_.size() - end_, 0);
  if (bytes < 0) return failed(std::string("no answer: ") + std::strerror(errno));
  if (bytes == 0) return failed("the answer was cut short");
  end_ += static_cast<std::size_t>(bytes);
  return {};
}

Result<std::string_view> ReadClient::take_line() {
  for (;;) {
    const std::string_view held(buffer_.data() + begin_, end_ - begin_);
    const std::size_t end = held.find("\r\n");
    if (end != held.npos) {
      begin_ += end + 2;
      return held.substr(0, end);
    }
    if (held.size() == buffer_.size()) return failed("a line without an end");
    if (auto received = receive(); !received) return received.error();
  }
}

Result<void> ReadClient::take(std::uint64_t bytes, std::string* body) {
  while (bytes != 0) {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, end_ - begin_));
    if (body != nullptr) body->append(buffer_.data() + begin_, taken);
    begin_ += taken;
    bytes -= taken;
    if (bytes == 0) break;
    if (auto received = receive(); !received) return received;
  }
  return {};
}

}  // namespace minuted::bench
