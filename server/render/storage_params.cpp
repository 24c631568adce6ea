#include "render/storage_params.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "minuted/event.hpp"
#include "render/minute_params.hpp"
#include "render/parameter_table.hpp"

namespace minuted::render {
namespace {

struct WindowForm {
  std::string_view name;
  std::uint32_t points;
  std::uint32_t point_minutes;
  std::string_view size;
};
constexpr std::array kWindows = {
    WindowForm{"24h", 288, 5, "5m"},
    WindowForm{"7d", 168, kMinutesPerHour, "1h"},
    WindowForm{"30d", 120, 6 * kMinutesPerHour, "6h"},
    WindowForm{"90d", 180, 12 * kMinutesPerHour, "12h"},
    WindowForm{"180d", 180, kMinutesPerDay, "1d"},
    WindowForm{"365d", 365, kMinutesPerDay, "1d"},
};

constexpr std::array<std::pair<std::string_view, UsageScope>, 3> kScopes = {{
    {"org", UsageScope::kOrg},
    {"workspace", UsageScope::kWorkspace},
    {"repo", UsageScope::kRepo},
}};

constexpr std::array<std::pair<std::string_view, UsageBy>, 5> kBreakdowns = {{
    {"repos", UsageBy::kRepo},
    {"buckets", UsageBy::kBucket},
    {"nodes", UsageBy::kNode},
    {"workspaces", UsageBy::kWorkspace},
    {"providers", UsageBy::kProvider},
}};

ParameterError invalid(std::string message) { return {kInvalidParameter, std::move(message)}; }

// As they were given, before they are set against each other.
struct Collected {
  std::optional<std::string> window;
  std::optional<std::string> scope;
  std::optional<std::string> id;
  std::optional<std::string> series;
  std::optional<std::string> limit;
  std::optional<std::string> offset;
  std::optional<std::string> integers;
  bool unit_id = false;
};

using Definition = ParameterDefinition<Collected>;

template <std::optional<std::string> Collected::*Slot>
std::optional<ParameterError> take(const Definition& self, std::string_view value,
                                   Collected& target) {
  return take_once(self.name, value, target.*Slot);
}

std::optional<ParameterError> take_unit(const Definition&, std::string_view, Collected& target) {
  target.unit_id = true;
  return std::nullopt;
}

std::optional<ParameterError> refuse_api_key(const Definition& self, std::string_view value,
                                             Collected&) {
  return invalid(std::string(self.name) + " " + shorten(value) +
                 " cannot be filtered by: which API key an event came by is not kept; leave it out");
}

constexpr std::array<Definition, 9> kDefinitions{{
    {"apiKeyId", ValueKind::kText, refuse_api_key},
    {"window", ValueKind::kText, take<&Collected::window>},
    {"scope", ValueKind::kText, take<&Collected::scope>},
    {"id", ValueKind::kText, take<&Collected::id>},
    {"unitId", ValueKind::kText, take_unit},
    {"includeSeries", ValueKind::kText, take<&Collected::series>},
    {"limit", ValueKind::kText, take<&Collected::limit>},
    {"offset", ValueKind::kText, take<&Collected::offset>},
    {"integers", ValueKind::kText, take<&Collected::integers>},
}};

// "`window` is missing" or what it is instead.
std::string unlike(std::string_view name, const std::optional<std::string>& value) {
  return std::string(name) + (value ? " " + shorten(*value) + " is unknown" : " is missing");
}

std::optional<ParameterError> set_window(const Collected& given, Millis now, StorageParams& params) {
  const auto* form = std::find_if(kWindows.begin(), kWindows.end(),
                                  [&](const WindowForm& w) { return w.name == given.window; });
  if (form == kWindows.end()) {
    return invalid(unlike("window", given.window) + "; give 24h, 7d, 30d, 90d, 180d or 365d");
  }
  params.window = form->name;
  params.time_bucket_size = form->size;
  UsageWindow& window = params.query.window;
  window.points = form->points;
  window.point_minutes = form->point_minutes;
  const std::uint32_t length = window.points * window.point_minutes;
  const Minute last = floor_to(minute_of(Millis{std::clamp<std::int64_t>(
                                   now.value, 0, kMillisMax.value - kMillisPerDay)}),
                               window.point_minutes);
  // A clock within a year of 1970 is no clock to go by: the window then begins there.
  window.begin = {std::max(last.value + window.point_minutes, length) - length};
  return std::nullopt;
}

std::optional<ParameterError> set_scope(Collected& given, bool required, StorageParams& params) {
  if (!given.scope && !required) given.scope = "org";
  const auto* scope = std::find_if(kScopes.begin(), kScopes.end(),
                                   [&](const auto& s) { return s.first == given.scope; });
  if (scope == kScopes.end()) {
    return invalid(unlike("scope", given.scope) + "; give org, workspace or repo");
  }
  params.scope = scope->first;
  params.query.scope = scope->second;
  if (scope->second == UsageScope::kOrg) return std::nullopt;
  if (!given.id) {
    return invalid("id is missing; give the id of the " + std::string(scope->first) +
                   ", as scope asks for one");
  }
  if (const auto fault = check_id(*given.id)) {
    return invalid("id " + shorten(*given.id) + " " + *fault + "; give one id of 1 to " +
                   std::to_string(kIdBytesMax) +
                   " bytes of UTF-8 without control characters and commas");
  }
  params.query.id = std::move(*given.id);
  return std::nullopt;
}

std::optional<ParameterError> set_number(std::string_view name,
                                         const std::optional<std::string>& text,
                                         std::uint64_t least, std::uint64_t most,
                                         std::uint64_t& number) {
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error == std::errc{} && end == text->data() + text->size() && number >= least &&
      number <= most) {
    return std::nullopt;
  }
  return invalid(std::string(name) + " " + shorten(*text) + " is not a number of entities; give a whole number from " +
                 std::to_string(least) + " to " + std::to_string(most));
}

std::optional<ParameterError> set_page(const Collected& given, StorageParams& params) {
  if (given.series) {
    if (*given.series != "true" && *given.series != "false") {
      return invalid("includeSeries " + shorten(*given.series) + " is neither; give true or false");
    }
    params.query.series = *given.series == "true";
  }
  params.query.limit = kEntitiesDefault;
  if (auto fault = set_number("limit", given.limit, 1, kEntitiesMax, params.query.limit)) {
    return fault;
  }
  return set_number("offset", given.offset, 0, INT64_MAX, params.query.offset);
}

std::optional<ParameterError> set_integers(const Collected& given, StorageParams& params) {
  if (!given.integers) return std::nullopt;
  if (auto fault = check_integers("integers", *given.integers)) return fault;
  params.quoted_bytes = *given.integers == "string";
  return std::nullopt;
}

}  // namespace

std::variant<StorageParams, ParameterError> parse_storage_params(std::string_view raw_query,
                                                                 Millis now,
                                                                 std::optional<UsageBy> by) {
  Collected given;
  StorageParams params;
  params.query.by = by;
  if (auto fault = take_parameters(raw_query, kDefinitions, given)) return std::move(*fault);
  if (auto fault = set_scope(given, !by, params)) return std::move(*fault);
  if (auto fault = set_window(given, now, params)) return std::move(*fault);
  auto buckets = parse_ids(raw_query, IdOf::kBucket);
  if (auto* fault = std::get_if<ParameterError>(&buckets)) return std::move(*fault);
  params.query.buckets = std::move(std::get<std::vector<std::string>>(buckets));
  params.unit_id = given.unit_id;
  if (auto fault = set_integers(given, params)) return std::move(*fault);
  if (by) {
    if (auto fault = set_page(given, params)) return std::move(*fault);
  }
  return params;
}

std::optional<UsageBy> parse_breakdown(std::string_view name) {
  for (const auto& [known, by] : kBreakdowns) {
    if (known == name) return by;
  }
  return std::nullopt;
}

std::string_view breakdown_names() { return "repos, buckets, nodes, workspaces or providers"; }

}  // namespace minuted::render
