// Promise: a compressed body is the same body, and a few bytes cannot stand for gigabytes.
#include "http/content_coding.hpp"

#include <gtest/gtest.h>

#include <string>

#include "load/compress.hpp"
#include "support/random.hpp"

namespace minuted::http {
namespace {

std::string gzip(std::string_view plain) {
  return *load::compress(load::BodyCoding::kGzip, plain);
}
std::string zstd(std::string_view plain) {
  return *load::compress(load::BodyCoding::kZstd, plain);
}

std::string pack(Coding coding, const std::string& plain) {
  return coding == Coding::kGzip ? gzip(plain) : zstd(plain);
}

// The plain body, or the refusal's error code.
std::string inflated(Coding coding, const std::string& body, const InflateLimits& limits = {},
                     std::size_t budget_bytes = 1U << 30) {
  ByteBudget budget(budget_bytes);
  BudgetShare share(budget);
  auto outcome = inflate(coding, body, limits, share);
  if (const auto* refused = std::get_if<Response>(&outcome)) {
    return std::to_string(refused->status) + " " + std::string(refused->error_code);
  }
  return std::string(std::get<BodyBuffer>(outcome).view());
}

constexpr Coding kBoth[] = {Coding::kGzip, Coding::kZstd};

TEST(ContentCodingTest, BodiesOfEverySizeComeBack) {
  test::Random random;
  for (const Coding coding : kBoth) {
    for (const std::size_t size : {0U, 1U, 1000U, 16384U, 16385U, 1'000'000U}) {
      const std::string plain = random.bytes(size);
      EXPECT_EQ(inflated(coding, pack(coding, plain)), plain) << size;
    }
  }
}

TEST(ContentCodingTest, PartsInARowAreOneBody) {
  for (const Coding coding : kBoth) {
    EXPECT_EQ(inflated(coding, pack(coding, "[1,") + pack(coding, "2]")), "[1,2]");
  }
}

TEST(ContentCodingTest, EveryTruncationIsRefused) {
  test::Random random;
  for (const Coding coding : kBoth) {
    const std::string body = pack(coding, random.bytes(300));
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_EQ(inflated(coding, body.substr(0, size)), "400 bad_encoding") << size;
    }
    EXPECT_EQ(inflated(coding, body + "x"), "400 bad_encoding");
    EXPECT_EQ(inflated(coding, "[]"), "400 bad_encoding");
  }
}

std::string refusal(Coding coding, std::string_view body) {
  ByteBudget budget(1U << 30);
  BudgetShare share(budget);
  const auto outcome = inflate(coding, body, {}, share);
  const auto* refused = std::get_if<Response>(&outcome);
  return refused ? std::string(refused->error_code) + " " + refused->body : "no refusal";
}

// Promise: a body that is something else than its Content-Encoding says is called what it is.
TEST(ContentCodingTest, WhatTheBytesAreInsteadIsSaid) {
  const auto says = [](Coding coding, std::string_view body, const std::string& what) {
    const std::string name = coding == Coding::kGzip ? "gzip" : "zstd";
    EXPECT_NE(refusal(coding, body).find("the body is not whole " + name + ": " + what), std::string::npos)
        << refusal(coding, body);
    EXPECT_EQ(refusal(coding, body).find("bad_encoding "), 0U);
  };
  for (const Coding coding : kBoth) {
    for (const char* text : {"[]", "{\"repoId\":1}", "\r\n {}", "\xEF\xBB\xBF[]"}) {
      says(coding, text, "it is JSON as plain text; send it without Content-Encoding");
    }
    says(coding, "\x78\x9C\xAB\x56", "it is zlib (deflate); compress it with gzip or zstd");
  }
  says(Coding::kGzip, zstd("[]"), "it is zstd; send it with Content-Encoding: zstd");
  says(Coding::kZstd, gzip("[]"), "it is gzip; send it with Content-Encoding: gzip");
  says(Coding::kGzip, "nonsense", "incorrect header check");
}

// A frame that begins as level 22 and --long write it: a window of 128 MiB, whatever it holds.
TEST(ContentCodingTest, AZstdWindowThatIsTooLargeIsCalledThat) {
  const std::string frame("\x28\xB5\x2F\xFD\x00\x88\x11\x00\x00[]", 11);
  EXPECT_NE(refusal(Coding::kZstd, frame)
                .find("the body's zstd window is too large: it is more than 8388608 bytes; compress it "
                      "with level 19 or less and without --long"),
            std::string::npos)
      << refusal(Coding::kZstd, frame);
  // The same with a window of 8 MiB.
  const std::string within("\x28\xB5\x2F\xFD\x00\x68\x11\x00\x00[]", 11);
  EXPECT_EQ(inflated(Coding::kZstd, within), "[]");
}

TEST(ContentCodingTest, SizeAndRatioAreBounded) {
  const std::string megabytes(8U << 20, 'a');
  for (const Coding coding : kBoth) {
    const InflateLimits ratio{128U << 20, 100, (8U << 20) - 1};
    EXPECT_EQ(inflated(coding, pack(coding, megabytes), ratio), "413 inflate_ratio");
    // As large as a body may be uncompressed, it may have any ratio.
    EXPECT_EQ(inflated(coding, pack(coding, megabytes), {128U << 20, 1, 8U << 20}), megabytes);
    EXPECT_EQ(inflated(coding, pack(coding, megabytes)), megabytes);
    EXPECT_EQ(inflated(coding, pack(coding, megabytes), {8U << 20, 1'000'000}), megabytes);
    EXPECT_EQ(inflated(coding, pack(coding, megabytes), {(8U << 20) - 1, 1'000'000}),
              "413 inflated_too_large");
    EXPECT_EQ(inflated(coding, pack(coding, megabytes), {8U << 20, 1'000'000}, 1U << 20),
              "503 overloaded");
  }
}

TEST(ContentCodingTest, NamesAreReadInAnyCase) {
  EXPECT_EQ(parse_coding("GZIP"), Coding::kGzip);
  EXPECT_EQ(parse_coding("x-gzip"), Coding::kGzip);
  EXPECT_EQ(parse_coding("zstd"), Coding::kZstd);
  EXPECT_EQ(parse_coding("identity"), Coding::kIdentity);
  EXPECT_EQ(parse_coding("br"), std::nullopt);
  EXPECT_EQ(parse_coding("gzip, zstd"), std::nullopt);
}

}  // namespace
}  // namespace minuted::http
