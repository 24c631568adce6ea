#include "handlers/routes.hpp"

#include <array>

#include "handlers/handlers.hpp"

namespace minuted::http {
namespace {

using enum Method;
using enum auth::Need;
using enum BodyRule;

constexpr std::array kRoutes = {
    Route{kPost, "/events", kIngest, kTaken, check_events, post_events},
    Route{kGet, "/events", kRead, kIgnored, nullptr, get_events},
    Route{kGet, "/stats/minute", kRead, kIgnored, nullptr, get_rows},
    Route{kGet, "/stats/hourly", kRead, kIgnored, nullptr, get_rows},
    Route{kGet, "/stats/daily", kRead, kIgnored, nullptr, get_rows},
    Route{kGet, "/repo/stats", kRead, kIgnored, nullptr, get_totals},
    Route{kGet, "/bucket/stats", kRead, kIgnored, nullptr, get_totals},
    Route{kGet, "/unit/stats", kRead, kIgnored, nullptr, get_totals},
    Route{kGet, "/stats/nodes/minute", kRead, kIgnored, nullptr, get_nodes},
    Route{kGet, "/stats/nodes/daily", kRead, kIgnored, nullptr, get_node_days},
    Route{kPost, kBucketStatsPath, kRead, kSmall, check_small_json, post_bucket_stats},
    Route{kPut, kNodePath, kIngest, kSmall, check_small_json, put_node},
    Route{kPost, kHeartbeatPath, kIngest, kSmall, check_small_json, post_heartbeat},
    Route{kGet, "/series", kRead, kIgnored, nullptr, get_series},
    Route{kGet, "/v2/stats/storage", kRead, kIgnored, nullptr, get_storage},
    Route{kGet, "/v2/stats/storage/breakdown/{by}", kRead, kIgnored, nullptr, get_storage_breakdown},
    Route{kPut, kRepoPath, kAdmin, kSmall, check_put_repo, put_repo},
    Route{kPost, "/admin/fold", kAdminOfAll, kIgnored, nullptr, post_fold},
    // Their bodies must be empty, which is seen when they are read.
    Route{kDelete, kRepoPath, kAdmin, kSmall, nullptr, delete_repo},
    Route{kDelete, kBucketPath, kAdmin, kSmall, nullptr, delete_bucket},
    Route{kGet, "/livez", kNothing, kIgnored, nullptr, get_livez},
    Route{kGet, "/readyz", kNothing, kIgnored, nullptr, get_readyz},
    Route{kGet, "/version", kNothing, kIgnored, nullptr, get_version},
    Route{kGet, "/openapi.json", kNothing, kIgnored, nullptr, get_document},
    Route{kGet, "/docs", kNothing, kIgnored, nullptr, get_document},
    Route{kGet, "/docs/style.css", kNothing, kIgnored, nullptr, get_document},
    Route{kGet, "/metrics", kMetrics, kIgnored, nullptr, get_metrics},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace minuted::http
