#include "render/node_params.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "minuted/event.hpp"
#include "render/minute_params.hpp"
#include "render/page_cursor.hpp"
#include "render/parameter_table.hpp"

namespace minuted::render {
namespace {

constexpr MinuteRange kAllMinutes{{0}, {kMinuteMax.value + 1}};

// The parameters that are no lists.
struct Collected {
  std::optional<Given<Millis>> start;
  std::optional<Given<Millis>> end;
  std::optional<std::string> search;
  std::optional<Given<std::uint64_t>> limit;
  std::optional<std::string> cursor;
  bool unit_id = false;
};

using Definition = ParameterDefinition<Collected>;

ParameterError invalid(std::string message) { return {kInvalidParameter, std::move(message)}; }

// Reads ddmmyyyy.
std::optional<Millis> parse_day(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() < 7 || text.size() > 8 || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  const std::string digits = std::string(8 - text.size(), '0').append(text);
  const auto day = parse_iso8601(digits.substr(4) + "-" + digits.substr(2, 2) + "-" +
                                 digits.substr(0, 2));
  if (!day) return std::nullopt;
  return day->start;
}

template <std::optional<Given<Millis>> Collected::*Slot>
std::optional<ParameterError> take_day(const Definition& self, std::string_view value,
                                       Collected& target) {
  const auto day = parse_day(value);
  if (!day) {
    return invalid(std::string(self.name) + " " + shorten(value) +
                   " is not a day written ddmmyyyy; give one like 15012024, for 15 January 2024");
  }
  return take_once(self.name, value, *day, target.*Slot);
}

std::optional<ParameterError> take_limit(const Definition& self, std::string_view value,
                                         Collected& target) {
  return take_row_limit(self.name, value, kSeriesLimitMax, target.limit);
}

std::optional<ParameterError> take_cursor(const Definition& self, std::string_view value,
                                          Collected& target) {
  return take_once(self.name, value, target.cursor);
}

std::optional<ParameterError> take_search(const Definition& self, std::string_view value,
                                          Collected& target) {
  if (const auto fault = check_id(value)) {
    return invalid(std::string(self.name) + " " + shorten(value) + " " + *fault +
                   "; give the beginning of a repoId, bucketId or host");
  }
  return take_once(self.name, value, target.search);
}

std::optional<ParameterError> take_unit(const Definition&, std::string_view, Collected& target) {
  target.unit_id = true;
  return std::nullopt;
}

std::int64_t day_number(Millis t) {
  const std::int64_t day = t.value / kMillisPerDay;
  return t.value % kMillisPerDay < 0 ? day - 1 : day;
}

// The days [first, last], as far as there are such minutes.
MinuteRange days_of(std::int64_t first, std::int64_t last) {
  const auto minute = [](std::int64_t day) {
    const std::int64_t end = std::int64_t{kMinuteMax.value} + 1;
    return Minute{static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(day * kMinutesPerDay, 0, end))};
  };
  return {minute(first), minute(last + 1)};
}

std::uint64_t hash_of(const SeriesParams& params) {
  std::string text = params.unit_id ? "u\n" : "b\n";
  for (const auto* list : {&params.query.repos, &params.query.buckets}) {
    for (const std::string& id : *list) text += id + ',';
    text += '\n';
  }
  text += params.query.search;
  return XXH3_64bits(text.data(), text.size());
}

std::optional<ParameterError> resume(const std::string& text, const SecretKey& key,
                                     SeriesParams& params) {
  auto cursor = decode_cursor(text, key);
  if (!cursor || cursor->range != kAllMinutes || cursor->last.minute != Minute{0} ||
      cursor->last.repo.empty() || cursor->last.bucket.empty() || cursor->last.host.empty()) {
    return invalid("cursor " + shorten(text) +
                   " is not one of ours; give the nextCursor of the page before, as it was");
  }
  if (cursor->query_hash != params.query_hash) {
    return invalid("cursor " + shorten(text) +
                   " is of another query; give it with the parameters of the page before, or leave "
                   "it out to begin anew");
  }
  params.query.after = SeriesKey{std::move(cursor->last.repo), std::move(cursor->last.bucket),
                                 std::move(cursor->last.host)};
  return std::nullopt;
}

// Whether a unitId was given.
bool asks_by_unit(std::string_view raw_query) {
  constexpr std::array<Definition, 1> kUnit{{{"unitId", ValueKind::kText, take_unit}}};
  Collected given;
  (void)take_parameters(raw_query, kUnit, given);
  return given.unit_id;
}

}  // namespace

std::variant<NodeParams, ParameterError> parse_node_params(std::string_view raw_query) {
  auto buckets = parse_ids(raw_query, IdOf::kBucket);
  if (auto* error = std::get_if<ParameterError>(&buckets)) return std::move(*error);
  NodeParams params;
  params.unit_id = asks_by_unit(raw_query);
  params.query.buckets = std::move(std::get<std::vector<std::string>>(buckets));
  return params;
}

std::variant<NodeParams, ParameterError> parse_node_day_params(std::string_view raw_query,
                                                               Millis now) {
  constexpr std::array<Definition, 2> kDays{{
      {"startDate", ValueKind::kText, take_day<&Collected::start>},
      {"endDate", ValueKind::kText, take_day<&Collected::end>},
  }};
  auto parsed = parse_node_params(raw_query);
  auto* params = std::get_if<NodeParams>(&parsed);
  if (params == nullptr) return parsed;
  Collected given;
  if (auto error = take_parameters(raw_query, kDays, given)) return std::move(*error);
  if (given.start && given.end && given.start->value > given.end->value) {
    return invalid("startDate " + shorten(given.start->text) + " is after endDate " +
                   shorten(given.end->text) + "; give a startDate that is not after the endDate");
  }
  const std::int64_t last = given.end ? day_number(given.end->value) : day_number(now);
  params->query.days =
      days_of(given.start ? day_number(given.start->value) : last - (kNodeDaysDefault - 1), last);
  return parsed;
}

std::variant<SeriesParams, ParameterError> parse_series_params(std::string_view raw_query,
                                                               const SecretKey& cursor_key) {
  constexpr std::array<Definition, 3> kOthers{{
      {"search", ValueKind::kText, take_search},
      {"limit", ValueKind::kText, take_limit},
      {"cursor", ValueKind::kText, take_cursor},
  }};
  auto repos = parse_ids(raw_query, IdOf::kRepo);
  if (auto* error = std::get_if<ParameterError>(&repos)) return std::move(*error);
  auto buckets = parse_ids(raw_query, IdOf::kBucket);
  if (auto* error = std::get_if<ParameterError>(&buckets)) return std::move(*error);
  Collected given;
  if (auto error = take_parameters(raw_query, kOthers, given)) return std::move(*error);
  SeriesParams params;
  params.unit_id = asks_by_unit(raw_query);
  params.query.repos = std::move(std::get<std::vector<std::string>>(repos));
  params.query.buckets = std::move(std::get<std::vector<std::string>>(buckets));
  if (given.search) params.query.search = std::move(*given.search);
  params.limit = given.limit ? given.limit->value : kSeriesLimitDefault;
  params.query_hash = hash_of(params);
  if (given.cursor) {
    if (auto error = resume(*given.cursor, cursor_key, params)) return std::move(*error);
  }
  return params;
}

std::string encode_series_cursor(std::uint64_t query_hash, const SeriesKey& last,
                                 const SecretKey& cursor_key) {
  return encode_cursor({kAllMinutes, query_hash, {last.repo, last.bucket, {0}, last.host}},
                       cursor_key);
}

}  // namespace minuted::render
