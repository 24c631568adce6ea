#include "handlers/body_error.hpp"

#include <string>
#include <string_view>

namespace minuted::http {
namespace {

std::string_view advice_of(json::BodyHint hint) {
  switch (hint) {
    case json::BodyHint::kNone: break;
    case json::BodyHint::kGzip:
      return "; send POST /events with Content-Encoding: gzip, or the body uncompressed";
    case json::BodyHint::kZstd:
      return "; send POST /events with Content-Encoding: zstd, or the body uncompressed";
    case json::BodyHint::kDeflate:
      return "; send gzip or zstd with its Content-Encoding, or the body uncompressed";
    case json::BodyHint::kLines:
      return "; if it is one event a line, send Content-Type: application/x-ndjson";
  }
  return {};
}

}  // namespace

Response body_error_response(const json::BodyError& error) {
  return error_response(400, error.code, error.message + std::string(advice_of(error.hint)));
}

}  // namespace minuted::http
