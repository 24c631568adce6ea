#include "http/route.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

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

// Of a path that is not found no more is compared: the work is the product of both lengths.
constexpr std::size_t kComparedBytesMax = 64;

char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// The pattern in lower case, with the segments of `path` in place of those in braces.
std::string filled_in(std::string_view pattern, std::string_view path) {
  std::string filled;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // a slash
    if (!path.empty()) path.remove_prefix(1);
    const std::string_view segment = pattern.substr(0, pattern.find('/'));
    const std::string_view own = path.substr(0, path.find('/'));
    filled += '/';
    for (const char c : segment.starts_with('{') ? own : segment) filled += ascii_lower(c);
    pattern.remove_prefix(segment.size());
    path.remove_prefix(own.size());
  }
  return filled;
}

// How many letters must be added, left out or replaced to make one of the other (Levenshtein).
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
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

std::string_view nearest_path(std::span<const Route> routes, std::string_view path) {
  std::string asked(path.substr(0, kComparedBytesMax));
  std::transform(asked.begin(), asked.end(), asked.begin(), ascii_lower);
  std::string_view nearest = routes.front().path;
  std::size_t least = SIZE_MAX;
  for (const Route& route : routes) {
    const std::size_t distance = edits_between(asked, filled_in(route.path, asked));
    if (distance >= least) continue;
    least = distance;
    nearest = route.path;
  }
  return nearest;
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
