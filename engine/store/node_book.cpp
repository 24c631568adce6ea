#include "store/node_book.hpp"

#include <utility>

#include "codec/bytes.hpp"
#include "minuted/event.hpp"
#include "nodes/signs.hpp"
#include "schema/keys.hpp"
#include "store/meta.hpp"

namespace minuted {
namespace {

constexpr std::uint8_t kVersion = 0x02;

constexpr std::string NodeFacts::*kFacts[] = {&NodeFacts::endpoint, &NodeFacts::region,
                                              &NodeFacts::storage_type, &NodeFacts::provider,
                                              &NodeFacts::version};

void take_patch(const NodeFactsPatch& patch, NodeFacts& facts) {
  const auto take = [](const std::optional<std::string>& told, std::string& fact) {
    if (told) fact = *told;
  };
  take(patch.endpoint, facts.endpoint);
  take(patch.region, facts.region);
  take(patch.storage_type, facts.storage_type);
  take(patch.provider, facts.provider);
  take(patch.version, facts.version);
}

// Adds a heartbeat that came at `now` to the record of those before. A clock that was set back a little does
// not make an older one the last; one that is further in the future was taken while the clock was wrong.
void take_heartbeat(const Heartbeat& heartbeat, Millis now, std::optional<LastHeartbeat>& record) {
  const auto is_replaced = [now](Millis at) {
    return at <= now || at.value > now.value + kFutureMillisMax;
  };
  LastHeartbeat& last = record ? *record : record.emplace(LastHeartbeat{now, {}});
  if (is_replaced(last.at)) {
    last.at = now;
    last.said.status = heartbeat.status;
    if (!heartbeat.ip.empty()) last.said.ip = heartbeat.ip;
  }
  if (heartbeat.latency_us && is_replaced(last.latency_at)) {
    last.said.latency_us = heartbeat.latency_us;
    last.latency_at = now;
  }
}

std::string day_of(const Heartbeat& heartbeat, Minute minute) {
  HeartbeatDay day;
  day.minutes.add(minute.value % kMinutesPerDay);
  if (heartbeat.latency_us) {
    day.latency_count = 1;
    day.latency_sum_us = *heartbeat.latency_us;
  }
  std::string bytes;
  encode_value(day, bytes);
  return bytes;
}

}  // namespace

std::string encode_node(const NodeRecord& record) {
  std::string out(1, static_cast<char>(kVersion));
  out.push_back(record.heartbeat ? 1 : 0);
  if (record.heartbeat) {
    const LastHeartbeat& last = *record.heartbeat;
    put_varint(out, static_cast<std::uint64_t>(last.at.value));
    put_string(out, last.said.status);
    put_string(out, last.said.ip);
    put_varint(out, last.said.latency_us ? *last.said.latency_us + 1 : std::uint64_t{0});
    if (last.said.latency_us) put_varint(out, static_cast<std::uint64_t>(last.latency_at.value));
  }
  for (const auto fact : kFacts) put_string(out, record.facts.*fact);
  return out;
}

std::optional<NodeRecord> decode_node(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.byte() != kVersion) return std::nullopt;
  NodeRecord record;
  const std::uint8_t has_heartbeat = in.byte();
  if (has_heartbeat > 1) return std::nullopt;
  if (has_heartbeat == 1) {
    LastHeartbeat& last = record.heartbeat.emplace();
    const auto take_time = [&in] {
      return Millis{static_cast<std::int64_t>(
          in.varint_up_to(static_cast<std::uint64_t>(kMillisMax.value)))};
    };
    last.at = take_time();
    last.said.status = in.string(kNodeStatusBytesMax);
    last.said.ip = in.string(kNodeStatusBytesMax);
    const std::uint64_t latency = in.varint_up_to(kLatencyUsMax + 1);
    if (latency != 0) {
      last.said.latency_us = latency - 1;
      last.latency_at = take_time();
    }
  }
  for (const auto fact : kFacts) record.facts.*fact = in.string(kNodeFactBytesMax);
  if (!in.done()) return std::nullopt;
  return record;
}

Result<void> NodeBook::open() {
  const auto stored = read_meta<NodeCountRecord>(store_);
  if (!stored) return stored.error();
  total_ = stored->value_or(NodeCountRecord{}).count;
  return {};
}

namespace {

// Of a store or a view of one.
template <class Readable>
Result<std::optional<NodeRecord>> record_in(const Readable& readable, std::string_view node) {
  const auto stored = readable.get(Family::kNode, node_key(node));
  if (!stored) return stored.error();
  if (!stored->has_value()) return std::optional<NodeRecord>();
  auto record = decode_node(**stored);
  if (!record) {
    return Error{ErrorCode::kCorruption, "the record of node " + shorten(node) + " is damaged"};
  }
  return record;
}

}  // namespace

Result<std::optional<NodeRecord>> read_node(const View& view, std::string_view node) {
  return record_in(view, node);
}

Result<std::optional<NodeRecord>> NodeBook::find(const std::string& node) const {
  if (const auto at = fresh_.find(node); at != fresh_.end()) return std::optional(at->second);
  return record_in(store_, node);
}

void NodeBook::put_total(WriteSet& set) const {
  put_meta(NodeCountRecord{total_}, set);
}

Result<NodeFacts> NodeBook::apply(const NodeUpdate& update, Millis now, WriteSet& set) {
  auto known = find(update.node);
  if (!known) return known.error();
  if (!known->has_value()) {
    if (total_ >= nodes_max_) {
      return Error{ErrorCode::kTooManyNodes, "node " + shorten(update.node) + " is new, and " +
                                                 std::to_string(nodes_max_) +
                                                 " nodes are known, as many as are allowed; "
                                                 "look for names that change",
                   DecidingOption::kNodesMax};
    }
    ++total_;
    put_total(set);
  }
  NodeRecord record = known->value_or(NodeRecord{});
  take_patch(update.facts, record.facts);
  if (update.heartbeat) {
    const Minute minute = minute_of(now);
    set.merge(Family::kNode, node_day_key(update.node, floor_to(minute, kMinutesPerDay)),
              day_of(*update.heartbeat, minute));
    take_heartbeat(*update.heartbeat, now, record.heartbeat);
  }
  set.put(Family::kNode, node_key(update.node), encode_node(record));
  return (fresh_[update.node] = std::move(record)).facts;
}

Result<bool> NodeBook::knows(const View& view, std::string_view node) const {
  if (total_ == 0) return false;
  const auto stored = view.get(Family::kNode, node_key(node));
  if (!stored) return stored.error();
  return stored->has_value();
}

Result<void> NodeBook::remove_heartbeats(const View& view, std::string_view node, WriteSet& set) {
  auto record = read_node(view, node);
  if (!record) return record.error();
  if (record->has_value() && (*record)->facts == NodeFacts{}) {
    set.remove(Family::kNode, node_key(node));
    --total_;
    put_total(set);
  } else if (record->has_value() && (*record)->heartbeat) {
    (*record)->heartbeat.reset();
    set.put(Family::kNode, node_key(node), encode_node(**record));
  }
  const std::string days = node_days_prefix(node);
  const auto cursor = view.cursor(Family::kNode, days, after_prefix(days));
  for (; cursor->valid(); cursor->next()) set.remove(Family::kNode, cursor->key());
  return cursor->status();
}

}  // namespace minuted
