// An answer as handlers make it. The session adds framing, Date and Connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "minuted/result.hpp"

namespace minuted::http {

inline constexpr std::string_view kJson = "application/json";
// Response::vary of an answer that may be compressed, and of one whose form is negotiated besides.
inline constexpr std::string_view kVaryCoding = "Accept-Encoding";
inline constexpr std::string_view kVaryFormAndCoding = "Accept, Accept-Encoding";
// What browsers are told of every answer, as header lines with their line breaks in front: that it is
// what its type says, that a page it leads to is not told of it, and that other sites do not embed it.
inline constexpr std::string_view kGuardLines =
    "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer"
    "\r\nCross-Origin-Resource-Policy: same-origin";
// And of data: it is no page and loads nothing, and it stays in no cache, for it may be behind a token
// and is old in a moment. What is a page, or the same for everybody, brings its own.
inline constexpr std::string_view kDataPolicy = "default-src 'none'; frame-ancestors 'none'";
inline constexpr std::string_view kNoStore = "no-store";
// Rows are handed to the socket in pieces of about this size: the memory of one answer.
inline constexpr std::size_t kPieceBytes = 128 << 10;
// What a piece is reserved, so that it seldom grows to twice its size for the row that ends it.
inline constexpr std::size_t kPieceRoomBytes = kPieceBytes + (16 << 10);

// A body too large to hold, produced piece by piece. Called on worker threads, by one at a time.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Appends about kPieceBytes to `out`; false when that was the end. Less, or nothing yet, when that
  // would hold a thread for long. After an error nothing follows.
  virtual Result<bool> fill(std::string& out) = 0;
};

struct Response {
  std::uint16_t status = 200;
  std::string_view content_type = kJson;
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string body;
  std::unique_ptr<BodySource> source;  // streamed instead of `body` if set, compressed if asked for
  std::string_view vary = {};          // the request's fields that decide about more than the status
  std::string_view content_policy = kDataPolicy;  // Content-Security-Policy
  std::string_view cache_control = kNoStore;
  std::string_view content_encoding = {};  // the session's to set
  std::int64_t source_ms_max = 0;      // how long the source may take in all, milliseconds
  bool close = false;                  // the connection cannot be used for another request
  std::string_view error_code = {};    // of an error answer, for logs and counters
};

// Appends the lines that browsers go by: kGuardLines and the answer's own two.
void append_guards(const Response& response, std::string& head);

// `{"success":false,"message":…,"error_code":…}`. The code is not copied: give a literal.
Response error_response(std::uint16_t status, std::string_view code, std::string_view message);
// The same with Retry-After.
Response retry_response(std::uint16_t status, std::string_view code, std::string_view message,
                        std::uint32_t retry_after_seconds);
// How an engine's error is answered, see render/error_mapping.hpp.
Response error_response(const Error& error);

}  // namespace minuted::http
