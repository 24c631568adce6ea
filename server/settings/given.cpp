#include "settings/given.hpp"

#include <algorithm>

namespace minuted::settings {
namespace {

// People write a space behind a comma.
std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

}  // namespace

std::string place_of(const Given& given, std::uint32_t line) {
  if (given.layer != Layer::kFile) return given.origin;
  return given.origin + ":" + std::to_string(line) + ": " + std::string(given.definition->name);
}

std::vector<Value> values_of(const Definition& definition, std::string_view text,
                             std::uint32_t line) {
  if (!is_list(definition.form)) return {{std::string(text), line}};
  std::vector<Value> values;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view element = without_blanks(text.substr(0, comma));
    text.remove_prefix(std::min(text.size(), comma + 1));
    if (!element.empty()) values.push_back({std::string(element), line});
  }
  return values;
}

}  // namespace minuted::settings
