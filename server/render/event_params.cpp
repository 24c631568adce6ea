#include "render/event_params.hpp"

#include <array>
#include <optional>
#include <string>

#include "minuted/event.hpp"
#include "render/parameter_table.hpp"

namespace minuted::render {
namespace {

struct Collected {
  std::optional<bool> strict;
};

using Definition = ParameterDefinition<Collected>;

std::optional<ParameterError> take_strict(const Definition& self, std::string_view value,
                                          Collected& target) {
  const bool yes = value == "1" || value == "true";
  if (!yes && value != "0" && value != "false") {
    return ParameterError{kInvalidParameter,
                          std::string(self.name) + " " + shorten(value) +
                              " is neither yes nor no; give 1 or true to store all of the batch or "
                              "nothing, 0 or false to store its good events"};
  }
  if (target.strict && *target.strict != yes) {
    return ParameterError{kInvalidParameter, std::string(self.name) +
                                                 " is given twice, as yes and as no (" +
                                                 shorten(value) + "); give one value"};
  }
  target.strict = yes;
  return std::nullopt;
}

constexpr std::array<Definition, 1> kDefinitions{{{"strict", ValueKind::kText, take_strict}}};

}  // namespace

std::variant<EventParams, ParameterError> parse_event_params(std::string_view raw_query) {
  Collected given;
  if (auto error = take_parameters(raw_query, kDefinitions, given)) return std::move(*error);
  return EventParams{given.strict.value_or(false)};
}

}  // namespace minuted::render
