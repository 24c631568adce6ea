#include "query/planner.hpp"

#include <algorithm>

#include "schema/keys.hpp"

namespace minuted {
namespace {

// The spans that hold any minute of the range. No event is later than kMinuteMax: a range that reaches beyond
// ends there, where a day ends too, rather than wrap around.
MinuteRange whole_spans(const MinuteRange& range, std::uint32_t length) {
  static_assert((kMinuteMax.value + 1) % kMinutesPerDay == 0);
  const Minute end = std::min(range.end, Minute{kMinuteMax.value + 1});
  if (range.begin >= end) return {end, end};
  const Minute last = floor_to({end.value - 1}, length);
  return {floor_to(range.begin, length), {last.value + length}};
}

}  // namespace

std::vector<std::string> ascending(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

QueryPlan plan_query(const QuerySpec& spec) {
  QueryPlan plan;
  plan.repos = ascending(spec.repos);
  plan.buckets = ascending(spec.buckets);
  plan.hosts = ascending(spec.hosts);
  plan.minutes = whole_spans(spec.range, minutes_in(spec.span));
  plan.span = spec.span;
  plan.columns = spec.columns;
  plan.after = spec.after;
  if (plan.after) plan.after_prefix = pair_prefix(plan.after->repo, plan.after->bucket);
  if (!plan.repos.empty() && !plan.buckets.empty()) {
    plan.walk = QueryPlan::Walk::kPairs;
  } else if (!plan.buckets.empty()) {
    plan.walk = QueryPlan::Walk::kIndexed;
  } else if (!plan.repos.empty()) {
    for (const std::string& repo : plan.repos) plan.ranges.push_back(repo_prefix(repo));
  } else {
    plan.ranges.emplace_back();
  }
  return plan;
}

bool is_after(const QueryPlan& plan, std::string_view prefix, Minute minute,
              std::string_view host) {
  if (!plan.after || prefix != plan.after_prefix) return true;  // earlier pairs are never entered
  if (minute != plan.after->minute) return minute > plan.after->minute;
  return host > plan.after->host;
}

bool names(const std::vector<std::string>& sorted, std::string_view id) {
  return sorted.empty() || std::binary_search(sorted.begin(), sorted.end(), id);
}

}  // namespace minuted
