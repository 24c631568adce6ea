// Adds the rows of a scan up over the ids that a Grouping leaves out. Rows come by (repo, bucket,
// minute, host), which decides what must be remembered: without the host, one row; without the bucket,
// the groups of one repo; without the repo, all groups. The deadline is the scan's, which is asked for
// every row. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "minuted/query.hpp"
#include "stats/counters.hpp"

namespace minuted {

// What Options::groups_max may be at most.
inline constexpr std::size_t kGroupsMaxMax = 100'000'000;

// Whether the query leaves an id out.
bool merges_rows(const QuerySpec& spec);

// The query without a grouping whose rows are to be merged. It begins at `spec.after` where whole
// groups before it can be passed over.
QuerySpec rows_to_merge(const QuerySpec& spec);

// The answer of `spec` from the rows of rows_to_merge(spec). Borrows the counters. `rows_bytes` tells what of
// the memory of reads `rows` holds, as long as that lives; null: nothing.
std::unique_ptr<RowCursor> merge_rows(std::unique_ptr<RowCursor> rows, const QuerySpec& spec,
                                      std::size_t groups_max, ReadCounters& counters,
                                      std::function<std::size_t()> rows_bytes = nullptr);

}  // namespace minuted
