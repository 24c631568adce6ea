// Nodes and series as JSON objects. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "minuted/nodes.hpp"
#include "minuted/series.hpp"

namespace minuted::render {

// What stands around the objects; commas between them are the caller's.
inline constexpr std::string_view kNodesBegin = R"({"success":true,"data":[)";
inline constexpr std::string_view kNodeStatsBegin = R"({"success":true,"nodeStats":[)";
inline constexpr std::string_view kNodesEnd = "]}";

enum class NodeForm : std::uint8_t {
  kLatest,     // nodeId, bucketId, nodeStatus, lastUpdated, latency_ms
  kDay,        // nodeId, bucketId, day, online, latency_ms, and what was told of the node
  kBucketDay,  // ip, host, perc_uptime, avg_latency_ms, version, node_status, last_updated, last_latency_ms
};

struct NodeStyle {
  NodeForm form = NodeForm::kLatest;
  bool unit_id = false;               // `unitId` for `bucketId`
  Millis now{};
  std::int64_t offline_after_ms = 0;  // without a sign of life
};

// Whether the node is ONLINE: its latest sign of life is younger than offline_after_ms, and was not a
// heartbeat with the status OFFLINE, in any case of letters. In kDay `status` is OFFLINE if it is not,
// else the status that its latest sign of life gave, if that was a heartbeat with one, else ONLINE.
// Percentages have up to three decimals, rounded half up; latencies that nobody measured are 0.
void append_node(const NodeRow& row, const NodeStyle& style, std::string& out);

// repoId, bucketId, host, first and last, in Unix seconds of the minute.
void append_series(const SeriesRow& row, bool unit_id, std::string& out);

// `{"success":true,"nodeId":…,` and all that is known of the node.
void append_node_facts(std::string_view node, const NodeFacts& facts, std::string& out);

}  // namespace minuted::render
