// A part of a commit's raw events that is accepted has its chunks in order, under keys that are of the
// schema's form, and is the same once it was encoded again.
#include "chunk/raw_commit.hpp"

#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "schema/keys.hpp"

namespace {

struct Chunk {
  std::string prefix;
  minuted::Minute minute;
  std::string raw_value;
};

// False unless the part is whole.
bool read(std::string_view part, std::vector<Chunk>& chunks) {
  minuted::RawCommitReader reader(part);
  while (reader.next()) {
    chunks.push_back({std::string(reader.prefix()), reader.minute(), std::string(reader.raw_value())});
  }
  return reader.ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  std::vector<Chunk> chunks;
  if (!read(input.rest(), chunks)) return 0;
  MINUTED_REQUIRE(!chunks.empty());
  RawCommitEncoder encoder;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[i];
    const auto pair = split_pair(chunk.prefix);
    MINUTED_REQUIRE(pair && pair->prefix == chunk.prefix);
    if (i != 0) {
      MINUTED_REQUIRE(chunks[i - 1].prefix < chunk.prefix ||
                      (chunks[i - 1].prefix == chunk.prefix && chunks[i - 1].minute < chunk.minute));
    }
    ByteReader value(chunk.raw_value);
    const std::string_view bytes = value.string();
    MINUTED_REQUIRE(value.done() && !bytes.empty());
    encoder.add(chunk.prefix, chunk.minute, bytes);
  }
  MINUTED_REQUIRE(encoder.parts() == 1);  // an input is far smaller than a part may be
  std::vector<Chunk> again;
  MINUTED_REQUIRE(read(encoder.part(0), again));
  MINUTED_REQUIRE(again.size() == chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    MINUTED_REQUIRE(again[i].prefix == chunks[i].prefix && again[i].minute == chunks[i].minute);
  }
  return 0;
}
