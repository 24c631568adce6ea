#include "handlers/media_type.hpp"

#include <algorithm>

#include "http/ascii.hpp"
#include "http/preference.hpp"

namespace minuted::http {
namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c <= '~' && std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

// Takes one parameter's value off `rest`: a token, or a quoted string.
std::optional<std::string> take_value(std::string_view& rest) {
  std::string value;
  if (rest.empty() || rest.front() != '"') {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view token = trim_blanks(rest.substr(0, end));
    rest.remove_prefix(end);
    if (!is_token(token)) return std::nullopt;
    return std::string(token);
  }
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\') rest.remove_prefix(1);
    if (rest.empty()) break;
    value += rest.front();
    rest.remove_prefix(1);
  }
  if (rest.empty()) return std::nullopt;
  rest.remove_prefix(1);
  rest = trim_blanks(rest);
  if (!rest.empty() && rest.front() != ';') return std::nullopt;
  return value;
}

}  // namespace

std::optional<MediaType> parse_media_type(std::string_view value) {
  MediaType media;
  std::size_t end = std::min(value.find(';'), value.size());
  media.type = trim_blanks(value.substr(0, end));
  const std::size_t slash = media.type.find('/');
  if (slash == media.type.npos || !is_token(media.type.substr(0, slash)) ||
      !is_token(media.type.substr(slash + 1))) {
    return std::nullopt;
  }
  std::string_view rest = value.substr(end);
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the semicolon
    rest = trim_blanks(rest);
    if (rest.empty() || rest.front() == ';') continue;
    const std::size_t equals = rest.find('=');
    if (equals == rest.npos || !is_token(rest.substr(0, equals))) return std::nullopt;
    const std::string_view name = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
    auto parameter = take_value(rest);
    if (!parameter) return std::nullopt;
    if (equals_ignoring_case(name, "charset")) {
      media.charset = std::move(*parameter);
    } else if (equals_ignoring_case(name, "q")) {
      media.weight = std::move(*parameter);
    }
  }
  return media;
}

}  // namespace minuted::http
