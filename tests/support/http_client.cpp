#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace minuted::test {
namespace {

namespace bhttp = boost::beast::http;

// More than any answer of a test.
constexpr std::uint64_t kBodyBytesMax = 1ULL << 32;
constexpr std::uint32_t kHeaderBytesMax = 1U << 20;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

HttpClient::HttpClient(std::uint16_t port) : port_(port) { connect(); }

HttpClient::~HttpClient() {
  if (fd_ >= 0) ::close(fd_);
}

HttpClient::HttpClient(HttpClient&& other) noexcept
    : port_(other.port_),
      fd_(std::exchange(other.fd_, -1)),
      received_(std::move(other.received_)),
      ended_(other.ended_),
      ending_(other.ending_) {}

void HttpClient::connect() {
  if (fd_ >= 0) ::close(fd_);
  received_.clear();
  ended_ = ending_ = false;
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to 127.0.0.1:" + std::to_string(port_) + ": " +
                             std::strerror(errno));
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd writable{fd_, POLLOUT, 0};
    if (::poll(&writable, 1, kPatienceMs) <= 0) return false;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool HttpClient::receive(int patience_ms) {
  pollfd readable{fd_, POLLIN, 0};
  if (ended_ || ::poll(&readable, 1, patience_ms) <= 0) return false;
  char bytes[16384];
  const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
  if (count <= 0) {
    ended_ = true;
    return false;
  }
  received_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

Answer HttpClient::request(std::string_view method, std::string_view target, std::string_view body,
                           const HeaderList& headers) {
  if (ending_ || (received_.empty() && closed(0))) connect();
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  text += "\r\n";
  text += body;
  send(text);  // an answer may come although not all was taken
  return read_answer(method == "HEAD");
}

Answer HttpClient::push(std::string_view body, const HeaderList& headers) {
  HeaderList all = headers;
  all.emplace_back("Content-Type", "application/json");
  return post("/events", body, all);
}

Answer HttpClient::push_ndjson(std::string_view body, const HeaderList& headers) {
  HeaderList all = headers;
  all.emplace_back("Content-Type", "application/x-ndjson");
  return post("/events", body, all);
}

Answer HttpClient::read_answer(bool to_head) {
  bhttp::response_parser<bhttp::string_body> parser;
  parser.header_limit(kHeaderBytesMax);
  parser.body_limit(kBodyBytesMax);
  parser.eager(true);
  parser.skip(to_head);
  boost::beast::error_code error;
  while (!parser.is_done()) {
    if (!received_.empty()) {
      const std::size_t used = parser.put(boost::asio::buffer(received_), error);
      received_.erase(0, used);
      if (error && error != bhttp::error::need_more) break;
      if (parser.is_done()) break;
    }
    if (receive(kPatienceMs)) continue;
    error = {};
    if (parser.is_header_done() && ended_) parser.put_eof(error);
    break;
  }
  Answer answer;
  if (!parser.is_header_done()) return answer;
  answer.whole = parser.is_done() && !error;
  answer.status = parser.get().result_int();
  // Of an answer that was cut short a part may lie in received_: nothing follows it.
  ending_ = !parser.get().keep_alive() || !answer.whole;
  for (const auto& field : parser.get()) {
    answer.headers.emplace(lower(std::string(field.name_string())), std::string(field.value()));
  }
  answer.body = parser.get().body();
  return answer;
}

std::string HttpClient::read_bytes(std::size_t count) {
  while (received_.size() < count && receive(kPatienceMs)) {
  }
  const std::string bytes = received_.substr(0, count);
  received_.erase(0, bytes.size());
  return bytes;
}

bool HttpClient::readable() {
  pollfd readable{fd_, POLLIN, 0};
  return !received_.empty() || ended_ || ::poll(&readable, 1, 0) > 0;
}

bool HttpClient::closed(int patience_ms) {
  while (receive(patience_ms)) {
  }
  return ended_ && received_.empty();
}

void HttpClient::shutdown_send() { ::shutdown(fd_, SHUT_WR); }

void HttpClient::shrink_receive_buffer(int bytes) {
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

}  // namespace minuted::test
