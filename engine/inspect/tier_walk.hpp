// Goes through every key of a view and counts what is there: first, repo by repo, the families whose keys
// begin with the repo, side by side; then the others. Keeps no more than the keys at hand and the
// largest repos so far. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "inspect/repos.hpp"
#include "minuted/inspect.hpp"
#include "page/page_codec.hpp"
#include "page/repo_page_codec.hpp"
#include "schema/tiers.hpp"
#include "store/repo_tiers.hpp"
#include "store/store.hpp"

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
  using Look = std::function<void(std::string_view key, std::string_view value)>;
  // One of kRepoFamilies, in their order.
  struct Lane {
    StoredKeys* keys;
    Look look;
    std::unique_ptr<StoreCursor> cursor;
  };
  // Bytes of a repo's keys and values.
  struct RepoBytes {
    std::string repo;
    std::array<std::uint64_t, kRepoFamilies.size()> by_lane{};
    std::uint64_t sum = 0;
  };

  Look archive_look();
  // What is looked for in a family's keys and values; empty if nothing is.
  Look look_of(Family family);
  Look rows_look(Family family);
  Look pages_look(Family family);
  Look repos_look();
  Look repo_pages_look();
  Look series_look();
  Look event_ids_look();
  Look day_signs_look();
  Look host_states_look();
  Look nodes_look();
  Look meta_look();
  void count(const StoreCursor& cursor, StoredKeys& keys, const Look& look);
  Result<void> walk_raw();
  Result<void> walk_all(Family family, const Look& look);
  Result<void> walk_lanes();
  void keep_largest(std::size_t most);
  Result<void> tell_largest();

  const View& view_;
  const InspectOptions& options_;
  Inspection& found_;
  InspectProgress progress_;
  std::vector<Lane> lanes_;
  std::vector<RepoBytes> largest_;
  PageReader page_;
  RepoPageReader repo_page_;
  std::vector<ChunkEvent> events_;
};

}  // namespace minuted
