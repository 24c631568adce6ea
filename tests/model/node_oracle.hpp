// What minuted should answer about nodes and series, computed the slow and obvious way from all events
// and heartbeats. The model that the engine is compared with.
//
// The rule of a node's state, as it is stated here: of all its signs of life, events and heartbeats, the
// latest is its last, and of those with a latency the latest has its latency. Of signs in the same
// millisecond an event counts before a heartbeat, the larger latency before the smaller one, and the later
// heartbeat before the earlier. Of hours that are rolled, a removal that takes the last event of a series
// leaves the start of the last minute with an event as a sign of life, and one that takes the last event with
// a latency leaves the start of the last minute with a latency as a sign that carries the minute's mean.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "minuted/engine.hpp"
#include "minuted/nodes.hpp"

namespace minuted::test {

struct OracleNode {
  std::string bucket;
  std::int64_t day = 0;  // its first minute
  std::string node;
  std::int64_t last_ms = 0;
  std::int64_t last_latency_us = -1;
  bool heartbeat_is_last = false;
  std::string status;
  std::string ip;
  std::string version;
  std::uint32_t alive = 0;
  std::uint32_t elapsed = 0;
  std::int64_t day_latency_us = -1;
  friend bool operator==(const OracleNode&, const OracleNode&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const OracleNode& n) {
  return out << n.bucket << '@' << n.day << '/' << n.node << " last=" << n.last_ms << '/'
             << n.last_latency_us << (n.heartbeat_is_last ? "h " : " ") << n.status << ' ' << n.ip
             << ' ' << n.version << " alive=" << n.alive << '/' << n.elapsed << " latency="
             << n.day_latency_us;
}

inline OracleNode to_oracle(const NodeRow& row) {
  const auto latency = [](const std::optional<std::uint64_t>& us) {
    return us ? static_cast<std::int64_t>(*us) : std::int64_t{-1};
  };
  return {std::string(row.bucket), row.day.value, std::string(row.node), row.last_sign.value,
          latency(row.last_latency_us), row.heartbeat_is_last, std::string(row.status),
          std::string(row.ip), row.facts->version, row.minutes_alive, row.minutes_elapsed,
          latency(row.day_latency_us)};
}

class NodeOracle {
 public:
  using Series = std::tuple<std::string, std::string, std::string>;  // repo, bucket, host
  struct Seen {
    std::int64_t first;  // minute
    std::int64_t last_ms;
    std::int64_t latency_ms = -1;  // when the latency was carried; -1: never
    std::int64_t latency_us = -1;
    friend bool operator==(const Seen&, const Seen&) = default;
  };

  void add(const EventView& e) {
    const Series series{e.repo, e.bucket, e.host};
    const Event event{e.timestamp.value, e.latency_us ? static_cast<std::int64_t>(*e.latency_us) : -1};
    known_.insert(series);
    events_[series].push_back(event);
    note(seen_, series, event);
  }

  // Hours have been rolled: those before what `before` says of a repo and a bucket. Before each removal.
  template <class Before>
  void roll(const Before& before) {
    for (auto& [series, events] : events_) {
      const std::int64_t end = before(std::get<0>(series), std::get<1>(series)).value;
      for (Event& event : events) {
        if (event.rolled || event.ms / 60'000 >= end) continue;
        event.rolled = true;
        note(rolled_, series, event);
      }
    }
  }

  void tell(const NodeUpdate& update, Millis now) {
    Told& told = told_[update.node];
    if (update.facts.version) told.version = *update.facts.version;
    if (update.heartbeat) told.heartbeats.push_back({now.value, *update.heartbeat});
  }

  void remove(const Removal& removal) {
    for (const Series& series : std::set<Series>(known_)) {
      const auto& [repo, bucket, host] = series;
      if (repo != removal.repo || (removal.bucket && bucket != *removal.bucket)) continue;
      if (removal.range) {
        take_out(series, *removal.range);
      } else {
        forget(series);
      }
    }
  }

  // All is folded, and what is before `horizon`, a day's first minute, is deleted.
  void prune(Minute horizon) {
    const std::int64_t horizon_ms = start_of(horizon).value;
    for (const Series& series : std::set<Series>(known_)) {
      std::erase_if(events_[series], [&](const Event& e) { return e.ms < horizon_ms; });
      if (events_[series].empty()) forget(series);
    }
    for (auto& [node, told] : told_) told.from_ms = horizon_ms;
  }

  std::vector<OracleNode> nodes(const NodeQuery& query, Millis now, Minute horizon) const {
    std::map<std::pair<std::string, std::string>, OracleNode> latest;
    std::map<std::pair<std::string, std::string>, std::int64_t> first;
    std::map<std::pair<std::string, std::string>, Seen> latencies;
    for (const auto& [series, seen] : seen_) {
      const auto& [repo, bucket, host] = series;
      if (!in(query.repos, repo) || !in(query.buckets, bucket) || is_past(seen, horizon)) continue;
      auto [at, is_new] = latest.try_emplace({bucket, host});
      OracleNode& node = at->second;
      auto& begin = first.try_emplace({bucket, host}, seen.first).first->second;
      begin = std::min(begin, seen.first);
      node.bucket = bucket;
      node.node = host;
      if (is_new) node.last_ms = -1;
      node.last_ms = std::max(node.last_ms, seen.last_ms);
      keep_later(latencies[{bucket, host}], seen.latency_ms, seen.latency_us);
    }
    for (auto& [key, node] : latest) {
      node.last_latency_us = latencies[key].latency_us;
      lay_over(node, latencies[key].latency_ms);
      node.last_ms = std::min(node.last_ms, now.value);  // nobody is seen in the future
    }
    std::vector<OracleNode> rows;
    for (const auto& [key, node] : latest) {
      if (!query.days) rows.push_back(node);
    }
    if (!query.days) return rows;
    for (std::int64_t day = horizon.value; day <= now.value / 60'000; day += kMinutesPerDay) {
      if (day + kMinutesPerDay <= query.days->begin.value || day >= query.days->end.value) continue;
      for (const auto& [key, node] : latest) {
        if (day < first.at(key) / kMinutesPerDay * kMinutesPerDay) continue;
        if (auto row = day_of(query, node, day, now)) rows.push_back(*row);
      }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const OracleNode& a, const OracleNode& b) {
      return std::tie(a.bucket, a.day, a.node) < std::tie(b.bucket, b.day, b.node);
    });
    return rows;
  }

  // Series that have events at or after `horizon`, by the contract's order.
  std::map<Series, Seen> series(const SeriesQuery& query, Minute horizon) const {
    std::map<Series, Seen> out;
    for (const auto& [series, seen] : seen_) {
      const auto& [repo, bucket, host] = series;
      if (is_past(seen, horizon)) continue;
      const auto begins = [&](const std::string& id) { return id.starts_with(query.search); };
      if (!in(query.repos, repo) || !in(query.buckets, bucket)) continue;
      if (begins(repo) || begins(bucket) || begins(host)) out.emplace(series, seen);
    }
    return out;
  }

 private:
  struct Event {
    std::int64_t ms;
    std::int64_t latency_us;
    bool rolled = false;
  };
  struct Beat {
    std::int64_t ms;
    Heartbeat said;
  };
  struct Told {
    std::string version;
    std::vector<Beat> heartbeats;
    std::int64_t from_ms = 0;  // older days of heartbeats are gone
  };

  // Whether it is deleted, or only waits to be.
  static bool is_past(const Seen& seen, Minute horizon) {
    return seen.last_ms < start_of(horizon).value;
  }
  static bool in(const std::vector<std::string>& list, const std::string& id) {
    return list.empty() || std::find(list.begin(), list.end(), id) != list.end();
  }
  static void keep_later(Seen& seen, std::int64_t ms, std::int64_t us) {
    std::tie(seen.latency_ms, seen.latency_us) =
        std::max(std::pair(seen.latency_ms, seen.latency_us), std::pair(ms, us));
  }
  static void note(std::map<Series, Seen>& all, const Series& series, const Event& event) {
    Seen& seen = all.emplace(series, Seen{event.ms / 60'000, event.ms}).first->second;
    seen.first = std::min(seen.first, event.ms / 60'000);
    seen.last_ms = std::max(seen.last_ms, event.ms);
    if (event.latency_us >= 0) keep_later(seen, event.ms, event.latency_us);
  }
  static std::int64_t mean(std::int64_t sum, std::int64_t count) {
    return count == 0 ? -1 : (2 * sum + count) / (2 * count);
  }

  // The heartbeats over what the events say; `latency_ms`: when one of these last carried a latency.
  void lay_over(OracleNode& node, std::int64_t latency_ms) const {
    const auto at = told_.find(node.node);
    if (at == told_.end()) return;
    node.version = at->second.version;
    std::vector<Beat> beats = at->second.heartbeats;
    std::stable_sort(beats.begin(), beats.end(),
                     [](const Beat& a, const Beat& b) { return a.ms < b.ms; });
    const std::int64_t last_event_ms = node.last_ms;
    for (const Beat& beat : beats) {
      node.status = beat.said.status;
      if (!beat.said.ip.empty()) node.ip = beat.said.ip;
      if (beat.ms > last_event_ms) {
        node.heartbeat_is_last = true;
        node.last_ms = beat.ms;
      }
      if (beat.said.latency_us && beat.ms > latency_ms) {
        node.last_latency_us = static_cast<std::int64_t>(*beat.said.latency_us);
      }
    }
  }

  std::optional<OracleNode> day_of(const NodeQuery& query, OracleNode node, std::int64_t day,
                                   Millis now) const {
    std::set<std::int64_t> minutes;
    std::int64_t sum = 0, count = 0, beat_sum = 0, beat_count = 0;
    const auto is_here = [&](std::int64_t ms) {
      return ms / 60'000 / kMinutesPerDay * kMinutesPerDay == day;
    };
    for (const auto& [series, events] : events_) {
      const auto& [repo, bucket, host] = series;
      if (bucket != node.bucket || host != node.node || !in(query.repos, repo)) continue;
      for (const Event& e : events) {
        if (!is_here(e.ms)) continue;
        minutes.insert(e.ms / 60'000);
        if (e.latency_us < 0) continue;
        sum += e.latency_us;
        ++count;
      }
    }
    if (const auto at = told_.find(node.node); at != told_.end()) {
      for (const Beat& beat : at->second.heartbeats) {
        if (!is_here(beat.ms) || beat.ms < at->second.from_ms) continue;
        minutes.insert(beat.ms / 60'000);
        if (!beat.said.latency_us) continue;
        beat_sum += static_cast<std::int64_t>(*beat.said.latency_us);
        ++beat_count;
      }
    }
    if (minutes.empty()) return std::nullopt;
    node.day = day;
    node.elapsed = static_cast<std::uint32_t>(
        std::min<std::int64_t>(kMinutesPerDay, now.value / 60'000 + 1 - day));
    node.alive = static_cast<std::uint32_t>(
        std::distance(minutes.begin(), minutes.lower_bound(day + node.elapsed)));
    node.day_latency_us = count != 0 ? mean(sum, count) : mean(beat_sum, beat_count);
    return node;
  }

  void forget(const Series& series) {
    known_.erase(series);
    events_.erase(series);
    seen_.erase(series);
    rolled_.erase(series);
    const std::string& host = std::get<2>(series);
    const bool others = std::any_of(known_.begin(), known_.end(),
                                    [&](const Series& s) { return std::get<2>(s) == host; });
    // What was told of it stays.
    const auto at = told_.find(host);
    if (!others && at != told_.end()) at->second.heartbeats.clear();
  }

  void take_out(const Series& series, const MinuteRange& range) {
    const auto gone = [&](std::int64_t minute) {
      return minute >= range.begin.value && minute < range.end.value;
    };
    std::vector<Event>& events = events_[series];
    std::erase_if(events, [&](const Event& e) { return gone(e.ms / 60'000); });
    take_out_rolled(series, gone);
    seen_.erase(series);
    const auto rolled = rolled_.find(series);
    if (rolled != rolled_.end()) seen_.insert(*rolled);
    for (const Event& e : events) {
      if (!e.rolled) note(seen_, series, e);
    }
  }

  // What is gone is not among the events any more.
  template <class Gone>
  void take_out_rolled(const Series& series, const Gone& gone) {
    const auto at = rolled_.find(series);
    if (at == rolled_.end()) return;
    std::vector<Event> events = events_[series];
    std::erase_if(events, [](const Event& e) { return !e.rolled; });
    if (events.empty()) {
      rolled_.erase(at);
      return;
    }
    Seen& seen = at->second;
    std::int64_t first = INT64_MAX, last = 0;
    for (const Event& e : events) {
      first = std::min(first, e.ms / 60'000);
      last = std::max(last, e.ms / 60'000);
    }
    if (gone(seen.first)) seen.first = first;
    if (gone(seen.last_ms / 60'000)) seen.last_ms = last * 60'000;
    if (seen.latency_ms >= 0 && gone(seen.latency_ms / 60'000)) {
      std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> sums;  // by minute, with counts
      for (const Event& e : events) {
        if (e.latency_us < 0) continue;
        sums[e.ms / 60'000].first += e.latency_us;
        ++sums[e.ms / 60'000].second;
      }
      seen.latency_ms = seen.latency_us = -1;
      if (!sums.empty()) {
        const auto& [minute, sum] = *sums.rbegin();
        keep_later(seen, minute * 60'000, mean(sum.first, sum.second));
      }
    }
    // A sign that is known to the millisecond is later than the start of its minute.
    seen.last_ms = std::max(seen.last_ms, seen.latency_ms);
  }

  std::set<Series> known_;
  std::map<Series, std::vector<Event>> events_;
  std::map<Series, Seen> seen_;
  std::map<Series, Seen> rolled_;  // of the events that are rolled
  std::map<std::string, Told> told_;
};

}  // namespace minuted::test
