#include "query/storage_plan.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace minuted {
namespace {

// Twelve hours are two slots of six.
const RepoTier& tier_of(const UsageWindow& window) {
  for (const RepoTier& tier : kRepoTiers) {
    if (tier.slot_minutes == window.point_minutes) return tier;
  }
  return *repo_tier(RepoSpan::kSixHours);
}

bool is_of_repos(const UsageQuery& query) {
  return query.buckets.empty() &&
         (!query.by || *query.by == UsageBy::kRepo || *query.by == UsageBy::kWorkspace);
}

Minute ceil_to(Minute minute, std::uint32_t length) {
  return floor_to({minute.value + length - 1}, length);
}

}  // namespace

StoragePlan plan_storage(const UsageQuery& query, const std::array<Minute, 3>& horizons) {
  const RepoTier& tier = tier_of(query.window);
  const Minute horizon = horizons[static_cast<std::size_t>(tier.kept_as)];
  const MinuteRange minutes{std::max(query.window.begin, horizon), query.window.end()};
  const Minute whole = std::min(minutes.end, ceil_to(minutes.begin, tier.slot_minutes));
  return {is_of_repos(query), &tier, minutes, {minutes.begin, whole}};
}

const RepoTier* tier_below(const RepoTier& tier) {
  for (const RepoTier& other : kRepoTiers) {
    if (other.kept_as == tier.kept_as && other.slot_minutes < tier.slot_minutes) return &other;
  }
  return nullptr;
}

std::vector<RowPart> row_parts(const StoragePlan& plan, bool points) {
  const MinuteRange& minutes = plan.minutes;
  if (minutes.empty()) return {};
  const Span fine = plan.tier->kept_as;
  if (points || fine == Span::kDay) return {{minutes, fine, false}};
  const Span wide = fine == Span::kMinute ? Span::kHour : Span::kDay;
  const Minute begin = ceil_to(minutes.begin, minutes_in(wide));
  const Minute end = ceil_to(minutes.end, minutes_in(wide));
  if (begin >= minutes.end) return {{minutes, fine, false}};
  std::vector<RowPart> parts = {{{begin, end}, wide, false}};
  if (minutes.begin < begin) parts.push_back({{minutes.begin, begin}, fine, false});
  if (minutes.end < end) parts.push_back({{minutes.end, end}, fine, true});
  return parts;
}

}  // namespace minuted
