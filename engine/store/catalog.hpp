// The known series, which repos a bucket id occurs in, and which pairs a host does. A series is (repo, bucket, host).
//
//   'S' | pair prefix | host       → 0x01
//   'B' | bucket 00 repo 00        → 0x01
//   'H' | host 00 | pair prefix    → 0x01
//
// A pair is in the index of its bucket ('B') as long as it has series or a total, for totals outlive the
// series of which no row is kept.
//
// The commit thread asks, for every series of a batch, whether it is new; a bounded cache of hashes
// answers for the recent ones, the store for the rest, so memory does not grow with the series.
// name() is safe from any thread; the rest is one thread's at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "store/store.hpp"

namespace minuted {

struct SeriesHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const SeriesHash&, const SeriesHash&) = default;
};

class SeriesCatalog {
 public:
  // Borrows the store.
  explicit SeriesCatalog(const Store& store);

  // A series, and by what it is remembered. The views are the caller's.
  struct Name {
    std::string_view prefix;
    std::string_view host;
    SeriesHash hash;
  };
  Name name(std::string_view prefix, std::string_view host) const;

  // To be asked for soon: brings its place nearer. A batch's places are far apart in memory.
  void expect(const Name& series) const;
  // Whether the series is in the store, or was added since the last written().
  Result<bool> knows(const Name& series);
  // Adds the records of a series that is not known, and the number of all, to `set`.
  void add(const Name& series, WriteSet& set);
  // The set that add() filled is written.
  void written() { fresh_.clear(); }
  // Takes the series of the record `key` out, and its pair's from the index when `last` of the pair.
  void remove(std::string_view key, bool last, WriteSet& set);
  // The set that remove() filled is written.
  void removed();

  // Series in the store, those added included.
  std::uint64_t total() const { return total_; }
  // Reads the total; before anything else.
  Result<void> open();
  // Counts the series of one repo by walking them.
  Result<std::uint64_t> count_of_repo(std::string_view repo) const;

 private:
  struct LowBits {
    std::size_t operator()(const SeriesHash& hash) const { return hash.low; }
  };
  // Two places a hash may lie in, so that two hot series seldom push each other out.
  static constexpr std::size_t kWays = 2;
  static constexpr std::size_t kSets = std::size_t{1} << 17;  // × 2 × 16 bytes = 4 MiB

  static std::size_t set_of(const SeriesHash& hash) { return (hash.low % kSets) * kWays; }
  bool recall(const SeriesHash& hash) const;
  void remember(const SeriesHash& hash);

  const Store& store_;
  std::uint64_t total_ = 0;
  std::vector<SeriesHash> cache_;                   // of series in the store
  std::unordered_set<SeriesHash, LowBits> fresh_;   // of series in a set not yet written
};

}  // namespace minuted
