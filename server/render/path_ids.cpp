#include "render/path_ids.hpp"

#include <algorithm>

#include "minuted/event.hpp"

namespace minuted::render {
namespace {

// Both lose their first segment, without the slash before it.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(std::min<std::size_t>(path.size(), 1));
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

std::variant<std::vector<std::string>, ParameterError> path_ids(std::string_view pattern,
                                                                std::string_view path) {
  std::vector<std::string> ids;
  while (!pattern.empty()) {
    const std::string_view name = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (!name.starts_with('{')) continue;
    const std::string_view brace = name.substr(1, name.size() - 2);
    // A plus is a plus in a path.
    std::string raw;
    for (const char c : segment) raw += c == '+' ? std::string("%2B") : std::string(1, c);
    auto id = decode_value(brace, raw, ValueKind::kText);
    if (auto* error = std::get_if<ParameterError>(&id)) return std::move(*error);
    if (const auto fault = check_id(std::get<std::string>(id))) {
      return ParameterError{kInvalidParameter,
                            std::string(brace) + " " + shorten(std::get<std::string>(id)) + " in the "
                                "path " + *fault + "; give an id of 1 to " +
                                std::to_string(kIdBytesMax) +
                                " bytes of UTF-8 without control characters and commas"};
    }
    ids.push_back(std::move(std::get<std::string>(id)));
  }
  return ids;
}

}  // namespace minuted::render
