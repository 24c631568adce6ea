// The cursor over totals since the beginning, by repo or by bucket: the stored totals, with the finer rows that
// they do not have yet and what is not folded yet added, under one view, id by id in bytewise order. Ids are
// those that have a total or series: totals outlive the series of which no row is kept.
//
// One thread at a time. Test: tests/engine/query/totals_scan_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/query.hpp"
#include "minuted/repo_rollup.hpp"
#include "query/bucket_walk.hpp"
#include "query/read_context.hpp"
#include "store/open_rows.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class TotalsScan final : public TotalsCursor {
 public:
  TotalsScan(std::shared_ptr<ReadContext> context, const TotalsQuery& query);

  Result<bool> next(Totals& totals) override;

 private:
  Result<bool> next_totals(Totals& totals);
  void end();
  Result<bool> next_id();
  Result<bool> next_known_id();
  Result<void> find_known();
  Result<void> find_counted();
  Result<void> add_repo();
  Result<void> add_bucket();
  Result<void> add_pair(std::string_view prefix);
  Result<void> add_hosts(std::string_view key, std::string_view value);
  Result<void> add_raw(std::string_view prefix);

  const View& view() const { return context_->view(); }

  const std::shared_ptr<ReadContext> context_;
  ReadMemory memory_;
  TotalsQuery query_;  // its lists ascending
  bool ended_ = false;

  std::unique_ptr<RawCursor> raw_;       // null: all is folded
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
