#include "load/compress.hpp"

#include <zlib.h>
#include <zstd.h>

#include <climits>

namespace minuted::load {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip's frame
constexpr int kGzipMemory = 8;
constexpr int kZstdLevel = 3;

Error refused(const std::string& what) {
  return Error{ErrorCode::kInvalidArgument, "a body cannot be compressed: " + what};
}

Result<std::string> gzip(std::string_view plain) {
  z_stream stream{};
  if (::deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindow, kGzipMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    return refused("zlib has no memory");
  }
  std::string out(::deflateBound(&stream, plain.size()), '\0');
  if (plain.size() > UINT_MAX || out.size() > UINT_MAX) {
    ::deflateEnd(&stream);
    return refused(std::to_string(plain.size()) + " bytes are too many for one call of zlib");
  }
  // zlib does not write to what it reads; its field is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (ended != Z_STREAM_END) return refused("zlib ended with " + std::to_string(ended));
  out.shrink_to_fit();
  return out;
}

Result<std::string> zstd(std::string_view plain) {
  std::string out(::ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size =
      ::ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), kZstdLevel);
  if (::ZSTD_isError(size) != 0) return refused(::ZSTD_getErrorName(size));
  out.resize(size);
  out.shrink_to_fit();
  return out;
}

}  // namespace

Result<std::string> compress(BodyCoding coding, std::string_view plain) {
  switch (coding) {
    case BodyCoding::kGzip:
      return gzip(plain);
    case BodyCoding::kZstd:
      return zstd(plain);
    case BodyCoding::kIdentity:
      break;
  }
  return std::string(plain);
}

}  // namespace minuted::load
