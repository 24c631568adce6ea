#include "crash/stored_state.hpp"

#include <map>
#include <memory>
#include <string_view>

#include "rollup/rollup_codec.hpp"
#include "store/key_codec.hpp"

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
};

Tiers sum_up(const std::map<std::string, HostRollups>& minutes) {
  Tiers tiers;
  for (const auto& [key, hosts] : minutes) {
    const auto pair = split_pair(key);
    const Minute minute = read_minute(std::string_view(key).substr(pair->prefix.size()));
    const auto span_key = [&](std::uint32_t span_minutes) {
      std::string span(pair->prefix);
      append_minute(span, floor_to(minute, span_minutes));
      return span;
    };
    tiers.hours[span_key(kMinutesPerHour)].merge(hosts);
    tiers.days[span_key(kMinutesPerDay)].merge(hosts);
    tiers.totals[std::string(pair->prefix)].merge(hosts);
    for (const HostRollups::Entry& e : hosts.entries()) {
      const auto add = [&](RepoSpan span, Minute first) {
        tiers.repos[repo_key(pair->repo, span, first)].add(e.rollup);
      };
      add(RepoSpan::kFiveMinutes, floor_to(minute, 5));
      add(RepoSpan::kHour, floor_to(minute, kMinutesPerHour));
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
  const Tiers expected = sum_up(hosts_of(Family::kMinute));
  compare("the hour", hosts_of(Family::kHour), expected.hours, violations);
  compare("the day", hosts_of(Family::kDay), expected.days, violations);
  compare("the total", hosts_of(Family::kTotal), expected.totals, violations);
  compare("the repo value",
          read_family<RepoRollup>(*view, Family::kRepo, merge_encoded_repo, violations),
          expected.repos, violations);
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
