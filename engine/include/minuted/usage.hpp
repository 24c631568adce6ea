// Usage: sums of the whole store, of a workspace or of a repo over a time window, in total or grouped, and
// the metadata of repos.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/cursor.hpp"
#include "minuted/repo_rollup.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"

namespace minuted {

// What an operator told of a repo; empty = not told.
struct RepoFacts {
  std::string workspace;
  std::string provider;
  friend bool operator==(const RepoFacts&, const RepoFacts&) = default;
};

// What is to be changed of it; the rest stays. An empty text takes it back.
struct RepoFactsChange {
  std::optional<std::string> workspace;
  std::optional<std::string> provider;
};

// `points` of `point_minutes` each, from `begin` on, which is a multiple of it.
struct UsageWindow {
  Minute begin;
  std::uint32_t points = 0;
  std::uint32_t point_minutes = 5;  // 5, 60, 360, 720 or 1440

  Minute end() const { return {begin.value + points * point_minutes}; }
};

enum class UsageScope : std::uint8_t { kOrg, kWorkspace, kRepo };
enum class UsageBy : std::uint8_t { kRepo, kBucket, kNode, kWorkspace, kProvider };

struct UsageQuery {
  UsageScope scope = UsageScope::kOrg;
  std::string id = {};                    // of the workspace or repo
  // The only repos that may be seen, ascending and each once; nullopt: all.
  std::optional<std::vector<std::string>> visible_repos = std::nullopt;
  std::vector<std::string> buckets = {};  // ascending and each once; empty: all
  UsageWindow window = {};
  // What to break it down by; nullopt: all in one, with its points whatever `series` says.
  std::optional<UsageBy> by = std::nullopt;
  bool series = false;                    // entities come with their points
  std::uint64_t limit = UINT64_MAX;       // entities to hand out, at most
  std::uint64_t offset = 0;               // of those before, in their order
};

// One repo, bucket, node, workspace or provider. The views die at the cursor's next step.
struct UsageEntity {
  std::string_view id;  // empty: all in one; of workspaces and providers, none was told
  RepoRollup totals;    // over the window
  std::span<const RepoRollup> points;  // one of each, oldest first; empty if not asked for
};

// Hands out the entities that have a request in the window, those with most requests first, of equal ones
// by id, bytewise; all in one is handed out whatever it has. Fails with kTooManyGroups as well. A point holds all that is still held of its time: rows before the horizon of the tier that points of such a length
// are read from (see Engine::horizon) are in no point, whether or not they are pruned, and all others are,
// also where the horizon falls within a point. Memory: some 150 bytes an entity, and of
// points what kSeriesBytes says.
class UsageCursor : public Cursor<UsageEntity> {
 public:
  // Of all entities, whatever limit and offset say. Once prepared.
  virtual std::uint64_t entities() const = 0;
  virtual UInt128 requests() const = 0;
};

// Points are added up for as many entities at once as fit in so many bytes.
inline constexpr std::size_t kSeriesBytes = 16U << 20;

}  // namespace minuted
