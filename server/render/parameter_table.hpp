// How an endpoint declares its query parameters: one table row per name, with the function that
// takes its values. What a table does not name is ignored, well encoded or not, so that clients of
// other versions keep working. Adding a parameter is adding a row. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

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

}  // namespace minuted::render
