// The rows of a query in the order (repo, bucket, minute, host), which carries a plan out: sealed pages, folded
// rows, the finer rows that no row of the tier has yet, and raw chunks, side by side under one view. A span that
// more than one of them has a part of is merged on the way.
//
// One thread at a time. Test: tests/engine/query/row_iterator_test.cpp, against a model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/query.hpp"
#include "page/page_codec.hpp"
#include "query/pair_walk.hpp"
#include "query/planner.hpp"
#include "query/read_context.hpp"
#include "rollup/rollup_codec.hpp"
#include "store/open_rows.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class RowIterator {
 public:
  // Borrows both. The query's grouping is not looked at: rows are of one host of one pair. Rows before the
  // context's horizon are passed over.
  RowIterator(ReadContext& context, ReadMemory& memory, const QuerySpec& spec);

  // The next row, whose views die when the next one is found. False at the end. After the end or an error
  // only release() may be called.
  Result<bool> next(Row& row);

  // Gives back its iterators and what it has decoded, but not the row at hand.
  void release();

 private:
  enum class Source : std::uint8_t { kNone, kPage, kFolded, kMerged };

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

  ReadContext& context_;
  ReadMemory& memory_;
  QueryPlan plan_;

  std::unique_ptr<StoreCursor> folded_;  // null: nothing is open yet
  std::unique_ptr<StoreCursor> pages_;   // null: the tier has none
  std::unique_ptr<OpenRows> open_;       // null: the tier has all events of the minutes
  std::unique_ptr<RawCursor> raw_;       // null: all is folded
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
  PageReader page_;            // the pair's page at pages_
  std::string page_sketches_;  // its, if they were asked for
  bool page_open_ = false;
  Minute page_first_{};        // of its span
  Minute page_end_{};          // kPage: rows from here on are not of the page alone
  std::unique_ptr<HostsReader> reader_;
  HostRollups merged_;
  std::size_t next_merged_ = 0;
  Rollup rollup_;
  std::vector<ChunkEvent> events_;
};

}  // namespace minuted
