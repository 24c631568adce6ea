// What is told of nodes: descriptions and heartbeats. In the node family:
//
//   'N' | host                → 0x02 | 0x00, or 0x01 | varint Unix ms and string status of the last heartbeat
//                                      | string ip of the last that had one
//                                      | varint latency + 1 of the last that carried one, 0 = none
//                                      | unless none: varint Unix ms of that
//                                    | strings endpoint, region, storage type, provider, version
//   'D' | host 00 | day u32   → heartbeats, see nodes/signs.hpp
//
// and in the meta family a NodeCountRecord, how many there are. A node is there from the first that is told of it. When its last series is forgotten its heartbeats go; its description
// stays until it is cleared, and a node without one goes too. One that never had series stays.
// One thread at a time; memory does not grow with the nodes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "minuted/nodes.hpp"
#include "store/store.hpp"

namespace minuted {

// A heartbeat replaces only what it carries: one without a latency or an ip leaves those of the one before.
struct LastHeartbeat {
  Millis at;
  // The status is of that heartbeat, the latency and the ip are of the latest ones that carried them.
  Heartbeat said;
  Millis latency_at{-1};  // when the latency was told; -1 = none ever was
  friend bool operator==(const LastHeartbeat&, const LastHeartbeat&) = default;
};

struct NodeRecord {
  NodeFacts facts;
  std::optional<LastHeartbeat> heartbeat;
  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

std::string encode_node(const NodeRecord& record);
// nullopt if it is no record.
std::optional<NodeRecord> decode_node(std::string_view bytes);

// What is known of a node in that view, nullopt if nothing. kCorruption.
Result<std::optional<NodeRecord>> read_node(const View& view, std::string_view node);

class NodeBook {
 public:
  // Borrows the store. At most so many nodes are known.
  NodeBook(const Store& store, std::uint64_t nodes_max) : store_(store), nodes_max_(nodes_max) {}

  // Reads the total; before anything else.
  Result<void> open();

  // Adds what the update changes, as of `now`, to `set`: what is known of the node then.
  // kTooManyNodes if it is new and there are as many as may be; kCorruption if its record cannot be read.
  Result<NodeFacts> apply(const NodeUpdate& update, Millis now, WriteSet& set);
  // Whether anything was told of it; of nobody, without a look at the store.
  Result<bool> knows(const View& view, std::string_view node) const;
  // Adds to `set` the end of a known node's heartbeats, and of the node if it has no description.
  Result<void> remove_heartbeats(const View& view, std::string_view node, WriteSet& set);
  // The set is written, or given up.
  void clear() { fresh_.clear(); }

  // Those of the set included.
  std::uint64_t total() const { return total_; }

 private:
  Result<std::optional<NodeRecord>> find(const std::string& node) const;
  void put_total(WriteSet& set) const;

  const Store& store_;
  const std::uint64_t nodes_max_;
  std::uint64_t total_ = 0;
  std::unordered_map<std::string, NodeRecord> fresh_;  // of a set not yet written
};

}  // namespace minuted
