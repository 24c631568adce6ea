// Compressed bytes read as a client does that gets them bit by bit: as much as can be made plain of what
// is there. Who uses it links zlib and zstd.
#pragma once

#include <zlib.h>
#include <zstd.h>

#include <string>

namespace minuted::test {

struct Unpacked {
  std::string plain{};
  bool ended = false;  // the stream says that it is whole
  bool sound = true;
};

inline Unpacked unpack_gzip(std::string packed) {
  z_stream stream{};
  Unpacked result;
  if (::inflateInit2(&stream, 15 + 16) != Z_OK) return {.sound = false};
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  static thread_local char room[1 << 16];
  int outcome = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(room);
    stream.avail_out = sizeof room;
    outcome = ::inflate(&stream, Z_SYNC_FLUSH);
    result.plain.append(room, sizeof room - stream.avail_out);
  } while (outcome == Z_OK && (stream.avail_in != 0 || stream.avail_out == 0));
  result.ended = outcome == Z_STREAM_END && stream.avail_in == 0;
  result.sound = outcome == Z_OK || outcome == Z_BUF_ERROR || outcome == Z_STREAM_END;
  ::inflateEnd(&stream);
  return result;
}

inline Unpacked unpack_zstd(const std::string& packed) {
  ZSTD_DCtx* const context = ::ZSTD_createDCtx();
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  Unpacked result;
  static thread_local char room[1 << 16];
  std::size_t left = 1;
  for (;;) {
    ZSTD_outBuffer out{room, sizeof room, 0};
    left = ::ZSTD_decompressStream(context, &out, &in);
    result.sound = !::ZSTD_isError(left);
    if (!result.sound) break;
    result.plain.append(room, out.pos);
    if (in.pos == in.size && out.pos < out.size) break;
  }
  result.ended = left == 0;
  ::ZSTD_freeDCtx(context);
  return result;
}

// By the name Content-Encoding has; none: the bytes as they are.
inline Unpacked unpack(const std::string& coding, const std::string& packed) {
  if (coding == "gzip") return unpack_gzip(packed);
  if (coding == "zstd") return unpack_zstd(packed);
  return {packed, true, coding.empty()};
}

}  // namespace minuted::test
