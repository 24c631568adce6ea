#include "json/node_json.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "json/scalar.hpp"
#include "json/small_object.hpp"
#include "minuted/event.hpp"

namespace minuted::json {
namespace {

constexpr int kMicrosDecimals = 3;
constexpr std::string_view kWantHeartbeat =
    R"(send {"latency_ms":…,"status":…,"ip":…}, or any of them, or nothing)";
constexpr std::string_view kWantFacts =
    R"(send {"endpoint":…,"region":…,"storageType":…,"provider":…,"version":…}, or any of them)";
constexpr std::array<std::string_view, 3> kHeartbeatFields{"latency_ms", "status", "ip"};
constexpr std::array<std::string_view, 5> kFactFields{"endpoint", "region", "storageType", "provider",
                                                      "version"};
constexpr std::string_view kWantDay = R"(send {"day":"2024-01-15T00:00:00.000Z"})";

BodyError invalid(std::string_view field, const PlainValue& value, std::string_view ending) {
  const bool is_string = value.kind == PlainValue::Kind::kString;
  std::string shown = is_string ? shorten(value.text)
                      : value.kind == PlainValue::Kind::kArray  ? "[…]"
                      : value.kind == PlainValue::Kind::kObject ? "{…}"
                                                                : value.text.substr(0, 40);
  return {"invalid_field", std::string(field) + ' ' + std::move(shown) + ' ' + std::string(ending)};
}

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

// Takes a string into `to`, if it is given.
template <class To>
std::optional<BodyError> take_text(const SmallObject& object, std::string_view field,
                                   std::size_t bytes_max, To& to) {
  const auto at = object.find(field);
  if (at == object.end()) return std::nullopt;
  const PlainValue& value = at->second;
  if (value.kind != PlainValue::Kind::kString || value.text.size() > bytes_max ||
      !is_valid_utf8(value.text) || has_controls(value.text)) {
    return invalid(field, value,
                   "is not accepted; give a string of up to " + std::to_string(bytes_max) +
                       " bytes of UTF-8 without control characters");
  }
  to = value.text;
  return std::nullopt;
}

std::optional<BodyError> take_latency(const SmallObject& object,
                                      std::optional<std::uint64_t>& to) {
  constexpr std::string_view kField = "latency_ms";
  const auto at = object.find(kField);
  if (at == object.end()) return std::nullopt;
  if (at->second.kind == PlainValue::Kind::kNumber) {
    const Scaled us = scale(at->second.text, kMicrosDecimals);
    const bool above =
        us.too_big || us.whole > kLatencyUsMax || (us.whole == kLatencyUsMax && !us.is_whole);
    if (!us.negative && !above) {
      to = us.whole + (us.half ? 1 : 0);
      return std::nullopt;
    }
  }
  return invalid(kField, at->second, "is not accepted; give a number from 0 to 10000000000");
}

}  // namespace

std::variant<Heartbeat, BodyError> decode_heartbeat(std::string_view body, std::size_t depth_max) {
  Heartbeat heartbeat;
  if (body.find_first_not_of(" \n\r\t") == body.npos) return heartbeat;
  auto read = read_small_object(body, depth_max, kWantHeartbeat, kHeartbeatFields);
  if (auto* error = std::get_if<BodyError>(&read)) return std::move(*error);
  const auto& object = std::get<SmallObject>(read);
  auto fault = take_latency(object, heartbeat.latency_us);
  if (!fault) fault = take_text(object, "status", kNodeStatusBytesMax, heartbeat.status);
  if (!fault) fault = take_text(object, "ip", kNodeStatusBytesMax, heartbeat.ip);
  if (fault) return std::move(*fault);
  return heartbeat;
}

std::variant<NodeFactsPatch, BodyError> decode_node_facts(std::string_view body,
                                                          std::size_t depth_max) {
  auto read = read_small_object(body, depth_max, kWantFacts, kFactFields);
  if (auto* error = std::get_if<BodyError>(&read)) return std::move(*error);
  const auto& object = std::get<SmallObject>(read);
  NodeFactsPatch facts;
  const std::pair<std::string_view, std::optional<std::string>*> fields[] = {
      {"endpoint", &facts.endpoint},
      {"region", &facts.region},
      {"storageType", &facts.storage_type},
      {"provider", &facts.provider},
      {"version", &facts.version}};
  for (const auto& [name, fact] : fields) {
    if (auto fault = take_text(object, name, kNodeFactBytesMax, *fact)) return std::move(*fault);
  }
  return facts;
}

std::variant<Minute, BodyError> decode_day(std::string_view body, std::size_t depth_max) {
  auto read = read_small_object(body, depth_max, kWantDay);
  if (auto* error = std::get_if<BodyError>(&read)) return std::move(*error);
  const auto& object = std::get<SmallObject>(read);
  const auto at = object.find("day");
  if (at == object.end()) {
    return BodyError{"invalid_field", "day is missing; " + std::string(kWantDay)};
  }
  if (at->second.kind == PlainValue::Kind::kString) {
    const auto time = parse_iso8601(at->second.text);
    if (time && time->start.value >= 0 && time->start <= kMillisMax) {
      return floor_to(minute_of(time->start), kMinutesPerDay);
    }
  }
  return invalid("day", at->second,
                 "is not an ISO 8601 date from 1970 on; give a day like 2024-01-15 or a time like "
                 "2024-01-15T00:00:00.000Z");
}

}  // namespace minuted::json
