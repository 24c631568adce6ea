// The buckets of a question, ascending, each once, and of each the pairs (repo, bucket) to look at.
// Where a question names its repos, only these are looked at: how many others have the bucket, or
// have any at all, shows in no answer and in the time of none.
//
// One thread at a time. Test: tests/engine/query/bucket_walk_test.cpp, against a set of pairs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "minuted/result.hpp"
#include "query/read_context.hpp"
#include "store/store.hpp"

namespace minuted {

// The buckets of repos are listed before the first is handed out. Past this many pairs they are looked
// for among those of everybody instead, for a list of them would not be bounded.
inline constexpr std::size_t kOwnPairsMax = 65'536;

class BucketWalk {
 public:
  // Of both lists empty means all. The buckets are those that have series or totals. Borrows the context,
  // whose deadline is asked before each step.
  BucketWalk(ReadContext& context, std::vector<std::string> repos, std::vector<std::string> buckets,
             std::size_t own_pairs_max = kOwnPairsMax);

  // The next bucket. False at the end.
  Result<bool> next(std::string& bucket);

  // Calls `look` with the prefix of each pair that the bucket at hand may have anything in, ascending.
  // Its error is handed on. Can be repeated.
  Result<void> for_each_pair(const std::function<Result<void>(const std::string&)>& look) const;

  // Memory of the pairs that are listed.
  std::size_t memory_bytes() const { return own_bytes_; }

 private:
  Result<void> list_own();
  Result<bool> next_of_index(std::string& bucket);
  Result<void> for_each_indexed(const std::function<Result<void>(const std::string&)>& look) const;

  ReadContext& context_;
  std::vector<std::string> repos_;    // ascending
  std::vector<std::string> buckets_;  // ascending
  const std::size_t own_pairs_max_;
  bool begun_ = false;
  bool asked_;                        // buckets were
  std::string bucket_;                // at hand
  std::size_t next_bucket_ = 0;       // of those asked for
  std::vector<std::pair<std::string, std::string>> own_;  // (bucket, repo), ascending
  std::size_t own_bytes_ = 0;
  std::size_t own_begin_ = 0;         // of the bucket at hand
  std::size_t own_end_ = 0;
  std::unique_ptr<StoreCursor> index_;  // of everybody's buckets
};

}  // namespace minuted
