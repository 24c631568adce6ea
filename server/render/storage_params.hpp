// What `GET /v2/stats/storage` or one of its breakdowns was asked, and what `PUT /repos/{repoId}` tells.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "minuted/time.hpp"
#include "minuted/usage.hpp"
#include "render/query_string.hpp"

namespace minuted::render {

// Entities of one answer.
inline constexpr std::uint64_t kEntitiesDefault = 100;
inline constexpr std::uint64_t kEntitiesMax = 1000;

struct StorageParams {
  UsageQuery query;                // visible_repos is left to the caller
  std::string_view scope;            // `org`, `workspace` or `repo`
  std::string_view window;           // `24h`, …
  std::string_view time_bucket_size; // `5m`, …
  bool unit_id = false;              // asked by unitId
  bool quoted_bytes = false;         // byte counts as strings
};

// Reads scope, id, window, bucketId, unitId and integers, and of a breakdown (`by` is given) includeSeries, limit
// and offset; others are ignored. A breakdown's scope is `org` if it is not given. The window's last point is
// the one that contains `now`. kInvalidParameter.
std::variant<StorageParams, ParameterError> parse_storage_params(std::string_view raw_query,
                                                                 Millis now,
                                                                 std::optional<UsageBy> by);

// `repos`, `buckets`, `nodes`, `workspaces` or `providers`; nullopt for anything else.
std::optional<UsageBy> parse_breakdown(std::string_view name);
// The names above, for messages.
std::string_view breakdown_names();

}  // namespace minuted::render
