// The bounds a connection lives under. Each is a setting; what they mean for an operator, and their
// defaults, stand in settings/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minuted::http {

struct Limits {
  std::size_t connections_max = 1024;
  std::size_t connections_per_address_max = 64;
  std::size_t header_bytes_max = 8 << 10;  // without the request line
  std::size_t uri_bytes_max = 8 << 10;
  std::size_t body_bytes_max = 32U << 20;  // as sent
  std::size_t bytes_in_flight_max = 128U << 20;
  std::int64_t body_wait_ms = 5'000;  // for its share of the bytes in flight
  std::int64_t header_timeout_ms = 10'000;
  std::int64_t body_timeout_ms = 30'000;
  std::int64_t idle_timeout_ms = 75'000;
  std::int64_t write_timeout_ms = 30'000;  // for one piece of an answer
  std::int64_t drain_timeout_ms = 5'000;
};

}  // namespace minuted::http
