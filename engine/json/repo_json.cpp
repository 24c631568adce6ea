#include "json/repo_json.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "json/small_object.hpp"
#include "minuted/event.hpp"

namespace minuted::json {
namespace {

constexpr std::string_view kWant = R"(send {"workspace":…,"provider":…}, or either of them)";

constexpr std::array<std::string_view, 2> kFields{"workspace", "provider"};

std::optional<BodyError> take_id(const SmallObject& object, std::string_view field,
                                 std::optional<std::string>& to) {
  const auto at = object.find(field);
  if (at == object.end()) return std::nullopt;
  const PlainValue& value = at->second;
  std::string fault = "is not a string";
  if (value.kind == PlainValue::Kind::kString) {
    const auto bad = value.text.empty() ? std::nullopt : check_id(value.text);
    if (!bad) {
      to = value.text;
      return std::nullopt;
    }
    fault = *bad;
  }
  return BodyError{"invalid_field",
                   std::string(field) + " " + shorten(value.text) + " " + fault +
                       "; give a string of up to " + std::to_string(kIdBytesMax) +
                       " bytes of UTF-8 without control characters and commas, empty to take it back"};
}

}  // namespace

std::variant<RepoFactsChange, BodyError> decode_repo_facts(std::string_view body,
                                                           std::size_t depth_max) {
  auto read = read_small_object(body, depth_max, kWant, kFields);
  if (auto* error = std::get_if<BodyError>(&read)) return std::move(*error);
  const auto& object = std::get<SmallObject>(read);
  RepoFactsChange change;
  if (auto fault = take_id(object, "workspace", change.workspace)) return std::move(*fault);
  if (auto fault = take_id(object, "provider", change.provider)) return std::move(*fault);
  return change;
}

}  // namespace minuted::json
