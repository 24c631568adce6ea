// How RocksDB merges what is kept of nodes (nodes/signs.hpp): the merge operators of their families, as
// pure functions. As with rollups (rollup_merge.hpp) merging never fails: bytes that cannot be decoded
// are kept beside the rest in a damaged value, which every later merge preserves and every reader
// reports as corruption.
//
//   0x7F | varint n, n bytes: the merge of the good operands, n = 0 for none
//        | the bad operands, ascending, each: varint n, n bytes
//
// Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace minuted {

// The merge of `operands`, in any order, as the bytes to store.
std::string merge_day_signs(std::span<const std::string_view> operands);
std::string merge_host_states(std::span<const std::string_view> operands);
std::string merge_heartbeats(std::span<const std::string_view> operands);

}  // namespace minuted
