// The known series, and which repos a bucket id occurs in. A series is (repo, bucket, host).
//
//   'S' | pair prefix | host       → 0x01
//   'B' | bucket 00 repo 00        → 0x01
//
// The commit thread asks, for every series of a batch, whether it is new; a bounded cache of hashes
// answers for the recent ones, the store for the rest, so memory does not grow with the series.
// One thread at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/store.hpp"

namespace minuted {

class SeriesCatalog {
 public:
  // Borrows the store.
  explicit SeriesCatalog(const Store& store);

  // Adds the records of the series to `set` if it is new; whether it was. The set must be written
  // before anything else is asked, for the answer is remembered.
  Result<bool> add_if_new(std::string_view prefix, std::string_view host, WriteSet& set);

 private:
  struct Hash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend bool operator==(const Hash&, const Hash&) = default;
  };
  // Two places a hash may lie in, so that two hot series seldom push each other out.
  static constexpr std::size_t kWays = 2;
  static constexpr std::size_t kSets = std::size_t{1} << 17;  // × 2 × 16 bytes = 4 MiB

  bool recall(const Hash& hash);

  const Store& store_;
  std::vector<Hash> cache_;
};

}  // namespace minuted
