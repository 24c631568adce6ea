// A set of hashes in bounded memory that says what it does not know: of each hash whether it is in the set,
// is not, or may have been dropped for want of room. Hash buckets of eight 64-bit tags, a cache line each;
// the oldest of a full hash bucket makes room for a new one, after which that hash bucket cannot exclude
// any hash. With as many hashes as half the places, one in fifty hash buckets is in that state.
//
// A tag stands for its hash: two of n hashes are taken for one another with probability n² · 2^-64 · 2^-15
// at most, 10^-9 for 10 million. The hash must be keyed, so that nobody can choose it.
//
// Memory is allocated at once and used page by page as hash buckets fill. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace minuted {

// 128 bits.
struct SeriesHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const SeriesHash&, const SeriesHash&) = default;
};

class KnownHashes {
 public:
  static constexpr std::size_t kTags = 8;  // of a hash bucket

  // 2^bits hash buckets of 64 bytes.
  explicit KnownHashes(unsigned bits);

  enum class Answer : std::uint8_t { kPresent, kAbsent, kUnknown };
  // kUnknown: it is not in the set now, but may have been.
  Answer find(const SeriesHash& hash) const;
  // To be asked for soon: brings its hash bucket nearer.
  void expect(const SeriesHash& hash) const { __builtin_prefetch(&tags_[bucket_of(hash)]); }

  // Adds a hash that is not in the set. Returns the tag that made room for it, 0 if none did.
  std::uint64_t insert(const SeriesHash& hash);
  void erase(const SeriesHash& hash);

  // From now on no hash is excluded: there are some that were never inserted.
  void exclude_nothing();

  // What stands for the hash; never 0.
  static std::uint64_t tag_of(const SeriesHash& hash) { return hash.low != 0 ? hash.low : 1; }

 private:
  using Bucket = std::array<std::uint64_t, kTags>;  // tags, the newest first, then zeros
  struct Free {
    void operator()(Bucket* bytes) const { std::free(bytes); }
  };
  std::size_t bucket_of(const SeriesHash& hash) const { return hash.high & mask_; }

  std::size_t mask_;
  std::unique_ptr<Bucket[], Free> tags_;
  std::vector<bool> dropped_;  // hash buckets that cannot exclude
};

}  // namespace minuted
