#include "query/planner.hpp"

#include <algorithm>

#include "store/key_codec.hpp"

namespace minuted {
namespace {

std::vector<std::string> ascending(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

QueryPlan plan_query(const QuerySpec& spec) {
  QueryPlan plan;
  plan.repos = ascending(spec.repos);
  plan.buckets = ascending(spec.buckets);
  plan.hosts = ascending(spec.hosts);
  plan.minutes = spec.range;
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

bool names(const std::vector<std::string>& sorted, std::string_view id) {
  return sorted.empty() || std::binary_search(sorted.begin(), sorted.end(), id);
}

}  // namespace minuted
