#include "http/route.hpp"

namespace minuted::http {

std::optional<std::size_t> find_route(std::span<const Route> routes, Method method,
                                      std::string_view path) {
  if (method == Method::kHead) method = Method::kGet;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (routes[i].method == method && routes[i].path == path) return i;
  }
  return std::nullopt;
}

std::string allowed_methods(std::span<const Route> routes, std::string_view path) {
  std::string allowed;
  for (const Route& route : routes) {
    if (route.path != path) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += to_string(route.method);
    if (route.method == Method::kGet) allowed += ", HEAD";
  }
  if (!allowed.empty()) allowed += ", OPTIONS";
  return allowed;
}

}  // namespace minuted::http
