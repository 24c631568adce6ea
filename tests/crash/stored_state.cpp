#include "crash/stored_state.hpp"

#include <map>
#include <memory>
#include <string_view>

#include "chunk/raw_commit.hpp"
#include "nodes/signs.hpp"
#include "page/page_codec.hpp"
#include "page/repo_page_codec.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "schema/tiers.hpp"
#include "store/fold_progress.hpp"
#include "store/repo_tiers.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted::test {
namespace {

using Violations = std::vector<std::string>;

// Reads a family whole; `decode` takes the bytes of a value, false if it cannot.
template <class Value, class Decode>
std::map<std::string, Value> read_family(const View& view, Family family, Decode decode,
                                         Violations& violations) {
  std::map<std::string, Value> values;
  const auto cursor = view.cursor(family, {}, {});
  for (; cursor->valid(); cursor->next()) {
    if (!decode(cursor->value(), values[std::string(cursor->key())])) {
      violations.push_back("the value of " + shorten(cursor->key()) + " cannot be decoded");
    }
  }
  if (auto status = cursor->status(); !status) violations.push_back(status.error().message);
  return values;
}

// The rows of a tier, those sealed into pages with them.
std::map<std::string, HostRollups> read_rows(const View& view, const SealedTier& tier,
                                             Minute boundary, Violations& violations) {
  auto rows = read_family<HostRollups>(view, tier.rows, merge_encoded_hosts, violations);
  const auto cursor = view.cursor(tier.pages, {}, {});
  for (; cursor->valid(); cursor->next()) {
    const std::string key(cursor->key());
    const auto sketches = view.get(tier.sketches, key);
    const std::string bytes = sketches.ok() ? sketches->value_or(std::string()) : "unread";
    PageReader page;
    if (!page.open(cursor->value()) || !page.open_sketches(bytes)) {
      violations.push_back("the page of " + shorten(key) + " cannot be decoded");
      continue;
    }
    const std::size_t prefix = key.size() - kMinuteKeyBytes;
    const Minute first = read_minute(std::string_view(key).substr(prefix));
    if (first.value + tier.page_minutes > boundary.value) {
      violations.push_back("the page of " + shorten(key) + " was sealed before it was rolled");
    }
    std::uint32_t slot = 0;
    std::string_view host;
    Rollup rollup;
    while (page.next(slot, host, rollup)) {
      std::string row = key.substr(0, prefix);
      append_minute(row, {first.value + slot * tier.row_minutes});
      rows[row].of(host).merge(rollup);
    }
  }
  if (auto status = cursor->status(); !status) violations.push_back(status.error().message);
  return rows;
}

// The values of repos, those in pages with them. No row may lie before where rows are said to begin.
std::map<std::string, RepoRollup> read_repo_values(const View& view, Violations& violations) {
  auto values = read_family<RepoRollup>(view, Family::kRepo, merge_encoded_repo, violations);
  const auto begin = read_repo_rows_begin(view);
  if (!begin) violations.push_back(begin.error().message);
  for (const auto& [key, value] : values) {
    const auto at = split_repo_key(key);
    const RepoTier* const tier = at ? repo_tier(at->span) : nullptr;
    if (tier == nullptr || !begin) continue;
    if (at->first < begin->first[static_cast<std::size_t>(tier - kRepoTiers.data())]) {
      violations.push_back("the repo value " + shorten(key) + " lies before all rows");
    }
  }
  const auto cursor = view.cursor(Family::kRepoPage, {}, {});
  for (; cursor->valid(); cursor->next()) {
    const auto at = split_repo_key(cursor->key());
    const RepoTier* const tier = at ? repo_tier(at->span) : nullptr;
    RepoPageReader page;
    if (tier == nullptr || !page.open(cursor->value())) {
      violations.push_back("the page of " + shorten(cursor->key()) + " cannot be decoded");
      continue;
    }
    for (std::size_t i = 0; i < page.size(); ++i) {
      const RepoSlot slot = page.at(i);
      const Minute first{at->first.value + slot.slot * tier->slot_minutes};
      values[repo_key(at->repo, at->span, first)].merge(slot.sums);
    }
  }
  if (auto status = cursor->status(); !status) violations.push_back(status.error().message);
  return values;
}

template <class Value>
void compare(const char* tier, const std::map<std::string, Value>& stored,
             const std::map<std::string, Value>& expected, Violations& violations) {
  if (stored == expected) return;
  for (const auto& [key, value] : expected) {
    const auto at = stored.find(key);
    if (at != stored.end() && at->second == value) continue;
    violations.push_back(std::string(tier) + " of " + shorten(key) +
                         (at == stored.end() ? " is missing" : " is not the sum of its minutes"));
    return;
  }
  violations.push_back(std::string(tier) + " holds " + std::to_string(stored.size()) +
                       " values where the minutes make " + std::to_string(expected.size()));
}

struct Tiers {
  std::map<std::string, HostRollups> hours;
  std::map<std::string, HostRollups> days;
  std::map<std::string, HostRollups> totals;
  std::map<std::string, RepoRollup> repos;
  std::map<std::string, DaySigns> signs;
  std::map<std::string, HostStates> states;  // to the minute, without latencies
};

// An hour has the minutes before the hour boundary of its pair, all of them, and no other; the same of days
// and totals and the day boundary. The minutes behind it say when their hosts were seen.
Tiers sum_up(const std::map<std::string, HostRollups>& minutes, const RollBoundaries& boundaries,
             Violations& violations) {
  Tiers tiers;
  for (const auto& [key, hosts] : minutes) {
    const auto pair = split_pair(key);
    const Minute minute = read_minute(std::string_view(key).substr(pair->prefix.size()));
    const auto span_key = [&](std::uint32_t span_minutes) {
      std::string span(pair->prefix);
      append_minute(span, floor_to(minute, span_minutes));
      return span;
    };
    const bool in_hour = minute < boundaries.hour_of(pair->prefix);
    if (in_hour) tiers.hours[span_key(kMinutesPerHour)].merge(hosts);
    if (minute < boundaries.day_of(pair->prefix)) {
      tiers.days[span_key(kMinutesPerDay)].merge(hosts);
      tiers.totals[std::string(pair->prefix)].merge(hosts);
    }
    for (const HostRollups::Entry& e : hosts.entries()) {
      if (in_hour) {
        tiers.signs[span_key(kMinutesPerDay)].of(e.host).add(minute.value % kMinutesPerDay);
        tiers.states[std::string(pair->prefix)].of(e.host).note(minute, start_of(minute), -1);
      } else if (!e.seen.known()) {
        violations.push_back("it is not known when the hosts were seen in " + shorten(key));
      }
      const auto add = [&](RepoSpan span, Minute first) {
        tiers.repos[repo_key(pair->repo, span, first)].add(e.rollup);
        tiers.repos[repo_key(kAllRepos, span, first)].add(e.rollup);
      };
      add(RepoSpan::kFiveMinutes, floor_to(minute, 5));
      add(RepoSpan::kHour, floor_to(minute, kMinutesPerHour));
      add(RepoSpan::kSixHours, floor_to(minute, 6 * kMinutesPerHour));
      add(RepoSpan::kDay, floor_to(minute, kMinutesPerDay));
      add(RepoSpan::kTotal, Minute{0});
    }
  }
  return tiers;
}

}  // namespace

void check_tiers(const Store& store, Violations& violations) {
  const auto view = store.view();
  const auto hosts_of = [&](Family family) {
    return read_family<HostRollups>(*view, family, merge_encoded_hosts, violations);
  };
  const auto boundaries = read_roll_boundaries(*view);
  if (!boundaries) {
    violations.push_back(boundaries.error().message);
    return;
  }
  const Tiers expected =
      sum_up(read_rows(*view, *sealed_tier(Span::kMinute), boundaries->hour.current, violations),
             *boundaries, violations);
  const auto hours =
      read_rows(*view, *sealed_tier(Span::kHour), boundaries->day.current, violations);
  compare("the hour", hours, expected.hours, violations);
  compare("the day", hosts_of(Family::kDay), expected.days, violations);
  compare("the total", hosts_of(Family::kTotal), expected.totals, violations);
  const auto merge_signs = [](std::string_view bytes, auto& value) {
    return merge_encoded(bytes, value);
  };
  compare("the signs of life on a day",
          read_family<DaySigns>(*view, Family::kDaySigns, merge_signs, violations), expected.signs,
          violations);
  auto states = read_family<HostStates>(*view, Family::kHostState, merge_signs, violations);
  for (auto& [prefix, hosts] : states) {
    for (HostStates::Entry& e : hosts.entries()) {
      e.kept = {e.kept.first, start_of(minute_of(e.kept.last)), Millis{-1}, -1};
    }
  }
  compare("the state of hosts", states, expected.states, violations);
  compare("the repo value", read_repo_values(*view, violations), expected.repos, violations);
}

std::size_t count_unfolded(const Store& store, Violations& violations) {
  const auto view = store.view();
  const auto progress = FoldProgress::read(*view);
  if (!progress) {
    violations.push_back(progress.error().message);
    return 0;
  }
  std::size_t unfolded = 0;
  const auto cursor = view->cursor(Family::kRaw, {}, {});
  for (; cursor->valid(); cursor->next()) {
    RawCommitReader in(cursor->value());
    const auto commit = commit_of_raw_key(cursor->key());
    while (commit && in.next()) {
      if (!progress->is_folded(*commit, in.prefix(), in.minute())) ++unfolded;
    }
    if (!commit || !in.ok()) violations.emplace_back("the raw events of a commit are damaged");
  }
  if (auto status = cursor->status(); !status) violations.push_back(status.error().message);
  return unfolded;
}

std::set<std::string> keys_of(const Store& store, Family family, Violations& violations) {
  std::set<std::string> keys;
  const auto view = store.view();
  const auto cursor = view->cursor(family, {}, {});
  for (; cursor->valid(); cursor->next()) keys.emplace(cursor->key());
  if (auto status = cursor->status(); !status) violations.push_back(status.error().message);
  return keys;
}

}  // namespace minuted::test
