#include "render/node_json.hpp"

#include <algorithm>

#include "render/json_text.hpp"
#include "render/row_json.hpp"

namespace minuted::render {
namespace {

constexpr std::string_view kOnline = "ONLINE";
constexpr std::string_view kOffline = "OFFLINE";

bool is_offline(std::string_view status) {
  return std::equal(status.begin(), status.end(), kOffline.begin(), kOffline.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

bool is_online(const NodeRow& row, const NodeStyle& style) {
  if (row.heartbeat_is_last && is_offline(row.status)) return false;
  return style.now.value - row.last_sign.value < style.offline_after_ms;
}

// Appends `,"name":"text"`, without the comma at the beginning of an object.
void text(std::string_view name, std::string_view value, std::string& out) {
  if (out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":");
  append_json_string(value, out);
}

void latency(std::string_view name, std::optional<std::uint64_t> us, std::string& out) {
  out.append(",\"").append(name).append("\":");
  append_latency_ms(us.value_or(0), out);
}

// A percent has three decimals as a latency in milliseconds has.
void percent(std::string_view name, const NodeRow& row, std::string& out) {
  constexpr std::uint64_t kWhole = 100'000;
  const std::uint64_t of = std::max<std::uint64_t>(row.minutes_elapsed, 1);
  latency(name, (2 * kWhole * row.minutes_alive + of) / (2 * of), out);
}

void append_latest(const NodeRow& row, const NodeStyle& style, std::string& out) {
  text("nodeId", row.node, out);
  text(style.unit_id ? "unitId" : "bucketId", row.bucket, out);
  text("nodeStatus", is_online(row, style) ? kOnline : kOffline, out);
  text("lastUpdated", format_iso8601(row.last_sign), out);
  latency("latency_ms", row.last_latency_us, out);
}

void append_day(const NodeRow& row, const NodeStyle& style, std::string& out) {
  text("nodeId", row.node, out);
  text(style.unit_id ? "unitId" : "bucketId", row.bucket, out);
  out += ",\"day\":" + std::to_string(unix_seconds(row.day));
  percent("online", row, out);
  latency("latency_ms", row.day_latency_us, out);
  text("endpoint", row.facts->endpoint, out);
  text("region", row.facts->region, out);
  text("storageType", row.facts->storage_type, out);
  text("provider", row.facts->provider, out);
  const bool has_word = row.heartbeat_is_last && !row.status.empty();
  text("status", !is_online(row, style) ? kOffline : has_word ? row.status : kOnline, out);
  text("version", row.facts->version, out);
}

void append_bucket_day(const NodeRow& row, const NodeStyle& style, std::string& out) {
  text("ip", row.ip, out);
  text("host", row.node, out);
  percent("perc_uptime", row, out);
  latency("avg_latency_ms", row.day_latency_us, out);
  text("version", row.facts->version, out);
  text("node_status", is_online(row, style) ? kOnline : kOffline, out);
  text("last_updated", format_iso8601(row.last_sign), out);
  latency("last_latency_ms", row.last_latency_us, out);
}

}  // namespace

void append_node(const NodeRow& row, const NodeStyle& style, std::string& out) {
  out += '{';
  switch (style.form) {
    case NodeForm::kLatest:
      append_latest(row, style, out);
      break;
    case NodeForm::kDay:
      append_day(row, style, out);
      break;
    case NodeForm::kBucketDay:
      append_bucket_day(row, style, out);
      break;
  }
  out += '}';
}

void append_series(const SeriesRow& row, bool unit_id, std::string& out) {
  out += '{';
  text("repoId", row.repo, out);
  text(unit_id ? "unitId" : "bucketId", row.bucket, out);
  text("host", row.host, out);
  out += ",\"first\":" + std::to_string(unix_seconds(row.first));
  out += ",\"last\":" + std::to_string(unix_seconds(row.last)) + '}';
}

void append_node_facts(std::string_view node, const NodeFacts& facts, std::string& out) {
  out += R"({"success":true)";
  text("nodeId", node, out);
  text("endpoint", facts.endpoint, out);
  text("region", facts.region, out);
  text("storageType", facts.storage_type, out);
  text("provider", facts.provider, out);
  text("version", facts.version, out);
  out += '}';
}

}  // namespace minuted::render
