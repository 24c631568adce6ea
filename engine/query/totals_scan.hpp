// Totals since the beginning, by repo or by bucket: the stored totals, with the finer rows that they do not
// have yet and what is not folded yet added, under one view, id by id in bytewise order. Ids are those that have a total or series: totals outlive
// the series of which no row is kept. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/query.hpp"
#include "minuted/repo_rollup.hpp"
#include "query/bucket_walk.hpp"
#include "query/deadline.hpp"
#include "stats/counters.hpp"
#include "store/open_rows.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class TotalsScan final : public TotalsCursor {
 public:
  struct Options {
    std::int64_t lifetime_ms;  // of the view
    const Clock* clock;
  };

  // Borrows the counters; owns the view. `mark`: how far folds had come in it.
  TotalsScan(RawView view, const FoldMark& mark, const TotalsQuery& query, const Options& options,
             ReadCounters& counters);
  ~TotalsScan() override;

  Result<bool> next(Totals& totals) override;

 private:
  Result<bool> next_id();
  Result<bool> next_known_id();
  Result<void> find_known();
  Result<void> find_counted();
  Result<void> add_repo();
  Result<void> add_bucket();
  Result<void> add_pair(std::string_view prefix);
  Result<void> add_hosts(std::string_view key, std::string_view value);
  Result<void> add_raw(std::string_view prefix);

  QueryShare share_;
  std::shared_ptr<View> view_;
  std::unique_ptr<RawCursor> raw_;  // null: all is folded
  TotalsQuery query_;               // its lists ascending
  ReadCounters& counters_;
  Deadline deadline_;

  std::unique_ptr<BucketWalk> buckets_;  // of totals by bucket
  std::unique_ptr<OpenRows> open_;       // theirs
  // By repo, and none was given: the known series, for what is not folded yet, and the repos' own totals,
  // which outlive them.
  std::unique_ptr<StoreCursor> known_;
  std::unique_ptr<StoreCursor> counted_;
  std::string known_repo_;    // at hand; empty: at the end
  std::string counted_repo_;  // same
  bool begun_ = false;
  std::size_t next_given_ = 0;
  std::string id_;
  RepoRollup sums_;  // of the id
  std::vector<ChunkEvent> events_;
};

}  // namespace minuted
