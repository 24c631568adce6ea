// How much of what was sent over a connection its client's machine has acknowledged. Pure but for one
// system call; any thread.
#pragma once

#include <cstdint>

namespace minuted::http {

// Bytes since the connection began; 0 if the system does not say.
std::uint64_t taken_bytes(int socket);

}  // namespace minuted::http
