#include "write/leaving_hosts.hpp"

#include "minuted/event.hpp"
#include "nodes/signs.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// A fold writes states anew only for events, and those that wait keep all the series of their pair.
Result<void> drop_states(const View& view, std::string_view prefix,
                         const std::unordered_set<std::string>& hosts, WriteSet& set) {
  const auto stored = view.get(Family::kHostState, prefix);
  if (!stored) return stored.error();
  if (!stored->has_value()) return {};
  HostStates states;
  if (!merge_encoded(**stored, states)) {
    return Error{ErrorCode::kCorruption, "the state of hosts cannot be read: " + shorten(prefix)};
  }
  states.drop_if([&](const HostStates::Entry& e) { return hosts.contains(e.host); });
  set.remove(Family::kHostState, prefix);
  if (states.empty()) return {};
  std::string value;
  encode_value(states, value);
  set.put(Family::kHostState, prefix, value);
  return {};
}

}  // namespace

Result<void> LeavingHosts::add(const View& view, std::string_view prefix,
                               std::span<const std::string> gone, NodeBook& nodes, WriteSet& set) {
  if (gone.empty()) return {};
  std::unordered_set<std::string> hosts;
  for (const std::string& key : gone) hosts.insert(key.substr(1 + prefix.size()));
  if (auto dropped = drop_states(view, prefix, hosts, set); !dropped) return dropped;
  for (const std::string& host : hosts) left_.insert(host_index_key(prefix, host));
  for (const std::string& host : hosts) {
    const auto known = nodes.knows(view, host);
    if (!known) return known.error();
    if (!*known) continue;
    const auto others = has_others(view, host);
    if (!others) return others.error();
    if (*others) continue;
    if (auto removed = nodes.remove_heartbeats(view, host, set); !removed) return removed;
  }
  return {};
}

Result<bool> LeavingHosts::has_others(const View& view, std::string_view host) const {
  const std::string prefix = host_index_prefix(host);
  const auto pairs = view.cursor(Family::kCatalog, prefix, after_prefix(prefix));
  for (; pairs->valid(); pairs->next()) {
    if (!left_.contains(std::string(pairs->key()))) return true;
  }
  if (auto status = pairs->status(); !status) return status.error();
  return false;
}

}  // namespace minuted
