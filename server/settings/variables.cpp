#include "settings/variables.hpp"

#include <unistd.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "minuted/event.hpp"

namespace minuted::settings {
namespace {

constexpr std::string_view kTestPrefix = "MINUTED_TEST_";

// MINUTED_FOLD_INTERVAL → fold-interval.
std::string name_of_variable(std::string_view variable) {
  std::string name;
  for (const char c : variable.substr(kVariablePrefix.size())) {
    name += c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return name;
}

std::string unknown_variable(std::string_view variable) {
  const auto nearest = nearest_name(name_of_variable(variable), Among::kSettings);
  return shorten(variable) + " is not a setting and is ignored; " +
         (nearest ? "did you mean " + variable_of(*find_definition(*nearest)) + "?"
                  : "minuted --help lists the settings");
}

}  // namespace

Source read_variables(const Environment& environment) {
  Source source;
  std::set<std::string_view> seen;
  for (const std::string& entry : environment.entries) {
    const std::string_view text = entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view variable = text.substr(0, equals);
    if (!variable.starts_with(kVariablePrefix) || variable.starts_with(kTestPrefix)) continue;
    // getenv finds the first, and so does whoever looks for the cause with it.
    if (!seen.insert(variable).second) continue;
    const std::string_view value = text.substr(equals + 1);
    if (value.empty()) continue;
    const Definition* const definition = find_definition(name_of_variable(variable));
    // MINUTED_fold_interval would be found too, but is another variable.
    if (definition == nullptr || variable_of(*definition) != variable) {
      source.warnings.push_back(unknown_variable(variable));
      continue;
    }
    source.given.push_back(
        {definition, Layer::kVariable, std::string(variable), 0, values_of(*definition, value)});
  }
  return source;
}

Environment process_environment() {
  Environment environment;
  environment.memory = memory_limit();
  if (environ == nullptr) return environment;  // after clearenv()
  for (char** entry = environ; *entry != nullptr; ++entry) environment.entries.emplace_back(*entry);
  return environment;
}

}  // namespace minuted::settings
