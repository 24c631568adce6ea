#include "support/proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

#include "support/http_client.hpp"

namespace minuted::test {
namespace {

constexpr int kPollMs = 50;
constexpr unsigned kReleasePercent = 30;  // of requests let one that was held back go first
constexpr std::uint64_t kDelayMsMax = 30;
constexpr std::uint64_t kRandomStream = 77;

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Bytes of the first request in `text`, 0 if it is not whole.
std::size_t request_bytes(const std::string& text) {
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t header_end = text.find("\r\n\r\n");
  if (header_end == text.npos) return 0;
  const std::size_t at = text.find(kLength);
  if (at > header_end) throw std::runtime_error("the proxy was sent a request without a length");
  const std::size_t bytes = header_end + 4 + std::stoull(text.substr(at + kLength.size()));
  return text.size() < bytes ? 0 : bytes;
}

}  // namespace

Proxy::Proxy(Odds odds) : odds_(odds), random_(kRandomStream) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const auto generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, generic, length) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, generic, &length) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_clients(); });
}

Proxy::~Proxy() {
  stopping_ = true;
  acceptor_.join();
  reap(true);
  ::close(listener_);
}

void Proxy::accept_clients() {
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, kPollMs) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    reap(false);
    const std::lock_guard lock(mutex_);
    Connection& connection = connections_.emplace_back();
    connection.fd = fd;
    connection.thread = std::thread([this, &connection] { serve(connection); });
  }
}

void Proxy::serve(Connection& connection) {
  std::string received;
  bool goes_on = true;
  while (goes_on && !stopping_) {
    if (const std::size_t bytes = request_bytes(received)) {
      {
        const std::lock_guard lock(mutex_);
        ++on_their_way_;
      }
      goes_on = carry(connection.fd, received.substr(0, bytes));
      received.erase(0, bytes);
      const std::lock_guard lock(mutex_);
      --on_their_way_;
      quiet_.notify_all();
      continue;
    }
    pollfd readable{connection.fd, POLLIN, 0};
    if (::poll(&readable, 1, kPollMs) <= 0) continue;
    char bytes[16384];
    const ssize_t count = ::recv(connection.fd, bytes, sizeof bytes, 0);
    if (count <= 0) break;
    received.append(bytes, static_cast<std::size_t>(count));
  }
  ::close(connection.fd);
  connection.over = true;
}

bool Proxy::carry(int fd, const std::string& request) {
  std::uint64_t lot;
  std::uint64_t before_ms;
  std::uint64_t after_ms;
  {
    const std::lock_guard lock(mutex_);
    ++counts_.requests;
    lot = random_.below(100);
    before_ms = random_.below(kDelayMsMax);
    after_ms = random_.below(kDelayMsMax);
  }
  const auto falls_on = [&](unsigned percent, std::uint64_t& count) {
    const bool yes = lot < percent;
    lot -= yes ? 0 : percent;
    if (!yes) return false;
    lot = 100;  // on nothing else
    const std::lock_guard lock(mutex_);
    ++count;
    return true;
  };
  if (const std::string earlier = take_held(false); !earlier.empty()) deliver(earlier);
  if (falls_on(odds_.lose_request, counts_.lost_requests)) return false;
  if (falls_on(odds_.hold_back, counts_.held_back)) {
    hold_back(request);
    return false;
  }
  if (falls_on(odds_.lose_reply, counts_.lost_replies)) {
    deliver(request);
    return false;
  }
  if (falls_on(odds_.twice, counts_.doubled)) {
    std::thread other([&] { deliver(request); });
    const std::string reply = deliver(request);
    other.join();
    return !reply.empty() && send_all(fd, reply);
  }
  const bool late = falls_on(odds_.delay, counts_.delayed);
  if (late) std::this_thread::sleep_for(std::chrono::milliseconds(before_ms));
  const std::string reply = deliver(request);
  if (late) std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
  return !reply.empty() && send_all(fd, reply);
}

void Proxy::hold_back(const std::string& request) {
  const std::lock_guard lock(mutex_);
  held_.push_back(request);
}

std::string Proxy::take_held(bool any) {
  const std::lock_guard lock(mutex_);
  if (held_.empty() || (!any && !random_.chance(kReleasePercent))) return {};
  const std::size_t at = random_.below(held_.size());
  std::swap(held_[at], held_.back());
  std::string request = std::move(held_.back());
  held_.pop_back();
  return request;
}

std::string Proxy::deliver(const std::string& request) {
  try {
    HttpClient daemon(daemon_port_);
    if (!daemon.send(request)) return {};
    const Answer answer = daemon.read_answer();
    if (!answer.whole) return {};
    std::string reply = "HTTP/1.1 " + std::to_string(answer.status) + " As answered\r\n";
    return reply + "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" +
           answer.body;
  } catch (const std::runtime_error&) {
    return {};  // nobody listens
  }
}

void Proxy::settle() {
  std::unique_lock lock(mutex_);
  quiet_.wait(lock, [this] { return on_their_way_ == 0; });
  lock.unlock();
  while (true) {
    const std::string request = take_held(true);
    if (request.empty()) return;
    deliver(request);
  }
}

Proxy::Counts Proxy::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Proxy::reap(bool all) {
  std::list<Connection> gone;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = connections_.begin(); at != connections_.end();) {
      const auto next = std::next(at);
      if (all || at->over) gone.splice(gone.end(), connections_, at);
      at = next;
    }
  }
  for (Connection& connection : gone) connection.thread.join();
}

}  // namespace minuted::test
