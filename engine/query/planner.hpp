// From a question to the pairs (repo, bucket) that may hold its rows: which to look at one by one,
// and which ranges of keys to walk.
//
// Pure; any thread. Test: tests/engine/query/planner_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/query.hpp"

namespace minuted {

// How the pairs of a query are found. Lists are ascending and without repetition.
struct QueryPlan {
  enum class Walk : std::uint8_t {
    kPairs,    // each of repos × each of buckets
    kIndexed,  // each of buckets, in the repos the bucket index knows
    kRanges,   // every pair below each of ranges
  };
  Walk walk = Walk::kRanges;
  std::vector<std::string> repos;
  std::vector<std::string> buckets;
  std::vector<std::string> hosts;  // rows of others are dropped; empty = all
  std::vector<std::string> ranges;  // prefixes of pairs; an empty one is everything
  MinuteRange minutes;  // whole spans
  Span span = Span::kMinute;
  Columns columns = Columns::kAll;
  std::optional<RowKey> after;
  std::string after_prefix;  // of `after`'s pair; pairs before it are passed over
};

QueryPlan plan_query(const QuerySpec& spec);

// Whether the row of `host` at `minute` of the pair `prefix` lies behind plan.after, and so belongs to
// this page.
bool is_after(const QueryPlan& plan, std::string_view prefix, Minute minute, std::string_view host);

// The ids as a list of a plan.
std::vector<std::string> ascending(std::vector<std::string> ids);

// Whether an ascending list is empty (it then names everything) or holds `id`.
bool names(const std::vector<std::string>& sorted, std::string_view id);

}  // namespace minuted
