#include "store/known_hashes.hpp"

#include <algorithm>
#include <new>

namespace minuted {

// calloc, for the system gives pages of zeros when they are first touched.
KnownHashes::KnownHashes(unsigned bits)
    : mask_((std::size_t{1} << bits) - 1),
      tags_(static_cast<Bucket*>(std::calloc(mask_ + 1, sizeof(Bucket)))),
      dropped_(mask_ + 1, false) {
  if (!tags_) throw std::bad_alloc();
}

KnownHashes::Answer KnownHashes::find(const SeriesHash& hash) const {
  const std::size_t at = bucket_of(hash);
  const std::uint64_t tag = tag_of(hash);
  for (const std::uint64_t known : tags_[at]) {
    if (known == tag) return Answer::kPresent;
  }
  return dropped_[at] ? Answer::kUnknown : Answer::kAbsent;
}

std::uint64_t KnownHashes::insert(const SeriesHash& hash) {
  const std::size_t at = bucket_of(hash);
  Bucket& bucket = tags_[at];
  const std::uint64_t oldest = bucket.back();
  std::move_backward(bucket.begin(), bucket.end() - 1, bucket.end());
  bucket.front() = tag_of(hash);
  if (oldest != 0) dropped_[at] = true;
  return oldest;
}

void KnownHashes::erase(const SeriesHash& hash) {
  Bucket& bucket = tags_[bucket_of(hash)];
  const auto end = std::remove(bucket.begin(), bucket.end(), tag_of(hash));
  std::fill(end, bucket.end(), 0);
}

void KnownHashes::exclude_nothing() { std::fill(dropped_.begin(), dropped_.end(), true); }

}  // namespace minuted
