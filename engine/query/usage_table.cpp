#include "query/usage_table.hpp"

#include <algorithm>

namespace minuted {

void UsageTable::add(std::uint32_t entity, const RepoPageReader& page, const SlotRange& slots,
                     Minute first, std::uint32_t slot_minutes) {
  if (place_.empty()) return page.add_to(slots, sums_[entity]);
  if (!is_chosen(entity)) return;
  const std::int64_t minutes = std::int64_t{first.value} - std::int64_t{window_.begin.value};
  page.add_to(slots, {points(entity), minutes / slot_minutes, window_.point_minutes / slot_minutes});
}

void UsageTable::list() {
  for (std::uint32_t n = 0; n < sums_.size(); ++n) {
    requests_ += sums_[n].requests;
    if (sums_[n].requests != 0) order_.push_back(n);
  }
}

void UsageTable::order(std::size_t end) {
  std::partial_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(end), order_.end(),
                    [&](std::uint32_t a, std::uint32_t b) {
                      if (sums_[a].requests != sums_[b].requests) {
                        return sums_[a].requests > sums_[b].requests;
                      }
                      return ids_.id(a) < ids_.id(b);
                    });
}

void UsageTable::list_the_one() { order_ = {number_of({})}; }

void UsageTable::sum_up_the_one() {
  for (const RepoRollup& point : points(0)) sums_[0].merge(point);
  requests_ = sums_[0].requests;
}

std::size_t UsageTable::bytes_to_choose(std::size_t entities) const {
  const std::size_t points = entities * window_.points;
  const std::size_t more = points > points_.capacity() ? points - points_.capacity() : 0;
  return more * sizeof(RepoRollup) + sums_.size() * sizeof(std::uint32_t);
}

void UsageTable::choose_points(std::size_t begin, std::size_t end) {
  place_.assign(sums_.size(), kNone);
  for (std::size_t i = begin; i < end; ++i) place_[order_[i]] = static_cast<std::uint32_t>(i - begin);
  points_.assign((end - begin) * window_.points, RepoRollup{});
}

std::size_t UsageTable::memory_bytes() const {
  return ids_.memory_bytes() + (sums_.capacity() + points_.capacity()) * sizeof(RepoRollup) +
         (order_.capacity() + place_.capacity()) * sizeof(std::uint32_t);
}

void UsageTable::clear() {
  sums_ = {};
  points_ = {};
}

}  // namespace minuted
