#include "settings/given.hpp"

#include <algorithm>

namespace minuted::settings {

std::string place_of(const Given& given, std::uint32_t line) {
  if (given.layer != Layer::kFile) return given.origin;
  return given.origin + ":" + std::to_string(line) + ": " + std::string(given.definition->name);
}

std::vector<Value> values_of(const Definition& definition, std::string_view text,
                             std::uint32_t line) {
  if (!is_list(definition.form)) return {{std::string(text), line}};
  std::vector<Value> values;
  while (!text.empty()) {
    const std::string_view element = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), element.size() + 1));
    if (!element.empty()) values.push_back({std::string(element), line});
  }
  return values;
}

}  // namespace minuted::settings
