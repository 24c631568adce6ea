#include "store/catalog.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <utility>

#include "store/key_codec.hpp"

namespace minuted {
namespace {

constexpr std::string_view kRecord = "\x01";

}  // namespace

SeriesCatalog::SeriesCatalog(const Store& store) : store_(store), cache_(kSets * kWays) {}

// Whether the hash was seen not long ago; from now on it was. The newest of a set comes first.
bool SeriesCatalog::recall(const Hash& hash) {
  Hash* const set = &cache_[(hash.low % kSets) * kWays];
  if (set[0] == hash) return true;
  const bool second = set[1] == hash;
  set[1] = std::exchange(set[0], hash);
  return second;
}

Result<bool> SeriesCatalog::add_if_new(std::string_view prefix, std::string_view host,
                                       WriteSet& set) {
  XXH3_state_t state;
  XXH3_128bits_reset_withSecret(&state, store_.secret().data(), store_.secret().size());
  XXH3_128bits_update(&state, prefix.data(), prefix.size());
  XXH3_128bits_update(&state, host.data(), host.size());
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  if (recall({hash.high64, hash.low64})) return false;

  const std::string key = series_key(prefix, host);
  const auto known = store_.get(Family::kCatalog, key);
  if (!known) return known.error();
  if (known->has_value()) return false;
  set.put(Family::kCatalog, key, kRecord);
  set.put(Family::kCatalog, bucket_index_key(prefix), kRecord);
  return true;
}

}  // namespace minuted
