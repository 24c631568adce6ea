// Carries a plan out: walks sealed pages, folded spans, the finer rows that no span has yet and raw chunks side
// by side under one view and hands out rows; a span that more than one of them has a part of is added up on the way. Last stop inside the engine of
// what an event became. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/query.hpp"
#include "page/page_codec.hpp"
#include "query/deadline.hpp"
#include "query/pair_walk.hpp"
#include "query/planner.hpp"
#include "query/row_count.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/tiers.hpp"
#include "stats/counters.hpp"
#include "store/open_rows.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class RowScan final : public RowCursor {
 public:
  struct Options {
    std::int64_t lifetime_ms;  // of the view
    const Clock* clock;
    Minute horizon{0};  // rows before it are not shown
  };

  // Borrows the counters; owns the view. `mark`: how far folds had come in it.
  RowScan(RawView view, const FoldMark& mark, const QuerySpec& spec, const Options& options,
          ReadCounters& counters);
  ~RowScan() override;

  Result<bool> next(Row& row) override;

  // What of the memory of reads it holds, in the counters it was given.
  std::size_t held_bytes() const { return share_.bytes(); }

 private:
  enum class Source : std::uint8_t { kNone, kPage, kFolded, kMerged };

  Result<bool> next_row(Row& row);
  Result<bool> next_span();
  Result<bool> next_pair();
  Result<void> open_cursors();
  void enter_pair();
  Result<bool> at_page(Minute& first);
  Minute page_minute() const;
  bool next_page_row(Row& row);
  bool merge_page_rows();
  Result<void> merge_raw();
  template <class Stepped>
  bool at_pair(const Stepped* cursor, Minute& first) const;
  Result<bool> open_page(std::string_view key, const PagePart& part);
  bool merge_hosts(std::string_view value);
  bool at_open(Minute& first) const;
  bool merge_open();
  bool sketches() const { return plan_.columns == Columns::kSketch; }
  bool wanted(std::string_view host) const;
  Error corrupt(Minute minute, std::string_view what) const;
  Result<void> account();
  void release_memory();

  QueryShare share_;
  std::shared_ptr<View> view_;
  std::unique_ptr<RawCursor> raw_;  // null: all is folded
  QueryPlan plan_;
  ReadCounters& counters_;
  const RolledBefore rolled_;
  RowCount rows_;
  Deadline deadline_;
  bool ended_ = false;

  std::unique_ptr<StoreCursor> folded_;
  std::unique_ptr<StoreCursor> pages_;  // null: the tier has none
  std::unique_ptr<OpenRows> open_;      // null: of minutes

  std::unique_ptr<PairWalk> pairs_;

  // The pair at hand.
  std::string prefix_;
  std::string key_;
  std::string end_key_;
  std::string_view repo_;
  std::string_view bucket_;
  bool in_pair_ = false;

  // The span at hand; minute_ is its first.
  Source source_ = Source::kNone;
  Minute minute_{};
  PageReader page_;        // the pair's page at pages_
  std::string page_sketches_;  // its, if they were asked for
  bool page_open_ = false;
  Minute page_first_{};    // of its span
  Minute page_end_{};      // kPage: rows from here on are not of the page alone
  std::unique_ptr<HostsReader> reader_;
  HostRollups merged_;
  std::size_t next_merged_ = 0;
  Rollup rollup_;
  std::vector<ChunkEvent> events_;
};

}  // namespace minuted
