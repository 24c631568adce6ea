// Promise: the cursor over rows, and the groups that are made of its rows, are the oracle's, in order, and a page of
// them begins where the last one ended. What every cursor does besides is in cursors_test.cpp, and where rows
// come from in row_iterator_test.cpp.
#include "query/row_scan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/group_scan.hpp"
#include "query/read_fixture.hpp"

namespace minuted::test {
namespace {

class RowScanTest : public HistoryTest {
 protected:
  std::vector<OracleRow> read(const QuerySpec& spec, std::size_t rows_max = SIZE_MAX) {
    auto context = begin_read();
    std::unique_ptr<RowCursor> cursor;
    if (merges_rows(spec)) {
      auto rows = std::make_unique<RowScan>(context, rows_to_merge(spec));
      cursor = merge_rows(std::move(rows), spec, std::move(context));
    } else {
      cursor = std::make_unique<RowScan>(std::move(context), spec);
    }
    std::vector<OracleRow> found;
    Row row;
    while (found.size() != rows_max) {
      const auto more = cursor->next(row);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) break;
      found.push_back(to_oracle(row));
      found.back().sketch.clear();
    }
    return found;
  }
};

TEST_F(RowScanTest, EqualsTheOracleForEveryGrouping) {
  for (int round = 0; round < 8; ++round) {
    go_on();
    for (unsigned kept = 0; kept < 8; ++kept) {
      QuerySpec spec;
      spec.range = kEveryMinute;
      spec.repos = some(names_.repos);
      spec.buckets = some(names_.buckets);
      spec.hosts = some(names_.hosts);
      spec.span = random_.pick(std::array{Span::kMinute, Span::kHour, Span::kDay});
      spec.grouping = Grouping{(kept & 4) != 0, (kept & 2) != 0, (kept & 1) != 0};
      const std::vector<OracleRow> whole = oracle_.rows(spec);
      ASSERT_EQ(read(spec), whole) << kept;
      std::vector<OracleRow> pages;
      const std::size_t limit = 1 + random_.below(7);
      for (;;) {
        const auto page = read(spec, limit);
        if (page.empty() || pages.size() > whole.size()) break;
        pages.insert(pages.end(), page.begin(), page.end());
        const OracleRow& last = page.back();
        spec.after =
            RowKey{last.repo, last.bucket, {static_cast<std::uint32_t>(last.minute)}, last.host};
      }
      ASSERT_EQ(pages, whole) << kept << " by " << limit;
    }
  }
}

// Groups are handed out after their rows have ended: the view is gone by then, and the groups' memory is not.
TEST_F(RowScanTest, RowsThatHaveBeenAddedUpKeepNothingWhileTheirGroupsAreHandedOut) {
  append({event_at(kNowMs, "a"), event_at(kNowMs, "b")});
  QuerySpec spec;
  spec.range = kEveryMinute;
  spec.grouping = Grouping{false, true, false};
  auto context = begin_read();
  auto rows = std::make_unique<RowScan>(context, rows_to_merge(spec));
  const auto cursor = merge_rows(std::move(rows), spec, std::move(context));
  Row row;
  ASSERT_TRUE(*cursor->next(row));
  fold();
  EXPECT_EQ(table_->kept_for_readers().size(), 0U);
  EXPECT_GT(reads_.memory.held(), 0U);
  EXPECT_EQ(reads_.open, 1U);
  ASSERT_TRUE(*cursor->next(row));
  EXPECT_EQ(row.bucket, "b");
  ASSERT_FALSE(*cursor->next(row));
  EXPECT_EQ(reads_.memory.held(), 0U);
}

// What the server makes a page's cursor of.
TEST_F(RowScanTest, TheLastRowCanBeReadAfterTheEnd) {
  append({event_at(kNowMs, "a")});
  for (const bool folded : {false, true}) {
    if (folded) fold();
    QuerySpec spec;
    spec.range = kEveryMinute;
    RowScan cursor(begin_read(), spec);
    Row row;
    ASSERT_TRUE(*cursor.next(row));
    ASSERT_FALSE(*cursor.next(row));
    EXPECT_EQ(row.repo, "r");
    EXPECT_EQ(row.bucket, "a");
    EXPECT_EQ(row.rollup->requests(), 1U);
  }
}

}  // namespace
}  // namespace minuted::test
