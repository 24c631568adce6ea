// A small body that is one JSON object of a few plain fields: read whole, validated whole. For requests
// that come seldom; events have a decoder of their own. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "json/event_json.hpp"

namespace minuted::json {

// A field's value. Of a string what it says, of all else its text.
struct PlainValue {
  enum class Kind : std::uint8_t { kBoolean, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kString;
  std::string text;
  friend bool operator==(const PlainValue&, const PlainValue&) = default;
};

// By name; the last of a name counts, and one that is null is absent.
using SmallObject = std::map<std::string, PlainValue, std::less<>>;

// What an object may have. Without names it may have any fields, and the others are ignored.
using FieldNames = std::span<const std::string_view>;

// Reads `body`, which must be followed by kBodyPadding readable bytes. BodyError "malformed_json" with
// the place of the fault, "wrong_shape", or "invalid_field" for a field that is not among `known`, null
// or not: its message names the nearest that is. `want` ends the message, as in "send {\"day\":…}".
std::variant<SmallObject, BodyError> read_small_object(std::string_view body,
                                                       std::size_t depth_max,
                                                       std::string_view want,
                                                       FieldNames known = {});

// The name among `names`, which are not empty, that takes the fewest changes of a letter to get from
// `name`, letters of both cases being the same; the first of equal ones.
std::string_view nearest_field(std::string_view name, FieldNames names);

}  // namespace minuted::json
