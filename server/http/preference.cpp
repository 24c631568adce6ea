#include "http/preference.hpp"

#include <algorithm>

namespace minuted::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view trim_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::size_t last = text.find_last_not_of(kBlanks);
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

std::optional<std::uint32_t> parse_weight(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals = text.substr(std::min(point + 1, text.size()));
  if (whole.size() > 1 || (whole.empty() && decimals.empty())) return std::nullopt;
  if (!std::all_of(whole.begin(), whole.end(), is_digit) ||
      !std::all_of(decimals.begin(), decimals.end(), is_digit)) {
    return std::nullopt;
  }
  std::uint32_t weight = whole.empty() ? 0 : static_cast<std::uint32_t>(whole.front() - '0');
  for (std::size_t i = 0; i < 3; ++i) {
    weight = weight * 10 + (i < decimals.size() ? static_cast<std::uint32_t>(decimals[i] - '0') : 0);
  }
  if (weight > 1000) return std::nullopt;
  return weight;
}

std::optional<std::string_view> take_member(std::string_view& list) {
  while (!list.empty()) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < list.size() && (quoted || list[end] != ','); ++end) {
      if (list[end] == '"') quoted = !quoted;
      if (quoted && list[end] == '\\') ++end;
    }
    const std::string_view member = trim_blanks(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!member.empty()) return member;
  }
  return std::nullopt;
}

}  // namespace minuted::http
