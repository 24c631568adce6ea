#include "http/route.hpp"

#include <algorithm>

namespace minuted::http {
namespace {

// A segment of the pattern in braces stands for any that is not empty.
bool matches(std::string_view pattern, std::string_view path) {
  for (;;) {
    const std::size_t brace = pattern.find('{');
    if (brace == std::string_view::npos) return pattern == path;
    if (path.substr(0, brace) != pattern.substr(0, brace)) return false;
    pattern.remove_prefix(std::min(pattern.find('}', brace) + 1, pattern.size()));
    path.remove_prefix(brace);
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end == 0) return false;
    path.remove_prefix(end);
  }
}

}  // namespace

std::optional<std::size_t> find_route(std::span<const Route> routes, Method method,
                                      std::string_view path) {
  if (method == Method::kHead) method = Method::kGet;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (routes[i].method == method && matches(routes[i].path, path)) return i;
  }
  return std::nullopt;
}

std::string allowed_methods(std::span<const Route> routes, std::string_view path) {
  std::string allowed;
  for (const Route& route : routes) {
    if (!matches(route.path, path)) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += to_string(route.method);
    if (route.method == Method::kGet) allowed += ", HEAD";
  }
  if (!allowed.empty()) allowed += ", OPTIONS";
  return allowed;
}

}  // namespace minuted::http
