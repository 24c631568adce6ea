// The part of a URL after `?`, taken apart: pairs first, values decoded only once it is known what
// a parameter is, since a `+` means a space in a name and a zone's sign in a date. First stop of a
// read's journey. The caller bounds the query's length (the HTTP layer's URI limit); work and
// memory here are linear in it. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "minuted/time.hpp"

namespace minuted::render {

// The contract's error_code of a refused parameter. Never renamed.
inline constexpr std::string_view kInvalidParameter = "invalid_parameter";

// Why a parameter was refused; the HTTP status is always 400.
struct ParameterError {
  std::string_view code;  // kInvalidParameter
  std::string message;    // one sentence: the parameter, its value (shortened), what is accepted
  friend bool operator==(const ParameterError&, const ParameterError&) = default;
};

struct RawPair {
  std::string name;            // decoded
  std::string_view raw_value;  // as sent, a view into the query; empty when there is no `=`
  friend bool operator==(const RawPair&, const RawPair&) = default;
};

// The pairs of `raw_query` (without the `?`), in order. Empty pairs (`a=1&&b=2`) are nothing, and a
// pair whose name is not well percent-encoded is left out: it can be no name of ours.
std::vector<RawPair> split_query(std::string_view raw_query);

enum class ValueKind : std::uint8_t {
  kText,  // a `+` is a space
  kDate,  // a `+` before hh:mm is a plus; any other is a space, which makes the value no date
};

// The decoded value, valid UTF-8, or kInvalidParameter naming `name` and the value as it was sent.
std::variant<std::string, ParameterError> decode_value(std::string_view name,
                                                       std::string_view raw_value, ValueKind kind);

// A decoded value of kind kDate as parse_iso8601() reads it. A `+` between the day and the time of day
// stands for the T: that is how forms encode a space, and what a time's offset has before hh:mm.
std::optional<IsoTime> parse_date(std::string_view value);

}  // namespace minuted::render
