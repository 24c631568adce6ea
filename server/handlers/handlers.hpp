// The handlers, one or two functions a route: `check` sees the header before any body is read, `handle`
// answers. Each is described by the contract's page on its route; the files are named after them.
#pragma once

#include <optional>
#include <string_view>

#include "http/request.hpp"
#include "http/response.hpp"
#include "http/route.hpp"

namespace minuted::http {

// events.cpp
std::optional<Response> check_events(Services& services, const Request& request);
Awaitable<Response> post_events(Services& services, Request& request);

// raw_events.cpp
Awaitable<Response> get_events(Services& services, Request& request);

// stats.cpp
Awaitable<Response> get_rows(Services& services, Request& request);

// totals.cpp
Awaitable<Response> get_totals(Services& services, Request& request);

// nodes.cpp
Awaitable<Response> get_nodes(Services& services, Request& request);
Awaitable<Response> get_node_days(Services& services, Request& request);
Awaitable<Response> post_bucket_stats(Services& services, Request& request);

// node_writes.cpp
std::optional<Response> check_small_json(Services& services, const Request& request);
Awaitable<Response> put_node(Services& services, Request& request);
Awaitable<Response> post_heartbeat(Services& services, Request& request);

inline constexpr std::string_view kNodePath = "/nodes/{nodeId}";
inline constexpr std::string_view kHeartbeatPath = "/nodes/{nodeId}/heartbeat";
inline constexpr std::string_view kBucketStatsPath = "/bucket/{bucketId}/stats";

// series.cpp
Awaitable<Response> get_series(Services& services, Request& request);

// storage.cpp
Awaitable<Response> get_storage(Services& services, Request& request);
Awaitable<Response> get_storage_breakdown(Services& services, Request& request);

// repos.cpp
std::optional<Response> check_put_repo(Services& services, const Request& request);
Awaitable<Response> put_repo(Services& services, Request& request);

// admin.cpp
Awaitable<Response> post_fold(Services& services, Request& request);
Awaitable<Response> delete_repo(Services& services, Request& request);
Awaitable<Response> delete_bucket(Services& services, Request& request);

inline constexpr std::string_view kRepoPath = "/repos/{repoId}";
inline constexpr std::string_view kBucketPath = "/repos/{repoId}/buckets/{bucketId}";

// health.cpp
Awaitable<Response> get_livez(Services& services, Request& request);
Awaitable<Response> get_readyz(Services& services, Request& request);
Awaitable<Response> get_version(Services& services, Request& request);

// documents.cpp
Awaitable<Response> get_document(Services& services, Request& request);

// metrics.cpp
Awaitable<Response> get_metrics(Services& services, Request& request);

}  // namespace minuted::http
