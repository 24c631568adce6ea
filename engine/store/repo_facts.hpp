// What an operator told of repos, in the catalog family, and an index of it by workspace.
//
//   key of a repo (schema/keys.hpp)              0x01 | string workspace | string provider
//   key of a workspace and one of its repos      0x01
//
// RepoFactsTable: any thread, one change after another.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/storage.hpp"
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

class RepoFactsTable {
 public:
  // Borrows the store. `on_write_failure` is called once a write failed.
  RepoFactsTable(Store& store, std::function<void(const Error&)> on_write_failure)
      : store_(store), on_write_failure_(std::move(on_write_failure)) {}

  // Changes what is told of the repo, durably, and returns what is then.
  Result<RepoFacts> change(std::string_view repo, const RepoFactsChange& change);

 private:
  Result<void> write(std::string_view repo, const RepoFacts& before, const RepoFacts& after);

  Store& store_;
  const std::function<void(const Error&)> on_write_failure_;
  std::mutex mutex_;  // from reading what is to be changed until it is written
};

}  // namespace minuted
