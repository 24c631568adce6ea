// From the engine's error codes to HTTP: the one function that decides it. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/result.hpp"

namespace minuted::render {

struct HttpError {
  std::uint16_t status;
  std::string_view code;                             // the contract's error_code; never renamed
  std::optional<std::uint32_t> retry_after_seconds;  // the Retry-After header
  friend bool operator==(const HttpError&, const HttpError&) = default;
};

// How an answer reports `code`. To a client a 4xx promises that nothing was stored and 5xx means
// "unknown, send the same again", so only codes with the engine's word for it are 4xx.
HttpError http_error(ErrorCode code);

// The engine's message, and what it cannot say: which setting of the daemon decided, or which part of
// the request. For answers and for the log.
std::string message_of(const Error& error);

}  // namespace minuted::render
