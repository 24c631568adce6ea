// From a question about usage to what is read for it: repos' values of one tier, or rows of buckets of the widest
// spans that make up the window.
//
// Pure; any thread. Test: tests/engine/query/storage_plan_test.cpp.
#pragma once

#include <array>
#include <vector>

#include "minuted/query.hpp"
#include "minuted/usage.hpp"
#include "minuted/time.hpp"
#include "schema/tiers.hpp"

namespace minuted {

// Rows of buckets to add, or to take out again.
struct RowPart {
  MinuteRange minutes;
  Span span;
  bool take_out;
  friend bool operator==(const RowPart&, const RowPart&) = default;
};

struct StoragePlan {
  bool from_repos;       // and not from rows of buckets
  const RepoTier* tier;  // whose slots make up a point, and whose retention rows follow
  MinuteRange minutes;   // of the window, as far as retention has not cut it
  MinuteRange head;      // of that, before the first whole slot of repos' values; empty as a rule
};

// `horizons`: by Span, the first minute that is visible.
StoragePlan plan_storage(const UsageQuery& query, const std::array<Minute, 3>& horizons);

// The repos' values to read the head of a plan from: those of a tier of narrower slots and the same retention;
// nullptr if there is none.
const RepoTier* tier_below(const RepoTier& tier);

// The rows of buckets that make up the window. What the last part reaches beyond it is taken out again: that is
// the future, where there is next to nothing. `points`: each row must be of one point.
std::vector<RowPart> row_parts(const StoragePlan& plan, bool points);

}  // namespace minuted
