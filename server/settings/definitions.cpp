#include "settings/definitions.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <utility>

#include "minuted/event.hpp"
#include "settings/memory_shares.hpp"
#include "settings/origin.hpp"

namespace minuted::settings {
namespace {

constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr std::uint64_t kTiB = 1ULL << 40;
constexpr std::uint64_t kPiB = 1ULL << 50;

constexpr Range kTimeoutRange{100, kHour};

// In the order of their enums.
constexpr std::array<std::string_view, 3> kLogFormats{"auto", "human", "json"};
constexpr std::array<std::string_view, 4> kLogLevels{"debug", "info", "warn", "error"};

using Fault = std::optional<std::string>;
using TextList = std::vector<std::string>;

// What a row says besides the functions that its field's type decides.
struct Row {
  std::string_view name;
  Group group;
  std::string_view meaning;
};

constexpr Definition definition(const Row& row, Form form, Definition::Take take,
                                Definition::Texts texts) {
  Definition made{row.name, row.group, form, {}, row.meaning};
  made.take = take;
  made.texts = texts;
  return made;
}

// Durations, sizes and counts. The range fits the field: tests take each to its ends.
template <auto kField>
constexpr Definition number(const Row& row, Form form, Range range, std::string_view unit = {}) {
  Definition made = definition(
      row, form,
      [](const Definition& self, std::string_view text, Settings& settings) -> Fault {
        const auto value = parse_number(*number_form(self.form), text, self.range);
        if (!value) return value.error().message;
        auto& field = settings.*kField;
        field = static_cast<std::remove_reference_t<decltype(field)>>(*value);
        return std::nullopt;
      },
      [](const Definition& self, const Settings& settings) -> TextList {
        return {to_text(*number_form(self.form), static_cast<std::uint64_t>(settings.*kField))};
      });
  made.range = range;
  made.unit = unit;
  return made;
}

template <bool Settings::*kField>
constexpr Definition on_off(const Row& row) {
  return definition(
      row, Form::kSwitch,
      [](const Definition&, std::string_view text, Settings& settings) -> Fault {
        if (text != "true" && text != "false") return "is neither true nor false";
        settings.*kField = text == "true";
        return std::nullopt;
      },
      [](const Definition&, const Settings& settings) -> TextList {
        return {settings.*kField ? "true" : "false"};
      });
}

Fault path_fault(const Definition& self, std::string_view text) {
  if (text.size() < self.range.first) return "is empty";
  if (text.size() > self.range.last) return "is " + std::to_string(text.size()) + " bytes long";
  if (!is_valid_utf8(text)) return "is not valid UTF-8";
  // They would break the lines of messages and logs.
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) return "contains control characters";
  return std::nullopt;
}

template <std::string Settings::*kField>
constexpr Definition path(const Row& row, std::uint64_t bytes_min) {
  Definition made = definition(
      row, Form::kPath,
      [](const Definition& self, std::string_view text, Settings& settings) -> Fault {
        if (auto fault = path_fault(self, text)) return fault;
        settings.*kField = text;
        return std::nullopt;
      },
      [](const Definition&, const Settings& settings) -> TextList { return {settings.*kField}; });
  made.range = {bytes_min, kPathBytesMax};
  return made;
}

template <auto kField>
constexpr Definition choice(const Row& row, std::span<const std::string_view> choices) {
  Definition made = definition(
      row, Form::kChoice,
      [](const Definition& self, std::string_view text, Settings& settings) -> Fault {
        const auto at = std::find(self.choices.begin(), self.choices.end(), text);
        if (at == self.choices.end()) return "is not known";
        auto& field = settings.*kField;
        field = static_cast<std::remove_reference_t<decltype(field)>>(at - self.choices.begin());
        return std::nullopt;
      },
      [](const Definition& self, const Settings& settings) -> TextList {
        return {std::string(self.choices[static_cast<std::size_t>(settings.*kField)])};
      });
  made.choices = choices;
  return made;
}

template <ListenAddress Settings::*kField>
constexpr Definition listen_address(const Row& row) {
  return definition(
      row, Form::kListenAddress,
      [](const Definition&, std::string_view text, Settings& settings) -> Fault {
        auto address = parse_listen_address(text);
        if (!address) return address.error().message;
        settings.*kField = *address;
        return std::nullopt;
      },
      [](const Definition&, const Settings& settings) -> TextList {
        return {to_text(settings.*kField)};
      });
}

template <std::vector<AddressRange> Settings::*kField>
constexpr Definition address_ranges(const Row& row) {
  return definition(
      row, Form::kAddressRanges,
      [](const Definition&, std::string_view text, Settings& settings) -> Fault {
        const auto range = parse_address_range(text);
        if (!range) return range.error().message;
        (settings.*kField).push_back(*range);
        return std::nullopt;
      },
      [](const Definition&, const Settings& settings) -> TextList {
        TextList out;
        for (const AddressRange& range : settings.*kField) out.push_back(to_text(range));
        return out;
      });
}

template <std::vector<std::string> Settings::*kField>
constexpr Definition origins(const Row& row) {
  return definition(
      row, Form::kOrigins,
      [](const Definition&, std::string_view text, Settings& settings) -> Fault {
        const auto origin = parse_origin(text);
        if (!origin) return origin.error().message;
        TextList& all = settings.*kField;
        if (std::find(all.begin(), all.end(), *origin) != all.end()) return "was already given";
        all.push_back(*origin);
        return std::nullopt;
      },
      [](const Definition&, const Settings& settings) -> TextList { return settings.*kField; });
}

Fault take_repo_limit(const Definition& self, std::string_view text, RepoLimits& limits) {
  // The last `=`, for an id may contain one.
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos) return "has no =";
  const std::string_view repo = text.substr(0, equals);
  if (const auto fault = check_id(repo)) return "has a repo that " + *fault;
  const auto limit = parse_number(NumberForm::kCount, text.substr(equals + 1), self.range);
  if (!limit) return "has a limit that " + limit.error().message;
  if (!limits.emplace(repo, *limit).second) return "names a repo that was already given";
  return std::nullopt;
}

template <RepoLimits Settings::*kField>
constexpr Definition repo_limits(const Row& row, Range range, std::string_view unit) {
  Definition made = definition(
      row, Form::kRepoLimits,
      [](const Definition& self, std::string_view text, Settings& settings) -> Fault {
        return take_repo_limit(self, text, settings.*kField);
      },
      [](const Definition&, const Settings& settings) -> TextList {
        TextList out;
        for (const auto& [repo, limit] : settings.*kField) {
          out.push_back(repo + "=" + std::to_string(limit));
        }
        return out;
      });
  made.range = range;
  made.unit = unit;
  return made;
}

struct TierAge {
  std::string_view name;
  std::int64_t TierAges::*age_ms;
};
constexpr std::array<TierAge, 4> kTierAges{{
    {"minute", &TierAges::minute_ms},
    {"hour", &TierAges::hour_ms},
    {"day", &TierAges::day_ms},
    {"raw", &TierAges::raw_ms},
}};

Fault take_tier_age(const Definition& self, std::string_view text, TierAges& ages) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return "has no =";
  const auto tier = std::find_if(kTierAges.begin(), kTierAges.end(), [&](const TierAge& one) {
    return one.name == text.substr(0, equals);
  });
  if (tier == kTierAges.end()) return "names no tier";
  const auto age = parse_number(NumberForm::kDuration, text.substr(equals + 1), self.range);
  if (!age) return "has an age that " + age.error().message;
  if (ages.*tier->age_ms != 0) return "names a tier that was already given";
  ages.*tier->age_ms = static_cast<std::int64_t>(*age);
  return std::nullopt;
}

template <TierAges Settings::*kField>
constexpr Definition tier_ages(const Row& row, Range range) {
  Definition made = definition(
      row, Form::kTierAges,
      [](const Definition& self, std::string_view text, Settings& settings) -> Fault {
        return take_tier_age(self, text, settings.*kField);
      },
      [](const Definition&, const Settings& settings) -> TextList {
        TextList out;
        for (const TierAge& tier : kTierAges) {
          const std::int64_t age = settings.*kField.*tier.age_ms;
          if (age == 0) continue;
          out.push_back(std::string(tier.name) + "=" +
                        to_text(NumberForm::kDuration, static_cast<std::uint64_t>(age)));
        }
        return out;
      });
  made.range = range;
  return made;
}

using S = Settings;

constexpr std::array kDefinitions{
    path<&S::data_dir>(
        {"data", Group::kData, "the directory that holds everything; made if absent"}, 1),
    number<&S::idempotency_window_ms>(
        {"idempotency-window", Group::kData,
         "how long a batch's key and an event's id are remembered; older ones count as new"},
        Form::kDuration, {kMinute, 30 * kDay}),
    number<&S::snapshot_lifetime_ms>(
        {"snapshot-lifetime", Group::kData,
         "how long one read may take; its snapshot keeps deleted data from being reclaimed"},
        Form::kDuration, {kSecond, kHour}),
    number<&S::memory_bytes>(
        {"memory", Group::kData,
         "the memory to use; the process takes up to 64MiB beside it. Where they are not given, "
         "block-cache gets 4/32 of it, memtables 5/32, commit-queue 3/32, unfolded 3/32, "
         "bytes-in-flight-max 5/32, decode-bytes-max 2/32, query-bytes-max 6/32 and "
         "answer-bytes-max 3/32. In a container that allows less than the default needs, the "
         "default is a quarter below that limit"},
        Form::kSize, {kMemoryBytesMin, 8 * kTiB}),
    number<&S::block_cache_bytes>({"block-cache", Group::kData, "memory for blocks read from disk"},
                                  Form::kSize, {kMiB, kTiB}),
    number<&S::memtables_bytes>(
        {"memtables", Group::kData,
         "memory for data not yet flushed to tables, and for what is being flushed"}, Form::kSize,
        {kMiB, 64 * kGiB}),
    number<&S::commit_queue_bytes>(
        {"commit-queue", Group::kData,
         "memory for batches that wait for room or to be committed; a full queue answers 503"},
        Form::kSize, {kMiB, 64 * kGiB}),
    on_off<&S::accept_lost_commits>(
        {"accept-lost-commits", Group::kData,
         "open a store whose log lost acknowledged commits, without them, instead of refusing it"}),
    number<&S::disk_reserve_bytes>({"disk-reserve-bytes", Group::kData,
                                    "with less free space than this, events are refused with "
                                    "507"},
                                   Form::kSize, {0, kPiB}),
    number<&S::disk_reserve_percent>(
        {"disk-reserve-percent", Group::kData,
         "the same for a share of the file system, if that is more than disk-reserve-bytes"},
        Form::kCount, {0, 50}, "percent"),

    number<&S::fold_interval_ms>(
        {"fold-interval", Group::kFolding,
         "time between folds of raw events into minutes; 0 = only when asked"},
        Form::kDuration, {0, kHour}),
    number<&S::fold_batch_bytes>(
        {"fold-batch", Group::kFolding, "raw bytes folded in one atomic step, at most"},
        Form::kSize, {64 * kKiB, kGiB}),
    number<&S::unfolded_bytes>(
        {"unfolded", Group::kFolding,
         "memory for events not folded yet; a fold begins at a third, beyond it pushes wait"},
        Form::kSize, {kMiB, 64 * kGiB}),
    number<&S::seal_after_ms>(
        {"seal-after", Group::kFolding,
         "how long after its end a span, 6 hours of minutes or 15 days of hours, is sealed into a "
         "page; later events are added to it"},
        Form::kDuration, {0, 30 * kDay}),
    number<&S::seal_interval_ms>(
        {"seal-interval", Group::kFolding,
         "time between two looks for what to seal, at least; 0 = never"},
        Form::kDuration, {0, kDay}),
    tier_ages<&S::retention>(
        {"retention", Group::kFolding,
         "how long rows are kept, by tier: minute, hour, day; those not named are for ever, and so "
         "are totals; raw: how long events are kept for GET /events, not named: not at all"},
        {kHour, 36'500 * kDay}),
    on_off<&S::accept_clock>(
        {"accept-clock", Group::kFolding,
         "believe the clock whatever it says; otherwise a clock that is more than 10 minutes before "
         "the newest commit, or before the date of the build, stores nothing, and one that is more "
         "than a day past it expires nothing and takes only events with timestamps, until one of "
         "them confirms the time"}),

    listen_address<&S::listen>(
        {"listen", Group::kNetwork,
         "where to serve HTTP: an IP address or localhost, and a port; port 0 = the system's "
         "choice"}),
    number<&S::connections_max>({"connections-max", Group::kNetwork, "open connections in all; at the bound a new one takes the place of the idlest"},
                                Form::kCount, {1, 1'000'000}, "connections"),
    number<&S::connections_per_address_max>(
        {"connections-per-address-max", Group::kNetwork,
         "open connections from one address, and at most seven eighths of connections-max; at the bound a "
         "new one takes the place of the address's idlest; loopback and trusted-proxies are exempt"},
        Form::kCount, {1, 1'000'000}, "connections"),
    address_ranges<&S::trusted_proxies>(
        {"trusted-proxies", Group::kNetwork,
         "addresses that connections-per-address-max does not hold for"}),
    number<&S::io_threads>({"io-threads", Group::kNetwork, "threads that read and write sockets"},
                           Form::kCount, {1, 64}, "threads"),
    number<&S::worker_threads>(
        {"worker-threads", Group::kNetwork, "threads that decode, query and render"}, Form::kCount,
        {1, 64}, "threads"),

    number<&S::header_bytes_max>(
        {"header-bytes-max", Group::kLimits, "a request's header; more is a 431"}, Form::kSize,
        {kKiB, kMiB}),
    number<&S::uri_bytes_max>(
        {"uri-bytes-max", Group::kLimits, "a request's target; more is a 414"}, Form::kSize,
        {256, kMiB}),
    number<&S::body_bytes_max>(
        {"body-bytes-max", Group::kLimits,
         "a request's body as it is sent; more is a 413; at most bytes-in-flight-max"},
        Form::kSize, {kKiB, kGiB}),
    number<&S::inflated_bytes_max>(
        {"inflated-bytes-max", Group::kLimits,
         "a compressed body once inflated; more is a 413; at least body-bytes-max"},
        Form::kSize, {kKiB, 4 * kGiB}),
    number<&S::inflate_ratio_max>(
        {"inflate-ratio-max", Group::kLimits,
         "how much larger a body may become by inflating if it becomes larger than body-bytes-max"},
        Form::kCount, {1, 100'000}, "times"),
    number<&S::bytes_in_flight_max>(
        {"bytes-in-flight-max", Group::kLimits,
         "all bodies being handled; more wait; an eighth is kept for bodies up to 1MiB, and large "
         "bodies of one client share half"},
        Form::kSize, {kMiB, 64 * kGiB}),
    number<&S::push_wait_ms>(
        {"push-wait", Group::kLimits,
         "how long a push waits for room, in bytes-in-flight-max and again in unfolded, before it "
         "gets a 503"},
        Form::kDuration, {0, kHour}),
    number<&S::decode_bytes_max>(
        {"decode-bytes-max", Group::kLimits,
         "memory for decoding large bodies at the same time; further ones wait their turn"},
        Form::kSize, {kMiB, 64 * kGiB}),
    number<&S::query_bytes_max>(
        {"query-bytes-max", Group::kLimits,
         "memory that reads hold in groups, percentiles, pages and lists; a read that needs more "
         "than 7/8 of it is a 400, one that finds it held by others a 503"},
        Form::kSize, {kMiB, kTiB}),
    number<&S::answer_bytes_max>(
        {"answer-bytes-max", Group::kLimits,
         "memory for answers under way and for compressing them; more is a 503"},
        Form::kSize, {kMiB, 64 * kGiB}),
    number<&S::json_depth_max>({"json-depth-max", Group::kLimits, "nesting of a JSON body"},
                               Form::kCount, {2, 16}, "levels"),
    number<&S::scans_max>({"scans-max", Group::kLimits, "answers of rows that are sent at the same time; at the bound the slowest reader is cut off for "
                           "a new one, and if none is slow a long one is a 503"},
                          Form::kCount, {1, 1024}, "scans"),
    number<&S::groups_max>(
        {"groups-max", Group::kLimits,
         "groups that a read's rows are added up to by groupBy; more is a 400"},
        Form::kCount, {1, 100'000'000}, "groups"),
    number<&S::new_series_per_minute_max>(
        {"new-series-per-minute-max", Group::kLimits, "series that may appear; more is a 429"},
        Form::kCount, {1, 1'000'000'000}, "series a minute"),
    number<&S::series_max>(
        {"series-max", Group::kLimits, "series in all; events of further ones are rejected"},
        Form::kCount, {1, 1'000'000'000'000}, "series"),
    repo_limits<&S::repo_new_series_per_minute_max>(
        {"repo-new-series-per-minute-max", Group::kLimits,
         "bounds for single repos within new-series-per-minute-max"},
        {1, 1'000'000'000}, "series a minute"),
    repo_limits<&S::repo_series_max>(
        {"repo-series-max", Group::kLimits, "bounds for single repos within series-max"},
        {1, 1'000'000'000'000}, "series"),
    number<&S::nodes_max>(
        {"nodes-max", Group::kLimits,
         "nodes known by a heartbeat or a description; a further one is a 429"},
        Form::kCount, {1, 100'000'000}, "nodes"),
    number<&S::node_offline_after_ms>(
        {"node-offline-after", Group::kLimits,
         "how long after its last event or heartbeat a node counts as OFFLINE"},
        Form::kDuration, {kSecond, 365 * kDay}),

    number<&S::header_timeout_ms>(
        {"header-timeout", Group::kTimeouts, "for a request's header to arrive"}, Form::kDuration,
        kTimeoutRange),
    number<&S::body_timeout_ms>(
        {"body-timeout", Group::kTimeouts, "for a request's body to arrive"}, Form::kDuration,
        kTimeoutRange),
    number<&S::idle_timeout_ms>(
        {"idle-timeout", Group::kTimeouts,
         "for the next request of a kept connection; longer than that of a load balancer in front"},
        Form::kDuration, kTimeoutRange),
    number<&S::write_timeout_ms>(
        {"write-timeout", Group::kTimeouts, "for a client to take a piece of its answer"},
        Form::kDuration, kTimeoutRange),
    number<&S::drain_timeout_ms>(
        {"drain-timeout", Group::kTimeouts, "for running requests to end when the daemon stops"},
        Form::kDuration, {0, 10 * kMinute}),

    path<&S::tokens_file>({"tokens", Group::kAccess,
                           "the file of access tokens; without one, requests need no token"},
                          0),
    on_off<&S::serve_anyone_without_tokens>(
        {"serve-anyone-without-tokens", Group::kAccess,
         "listen beyond this machine though there are no tokens: anyone who can connect may read "
         "and write everything"}),
    origins<&S::cors_origins>(
        {"cors-origin", Group::kAccess,
         "pages of other sites whose scripts may use this daemon, by their origin; * = all pages"}),

    choice<&S::log_format>({"log-format", Group::kLogging,
                            "how log lines look; auto = human on a terminal, else json"},
                           kLogFormats),
    choice<&S::log_level>({"log-level", Group::kLogging, "the least grave lines to log"},
                          kLogLevels),

    [] {
      Definition made = path<&S::config_file>(
          {"config", Group::kOther, "a TOML file of settings; cannot stand in the file itself"}, 0);
      made.in_file = false;
      return made;
    }(),
};

constexpr std::array<Command, 4> kCommands{{
    {kHelp, "print this and end"},
    {kVersion, "print the version and end"},
    {kPrintConfig, "print the settings in force as a file for --config, and end"},
    {kCheckConfig, "read and check the settings, say what is wrong with them, and end"},
}};

// Levenshtein's, over two rows.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({replaced, previous[j] + 1, current[j - 1] + 1});
    }
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

const char* to_string(Group group) {
  switch (group) {
    case Group::kData:
      return "Data and durability";
    case Group::kFolding:
      return "Folding";
    case Group::kNetwork:
      return "Network";
    case Group::kLimits:
      return "Limits";
    case Group::kTimeouts:
      return "Time-outs";
    case Group::kAccess:
      return "Access";
    case Group::kLogging:
      return "Logging";
    case Group::kOther:
      break;
  }
  return "Other";
}

std::span<const Definition> definitions() { return kDefinitions; }

std::span<const Command> commands() { return kCommands; }

const Definition* find_definition(std::string_view name) {
  const auto at = std::find_if(kDefinitions.begin(), kDefinitions.end(),
                               [&](const Definition& one) { return one.name == name; });
  return at == kDefinitions.end() ? nullptr : &*at;
}

std::string flag_of(const Definition& definition) { return "--" + std::string(definition.name); }

std::string variable_of(const Definition& definition) {
  std::string out(kVariablePrefix);
  for (const char c : definition.name) {
    out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return out;
}

std::string expectation_of(const Definition& definition) {
  std::string range;
  if (const auto form = number_form(definition.form)) {
    range = " from " + to_text(*form, definition.range.first) + " to " +
            to_text(*form, definition.range.last);
  }
  switch (definition.form) {
    case Form::kDuration:
      return "a duration" + range + " with its unit, such as 1500ms, 2s, 10m, 48h or 7d";
    case Form::kSize:
      return "a size" + range + ", such as 4096, 64KiB, 8MiB or 10MB";
    case Form::kCount:
      return "a whole number" + range;
    case Form::kSwitch:
      return "true or false";
    case Form::kPath:
      return std::string(definition.range.first == 0 ? "nothing or " : "") + "a path of at most " +
             std::to_string(definition.range.last) + " bytes of printable UTF-8";
    case Form::kChoice:
      break;
    case Form::kListenAddress:
      return "an IP address or localhost, and a port from 0 to 65535, such as 127.0.0.1:3000 or "
             "[::1]:3000";
    case Form::kAddressRanges:
      return "a list of IP addresses and CIDR ranges, such as 192.0.2.1 or 10.0.0.0/8";
    case Form::kOrigins:
      return "a list of origins as browsers send them, SCHEME://HOST or SCHEME://HOST:PORT, such as "
             "https://grafana.example or http://localhost:8080, or *";
    case Form::kTierAges:
      return "a list of TIER=AGE, TIER being minute, hour, day or raw, AGE a duration from " +
             to_text(NumberForm::kDuration, definition.range.first) + " to " +
             to_text(NumberForm::kDuration, definition.range.last) + ", such as minute=90d,hour=2y";
    case Form::kRepoLimits:
      return "a list of REPO=N, N a whole number from " + std::to_string(definition.range.first) +
             " to " + std::to_string(definition.range.last);
  }
  std::string out;
  for (const std::string_view one : definition.choices) {
    if (!out.empty()) out += one == definition.choices.back() ? " or " : ", ";
    out += one;
  }
  return out;
}

std::optional<std::string_view> nearest_name(std::string_view name, Among among) {
  constexpr std::size_t kComparedMax = 64;  // no name is longer; bounds the work
  name = name.substr(0, kComparedMax);
  // Half of it misspelt is another word.
  std::size_t best = name.size() / 2;
  std::optional<std::string_view> nearest;
  const auto offer = [&](std::string_view known) {
    const std::size_t distance = edit_distance(name, known);
    if (distance > best || (nearest && distance == best)) return;
    best = distance;
    nearest = known;
  };
  for (const Definition& definition : kDefinitions) offer(definition.name);
  if (among == Among::kSettingsAndCommands) {
    for (const Command& command : kCommands) offer(command.name);
  }
  return nearest;
}

}  // namespace minuted::settings
