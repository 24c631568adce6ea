// The cursor over rows that are not grouped: a RowIterator and the read that it is of. One thread at a time.
// Test: tests/engine/query/row_scan_test.cpp.
#pragma once

#include <memory>

#include "minuted/query.hpp"
#include "query/read_context.hpp"
#include "query/row_iterator.hpp"

namespace minuted {

class RowScan final : public RowCursor {
 public:
  // Shares the context: a GroupScan that adds these rows up lives on after they have ended.
  RowScan(std::shared_ptr<ReadContext> context, const QuerySpec& spec);

  Result<bool> next(Row& row) override;

 private:
  const std::shared_ptr<ReadContext> context_;
  ReadMemory memory_;
  RowIterator rows_;
  bool ended_ = false;
};

}  // namespace minuted
