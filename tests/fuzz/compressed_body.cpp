// Compressed bodies: never more than the bounds allow, held bytes are accounted for, and a plain body that
// was packed comes back.
#include <string>
#include <variant>

#include <zlib.h>
#include <zstd.h>

#include "fuzz/fuzz.hpp"
#include "http/content_coding.hpp"

namespace {

using namespace minuted::http;

std::string packed(Coding coding, std::string_view plain) {
  std::string out;
  if (coding == Coding::kZstd) {
    out.resize(ZSTD_compressBound(plain.size()));
    out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 1));
    return out;
  }
  z_stream stream{};
  MINUTED_REQUIRE(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  out.resize(deflateBound(&stream, plain.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  MINUTED_REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  minuted::fuzz::Input input(data, size);
  InflateLimits limits;
  limits.bytes_max = 1U << 16;
  limits.any_ratio_bytes_max = 1U << 12;
  limits.ratio_max = 20;
  const std::string_view body = input.rest();
  (void)parse_coding(body);
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    ByteBudget budget(1U << 20);
    {
      BudgetShare share(budget);
      const auto outcome = inflate(coding, body, limits, share);
      if (const auto* plain = std::get_if<BodyBuffer>(&outcome)) {
        MINUTED_REQUIRE(plain->view().size() <= limits.bytes_max);
        MINUTED_REQUIRE(plain->view().size() <= limits.any_ratio_bytes_max ||
                        plain->view().size() <= body.size() * limits.ratio_max);
        MINUTED_REQUIRE(share.bytes() >= plain->view().size());
      } else {
        MINUTED_REQUIRE(std::get<Response>(outcome).status >= 400);
      }
    }
    MINUTED_REQUIRE(budget.used() == 0);
    if (body.size() > limits.any_ratio_bytes_max) continue;
    BudgetShare share(budget);
    const auto outcome = inflate(coding, packed(coding, body), limits, share);
    const auto* plain = std::get_if<BodyBuffer>(&outcome);
    MINUTED_REQUIRE(plain != nullptr && plain->view() == body);
  }
  return 0;
}
