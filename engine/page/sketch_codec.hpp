// The latencies of one row of a page, as few bits. What the page's columns say of them already is not
// said again: how many there are, and the smallest and the largest, and so the sketch's first and last
// bucket. What is left are the buckets of the others, in ascending order: numbers in a known range.
//
//   up to 64 latencies    pack(buckets of all but the smallest and the largest, first, last bucket)
//   more                  the sketch as rollup_codec.hpp has it, which is read faster
//
//   pack(n numbers, lo, hi)   nothing if n = 0 or lo = hi; else
//     the middle one, n / 2 of them before it, less lo, as one of hi - lo + 1 (codec/bits.hpp)
//     pack(the n / 2 before it, lo, it)
//     pack(those behind it, it, hi)
//
// Source: A. Moffat, L. Stuiver, "Binary Interpolative Coding for Effective Index Compression",
// Information Retrieval 3, 2000. Differences: the numbers may repeat. Pure.
#pragma once

#include <string>
#include <string_view>

#include "minuted/rollup.hpp"

namespace minuted {

// Appends the bytes for the sketch of a rollup with three latencies or more. None where they are few
// and lie in one bucket.
void pack_sketch(const Rollup& rollup, std::string& out);

// Fills the empty sketch of a rollup whose count, smallest and largest latency are known; the count is
// 3 at least, and the extremes are in order. False unless `bytes` are exactly one such sketch; it may
// then hold part of it.
[[nodiscard]] bool unpack_sketch(std::string_view bytes, Rollup& rollup);

}  // namespace minuted
