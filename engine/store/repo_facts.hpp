// What an operator told of repos, in the catalog family, and an index of it by workspace.
//
//   key of a repo (schema/keys.hpp)              0x01 | string workspace | string provider
//   key of a workspace and one of its repos      0x01
//
// RepoFactsTable: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "minuted/usage.hpp"
#include "store/store.hpp"

namespace minuted {

// Looks repos up in a view: cheapest one after another in ascending order, for then the next is a few
// steps away. One thread at a time; must be gone before its view.
class RepoFactsReader {
 public:
  explicit RepoFactsReader(const View& view) : view_(view) {}

  // Empty if nothing was told. kCorruption, kIoError.
  Result<RepoFacts> of(std::string_view repo);

 private:
  const View& view_;
  std::unique_ptr<StoreCursor> cursor_;  // null: nobody has been looked up
  std::string key_;                      // of the last one
};

// The workspace's repos, ascending. kTooManyGroups beyond repos_max, kCorruption, kIoError.
Result<std::vector<std::string>> repos_of_workspace(const View& view, std::string_view workspace,
                                                    std::size_t repos_max);

// Updates records within the write sets of commits.
class RepoFactsTable {
 public:
  // Borrows the store.
  explicit RepoFactsTable(const Store& store) : store_(store) {}

  // Adds the update to the commit's `set`, and returns what the repo's metadata is once that is written.
  Result<RepoFacts> apply(const std::string& repo, const RepoFactsChange& change, WriteSet& set);
  // The set is written, or given up.
  void clear() { fresh_.clear(); }

 private:
  static void put(std::string_view repo, const RepoFacts& before, const RepoFacts& after,
                  WriteSet& set);

  const Store& store_;
  std::unordered_map<std::string, RepoFacts> fresh_;  // updated in the set at hand
};

}  // namespace minuted
