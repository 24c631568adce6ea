// The ceiling of the sockets: one thread sends the bodies through a TCP connection to ourselves,
// another reads them and answers each with a byte, as a client with one batch on its way would
// wait. See ceilings.hpp.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "ceilings.hpp"

namespace minuted::bench {
namespace {

constexpr auto kMeasured = std::chrono::milliseconds(500);
constexpr std::size_t kReadBytes = 256 << 10;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Error failed(const char* what) {
  return Error{ErrorCode::kIoError, std::string(what) + ": " + std::strerror(errno)};
}

bool send_all(int fd, const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t sent = ::send(fd, data, bytes, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
  return true;
}

// Reads bodies in turn and answers each; ends when the other end does.
void answer(int fd, const std::vector<load::Body>& bodies) {
  std::vector<char> memory(kReadBytes);
  for (std::size_t n = 0;; n = (n + 1) % bodies.size()) {
    for (std::size_t left = bodies[n].text.size(); left > 0;) {
      const ssize_t got = ::recv(fd, memory.data(), std::min(left, memory.size()), 0);
      if (got <= 0) return;
      left -= static_cast<std::size_t>(got);
    }
    if (!send_all(fd, "!", 1)) return;
  }
}

Result<double> push_bodies(int fd, const std::vector<load::Body>& bodies) {
  using Clock = std::chrono::steady_clock;
  const auto started = Clock::now();
  std::uint64_t events = 0;
  double seconds = 0;
  for (std::size_t n = 0; Clock::now() - started < kMeasured; n = (n + 1) % bodies.size()) {
    char byte = 0;
    if (!send_all(fd, bodies[n].text.data(), bodies[n].text.size()) ||
        ::recv(fd, &byte, 1, 0) != 1) {
      return failed("a body through a connection to ourselves");
    }
    events += bodies[n].sums.events;
    seconds = std::chrono::duration<double>(Clock::now() - started).count();
  }
  return ratio_of(static_cast<double>(events), seconds);
}

}  // namespace

Result<double> loopback_events_per_second(const std::vector<load::Body>& bodies) {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), at, size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), at, &size) != 0) {
    return failed("a socket that listens");
  }
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(client.get(), at, size) != 0) return failed("a connection to ourselves");
  const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (server.get() < 0) return failed("a connection to ourselves");
  const int on = 1;
  for (const Fd* fd : {&client, &server}) {
    ::setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  std::thread server_thread([&] { answer(server.get(), bodies); });
  auto rate = push_bodies(client.get(), bodies);
  ::shutdown(client.get(), SHUT_RDWR);
  server_thread.join();
  return rate;
}

}  // namespace minuted::bench
