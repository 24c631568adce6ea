#include "query/node_scan.hpp"

#include <algorithm>
#include <utility>

#include "query/planner.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// Days of nodes that are put together at once, about, some 300 bytes each; but a day at least.
constexpr std::size_t kNodeDaysMax = 4'096;
// A node and a day of one, with their places in the maps and their ids.
constexpr std::size_t kNodeBytes = 640;
constexpr std::size_t kNodeDayBytes = 640;

std::optional<std::uint64_t> mean(UInt128 sum, std::uint64_t count) {
  if (count == 0) return std::nullopt;
  return static_cast<std::uint64_t>((2 * sum + count) / (UInt128{2} * count));
}

// The last of a day's minutes that is not after `now`; nullopt if there is none.
std::optional<Minute> last_until(Minute now, Minute day, MinutesOfDay minutes) {
  if (day > now) return std::nullopt;
  const std::uint32_t after = now.value - day.value + 1;
  if (after < kMinutesPerDay) minutes.take_out(after, kMinutesPerDay);
  if (minutes.empty()) return std::nullopt;
  return Minute{day.value + minutes.last()};
}

}  // namespace

NodeScan::NodeScan(std::shared_ptr<ReadContext> context, const NodeQuery& query)
    : context_(std::move(context)),
      memory_(*context_),
      query_(query),
      now_ms_(context_->now()),
      now_(minute_of(now_ms_)),
      node_at_(nodes_.end()),
      day_at_(days_.end()) {
  signs_.emplace(*context_);
  buckets_.emplace(*context_, query_.repos, query_.buckets);
}

Result<bool> NodeScan::next(NodeRow& row) {
  if (ended_) return false;
  auto found = next_row(row);
  if (found.ok() && *found) {
    context_->count_row();
  } else {
    end();
  }
  return found;
}

// Gives the view back now rather than when the caller is done with the answer.
void NodeScan::end() {
  ended_ = true;
  signs_.reset();
  buckets_.reset();
  open_rows_.reset();
  memory_.release();
  context_->release();
}

Result<bool> NodeScan::next_row(NodeRow& row) {
  for (;;) {
    if (auto in_time = context_->check(); !in_time) return in_time.error();
    if (query_.days ? fill_day(row) : fill_latest(row)) return true;
    if (!days_left_.empty()) {
      if (auto read = read_days(); !read) return read.error();
      continue;
    }
    if (auto held = account(); !held) return held.error();
    const auto found = next_bucket();
    if (!found.ok() || !*found) return found;
  }
}

Result<void> NodeScan::account() {
  return memory_.hold(kCursorBytes + buckets_->memory_bytes() + nodes_.size() * kNodeBytes +
                      days_.size() * kNodeDayBytes);
}

bool NodeScan::fill_latest(NodeRow& row) {
  if (node_at_ == nodes_.end()) return false;
  fill(node_at_->first, node_at_->second, row);
  ++node_at_;
  return true;
}

bool NodeScan::fill_day(NodeRow& row) {
  for (; day_at_ != days_.end(); ++day_at_) {
    const auto& [place, day] = *day_at_;
    const auto at = nodes_.find(place.second);
    const std::uint32_t elapsed = std::min(now_.value + 1 - place.first.value, kMinutesPerDay);
    MinutesOfDay alive = day.minutes;
    alive.merge(day.heartbeats.minutes);
    if (at == nodes_.end() || alive.empty()) continue;
    fill(at->first, at->second, row);
    row.day = place.first;
    row.minutes_elapsed = elapsed;
    row.minutes_alive = alive.count_below(elapsed);
    row.day_latency_us = mean(day.latency_sum_us, day.latency_count);
    if (!row.day_latency_us) {
      row.day_latency_us = mean(day.heartbeats.latency_sum_us, day.heartbeats.latency_count);
    }
    ++day_at_;
    return true;
  }
  return false;
}

void NodeScan::fill(const std::string& host, const Node& node, NodeRow& row) const {
  row = NodeRow{};
  row.node = host;
  row.bucket = bucket_;
  row.facts = &node.told.facts;
  row.last_sign = std::clamp(node.state.last, Millis{0}, now_ms_);
  if (node.state.latency_us >= 0) {
    row.last_latency_us = static_cast<std::uint64_t>(node.state.latency_us);
  }
  // Of an event and a heartbeat at once the event decides.
  if (!node.told.heartbeat) return;
  const LastHeartbeat& heartbeat = *node.told.heartbeat;
  row.status = heartbeat.said.status;
  row.ip = heartbeat.said.ip;
  row.heartbeat_is_last = heartbeat.at > node.state.last;
  if (row.heartbeat_is_last) row.last_sign = std::min(heartbeat.at, now_ms_);
  // A latency that was told in the future is as late as the last sign that is not.
  const Millis event_latency_at = std::min(node.state.latency_at, node.state.last);
  const Millis heartbeat_latency_at = std::min(heartbeat.latency_at, heartbeat.at);
  if (heartbeat.said.latency_us && (!row.last_latency_us || heartbeat_latency_at > event_latency_at)) {
    row.last_latency_us = heartbeat.said.latency_us;
  }
}

Result<void> NodeScan::open_rows() {
  if (open_rows_) return {};
  auto open = context_->open_rows(Span::kDay);
  if (!open) return open.error();
  open_rows_ = std::move(*open);
  return {};
}

// The next that has nodes.
Result<bool> NodeScan::next_bucket() {
  for (;;) {
    const auto found = buckets_->next(bucket_);
    if (!found.ok() || !*found) return found;
    if (auto read = read_nodes(); !read) return read.error();
    if (nodes_.empty()) continue;
    begin_days();
    return true;
  }
}

Result<void> NodeScan::read_nodes() {
  nodes_.clear();
  days_.clear();
  day_at_ = days_.end();
  auto read = buckets_->for_each_pair([this](const std::string& prefix) { return read_states(prefix); });
  if (!read) return read;
  for (auto& [host, node] : nodes_) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    const auto stored = view().get(Family::kNode, node_key(host));
    if (!stored) return stored.error();
    if (!stored->has_value()) continue;
    auto record = decode_node(**stored);
    if (!record) return cannot_be_read("the record of a node", host);
    node.told = std::move(*record);
  }
  if (auto corrected = correct_future(); !corrected) return corrected;
  node_at_ = nodes_.begin();
  return {};
}

// A sign this far in the future was taken while the clock was wrong: those of nodes whose own clocks run
// ahead are not.
bool NodeScan::is_future(Millis sign) const {
  return sign.value > now_ms_.value + kFutureMillisMax;
}

// The last moment of the minute that is not in the future.
Millis NodeScan::within(Minute minute) const {
  return std::min(Millis{start_of(minute).value + kMillisPerMinute - 1}, now_ms_);
}

Result<void> NodeScan::correct_future() {
  bool any = false;
  for (auto& [host, node] : nodes_) any |= node.in_future = is_future(node.state.last);
  if (any) {
    auto read =
        buckets_->for_each_pair([this](const std::string& prefix) { return read_past(prefix); });
    if (!read) return read;
  }
  for (auto& [host, node] : nodes_) {
    if (node.in_future) node.state.last = node.past ? within(*node.past) : Millis{-1};
    if (!node.told.heartbeat || !is_future(node.told.heartbeat->at)) continue;
    if (auto read = read_past_heartbeat(host, *node.told.heartbeat); !read) return read;
  }
  return {};
}

Result<void> NodeScan::read_past(const std::string& prefix) {
  const auto note = [this](std::string_view host, Minute minute) {
    const auto at = nodes_.find(host);
    if (at == nodes_.end() || !at->second.in_future) return;
    at->second.past = std::max(at->second.past.value_or(minute), minute);
  };
  const Minute end{now_.value + 1};
  const auto cursor = view().cursor(Family::kDaySigns, row_key(prefix, {0}), row_key(prefix, end));
  for (; cursor->valid(); cursor->next()) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    DaySigns signs;
    if (!merge_encoded(cursor->value(), signs)) {
      return cannot_be_read("a day's signs", cursor->key());
    }
    const Minute day = read_minute(cursor->key().substr(prefix.size()));
    for (DaySigns::Entry& e : signs.entries()) {
      if (const auto last = last_until(now_, day, e.kept)) note(e.host, *last);
    }
  }
  if (auto status = cursor->status(); !status) return status;
  if (auto read = for_each_open_host(prefix, {{0}, end}, note); !read) return read;
  return signs_->for_each(prefix, {{0}, end},
                          [&](Minute minute, const ChunkEvent& event) { note(event.host, minute); });
}

Result<void> NodeScan::read_past_heartbeat(const std::string& host, LastHeartbeat& last) {
  last.at = Millis{-1};
  const auto cursor = view().cursor(Family::kNode, node_day_key(host, {0}),
                                    node_day_key(host, {now_.value + 1}));
  for (; cursor->valid(); cursor->next()) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    HeartbeatDay beats;
    if (!merge_encoded(cursor->value(), beats)) {
      return cannot_be_read("a node's heartbeats", cursor->key());
    }
    const Minute day = read_minute(cursor->key().substr(node_days_prefix(host).size()));
    if (const auto minute = last_until(now_, day, beats.minutes)) last.at = within(*minute);
  }
  return cursor->status();
}

Result<void> NodeScan::read_states(const std::string& prefix) {
  const auto stored = view().get(Family::kHostState, prefix);
  if (!stored) return stored.error();
  HostStates states;
  if (stored->has_value() && !merge_encoded(**stored, states)) {
    return cannot_be_read("the state of hosts", prefix);
  }
  if (auto added = signs_->add_to(prefix, states); !added) return added;
  if (auto dropped = drop_past(*context_, prefix, states); !dropped) return dropped;
  for (const HostStates::Entry& e : states.entries()) nodes_[e.host].state.merge(e.kept);
  return account();
}

// Of those asked for: that are kept, not before the first event and not to come.
void NodeScan::begin_days() {
  days_left_ = {};
  if (!query_.days || query_.days->empty()) return;
  Minute first = kMinuteMax;
  for (const auto& [host, node] : nodes_) first = std::min(first, node.state.first);
  const Minute last = std::min(now_, Minute{query_.days->end.value - 1});
  const Minute begin = std::max({floor_to(query_.days->begin, kMinutesPerDay),
                                 context_->horizon(Span::kDay), floor_to(first, kMinutesPerDay)});
  days_left_ = {begin, {floor_to(last, kMinutesPerDay).value + kMinutesPerDay}};
}

Result<void> NodeScan::read_days() {
  const auto days = static_cast<std::uint32_t>(
      std::max<std::size_t>(1, kNodeDaysMax / std::max<std::size_t>(1, nodes_.size())));
  const std::uint32_t left = (days_left_.end.value - days_left_.begin.value) / kMinutesPerDay;
  const MinuteRange lot{days_left_.begin,
                        {days_left_.begin.value + std::min(days, left) * kMinutesPerDay}};
  days_left_.begin = lot.end;
  days_.clear();
  auto read = buckets_->for_each_pair([&](const std::string& prefix) -> Result<void> {
    if (auto signs = read_signs(prefix, lot); !signs) return signs;
    if (auto latencies = read_latencies(prefix, lot); !latencies) return latencies;
    return signs_->for_each(prefix, lot, [this](Minute minute, const ChunkEvent& event) {
      Day& day = day_of(minute, event.host);
      day.minutes.add(minute.value % kMinutesPerDay);
      if (event.latency_us < 0) return;
      ++day.latency_count;
      day.latency_sum_us += static_cast<std::uint64_t>(event.latency_us);
    });
  });
  for (const auto& [host, node] : nodes_) {
    if (!read) break;
    if (node.told.heartbeat) read = read_heartbeats(host, node, lot);
  }
  day_at_ = days_.begin();
  return read;
}

NodeScan::Day& NodeScan::day_of(Minute minute, std::string_view host) {
  return days_[{floor_to(minute, kMinutesPerDay), std::string(host)}];
}

Result<void> NodeScan::read_signs(const std::string& prefix, const MinuteRange& minutes) {
  const auto cursor =
      view().cursor(Family::kDaySigns, row_key(prefix, minutes.begin), row_key(prefix, minutes.end));
  for (; cursor->valid(); cursor->next()) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    DaySigns signs;
    if (!merge_encoded(cursor->value(), signs)) {
      return cannot_be_read("a day's signs", cursor->key());
    }
    const Minute day = read_minute(cursor->key().substr(prefix.size()));
    for (const DaySigns::Entry& e : signs.entries()) day_of(day, e.host).minutes.merge(e.kept);
    if (auto held = account(); !held) return held;
  }
  if (auto status = cursor->status(); !status) return status;
  return for_each_open_host(prefix, minutes, [this](std::string_view host, Minute minute) {
    day_of(minute, host).minutes.add(minute.value % kMinutesPerDay);
  });
}

// Of the minutes that the activity of no day has yet.
Result<void> NodeScan::for_each_open_host(const std::string& prefix, const MinuteRange& minutes,
                                          const TakeHost& take) {
  return signs_->for_each_open_host(
      prefix, minutes,
      [&](Minute minute, std::string_view host, const SeenInMinute&) { take(host, minute); },
      [this] { return account(); });
}

Result<void> NodeScan::read_latencies(const std::string& prefix, const MinuteRange& minutes) {
  const auto cursor =
      view().cursor(Family::kDay, row_key(prefix, minutes.begin), row_key(prefix, minutes.end));
  for (; cursor->valid(); cursor->next()) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    const Minute day = read_minute(cursor->key().substr(prefix.size()));
    if (auto added = add_latencies(day, cursor->key(), cursor->value()); !added) return added;
  }
  if (auto status = cursor->status(); !status) return status;
  if (auto opened = open_rows(); !opened) return opened;
  for (open_rows_->enter(prefix, minutes); open_rows_->valid(); open_rows_->next()) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    auto added = add_latencies(open_rows_->minute(), open_rows_->key(), open_rows_->value());
    if (!added) return added;
  }
  return open_rows_->status();
}

Result<void> NodeScan::add_latencies(Minute minute, std::string_view key, std::string_view value) {
  HostsReader hosts(value);
  std::string_view host;
  Rollup rollup;
  while (hosts.next(host, rollup)) {
    Day& day = day_of(minute, host);
    day.latency_count += rollup.latency_count;
    day.latency_sum_us += rollup.latency_sum_us;
  }
  if (!hosts.ok()) return cannot_be_read("a day", key);
  return {};
}

Result<void> NodeScan::read_heartbeats(const std::string& host, const Node& node,
                                       const MinuteRange& minutes) {
  const Minute first = std::max(minutes.begin, floor_to(node.state.first, kMinutesPerDay));
  if (first >= minutes.end) return {};
  const auto cursor =
      view().cursor(Family::kNode, node_day_key(host, first), node_day_key(host, minutes.end));
  for (; cursor->valid(); cursor->next()) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    const Minute day = read_minute(cursor->key().substr(node_days_prefix(host).size()));
    if (!merge_encoded(cursor->value(), day_of(day, host).heartbeats)) {
      return cannot_be_read("a node's heartbeats", cursor->key());
    }
  }
  return cursor->status();
}

}  // namespace minuted
