// Which raw keys still grow. Commits between two folds append their chunks to the same key for each
// (repo, bucket, minute): the key ends with the number of the first of those commits. A fold closes
// the generation before it takes its view, so that nothing is ever appended to a key it deletes. The
// committer and the folder share one of these; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "store/store.hpp"

namespace minuted {

class RawGeneration {
 public:
  // For a commit, from before it makes its keys until its write has ended: no fold begins meanwhile.
  [[nodiscard]] std::unique_lock<std::mutex> hold() { return std::unique_lock(mutex_); }

  // While held: what the keys of commit number `sequence` end with.
  std::uint64_t of_commit(std::uint64_t sequence) {
    if (!first_) first_ = sequence;
    return *first_;
  }

  // For a fold: a view in which no raw key is yet to grow. Waits for the commit under way.
  std::unique_ptr<View> close(const Store& store) {
    const std::lock_guard lock(mutex_);
    first_.reset();
    return store.view();
  }

 private:
  std::mutex mutex_;
  std::optional<std::uint64_t> first_;  // under mutex_; empty: the next commit opens one
};

}  // namespace minuted
