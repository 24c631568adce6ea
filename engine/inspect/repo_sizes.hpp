// The repos of a store, and the largest of them. Steps from bucket to bucket through the index of
// series, so it costs a seek a bucket and not a step a series; keeps kBatch repos and the largest so far.
// One thread at a time.
#pragma once

#include <string>
#include <vector>

#include "minuted/inspect.hpp"
#include "store/store.hpp"

namespace minuted {

class RepoSizes {
 public:
  // Repos whose sizes are asked for at once.
  static constexpr std::size_t kBatch = 256;

  // Borrows them.
  RepoSizes(const Store& store, const View& view, std::size_t repos_max)
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
