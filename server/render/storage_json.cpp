#include "render/storage_json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "render/json_text.hpp"
#include "render/row_json.hpp"

namespace minuted::render {
namespace {

constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();

template <class Number>
void append_number(Number number, std::string& out) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, end);
}

std::int64_t clamped(UInt128 sum, bool& saturated) {
  if (sum <= static_cast<UInt128>(kInt64Max)) return static_cast<std::int64_t>(sum);
  saturated = true;
  return kInt64Max;
}

std::int64_t clamped(Int128 sum, bool& saturated) {
  if (sum >= kInt64Min && sum <= kInt64Max) return static_cast<std::int64_t>(sum);
  saturated = true;
  return sum < 0 ? kInt64Min : kInt64Max;
}

// Without the braces.
void append_sums(const StorageParams& params, const RepoRollup& sums, std::string& out) {
  bool saturated = false;
  const auto bytes = [&](std::string_view name, auto sum) {
    out.append(name);
    if (params.quoted_bytes) out += '"';
    append_number(clamped(sum, saturated), out);
    if (params.quoted_bytes) out += '"';
  };
  bytes(R"("uplBytes":)", sums.upl_bytes);
  bytes(R"(,"dwlBytes":)", sums.dwl_bytes);
  bytes(R"(,"sizeChange":)", sums.size_change);
  out += R"(,"latencyMs":)";
  append_latency_ms(sums.latency_mean_us(), out);
  out += R"(,"requests":)";
  append_number(clamped(UInt128{sums.requests}, saturated), out);
  if (saturated) out += R"(,"saturated":true)";
}

// Unix milliseconds.
std::int64_t start_ms(const UsageWindow& window, std::size_t point) {
  return start_of({window.begin.value +
                   static_cast<std::uint32_t>(point) * window.point_minutes}).value;
}

void append_series(const StorageParams& params, std::span<const RepoRollup> points,
                   std::string& out) {
  out += R"("series":[)";
  for (std::size_t i = 0; i < points.size(); ++i) {
    out += i == 0 ? R"({"ts":)" : R"(,{"ts":)";
    append_number(start_ms(params.query.window, i), out);
    out += ',';
    append_sums(params, points[i], out);
    out += '}';
  }
  out += ']';
}

void append_filter(const StorageParams& params, std::string& out) {
  out += params.unit_id ? R"({"unitId":[)" : R"({"bucketId":[)";
  const std::vector<std::string>& buckets = params.query.buckets;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (i != 0) out += ',';
    append_json_string(buckets[i], out);
  }
  out += "]}";
}

void append_range(const StorageParams& params, std::string& out) {
  const UsageWindow& window = params.query.window;
  out += R"("start":)";
  append_number(start_ms(window, 0), out);
  out += R"(,"end":)";
  append_number(start_ms(window, window.points), out);
  out.append(R"(,"scope":")").append(params.scope) += '"';
}

// Of the points' requests.
void append_summary(std::span<const RepoRollup> points, std::string& out) {
  std::vector<std::uint64_t> sorted;
  UInt128 total = 0;
  for (const RepoRollup& point : points) {
    sorted.push_back(point.requests);
    total += point.requests;
  }
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<long double>(sorted.size());
  const long double mean = static_cast<long double>(total) / count;
  long double squares = 0;
  for (const std::uint64_t requests : sorted) {
    const long double off = static_cast<long double>(requests) - mean;
    squares += off * off;
  }
  // Nearest rank.
  const auto percentile = [&](std::size_t percent) {
    return sorted[(percent * sorted.size() + 99) / 100 - 1];
  };
  bool saturated = false;
  const auto field = [&](std::string_view name, UInt128 number) {
    out.append(name);
    append_number(clamped(number, saturated), out);
  };
  out += R"("summary":{)";
  field(R"("total":)", total);
  out += R"(,"avg":)";
  append_number(static_cast<double>(mean), out);
  out += R"(,"stdDev":)";
  append_number(static_cast<double>(std::sqrt(squares / count)), out);
  field(R"(,"min":)", sorted.front());
  field(R"(,"max":)", sorted.back());
  field(R"(,"p10":)", percentile(10));
  field(R"(,"p50":)", percentile(50));
  field(R"(,"p90":)", percentile(90));
  if (saturated) out += R"(,"saturated":true)";
  out += '}';
}

}  // namespace

void append_storage(const StorageParams& params, std::span<const RepoRollup> points,
                    std::string& out) {
  out += R"({"success":true,"meta":{)";
  append_range(params, out);
  out += R"(,"scopeId":)";
  if (params.query.scope == UsageScope::kOrg) {
    out += "null";
  } else {
    append_json_string(params.query.id, out);
  }
  out.append(R"(,"window":")").append(params.window);
  out.append(R"(","timeBucketSize":")").append(params.time_bucket_size);
  out += R"(","resourceFilter":)";
  if (params.query.buckets.empty()) {
    out += "null";
  } else {
    append_filter(params, out);
  }
  out += "},";
  append_summary(points, out);
  out += ',';
  append_series(params, points, out);
  out += '}';
}

void append_breakdown_head(const StorageParams& params, const BreakdownHead& head,
                           std::string& out) {
  out += R"({"success":true,"meta":{)";
  append_range(params, out);
  if (params.query.scope != UsageScope::kOrg) {
    out += R"(,"scopeId":)";
    append_json_string(params.query.id, out);
  }
  if (!params.query.buckets.empty()) {
    out += R"(,"resourceFilter":)";
    append_filter(params, out);
  }
  out.append(R"(,"breakdownBy":")").append(head.by);
  out += params.query.series ? R"(","includesSeries":true,"limit":)"
                             : R"(","includesSeries":false,"limit":)";
  append_number(params.query.limit, out);
  out += R"(,"offset":)";
  append_number(params.query.offset, out);
  out += R"(,"totalEntities":)";
  append_number(head.entities, out);
  out += R"(},"summary":{"total":)";
  bool saturated = false;
  append_number(clamped(head.requests, saturated), out);
  if (saturated) out += R"(,"saturated":true)";
  out += R"(},"entities":[)";
}

void append_entity(const StorageParams& params, const UsageEntity& entity, std::string& out) {
  out += R"({"entityId":)";
  append_json_string(entity.id, out);
  out += R"(,"totals":{)";
  append_sums(params, entity.totals, out);
  out += '}';
  if (params.query.series) {
    out += ',';
    append_series(params, entity.points, out);
  }
  out += '}';
}

}  // namespace minuted::render
