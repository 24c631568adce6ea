// What a UsageQuery must answer, from the rows of minutes one by one: filtered, put under their entity,
// added up.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "minuted/usage.hpp"
#include "model/oracle.hpp"

namespace minuted::test {

struct OracleEntity {
  std::string id;
  RepoRollup totals;
  std::vector<RepoRollup> points;
  friend bool operator==(const OracleEntity&, const OracleEntity&) = default;
};

struct OracleStorage {
  std::uint64_t entities = 0;
  UInt128 requests = 0;
  std::vector<OracleEntity> page;
  friend bool operator==(const OracleStorage&, const OracleStorage&) = default;
};

using FactsByRepo = std::map<std::string, RepoFacts>;

inline OracleStorage storage_of(const std::vector<OracleRow>& minutes, const FactsByRepo& facts,
                                const UsageQuery& query) {
  const auto facts_of = [&](const std::string& repo) {
    const auto at = facts.find(repo);
    return at == facts.end() ? RepoFacts{} : at->second;
  };
  const auto in = [](const std::vector<std::string>& list, const std::string& id) {
    return std::find(list.begin(), list.end(), id) != list.end();
  };
  std::map<std::string, OracleEntity> entities;
  if (!query.by) entities[""].points.resize(query.window.points);
  for (const OracleRow& row : minutes) {
    if (row.minute < query.window.begin.value || row.minute >= query.window.end().value) continue;
    if (query.scope == UsageScope::kRepo && row.repo != query.id) continue;
    if (query.scope == UsageScope::kWorkspace && facts_of(row.repo).workspace != query.id) continue;
    if (query.visible_repos && !in(*query.visible_repos, row.repo)) continue;
    if (!query.buckets.empty() && !in(query.buckets, row.bucket)) continue;
    const std::string id = !query.by                               ? ""
                           : *query.by == UsageBy::kRepo         ? row.repo
                           : *query.by == UsageBy::kBucket       ? row.bucket
                           : *query.by == UsageBy::kNode         ? row.host
                           : *query.by == UsageBy::kWorkspace    ? facts_of(row.repo).workspace
                                                                   : facts_of(row.repo).provider;
    OracleEntity& e = entities[id];
    e.id = id;
    e.points.resize(query.window.points);
    const RepoRollup sums{row.requests,    row.upl_bytes,     row.dwl_bytes,
                          row.size_change, row.latency_count, row.latency_sum_us};
    e.totals.merge(sums);
    e.points[static_cast<std::size_t>(row.minute - query.window.begin.value) /
             query.window.point_minutes]
        .merge(sums);
  }
  OracleStorage answer;
  answer.entities = entities.size();
  for (auto& [id, e] : entities) {
    answer.requests += e.totals.requests;
    answer.page.push_back(std::move(e));
  }
  std::stable_sort(answer.page.begin(), answer.page.end(), [](const auto& a, const auto& b) {
    return a.totals.requests > b.totals.requests;
  });
  if (!query.by) return answer;
  const auto begin = std::min<std::uint64_t>(query.offset, answer.page.size());
  const auto end = begin + std::min<std::uint64_t>(query.limit, answer.page.size() - begin);
  answer.page.assign(answer.page.begin() + static_cast<std::ptrdiff_t>(begin),
                     answer.page.begin() + static_cast<std::ptrdiff_t>(end));
  for (OracleEntity& e : answer.page) {
    if (!query.series) e.points.clear();
  }
  return answer;
}

// The engine's answer, whole; `failed` says why it has none.
inline OracleStorage read_storage(Engine& engine, const UsageQuery& query, std::string& failed) {
  OracleStorage answer;
  auto cursor = engine.usage(query);
  if (!cursor) {
    failed = cursor.error().message;
    return answer;
  }
  for (;;) {
    const auto ready = (*cursor)->prepare();
    if (!ready) {
      failed = ready.error().message;
      return answer;
    }
    if (*ready) break;
  }
  answer.entities = (*cursor)->entities();
  answer.requests = (*cursor)->requests();
  UsageEntity entity;
  for (;;) {
    const auto more = (*cursor)->next(entity);
    if (!more) failed = more.error().message;
    if (!more || !*more) return answer;
    answer.page.push_back({std::string(entity.id), entity.totals,
                           {entity.points.begin(), entity.points.end()}});
  }
}

// The windows of the contract, by points and minutes of a point.
inline constexpr std::pair<std::uint32_t, std::uint32_t> kStorageWindows[] = {
    {288, 5}, {168, 60}, {120, 360}, {180, 720}, {180, 1440}, {365, 1440}};

inline UsageWindow storage_window(std::size_t number, Millis now) {
  const auto [points, minutes] = kStorageWindows[number];
  return {{floor_to(minute_of(now), minutes).value + minutes - points * minutes}, points, minutes};
}

}  // namespace minuted::test
