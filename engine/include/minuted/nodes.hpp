// Nodes: the machines that events name as their hosts. What is told of them (descriptions, heartbeats),
// and what is asked: how they are now, and on which minutes of a day they gave a sign of life. Pure values
// but for the cursor; see each.
//
// A sign of life is an event, for its (host, bucket), or a heartbeat, for all the buckets of the node. How a
// node is in a bucket follows one rule: the latest sign of life decides its status, and the latest one
// that carried a latency decides its latency. Where a removal deleted events of an hour that was over, the
// latest minute that remains stands for the events of it that are not known one by one any more: by its start,
// and by its mean latency.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/cursor.hpp"
#include "minuted/result.hpp"
#include "minuted/rollup.hpp"
#include "minuted/time.hpp"

namespace minuted {

inline constexpr std::size_t kNodeFactBytesMax = 255;   // each of NodeFacts
inline constexpr std::size_t kNodeStatusBytesMax = 64;  // Heartbeat::status, ip

// What an operator says of a node; empty: never told.
struct NodeFacts {
  std::string endpoint;
  std::string region;
  std::string storage_type;
  std::string provider;
  std::string version;
  friend bool operator==(const NodeFacts&, const NodeFacts&) = default;
};

// What of it is to change; the rest stays.
struct NodeFactsPatch {
  std::optional<std::string> endpoint;
  std::optional<std::string> region;
  std::optional<std::string> storage_type;
  std::optional<std::string> provider;
  std::optional<std::string> version;
  friend bool operator==(const NodeFactsPatch&, const NodeFactsPatch&) = default;
};

// What a node says of itself; it is counted at the time of its commit.
struct Heartbeat {
  std::optional<std::uint64_t> latency_us;  // 0 … kLatencyUsMax
  std::string status;                       // in its own word, empty: none
  std::string ip;                           // same
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

struct NodeUpdate {
  std::string node;  // an id, see check_id
  NodeFactsPatch facts;
  std::optional<Heartbeat> heartbeat;
};
// With what is known of the node now.
using NodeDone = std::function<void(Result<NodeFacts>)>;

// Which nodes: those of these buckets, as these repos have them; an empty list names all.
struct NodeQuery {
  std::vector<std::string> repos;
  std::vector<std::string> buckets;
  // Of which days, those that hold a minute of it; absent: only how each node is now.
  std::optional<MinuteRange> days = std::nullopt;
};

// A node in a bucket, over all repos asked for. The views die at the cursor's next step.
struct NodeRow {
  std::string_view node;
  std::string_view bucket;
  // Its last event there, or its last heartbeat if that is later; never after Engine::now(). 0 if all its
  // signs of life are in the future, where a clock that was wrong has put them.
  Millis last_sign;
  // The latency that the latest event or heartbeat with one carried.
  std::optional<std::uint64_t> last_latency_us;
  std::string_view status;  // of its last heartbeat
  bool heartbeat_is_last = false;  // and no event is as late: the heartbeat's status counts
  std::string_view ip;      // of its last heartbeat that had one
  const NodeFacts* facts = nullptr;

  // Of the day, if days were asked for.
  Minute day;
  std::uint32_t minutes_alive = 0;    // those with a sign of life, of …
  std::uint32_t minutes_elapsed = 0;  // … the day's minutes so far, that of now included
  // Mean of the day's events there that carried one, else of its heartbeats; rounded half up.
  std::optional<std::uint64_t> day_latency_us;
};

// Hands out rows in the order (bucket, day, node), bytewise: nodes that ever had an event in the
// bucket, under one view; with days, those days that are kept, are not to come, and on which the node
// gave a sign of life, from the day of its first event there on. Memory: the nodes of one bucket, and
// some thousand of their days.
using NodeCursor = Cursor<NodeRow>;

}  // namespace minuted
