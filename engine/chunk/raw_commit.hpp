// The raw events of one commit, as the raw family stores them: one value, or several parts where it
// would be very large. A part can be read without the others.
//
//   key    commit u64 | number of the part u32                  (big-endian, see schema/keys.hpp)
//   value  version  0x01
//          then for each (repo, bucket, minute), ascending by pair prefix and minute:
//            shared   varint: how many bytes the pair prefix has in common with that of the one before
//            rest     varint length, bytes: the rest of the pair prefix (repo 00 bucket 00)
//            minute   zigzag varint: difference to the one before
//            chunk    varint length, bytes; see chunk_codec.hpp
//
// "The one before" of a part's first is an empty prefix and minute 0. The last two lines of a chunk,
// length and bytes, are a raw value of one chunk: readers and the fold use them where they lie.
//
// Pure; each object for one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/bytes.hpp"
#include "minuted/time.hpp"

namespace minuted {

inline constexpr std::uint8_t kRawCommitVersion = 0x01;
// A part that has reached this many bytes takes no further chunk. Bounds the blocks of the raw family.
inline constexpr std::size_t kRawPartBytes = std::size_t{1} << 20;

// Encodes commits; keeps its memory between them.
class RawCommitEncoder {
 public:
  void clear();

  // Appends a chunk. Calls must ascend strictly by (prefix, minute).
  void add(std::string_view prefix, Minute minute, std::string_view chunk);

  // The parts that were encoded, in their order; none without a chunk. Valid until the next call of
  // clear() or add().
  std::size_t parts() const { return part_begins_.size(); }
  std::string_view part(std::size_t number) const;

  // The raw value of the chunk that was added with so many before it. Valid as a part is.
  std::string_view raw_value(std::size_t number) const;

 private:
  struct Place {
    std::size_t begin;
    std::size_t size;
  };
  std::string bytes_;  // of all parts
  std::vector<std::size_t> part_begins_;
  std::vector<Place> raw_values_;
  std::string prefix_;  // of the last chunk
  Minute minute_{};     // same
};

// Steps through the chunks of a part. Borrows its bytes.
class RawCommitReader {
 public:
  explicit RawCommitReader(std::string_view part);

  // To the next chunk, which must exist in a part at least once. False at the end, and at bytes that
  // are not as drawn above: ok() tells which.
  bool next();
  bool ok() const { return in_.ok(); }

  // Of the chunk at hand: "repo 00 bucket 00", until the next step; its minute; the raw value, a view
  // of the part's bytes.
  std::string_view prefix() const { return prefix_; }
  Minute minute() const { return minute_; }
  std::string_view raw_value() const { return raw_value_; }

 private:
  const std::string_view part_;
  ByteReader in_;
  bool first_ = true;
  std::string prefix_;
  std::string previous_;  // prefix
  Minute minute_{};
  std::string_view raw_value_;
};

}  // namespace minuted
