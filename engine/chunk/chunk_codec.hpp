// A chunk: the raw events of one (repo, bucket, minute) from one commit, column by column. The key
// under which it is stored holds the repo, bucket and minute; the chunk holds the rest. A *raw value*,
// what such a key holds, is the chunks of all commits between two folds, in their order, each as
// varint length | bytes. It grows by appending.
//
//   version     0x01
//   epoch       8 bytes, little-endian: which opening of the store committed it
//   sequence    varint: the commit's number
//   n           varint ≥ 1: events
//   hosts       varint count, then each: varint length, bytes; in order of first use
//   host of     n varints into hosts, absent when there is one host
//   codes       varint count, then each: op byte, varint status (0 = none); distinct (op, status)
//   code of     n varints into codes, absent when there is one code
//   time        varint ms within the minute, then n-1 zigzag varints: difference to the one before
//   upl_bytes   column: 0x00 all zero | 0x01 n varints
//   dwl_bytes   column: same
//   size_change column: 0x00 all zero | 0x01 n zigzag varints | 0x02 equal to upl_bytes
//   latency_us  column: 0x00 none has one | 0x01 n varints | 0x02 n varints of value + 1, 0 = none
//   id          column: 0x00 none has one | 0x01 n of: varint length, bytes (0 = none)
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/event_batch.hpp"
#include "minuted/index_table.hpp"

namespace minuted {

inline constexpr std::uint8_t kChunkVersion = 0x01;

struct ChunkHeader {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  friend bool operator==(const ChunkHeader&, const ChunkHeader&) = default;
};

// Some events of the group, all from one batch.
struct ChunkSource {
  const EventBatch* batch;
  std::span<const EventBatch::Row> rows;
};

// Encodes chunks; keeps its scratch memory between them.
class ChunkEncoder {
 public:
  // Appends one chunk with the events of `sources`, in order. At least one event.
  void encode(const ChunkHeader& header, std::span<const ChunkSource> sources, std::string& out);

 private:
  struct Code {
    OpClass op;
    std::uint16_t status;
    friend bool operator==(const Code&, const Code&) = default;
  };
  static std::size_t slot_of(const Code& code);
  std::uint32_t host_number(std::string_view name);
  void collect(std::span<const ChunkSource> sources);
  void put_dictionaries(std::string& out) const;
  void put_columns(std::string& out) const;

  std::vector<const EventBatch::Row*> rows_;
  std::vector<std::string_view> ids_;
  std::vector<std::string_view> hosts_;
  IndexTable host_table_;
  std::vector<std::uint32_t> host_of_;
  std::vector<std::uint32_t> host_numbers_;  // batch's host number → ours + 1, 0 = not seen
  std::vector<std::uint32_t> hosts_seen_;    // the batch's numbers set in host_numbers_
  std::vector<Code> codes_;
  // Number of each possible code + 1, 0 = not seen; by slot_of.
  std::vector<std::uint32_t> code_numbers_ =
      std::vector<std::uint32_t>((kStatusMax + 1U) * kOpClasses, 0);
  std::vector<std::uint32_t> code_of_;
};

// A decoded event; views borrow the chunk's bytes.
struct ChunkEvent {
  std::string_view host;
  std::string_view id;
  std::uint64_t upl_bytes = 0;
  std::uint64_t dwl_bytes = 0;
  std::int64_t size_change = 0;
  std::int64_t latency_us = -1;  // -1 = none
  std::uint16_t ms_in_minute = 0;
  std::uint16_t status = 0;
  OpClass op = OpClass::kOther;
  std::uint32_t host_number = 0;  // position in the chunk's dictionary
  friend bool operator==(const ChunkEvent&, const ChunkEvent&) = default;

  // The same as an event of `repo` and `bucket`.
  EventView view(std::string_view repo, std::string_view bucket, Minute minute) const;
};

// Replaces `events` by the chunk's, in the order they were committed. False if the bytes are not a
// whole, well-formed chunk of this version; `events` is then worthless.
[[nodiscard]] bool decode_chunk(std::string_view bytes, ChunkHeader& header,
                                std::vector<ChunkEvent>& events);

// Appends to `events` those of all chunks of a raw value and returns how many chunks they came in.
// nullopt if any of it is not as it should be; `events` is then worthless.
[[nodiscard]] std::optional<std::size_t> decode_chunks(std::string_view raw_value,
                                                       std::vector<ChunkEvent>& events);

// How many chunks a raw value has, without looking into them; nullopt if that cannot be told.
std::optional<std::size_t> count_chunks(std::string_view raw_value);

}  // namespace minuted
