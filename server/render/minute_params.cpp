#include "render/minute_params.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "minuted/event.hpp"
#include "render/page_cursor.hpp"
#include "render/parameter_table.hpp"

namespace minuted::render {
namespace {

using Date = Given<IsoTime>;

// The last millisecond it names.
Millis last_of(const Date& date) {
  return date.value.date_only ? Millis{date.value.start.value + kMillisPerDay - 1}
                              : date.value.start;
}

// The parameters as they were given, before they are set against each other.
struct Collected {
  std::optional<Date> start;
  std::optional<Date> end;
  std::vector<std::string> repos;
  std::vector<std::string> buckets;
  std::vector<std::string> units;
  std::vector<std::string> hosts;
  std::optional<Given<std::uint64_t>> limit;
  std::optional<std::string> cursor;
  std::optional<Grouping> grouping;
  FieldSet fields;
  std::optional<Given<RowFormat>> format;
  std::optional<Given<bool>> quoted_bytes;

  bool quotes_bytes() const { return quoted_bytes && quoted_bytes->value; }
};

using Definition = ParameterDefinition<Collected>;

ParameterError invalid(std::string message) {
  return {kInvalidParameter, std::move(message)};
}

template <std::optional<Date> Collected::*Slot>
std::optional<ParameterError> take_date(const Definition& self, std::string_view value,
                                        Collected& target) {
  const std::optional<IsoTime> time = parse_date(value);
  if (!time) {
    return invalid(std::string(self.name) + " " + shorten(value) +
                   " is not an ISO 8601 date; give a day like 2024-02-01 or a time like "
                   "2024-02-01T10:15:00Z or 2024-02-01T10:15:00+02:00");
  }
  return take_once(self.name, value, *time, target.*Slot);
}

template <std::vector<std::string> Collected::*List>
std::optional<ParameterError> take_ids(const Definition& self, std::string_view value,
                                       Collected& target) {
  while (!value.empty()) {
    const std::string_view id = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), id.size() + 1));
    if (id.empty()) continue;
    if (const auto fault = check_id(id)) {
      return invalid(std::string(self.name) + " " + shorten(id) + " " + *fault +
                     "; give a comma-separated list of ids, each 1 to " +
                     std::to_string(kIdBytesMax) + " bytes of UTF-8 without control characters");
    }
    (target.*List).emplace_back(id);
  }
  return std::nullopt;
}

std::optional<ParameterError> take_limit(const Definition& self, std::string_view value,
                                         Collected& target) {
  return take_row_limit(self.name, value, kLimitMax, target.limit);
}

std::optional<ParameterError> take_cursor(const Definition& self, std::string_view value,
                                          Collected& target) {
  return take_once(self.name, value, target.cursor);
}

// An empty list is one: of rows that keep nothing but their time.
std::optional<ParameterError> take_grouping(const Definition& self, std::string_view value,
                                            Collected& target) {
  if (!target.grouping) target.grouping.emplace();
  while (!value.empty()) {
    const std::string_view name = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), name.size() + 1));
    if (name.empty()) continue;
    bool* const kept = name == "repo"     ? &target.grouping->repo
                       : name == "bucket" ? &target.grouping->bucket
                       : name == "host"   ? &target.grouping->host
                                          : nullptr;
    if (kept == nullptr) {
      return invalid(std::string(self.name) + " " + shorten(name) +
                     " is nothing that rows can be grouped by; give a comma-separated list of "
                     "repo, bucket and host, or an empty one for one row in all per timestamp");
    }
    *kept = true;
  }
  return std::nullopt;
}

std::string joined(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

// A list that is repeated adds to itself.
std::optional<ParameterError> take_fields(const Definition& self, std::string_view value,
                                          Collected& target) {
  while (!value.empty()) {
    const std::string_view name = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), name.size() + 1));
    if (name.empty()) continue;
    const auto field = field_named(name);
    if (name != "*" && !field) {
      return invalid(std::string(self.name) + " " + shorten(name) +
                     " is no column beyond the standard eight; give * or a comma-separated list of " +
                     joined(field_names()));
    }
    field ? target.fields.add(*field) : target.fields.add(FieldSet::all());
  }
  return std::nullopt;
}

std::optional<ParameterError> take_format(const Definition& self, std::string_view value,
                                          Collected& target) {
  for (const RowFormat format : {RowFormat::kJson, RowFormat::kNdjson, RowFormat::kCsv}) {
    if (to_string(format) == value) return take_once(self.name, value, format, target.format);
  }
  return invalid(std::string(self.name) + " " + shorten(value) +
                 " is none of json, ndjson and csv; give one of them");
}

std::optional<ParameterError> take_integers(const Definition& self, std::string_view value,
                                            Collected& target) {
  if (auto fault = check_integers(self.name, value)) return fault;
  return take_once(self.name, value, value == "string", target.quoted_bytes);
}

constexpr std::array<Definition, 12> kDefinitions{{
    {"startDate", ValueKind::kDate, take_date<&Collected::start>},
    {"endDate", ValueKind::kDate, take_date<&Collected::end>},
    {"repoId", ValueKind::kText, take_ids<&Collected::repos>},
    {"bucketId", ValueKind::kText, take_ids<&Collected::buckets>},
    {"unitId", ValueKind::kText, take_ids<&Collected::units>},
    {"hosts", ValueKind::kText, take_ids<&Collected::hosts>},
    {"limit", ValueKind::kText, take_limit},
    {"cursor", ValueKind::kText, take_cursor},
    {"fields", ValueKind::kText, take_fields},
    // Empty, it asks for one row a minute: something else than its absence.
    {"groupBy", ValueKind::kText, take_grouping, true},
    {"format", ValueKind::kText, take_format},
    {"integers", ValueKind::kText, take_integers},
}};

void make_set(std::vector<std::string>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& id : list) out += (out.empty() ? "" : ",") + id;
  return out;
}

// The number of the minute that contains `t`, moved into 0 … kMinuteMax + 1 when the store knows no
// such minute; what `past` adds to it is added before that.
Minute minute_near(Millis t, std::int64_t past = 0) {
  std::int64_t minute = t.value / kMillisPerMinute;
  if (t.value % kMillisPerMinute < 0) --minute;
  const std::int64_t end = std::int64_t{kMinuteMax.value} + 1;
  return Minute{static_cast<std::uint32_t>(std::clamp<std::int64_t>(minute + past, 0, end))};
}

// Makes sets of the lists; unitId must not gainsay bucketId.
std::optional<ParameterError> settle_lists(Collected& given) {
  for (auto* list : {&given.repos, &given.buckets, &given.units, &given.hosts}) make_set(*list);
  if (!given.units.empty() && !given.buckets.empty() && given.units != given.buckets) {
    return invalid("unitId " + shorten(joined(given.units)) + " and bucketId " +
                   shorten(joined(given.buckets)) +
                   " differ; unitId is the older name of bucketId: give one of them, or the same "
                   "ids in both");
  }
  return std::nullopt;
}

std::optional<ParameterError> check_order(const Collected& given) {
  if (!given.start || !given.end || given.start->value.start <= last_of(*given.end)) {
    return std::nullopt;
  }
  return invalid("startDate " + shorten(given.start->text) + " is after endDate " +
                 shorten(given.end->text) + "; give a startDate that is not after the endDate");
}

// The half-open range the dates given mean.
MinuteRange resolve_range(const std::optional<Date>& start,
                          const std::optional<Date>& end, Millis now) {
  const auto day_before = [](Millis t) { return Millis{t.value - kMillisPerDay}; };
  MinuteRange range{minute_near(day_before(now)), Minute{kMinuteMax.value + 1}};
  if (start) range.begin = minute_near(start->value.start);
  if (end) {
    range.end = minute_near(last_of(*end), 1);
    // A day by its date is itself the 24 hours asked for.
    if (!start) {
      range.begin =
          minute_near(end->value.date_only ? end->value.start : day_before(end->value.start));
    }
  }
  return range;
}

// Of all that decides which rows there are and in what form; not of `now`, nor of the page's size.
std::uint64_t hash_of(const Collected& given, const QuerySpec& spec, bool unit_id) {
  std::string text;
  const auto add_date = [&](const std::optional<Date>& date) {
    text += date ? std::to_string(date->value.start.value) + (date->value.date_only ? "d" : "t") : "";
    text += '\n';
  };
  add_date(given.start);
  add_date(given.end);
  for (const auto* list : {&spec.repos, &spec.buckets, &spec.hosts}) text += joined(*list) + '\n';
  text += unit_id ? 'u' : 'b';
  text += std::to_string(static_cast<unsigned>(spec.span));
  if (spec.grouping) {
    text += 'g';
    for (const bool kept : {spec.grouping->repo, spec.grouping->bucket, spec.grouping->host}) {
      text += kept ? '1' : '0';
    }
  }
  if (!given.fields.empty()) text += 'f' + std::to_string(given.fields.bits());
  if (given.quotes_bytes()) text += 's';
  return XXH3_64bits(text.data(), text.size());
}

// Whether a row of the query can have that key.
bool fits(const RowKey& key, const QuerySpec& spec) {
  const Grouping kept = spec.grouping.value_or(Grouping{true, true, true});
  return key.repo.empty() != kept.repo && key.bucket.empty() != kept.bucket &&
         key.host.empty() != kept.host;
}

// Goes on where the cursor's page ended.
std::optional<ParameterError> resume(const std::string& text, const SecretKey& key,
                                     MinuteParams& params) {
  auto cursor = decode_cursor(text, key);
  if (!cursor) {
    return invalid("cursor " + shorten(text) +
                   " is not one of ours; give the nextCursor of the page before, as it was");
  }
  if (cursor->query_hash != params.query_hash) {
    return invalid("cursor " + shorten(text) +
                   " is of another query; give it with the parameters of the page before, or leave "
                   "it out to begin anew");
  }
  if (!fits(cursor->last, params.spec)) {
    return invalid("cursor " + shorten(text) +
                   " names no row of this query; give the nextCursor of the page before, as it was");
  }
  params.spec.range = cursor->range;
  params.spec.after = std::move(cursor->last);
  return std::nullopt;
}

}  // namespace

std::variant<RawEventParams, ParameterError> parse_raw_event_params(std::string_view raw_query,
                                                                    Millis now) {
  constexpr std::array<Definition, 7> kParameters{{
      {"startDate", ValueKind::kDate, take_date<&Collected::start>},
      {"endDate", ValueKind::kDate, take_date<&Collected::end>},
      {"repoId", ValueKind::kText, take_ids<&Collected::repos>},
      {"bucketId", ValueKind::kText, take_ids<&Collected::buckets>},
      {"unitId", ValueKind::kText, take_ids<&Collected::units>},
      {"hosts", ValueKind::kText, take_ids<&Collected::hosts>},
      {"integers", ValueKind::kText, take_integers},
  }};
  Collected given;
  if (auto error = take_parameters(raw_query, kParameters, given)) return std::move(*error);
  if (auto fault = settle_lists(given)) return std::move(*fault);
  if (auto fault = check_order(given)) return std::move(*fault);
  RawEventParams params;
  params.unit_id = !given.units.empty();
  params.quoted_bytes = given.quotes_bytes();
  params.query.range = resolve_range(given.start, given.end, now);
  params.query.repos = std::move(given.repos);
  params.query.buckets = std::move(params.unit_id ? given.units : given.buckets);
  params.query.hosts = std::move(given.hosts);
  return params;
}

std::variant<std::vector<std::string>, ParameterError> parse_ids(std::string_view raw_query,
                                                                 IdOf of) {
  constexpr std::array<Definition, 1> kRepos{
      {{"repoId", ValueKind::kText, take_ids<&Collected::repos>}}};
  constexpr std::array<Definition, 2> kBuckets{
      {{"bucketId", ValueKind::kText, take_ids<&Collected::buckets>},
       {"unitId", ValueKind::kText, take_ids<&Collected::units>}}};
  Collected given;
  auto error = of == IdOf::kRepo ? take_parameters(raw_query, kRepos, given)
                                 : take_parameters(raw_query, kBuckets, given);
  if (!error) error = settle_lists(given);
  if (error) return std::move(*error);
  if (of == IdOf::kRepo) return std::move(given.repos);
  return std::move(given.units.empty() ? given.buckets : given.units);
}

std::variant<std::optional<MinuteRange>, ParameterError> parse_dates(std::string_view raw_query) {
  constexpr std::array<Definition, 2> kDates{{
      {"startDate", ValueKind::kDate, take_date<&Collected::start>},
      {"endDate", ValueKind::kDate, take_date<&Collected::end>},
  }};
  std::string_view rest = raw_query;
  while (!rest.empty()) {
    const std::string_view raw_pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), raw_pair.size() + 1));
    const auto pairs = split_query(raw_pair);
    const std::string name = pairs.empty() ? std::string(raw_pair) : pairs.front().name;
    if (name != kDates[0].name && name != kDates[1].name) {
      return invalid(shorten(name) +
                     " is no parameter of this request; give startDate and endDate, or neither");
    }
    if (pairs.front().raw_value.empty()) {
      return invalid(name + " is empty; give startDate and endDate, each with a date, or neither");
    }
  }
  Collected given;
  if (auto error = take_parameters(raw_query, kDates, given)) return std::move(*error);
  if (given.start.has_value() != given.end.has_value()) {
    const auto& one = given.start ? given.start : given.end;
    return invalid(std::string(given.start ? "startDate " : "endDate ") + shorten(one->text) +
                   " stands alone; give startDate and endDate, or neither");
  }
  if (!given.start) return std::optional<MinuteRange>();
  if (auto fault = check_order(given)) return std::move(*fault);
  return std::optional(resolve_range(given.start, given.end, {}));
}

std::optional<ParameterError> check_paging(const MinuteParams& params, RowFormat format) {
  if (format == RowFormat::kJson || !params.paged) return std::nullopt;
  return invalid((params.limit ? "limit " + std::to_string(*params.limit) : "cursor") +
                 std::string(" asks for a page, which is JSON, but the answer would be ") +
                 std::string(to_string(format)) +
                 "; leave limit and cursor out for all rows, or give format=json");
}

std::variant<MinuteParams, ParameterError> parse_minute_params(std::string_view raw_query,
                                                               Millis now,
                                                               const SecretKey& cursor_key,
                                                               Span span) {
  Collected given;
  if (auto error = take_parameters(raw_query, kDefinitions, given)) return std::move(*error);

  if (auto fault = settle_lists(given)) return std::move(*fault);
  if (auto fault = check_order(given)) return std::move(*fault);

  MinuteParams params;
  const bool unit_id = !given.units.empty();
  params.spec.range = resolve_range(given.start, given.end, now);
  params.spec.repos = std::move(given.repos);
  params.spec.buckets = std::move(unit_id ? given.units : given.buckets);
  params.spec.hosts = std::move(given.hosts);
  params.spec.span = span;
  // All three kept is what rows are anyway.
  if (given.grouping != Grouping{true, true, true}) params.spec.grouping = given.grouping;
  params.spec.columns = columns_for(given.fields, params.spec.grouping.has_value());
  params.columns = {unit_id, params.spec.grouping.value_or(Grouping{true, true, true}), given.fields,
                    given.quotes_bytes()};
  if (given.format) params.format = given.format->value;
  params.paged = given.limit || given.cursor;
  if (given.limit) params.limit = given.limit->value;
  params.query_hash = hash_of(given, params.spec, unit_id);
  if (given.cursor) {
    if (auto error = resume(*given.cursor, cursor_key, params)) return std::move(*error);
  }
  return params;
}

std::optional<ParameterError> check_integers(std::string_view name, std::string_view value) {
  if (value == "string" || value == "number") return std::nullopt;
  return invalid(std::string(name) + " " + shorten(value) +
                 " is neither string nor number; give string for byte counts as strings of digits, or "
                 "number for JSON integers");
}

}  // namespace minuted::render
