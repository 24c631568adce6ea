// The repos of a store, and the largest of them: from RocksDB's estimates here, or from what a walk
// found (tier_walk.hpp). Steps from bucket to bucket through the index of series, so it costs a seek a
// bucket and not a step a series; keeps kBatch repos and the largest so far. One thread at a time.
#pragma once

#include <string>
#include <vector>

#include "minuted/inspect.hpp"
#include "schema/families.hpp"
#include "store/store.hpp"

namespace minuted {

// Families whose keys begin with the repo: what a repo takes. Its own sums, what requests and events
// left behind and the index of series are small beside it, and left out, as are events that wait for a
// fold.
inline constexpr auto kRepoFamilies =
    families_where([](const FamilyInfo& info) { return info.counts_for_repo; });

// Where the inspection counts the keys of a family.
StoredKeys& keys_of(Inspection& found, Family family);

// The larger first.
bool is_larger(const RepoInspection& a, const RepoInspection& b);

// Fills in what is known of a repo by its name: its total and how many buckets it has.
Result<void> describe(const View& view, RepoInspection& repo);

class EstimatedRepos {
 public:
  // Repos whose sizes are asked for at once.
  static constexpr std::size_t kBatch = 256;

  // Borrows them.
  EstimatedRepos(const Store& store, const View& view, std::size_t repos_max)
      : store_(store), view_(view), repos_max_(repos_max) {}

  // Fills in how many repos and buckets there are, and the largest repos. kCorruption, kIoError.
  Result<void> run(Inspection& found);

 private:
  Result<void> weigh_batch();

  const Store& store_;
  const View& view_;
  const std::size_t repos_max_;
  std::vector<RepoInspection> batch_;
  std::vector<RepoInspection> largest_;
};

}  // namespace minuted
