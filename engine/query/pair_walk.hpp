// The pairs (repo, bucket) of a plan that may have anything, in their order, each once: listed by the
// question, found in the index of buckets, or walked among the known series.
//
// One thread at a time. Test: tests/engine/query/pair_walk_test.cpp, against a set of pairs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "minuted/result.hpp"
#include "query/planner.hpp"
#include "query/read_context.hpp"
#include "store/store.hpp"

namespace minuted {

// Bucket ids may occur in so many repos that a list of them would not be bounded: past this many
// pairs the whole store is walked instead.
inline constexpr std::size_t kIndexedPairsMax = 65'536;

class PairWalk {
 public:
  // Borrows both. A walk of the known series asks the context's deadline.
  PairWalk(ReadContext& context, const QueryPlan& plan);

  // Between which keys of a family whose keys begin with a pair and a minute all of them lie; an empty
  // one is no bound.
  struct Bounds {
    std::string lower;
    std::string upper;
  };
  Bounds bounds() const;
  // To be called once, before anything else.
  Result<void> open();

  // The next pair's prefix. False at the end.
  Result<bool> next(std::string& prefix);

  // Memory of the pairs that are listed.
  std::size_t memory_bytes() const { return listed_bytes_; }

 private:
  Result<bool> next_listed(std::string& prefix);
  Result<bool> next_walked(std::string& prefix);
  Result<bool> next_known(std::string& prefix);
  Result<void> load_indexed();

  ReadContext& context_;
  const QueryPlan& plan_;
  QueryPlan::Walk walk_;
  std::vector<std::string> ranges_;
  std::vector<std::string> listed_;  // kIndexed: pair prefixes, ascending
  std::size_t listed_bytes_ = 0;
  std::size_t next_listed_ = 0;
  std::size_t next_repo_ = 0;
  std::size_t next_bucket_ = 0;
  std::size_t next_range_ = 0;
  std::unique_ptr<StoreCursor> series_;  // kRanges: the known series
  std::string position_;                 // where the next is looked for
  std::string range_end_;                // one byte long: no end
  bool in_range_ = false;
};

}  // namespace minuted
