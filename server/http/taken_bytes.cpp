#include "http/taken_bytes.hpp"

// Not netinet/tcp.h: glibc's tcp_info ends before tcpi_bytes_acked.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace minuted::http {

std::uint64_t taken_bytes(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  constexpr std::size_t kNeeded = offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || size < kNeeded) return 0;
  return info.tcpi_bytes_acked;
}

}  // namespace minuted::http
