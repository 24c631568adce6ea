// How `--memory` is divided: the one table of it. A bound that is not given itself gets its share. Values.
//
//   share of --memory           at 64 MiB  at 512 MiB  bounds
//   block-cache           4/32      8          64      blocks read from disk
//   memtables             5/32     10          80      memtables, and those that are being flushed
//   commit-queue          3/32      6          48      decoded batches that wait for the disk
//   unfolded              3/32      6          48      events that are not in the rollups yet
//   bytes-in-flight-max   5/32     10          80      request bodies, as sent and decompressed
//   decode-bytes-max      2/32      4          32      what decoding large bodies takes beside them
//   query-bytes-max       6/32     12          96      groups, sketches, decoded pages, lists of ids
//   answer-bytes-max      3/32      6          48      answers under way, and what compresses them
//   (the rest)            1/32      2          16      folds, seals, catalog, connections
//
// What reads keep of events that were folded and memtables that were flushed since they began has no share
// of its own: read_kept_bytes() is part of what is beside.
//
// And body-bytes-max, one body of bytes-in-flight-max, is 2/32, up to 32 MiB. Beside all of it the program, its
// libraries, what flushes and compactions take, and the allocator's own need up to kMemoryBesideBytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "settings/settings.hpp"

namespace minuted::settings {

struct MemoryShare {
  std::string_view name;
  std::size_t Settings::*bytes;
  std::size_t thirty_seconds;
  std::size_t bytes_max = SIZE_MAX;
};

inline constexpr std::array kMemoryShares{
    MemoryShare{"block-cache", &Settings::block_cache_bytes, 4},
    MemoryShare{"memtables", &Settings::memtables_bytes, 5},
    MemoryShare{"commit-queue", &Settings::commit_queue_bytes, 3},
    MemoryShare{"unfolded", &Settings::unfolded_bytes, 3},
    MemoryShare{"bytes-in-flight-max", &Settings::bytes_in_flight_max, 5},
    MemoryShare{"decode-bytes-max", &Settings::decode_bytes_max, 2},
    MemoryShare{"query-bytes-max", &Settings::query_bytes_max, 6},
    MemoryShare{"answer-bytes-max", &Settings::answer_bytes_max, 3},
};
// Of one body; it is within bytes-in-flight-max.
inline constexpr MemoryShare kBodyShare{"body-bytes-max", &Settings::body_bytes_max, 2, 32U << 20};

constexpr std::size_t share_of(const MemoryShare& share, std::size_t memory_bytes) {
  const std::size_t bytes = memory_bytes / 32 * share.thirty_seconds;
  return bytes < share.bytes_max ? bytes : share.bytes_max;
}

// What the process may take beside `--memory`.
inline constexpr std::size_t kMemoryBesideBytes = 64U << 20;
// Of it, and of more memory a part besides, what reads may keep of data that was written over since they
// began.
constexpr std::size_t read_kept_bytes(std::size_t memory_bytes) {
  return (12U << 20) + memory_bytes / 32;
}

// The least that `--memory` may be.
inline constexpr std::size_t kMemoryBytesMin = 64U << 20;

// The default of `--memory` where the system gives the process at most `limit_bytes`: what is the default
// elsewhere if that and kMemoryBesideBytes fit, else a quarter less than the limit, and so much less at least
// as is needed beside it.
inline std::size_t default_memory_bytes(std::uint64_t limit_bytes) {
  const std::size_t usual = Settings{}.memory_bytes;
  if (limit_bytes >= usual + kMemoryBesideBytes) return usual;
  const std::uint64_t less_quarter = limit_bytes - limit_bytes / 4;
  const std::uint64_t less_beside =
      limit_bytes > kMemoryBesideBytes ? limit_bytes - kMemoryBesideBytes : 0;
  const std::uint64_t bytes = less_quarter < less_beside ? less_quarter : less_beside;
  return bytes > kMemoryBytesMin ? static_cast<std::size_t>(bytes) : kMemoryBytesMin;
}

}  // namespace minuted::settings
