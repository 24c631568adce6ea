// How RocksDB adds rollups up: the merge operator of the families that hold them, as a pure function.
//
// Operands and values are hosts values or repo values (rollup/rollup_codec.hpp). Merging never
// fails, since a failing operator makes every key of its file unreadable: bytes that cannot be
// decoded, or are of another kind than what came before, are kept beside the sum in a damaged value,
// which every later merge preserves and every reader reports as corruption.
//
//   0x7F | varint n, n bytes: the sum of the good operands, n = 0 for none
//        | the bad operands, each: varint n, n bytes
//
// Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace minuted {

// The merge of `operands`, in any order, as the bytes to store.
std::string merge_rollups(std::span<const std::string_view> operands);

}  // namespace minuted
