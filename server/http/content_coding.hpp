// Compressed request bodies, made plain again within bounds: a few bytes can stand for gigabytes, so
// the size, the ratio and the budget of bytes in flight are checked while they grow, not afterwards.
// Called on worker threads; pure but for the memory it takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "http/body_buffer.hpp"
#include "http/byte_budget.hpp"
#include "http/response.hpp"

namespace minuted::http {

enum class Coding : std::uint8_t { kIdentity, kGzip, kZstd };

// Of a Content-Encoding header's value; nullopt for one that is not read here.
std::optional<Coding> parse_coding(std::string_view value);

struct InflateLimits {
  std::size_t bytes_max = 128U << 20;  // of the plain body
  std::uint32_t ratio_max = 100;       // plain to compressed, of a body larger than the next
  // A plain body up to this size may have any ratio: what is accepted uncompressed is accepted
  // compressed, however well it compresses. The largest body that is accepted uncompressed.
  std::size_t any_ratio_bytes_max = 32U << 20;
};
// The memory a zstd frame may ask of its reader (RFC 8878 names 8 MiB as what all must support).
inline constexpr int kZstdWindowLogMax = 23;

// The plain body, finished, or the refusal: 413 inflated_too_large or inflate_ratio, 400 bad_encoding
// for bytes that are not whole and well-formed, which says what they are instead if their beginning
// shows it, 503 when the budget has no room. `share` grows by what
// the plain body takes. Several gzip members or zstd frames in a row are one body.
std::variant<BodyBuffer, Response> inflate(Coding coding, std::string_view body,
                                           const InflateLimits& limits, BudgetShare& share);

}  // namespace minuted::http
