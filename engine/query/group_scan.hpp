// Adds the rows of a scan up over the ids that a Grouping leaves out. Rows come by (repo, bucket,
// minute, host), which decides what must be remembered: without the host, one row; without the bucket,
// the groups of one repo; without the repo, all groups. The deadline is asked by the rows.
//
// One thread at a time. Test: tests/engine/query/group_scan_test.cpp, against a map of sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "minuted/query.hpp"
#include "query/read_context.hpp"

namespace minuted {

// What Options::groups_max may be at most.
inline constexpr std::size_t kGroupsMaxMax = 100'000'000;

// Whether the query leaves an id out.
bool merges_rows(const QuerySpec& spec);

// The query without a grouping whose rows are to be merged. It begins at `spec.after` where whole
// groups before it can be passed over.
QuerySpec rows_to_merge(const QuerySpec& spec);

// The answer of `spec` from the rows of rows_to_merge(spec), which are of the same read.
std::unique_ptr<RowCursor> merge_rows(std::unique_ptr<RowCursor> rows, const QuerySpec& spec,
                                      std::shared_ptr<ReadContext> context);

}  // namespace minuted
