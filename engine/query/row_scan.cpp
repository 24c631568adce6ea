#include "query/row_scan.hpp"

#include <utility>

namespace minuted {

RowScan::RowScan(std::shared_ptr<ReadContext> context, const QuerySpec& spec)
    : context_(std::move(context)), memory_(*context_), rows_(*context_, memory_, spec) {}

Result<bool> RowScan::next(Row& row) {
  if (ended_) return false;
  auto found = rows_.next(row);
  if (found.ok() && *found) {
    context_->count_row();
    return found;
  }
  ended_ = true;
  rows_.release();
  memory_.release();
  context_->release();
  return found;
}

}  // namespace minuted
