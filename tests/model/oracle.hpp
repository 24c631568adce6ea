// What minuted should answer, computed the slow and obvious way: a map of sums per row. The model
// that the engine is compared with.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "minuted/engine.hpp"
#include "minuted/event.hpp"
#include "minuted/query.hpp"

namespace minuted::test {

struct OracleRow {
  std::string repo;
  std::string bucket;
  std::int64_t minute = 0;
  std::string host;
  std::uint64_t requests = 0;
  std::uint64_t client_errors = 0;
  std::uint64_t server_errors = 0;
  UInt128 upl_bytes = 0;
  UInt128 dwl_bytes = 0;
  Int128 size_change = 0;
  std::uint64_t latency_count = 0;
  UInt128 latency_sum_us = 0;
  std::uint64_t latency_min_us = 0;
  std::uint64_t latency_max_us = 0;
  std::array<std::uint64_t, kOpClasses> ops{};
  std::vector<std::uint64_t> latencies{};  // the oracle's alone, in no order
  std::vector<LatencySketch::Bucket> sketch{};
  friend bool operator==(const OracleRow&, const OracleRow&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const OracleRow& r) {
  return out << r.repo << '/' << r.bucket << '@' << r.minute << '/' << r.host
             << " requests=" << r.requests << " upl=" << static_cast<double>(r.upl_bytes)
             << " dwl=" << static_cast<double>(r.dwl_bytes)
             << " size=" << static_cast<double>(r.size_change)
             << " latencies=" << r.latency_count;
}

class Oracle {
 public:
  void add(const EventView& e) {
    const std::int64_t minute = e.timestamp.value / 60'000;
    auto& r = rows_[{std::string(e.repo), std::string(e.bucket), minute, std::string(e.host)}];
    ++r.requests;
    ++r.ops[static_cast<std::size_t>(e.op)];
    r.client_errors += e.status >= 400 && e.status <= 499;
    r.server_errors += e.status >= 500 && e.status <= 599;
    r.upl_bytes += e.upl_bytes;
    r.dwl_bytes += e.dwl_bytes;
    r.size_change += e.size_change;
    if (e.latency_us) {
      r.latencies.push_back(*e.latency_us);
      r.latency_min_us =
          r.latency_count ? std::min(r.latency_min_us, *e.latency_us) : *e.latency_us;
      r.latency_max_us = std::max(r.latency_max_us, *e.latency_us);
      r.latency_sum_us += *e.latency_us;
      ++r.latency_count;
    }
  }

  void remove(const Removal& removal) {
    std::erase_if(rows_, [&](const auto& row) {
      const auto& [repo, bucket, minute, host] = row.first;
      const auto at = static_cast<std::int64_t>(minute);
      return repo == removal.repo && (!removal.bucket || bucket == *removal.bucket) &&
             (!removal.range ||
              (at >= removal.range->begin.value && at < removal.range->end.value));
    });
  }

  // In the order of what is kept of (repo, bucket, minute, host), without latencies and sketches.
  std::vector<OracleRow> rows(const QuerySpec& spec) const {
    std::vector<OracleRow> out = rows_with_latencies(spec);
    for (OracleRow& row : out) row.latencies.clear();
    return out;
  }

  std::vector<OracleRow> rows_with_latencies(const QuerySpec& spec) const {
    const std::int64_t length = minutes_in(spec.span);
    const std::int64_t begin = spec.range.begin.value / length * length;
    const std::int64_t end = (spec.range.end.value + length - 1) / length * length;
    const Grouping kept = spec.grouping.value_or(Grouping{true, true, true});
    std::map<Key, OracleRow> spans;
    if (spec.range.empty()) return {};
    const auto in = [](const std::vector<std::string>& list, const std::string& id) {
      return list.empty() || std::find(list.begin(), list.end(), id) != list.end();
    };
    for (const auto& [key, sums] : rows_) {
      const auto& [repo, bucket, minute, host] = key;
      if (minute < begin || minute >= end) continue;
      if (!in(spec.repos, repo) || !in(spec.buckets, bucket) || !in(spec.hosts, host)) continue;
      const Key span_key{kept.repo ? repo : "", kept.bucket ? bucket : "",
                         minute / length * length, kept.host ? host : ""};
      if (spec.after && span_key <= key_of(*spec.after)) continue;
      add_sums(spans[span_key], sums);
    }
    std::vector<OracleRow> out;
    for (auto& [key, row] : spans) {
      std::tie(row.repo, row.bucket, row.minute, row.host) = key;
      out.push_back(row);
    }
    return out;
  }

 private:
  using Key = std::tuple<std::string, std::string, std::int64_t, std::string>;

  static Key key_of(const RowKey& k) { return {k.repo, k.bucket, k.minute.value, k.host}; }

  static void add_sums(OracleRow& to, const OracleRow& from) {
    to.requests += from.requests;
    for (std::size_t i = 0; i < kOpClasses; ++i) to.ops[i] += from.ops[i];
    to.latencies.insert(to.latencies.end(), from.latencies.begin(), from.latencies.end());
    to.client_errors += from.client_errors;
    to.server_errors += from.server_errors;
    to.upl_bytes += from.upl_bytes;
    to.dwl_bytes += from.dwl_bytes;
    to.size_change += from.size_change;
    if (from.latency_count == 0) return;
    to.latency_min_us = to.latency_count ? std::min(to.latency_min_us, from.latency_min_us)
                                         : from.latency_min_us;
    to.latency_max_us = std::max(to.latency_max_us, from.latency_max_us);
    to.latency_sum_us += from.latency_sum_us;
    to.latency_count += from.latency_count;
  }

  std::map<Key, OracleRow> rows_;
};

inline OracleRow to_oracle(const Row& row) {
  const Rollup& r = *row.rollup;
  return {std::string(row.repo), std::string(row.bucket), row.minute.value, std::string(row.host),
          r.requests(), r.client_errors, r.server_errors, r.upl_bytes, r.dwl_bytes, r.size_change,
          r.latency_count, r.latency_sum_us, r.latency_min_us, r.latency_max_us, r.ops,
          {}, r.sketch.buckets()};
}

}  // namespace minuted::test
