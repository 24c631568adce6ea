// Goes through every key of a view and counts what is there. Keeps no more than the key at hand. One
// thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/inspect.hpp"
#include "page/page_codec.hpp"
#include "store/store.hpp"
#include "store/tiers.hpp"

namespace minuted {

class TierWalk {
 public:
  // Keys between two calls of the progress.
  static constexpr std::uint64_t kProgressEveryKeys = 1U << 16;

  // Borrows them all. The counts go into `found`, which keeps what else it has.
  TierWalk(const View& view, const InspectOptions& options, std::uint64_t keys_expected,
           Inspection& found)
      : view_(view), options_(options), found_(found), progress_{0, keys_expected} {}

  // kCorruption or kIoError if the store cannot be read on.
  Result<void> run();

 private:
  template <class Look>
  Result<void> each(Family family, StoredKeys& keys, Look look);
  Result<void> walk_raw();
  Result<void> walk_rows(Tier tier, Family family, const SealedTier* sealed);
  Result<void> walk_pages(Tier tier, const SealedTier& sealed);
  Result<void> walk_repos();
  Result<void> walk_event_ids();

  const View& view_;
  const InspectOptions& options_;
  Inspection& found_;
  InspectProgress progress_;
  PageReader page_;
  std::vector<ChunkEvent> events_;
};

}  // namespace minuted
