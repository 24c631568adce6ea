// The cursor over nodes, bucket by bucket: what is folded with what is not folded yet added, over all repos
// that have the bucket, and the metadata of the nodes, under one view.
//
// One thread at a time. Tests: tests/engine/query/node_scan_test.cpp, tests/engine/nodes_model_test.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "minuted/nodes.hpp"
#include "nodes/signs.hpp"
#include "query/bucket_walk.hpp"
#include "query/raw_signs.hpp"
#include "query/read_context.hpp"
#include "store/node_book.hpp"
#include "store/open_rows.hpp"

namespace minuted {

class NodeScan final : public NodeCursor {
 public:
  NodeScan(std::shared_ptr<ReadContext> context, const NodeQuery& query);

  Result<bool> next(NodeRow& row) override;

 private:
  struct Node {
    HostState state;
    NodeRecord told{};
    bool in_future = false;
    std::optional<Minute> past{};  // of such a node: the last minute up to now
  };
  // A node's day, or what of it is known so far.
  struct Day {
    MinutesOfDay minutes;
    std::uint64_t latency_count = 0;  // of the events
    UInt128 latency_sum_us = 0;
    HeartbeatDay heartbeats;
  };

  Result<bool> next_row(NodeRow& row);
  Result<bool> next_bucket();
  Result<void> open_rows();
  void end();
  Result<void> read_nodes();
  Result<void> read_states(const std::string& prefix);

  // Of nodes that were seen in the future, which the store keeps as their last sign: the last minute up to
  // now in which they were seen instead, and the same of heartbeats.
  Result<void> correct_future();
  Result<void> read_past(const std::string& prefix);
  Result<void> read_past_heartbeat(const std::string& host, LastHeartbeat& last);
  bool is_future(Millis sign) const;
  Millis within(Minute minute) const;

  // Of the bucket at hand: sets the days to be looked at, and reads the next lot of them.
  void begin_days();
  Result<void> read_days();
  Result<void> read_signs(const std::string& prefix, const MinuteRange& minutes);
  Result<void> read_latencies(const std::string& prefix, const MinuteRange& minutes);
  Result<void> add_latencies(Minute minute, std::string_view key, std::string_view value);
  using TakeHost = std::function<void(std::string_view host, Minute minute)>;
  Result<void> for_each_open_host(const std::string& prefix, const MinuteRange& minutes,
                                  const TakeHost& take);
  Result<void> read_heartbeats(const std::string& host, const Node& node,
                               const MinuteRange& minutes);
  Day& day_of(Minute minute, std::string_view host);

  bool fill_latest(NodeRow& row);
  bool fill_day(NodeRow& row);
  void fill(const std::string& host, const Node& node, NodeRow& row) const;

  const View& view() const { return context_->view(); }
  Result<void> account();

  const std::shared_ptr<ReadContext> context_;
  ReadMemory memory_;
  const NodeQuery query_;
  const Millis now_ms_;
  const Minute now_;  // its
  std::optional<RawSigns> signs_;        // until the end, as are those below
  std::optional<BucketWalk> buckets_;
  std::unique_ptr<OpenRows> open_rows_;  // that no day has yet; null: not opened yet
  bool ended_ = false;

  std::string bucket_;
  std::map<std::string, Node, std::less<>> nodes_;  // of the bucket
  std::map<std::string, Node, std::less<>>::const_iterator node_at_;
  MinuteRange days_left_{};  // of the bucket: whole days
  std::map<std::pair<Minute, std::string>, Day> days_;
  std::map<std::pair<Minute, std::string>, Day>::const_iterator day_at_;
};

}  // namespace minuted
