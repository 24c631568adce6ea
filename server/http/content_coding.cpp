#include "http/content_coding.hpp"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <memory>
#include <string>

#include "http/ascii.hpp"

namespace minuted::http {
namespace {

// The first guess at how much larger a body gets; JSON of events is about ten times.
constexpr std::size_t kGrowthGuess = 8;
constexpr std::size_t kRoomBytesMin = 16 << 10;

Response bad_encoding(std::string_view coding, std::string_view why) {
  return error_response(400, "bad_encoding",
                        "the body is not whole " + std::string(coding) + ": " + std::string(why));
}

const char* to_string(Coding coding) {
  switch (coding) {
    case Coding::kGzip: return "gzip";
    case Coding::kZstd: return "zstd";
    case Coding::kIdentity: break;
  }
  return "identity";
}

// The refusal of a body whose beginning shows that it is not in `coding` at all.
std::optional<Response> refuse_other_form(Coding coding, std::string_view body) {
  using namespace std::string_view_literals;
  const auto refuse = [&](std::string_view what, std::string_view advice) {
    return bad_encoding(to_string(coding), std::string(what) + "; " + std::string(advice));
  };
  if (coding != Coding::kGzip && body.starts_with("\x1F\x8B"sv)) {
    return refuse("it is gzip", "send it with Content-Encoding: gzip");
  }
  if (coding != Coding::kZstd && body.starts_with("\x28\xB5\x2F\xFD"sv)) {
    return refuse("it is zstd", "send it with Content-Encoding: zstd");
  }
  const bool zlib = body.size() >= 2 && body[0] == '\x78' &&
                    (0x7800U + static_cast<unsigned char>(body[1])) % 31 == 0;  // RFC 1950
  if (zlib) return refuse("it is zlib (deflate)", "compress it with gzip or zstd");
  const std::string_view text = body.starts_with("\xEF\xBB\xBF"sv) ? body.substr(3) : body;
  const std::size_t begin = text.find_first_not_of(" \n\r\t");
  if (begin != text.npos && (text[begin] == '{' || text[begin] == '[')) {
    return refuse("it is JSON as plain text", "send it without Content-Encoding");
  }
  return std::nullopt;
}

// The plain body under construction, and everything that may stop it.
class Plain {
 public:
  Plain(std::size_t compressed_bytes, const InflateLimits& limits, BudgetShare& share)
      : limits_(limits),
        share_(share),
        share_before_(share.bytes()),
        compressed_bytes_(compressed_bytes),
        bytes_max_(std::min(limits.bytes_max,
                            std::max(limits.any_ratio_bytes_max,
                                     compressed_bytes * limits.ratio_max))) {}

  // Makes room for more; the refusal if there may be no more. One byte past the bound is room still,
  // since only output tells whether the body ends there.
  std::optional<Response> make_room() {
    if (body_.room_bytes() != 0) return std::nullopt;
    if (body_.size() > bytes_max_) return too_large();
    const std::size_t wanted = std::max(
        {kRoomBytesMin, body_.size() * 2, std::min(compressed_bytes_ * kGrowthGuess, bytes_max_)});
    const std::size_t capacity = std::min(wanted, bytes_max_ + 1);
    if (!share_.raise_to(share_before_ + capacity)) {
      return retry_response(503, "overloaded",
                            "too many bytes of requests are in flight; send it again", 1);
    }
    body_.reserve(capacity);
    return std::nullopt;
  }

  BodyBuffer& body() { return body_; }

  std::variant<BodyBuffer, Response> finish() {
    if (body_.size() > bytes_max_) return too_large();
    body_.finish();
    return std::move(body_);
  }

 private:
  Response too_large() const {
    if (bytes_max_ == limits_.bytes_max) {
      return error_response(413, "inflated_too_large",
                            "the body is larger than the " + std::to_string(bytes_max_) +
                                " bytes accepted once it is made plain; send less at a time");
    }
    return error_response(413, "inflate_ratio",
                          "the body grows to more than " +
                              std::to_string(limits_.any_ratio_bytes_max) + " bytes and by more than " +
                              std::to_string(limits_.ratio_max) +
                              " : 1 when it is made plain; send it less compressed or in parts");
  }

  const InflateLimits& limits_;
  BudgetShare& share_;
  const std::size_t share_before_;
  const std::size_t compressed_bytes_;
  const std::size_t bytes_max_;
  BodyBuffer body_;
};

std::variant<BodyBuffer, Response> inflate_gzip(std::string_view body, Plain& plain) {
  constexpr int kGzipWindowBits = 15 + 16;
  z_stream stream{};
  if (::inflateInit2(&stream, kGzipWindowBits) != Z_OK) {
    return error_response(503, "overloaded", "there is no memory to make the body plain");
  }
  struct End {
    z_stream* stream;
    ~End() { ::inflateEnd(stream); }
  } const end{&stream};
  // zlib does not write through next_in; its type is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  for (;;) {
    if (auto refused = plain.make_room()) return std::move(*refused);
    const auto room = static_cast<uInt>(std::min<std::size_t>(plain.body().room_bytes(), 1U << 30));
    stream.next_out = reinterpret_cast<Bytef*>(plain.body().room());
    stream.avail_out = room;
    const int outcome = ::inflate(&stream, Z_NO_FLUSH);
    plain.body().grew_by(room - stream.avail_out);
    if (outcome == Z_STREAM_END) {
      if (stream.avail_in == 0) return plain.finish();
      if (::inflateReset(&stream) != Z_OK) return bad_encoding("gzip", "it cannot be read on");
      continue;
    }
    if (outcome == Z_BUF_ERROR || (outcome == Z_OK && stream.avail_in == 0 && stream.avail_out != 0)) {
      return bad_encoding("gzip", "it ends too early");
    }
    if (outcome != Z_OK) {
      return bad_encoding("gzip", stream.msg != nullptr ? stream.msg : "it is damaged");
    }
  }
}

std::variant<BodyBuffer, Response> inflate_zstd(std::string_view body, Plain& plain) {
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ::ZSTD_freeDCtx(context); }
  };
  const std::unique_ptr<ZSTD_DCtx, Free> context(::ZSTD_createDCtx());
  if (!context) return error_response(503, "overloaded", "there is no memory to make the body plain");
  ::ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  for (;;) {
    if (auto refused = plain.make_room()) return std::move(*refused);
    ZSTD_outBuffer out{plain.body().room(), plain.body().room_bytes(), 0};
    const std::size_t outcome = ::ZSTD_decompressStream(context.get(), &out, &in);
    plain.body().grew_by(out.pos);
    if (::ZSTD_getErrorCode(outcome) == ZSTD_error_frameParameter_windowTooLarge) {
      return error_response(400, "bad_encoding",
                            "the body's zstd window is too large: it is more than " +
                                std::to_string(std::size_t{1} << kZstdWindowLogMax) +
                                " bytes; compress it with level 19 or less and without --long");
    }
    if (::ZSTD_isError(outcome)) return bad_encoding("zstd", ::ZSTD_getErrorName(outcome));
    if (in.pos < in.size) continue;
    if (outcome == 0) return plain.finish();
    if (out.pos < out.size) return bad_encoding("zstd", "it ends too early");
  }
}

}  // namespace

std::optional<Coding> parse_coding(std::string_view value) {
  if (equals_ignoring_case(value, "identity")) return Coding::kIdentity;
  if (equals_ignoring_case(value, "gzip") || equals_ignoring_case(value, "x-gzip")) {
    return Coding::kGzip;
  }
  if (equals_ignoring_case(value, "zstd")) return Coding::kZstd;
  return std::nullopt;
}

std::variant<BodyBuffer, Response> inflate(Coding coding, std::string_view body,
                                           const InflateLimits& limits, BudgetShare& share) {
  if (body.empty()) return bad_encoding(to_string(coding), "it is empty");
  if (auto refused = refuse_other_form(coding, body)) return std::move(*refused);
  Plain plain(body.size(), limits, share);
  return coding == Coding::kGzip ? inflate_gzip(body, plain) : inflate_zstd(body, plain);
}

}  // namespace minuted::http
