// The known series, which repos a bucket id occurs in, and which pairs a host does. A series is (repo, bucket, host).
//
//   'S' | pair prefix | host       → 0x01
//   'B' | bucket 00 repo 00        → 0x01
//   'H' | host 00 | pair prefix    → 0x01
//
// A pair is in the index of its bucket ('B') as long as it has series or a total, for totals outlive the
// series of which no row is kept.
//
// The commit thread asks, for every series of a batch, whether it is new. A set of hashes of bounded size
// (known_hashes.hpp) answers for some 2 million series and pairs: that a series is known, and, in a
// process that began with an empty store, that it is not. The store is asked where the set cannot tell.
// name() is safe from any thread; the rest is one thread's at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "store/known_hashes.hpp"
#include "store/store.hpp"

namespace minuted {

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
  void expect(const Name& series) const { known_.expect(series.hash); }
  // Whether the series is in the store, or was added since the last written().
  Result<bool> knows(const Name& series);
  // Adds the records of a series that is not known to `set`, but for those that finish() adds.
  void add(const Name& series, WriteSet& set);
  // Takes the series of the record `key` out, and its pair's from the index when `last` of the pair.
  void remove(std::string_view key, bool last, WriteSet& set);
  // Adds to `set` the hosts' index of what was added, in the order of its keys, and the number of all series
  // if it changed. Before the set is written.
  void finish(WriteSet& set);
  // The set is written.
  void written() { dropped_.clear(); }

  // Series in the store, those added included.
  std::uint64_t total() const { return total_; }
  // Reads the total; before anything else.
  Result<void> open();
  // Counts the series of one repo by walking them.
  Result<std::uint64_t> count_of_repo(std::string_view repo) const;

 private:
  struct SameBits {
    std::size_t operator()(std::uint64_t tag) const { return tag; }
  };
  // 16 MiB, as far as they are used.
  static constexpr unsigned kHashBucketBits = 18;

  void remember(const SeriesHash& hash);

  const Store& store_;
  std::uint64_t total_ = 0;
  bool total_changed_ = false;
  std::vector<std::string> host_keys_;  // of the series added since finish()
  // Of series, and of pairs that the index of their bucket has; in the store or in a set not yet written.
  KnownHashes known_{kHashBucketBits};
  // Tags that made room since the last set was written: the store may not have them yet.
  std::unordered_set<std::uint64_t, SameBits> dropped_;
};

}  // namespace minuted
