// Promise: the chunks of a commit come back from its parts exactly and in their order, any part without
// the others; the bytes are frozen; and bytes that are not a part are rejected without a crash.
#include "chunk/raw_commit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

using namespace std::string_view_literals;

// By pair prefix and minute: a chunk's bytes.
using Chunks = std::map<std::pair<std::string, std::uint32_t>, std::string>;

std::string prefix_of(std::string_view repo, std::string_view bucket) {
  return std::string(repo) + '\0' + std::string(bucket) + '\0';
}

void encode(const Chunks& chunks, RawCommitEncoder& encoder) {
  encoder.clear();
  for (const auto& [place, chunk] : chunks) encoder.add(place.first, Minute{place.second}, chunk);
}

// Adds what the part has; false if it is damaged.
bool read(std::string_view part, Chunks& chunks) {
  RawCommitReader in(part);
  while (in.next()) {
    ByteReader value(in.raw_value());
    const std::string chunk(value.string());
    EXPECT_TRUE(value.done()) << "a raw value is a length and a chunk";
    chunks[{std::string(in.prefix()), in.minute().value}] = chunk;
  }
  return in.ok();
}

Chunks random_chunks(Random& random, std::size_t count, std::size_t bytes_max) {
  const std::vector<std::string> ids = {"a", "aa", "a b", "a\xC3\xA9", "b", std::string(255, 'z'), " "};
  Chunks chunks;
  while (chunks.size() < count) {
    const std::string repo = ids[random.below(ids.size())] + std::to_string(random.below(10));
    const auto minute = random.below(4) == 0
                            ? static_cast<std::uint32_t>(random.below(kMinuteMax.value + 1ULL))
                            : static_cast<std::uint32_t>(28'000'000 + random.below(100));
    std::string chunk(random.between(1, bytes_max), 'x');
    for (char& c : chunk) c = static_cast<char>(random.bits());
    chunks[{prefix_of(repo.substr(0, 255), ids[random.below(ids.size())]), minute}] = chunk;
  }
  return chunks;
}

TEST(RawCommitTest, GoldenBytes) {
  RawCommitEncoder encoder;
  encode({{{prefix_of("re", "b"), 300}, "one"},
          {{prefix_of("re", "b"), 301}, "two"},
          {{prefix_of("re", "bc"), 299}, "three"},
          {{prefix_of("s", "b"), 299}, std::string(128, 'x')}},
         encoder);
  ASSERT_EQ(encoder.parts(), 1U);
  const std::string tail(128, 'x');
  EXPECT_EQ(to_hex(encoder.part(0)),
            to_hex(from_hex("01"
                            "00 05 72650062 00 d804 03 6f6e65"  // "re" 00 "b" 00, minute 300
                            "05 00 02 03 74776f"                // the same pair, a minute later
                            "04 02 6300 03 05 7468726565"       // "re" 00 "bc" 00, two minutes before
                            "00 04 73006200 00 8001") +         // another repo, the same minute
                   tail));
  EXPECT_EQ(to_hex(encoder.raw_value(1)), "0374776f");
}

TEST(RawCommitTest, EveryChunkComesBack) {
  Random random;
  RawCommitEncoder encoder;
  for (int round = 0; round < 50; ++round) {
    const Chunks chunks = random_chunks(random, random.between(1, 60), 300);
    encode(chunks, encoder);
    ASSERT_EQ(encoder.parts(), 1U);
    Chunks found;
    ASSERT_TRUE(read(encoder.part(0), found));
    ASSERT_EQ(found, chunks);
    std::size_t number = 0;
    for (const auto& [place, chunk] : chunks) {
      ASSERT_TRUE(encoder.raw_value(number++).ends_with(chunk));
    }
  }
}

TEST(RawCommitTest, ALargeCommitIsSeveralPartsThatStandAlone) {
  Random random;
  RawCommitEncoder encoder;
  const Chunks chunks = random_chunks(random, 400, 20'000);
  encode(chunks, encoder);
  ASSERT_GT(encoder.parts(), 2U);
  Chunks found;
  for (std::size_t part = encoder.parts(); part-- > 0;) {
    EXPECT_LE(encoder.part(part).size(), kRawPartBytes + 21'000);
    ASSERT_TRUE(read(encoder.part(part), found));
  }
  EXPECT_EQ(found, chunks);
  encoder.clear();
  EXPECT_EQ(encoder.parts(), 0U);
}

TEST(RawCommitTest, EveryTruncationIsRejected) {
  RawCommitEncoder encoder;
  encode({{{prefix_of("re", "b"), 300}, "one"},
          {{prefix_of("re", "b"), 301}, "two"},
          {{prefix_of("s", "b"), 299}, "three"}},
         encoder);
  const std::string part(encoder.part(0));
  Chunks found;
  std::size_t whole = 0;
  for (std::size_t size = 0; size < part.size(); ++size) {
    found.clear();
    // A cut between two chunks leaves a part of fewer: which of them are missing its key does not tell,
    // but the checksums of the log and of tables do.
    whole += read(std::string_view(part).substr(0, size), found) ? 1U : 0U;
  }
  EXPECT_EQ(whole, 2U);
  EXPECT_FALSE(read(part + "x", found)) << "bytes after the end";
}

TEST(RawCommitTest, WhatNoEncoderWritesIsRejected) {
  Chunks found;
  const auto rejects = [&](std::string_view hex) { return !read(from_hex(hex), found); };
  EXPECT_TRUE(rejects("")) << "no version";
  EXPECT_TRUE(rejects("01")) << "no chunk";
  EXPECT_TRUE(rejects("02 00 04 72006200 02 01 78")) << "another version";
  EXPECT_FALSE(rejects("01 00 04 72006200 02 01 78"));
  EXPECT_TRUE(rejects("01 01 04 72006200 02 01 78")) << "shared bytes that are not there";
  EXPECT_TRUE(rejects("01 00 03 720062 02 01 78")) << "a pair without its end";
  EXPECT_TRUE(rejects("01 00 03 006200 02 01 78")) << "an empty repo";
  EXPECT_TRUE(rejects("01 00 03 720000 02 01 78")) << "an empty bucket";
  EXPECT_TRUE(rejects("01 00 06 720062006300 02 01 78")) << "three ids";
  EXPECT_TRUE(rejects("01 00 04 72006200 01 01 78")) << "a minute before 1970";
  EXPECT_TRUE(rejects("01 00 04 72006200 ffffffff1f 01 78")) << "a minute past the last";
  EXPECT_TRUE(rejects("01 00 04 72006200 02 00")) << "an empty chunk";
  EXPECT_TRUE(rejects("01 00 04 72006200 02 01 78 04 00 00 01 78")) << "the same minute twice";
  EXPECT_TRUE(rejects("01 00 04 72006200 02 01 78 04 00 01 01 78")) << "minutes that descend";
  EXPECT_TRUE(rejects("01 00 04 72006200 02 01 78 02 02 6100 02 01 78")) << "pairs that descend";
}

TEST(RawCommitTest, DamagedBytesAreRejectedOrReadAsAWellFormedPart) {
  Random random;
  RawCommitEncoder encoder;
  for (int round = 0; round < 2000; ++round) {
    encode(random_chunks(random, random.between(1, 10), 40), encoder);
    std::string part(encoder.part(0));
    for (std::uint64_t flips = random.between(1, 3); flips > 0; --flips) {
      part[random.below(part.size())] ^= static_cast<char>(1U << random.below(8));
    }
    RawCommitReader in(part);
    std::pair<std::string, std::uint32_t> last;
    while (in.next()) {
      const std::pair<std::string, std::uint32_t> at{std::string(in.prefix()), in.minute().value};
      ASSERT_GT(at, last);
      ASSERT_EQ(std::count(at.first.begin(), at.first.end(), '\0'), 2);
      ASSERT_EQ(count_chunks(in.raw_value()), 1U);
      last = at;
    }
  }
}

}  // namespace
}  // namespace minuted::test
