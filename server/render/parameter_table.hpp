// How an endpoint declares its query parameters: one table row per name, with the function that
// takes its values. What a table does not name is ignored, well encoded or not, so that clients of
// other versions keep working. Adding a parameter is adding a row. Pure; any thread.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "minuted/event.hpp"
#include "render/query_string.hpp"

namespace minuted::render {

// `Target` is what the endpoint's parameters are collected into.
template <class Target>
struct ParameterDefinition {
  using Take = std::optional<ParameterError> (*)(const ParameterDefinition& self,
                                                 std::string_view value, Target& target);
  std::string_view name;  // case matters
  ValueKind kind;
  Take take;                 // called once per occurrence, in the query's order; `value` decoded
  bool takes_empty = false;  // else an empty value counts as absent and is not passed on
};

// Hands every parameter of `raw_query` that `definitions` names to its `take`, up to the first that
// is refused; that one's error, or nullopt.
template <class Target, std::size_t N>
std::optional<ParameterError> take_parameters(
    std::string_view raw_query, const std::array<ParameterDefinition<Target>, N>& definitions,
    Target& target) {
  for (const RawPair& pair : split_query(raw_query)) {
    for (const auto& definition : definitions) {
      if (definition.name != pair.name) continue;
      auto decoded = decode_value(definition.name, pair.raw_value, definition.kind);
      if (auto* error = std::get_if<ParameterError>(&decoded)) return std::move(*error);
      const std::string& value = std::get<std::string>(decoded);
      if (value.empty() && !definition.takes_empty) continue;
      if (auto error = definition.take(definition, value, target)) return error;
    }
  }
  return std::nullopt;
}

// A value, and the text it was given as.
template <class Value>
struct Given {
  std::string text;
  Value value;
};

inline ParameterError given_twice(std::string_view name, std::string_view first,
                                  std::string_view second) {
  return {kInvalidParameter, std::string(name) + " is given twice, as " + shorten(first) + " and " +
                                 shorten(second) + "; give one value"};
}

// Fills the slot, or keeps what is in it if that is the same; another value is refused, naming both.
template <class Value>
std::optional<ParameterError> take_once(std::string_view name, std::string_view text, Value value,
                                        std::optional<Given<Value>>& slot) {
  if (slot && slot->value != value) return given_twice(name, slot->text, text);
  if (!slot) slot = Given<Value>{std::string(text), std::move(value)};
  return std::nullopt;
}

// The same where the text is the value.
inline std::optional<ParameterError> take_once(std::string_view name, std::string_view text,
                                               std::optional<std::string>& slot) {
  if (slot && *slot != text) return given_twice(name, *slot, text);
  slot = text;
  return std::nullopt;
}

// How many rows are wanted, from 1 to `most`.
inline std::optional<ParameterError> take_row_limit(std::string_view name, std::string_view text,
                                                    std::uint64_t most,
                                                    std::optional<Given<std::uint64_t>>& slot) {
  std::uint64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc{} || end != text.data() + text.size() || limit == 0 || limit > most) {
    return ParameterError{kInvalidParameter,
                          std::string(name) + " " + shorten(text) +
                              " is not a number of rows; give a whole number from 1 to " +
                              std::to_string(most)};
  }
  return take_once(name, text, limit, slot);
}

}  // namespace minuted::render
