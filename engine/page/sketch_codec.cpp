#include "page/sketch_codec.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <span>

#include "codec/bits.hpp"
#include "rollup/rollup_codec.hpp"

namespace minuted {
namespace {

// Of more latencies the halving takes longer than it is worth: some 10 ns each.
constexpr std::size_t kHalvedLatenciesMax = 64;

using Buckets = std::span<const std::uint16_t>;

// The bucket of each latency, ascending.
Buckets spell_out(const LatencySketch& sketch, std::array<std::uint16_t, kHalvedLatenciesMax>& room) {
  std::size_t end = 0;
  for (const LatencySketch::Bucket& b : sketch.buckets()) {
    for (std::uint64_t n = b.count; n != 0 && end != room.size(); --n) room[end++] = b.index;
  }
  return {room.data(), end};
}

void put(BitWriter& bits, Buckets buckets, std::uint16_t low, std::uint16_t high) {
  while (!buckets.empty() && low != high) {
    const std::size_t middle = buckets.size() / 2;
    const std::uint16_t bucket = buckets[middle];
    bits.put_below(std::uint64_t{bucket} - low, std::uint64_t{high} - low + 1);
    put(bits, buckets.first(middle), low, bucket);
    buckets = buckets.subspan(middle + 1);
    low = bucket;
  }
}

// Adds them in the order of the buckets, while the bits are in that of the halving.
void take(BitReader& bits, std::uint64_t count, std::uint16_t low, std::uint16_t high,
          LatencySketch& sketch) {
  while (count != 0 && low != high) {
    const std::uint64_t middle = count / 2;
    const auto bucket =
        static_cast<std::uint16_t>(low + bits.take_below(std::uint64_t{high} - low + 1));
    if (middle != 0) take(bits, middle, low, bucket, sketch);
    sketch.add_bucket(bucket, 1);
    count -= middle + 1;
    low = bucket;
  }
  sketch.add_bucket(low, count);
}

}  // namespace

void pack_sketch(const Rollup& rollup, std::string& out) {
  assert(rollup.latency_count >= 3);
  if (rollup.latency_count > kHalvedLatenciesMax) return encode_sketch(rollup.sketch, out);
  std::array<std::uint16_t, kHalvedLatenciesMax> room{};
  const Buckets all = spell_out(rollup.sketch, room);
  assert(all.size() == rollup.latency_count);
  BitWriter bits(out);
  put(bits, all.subspan(1, all.size() - 2), all.front(), all.back());
}

bool unpack_sketch(std::string_view bytes, Rollup& rollup) {
  LatencySketch& sketch = rollup.sketch;
  if (rollup.latency_count > kHalvedLatenciesMax) {
    return decode_sketch(bytes, rollup.latency_count, sketch);
  }
  BitReader bits(bytes);
  const std::uint16_t low = LatencySketch::bucket_of(rollup.latency_min_us);
  const std::uint16_t high = LatencySketch::bucket_of(rollup.latency_max_us);
  sketch.add_bucket(low, 1);
  take(bits, rollup.latency_count - 2, low, high, sketch);
  sketch.add_bucket(high, 1);
  return bits.done();
}

}  // namespace minuted
