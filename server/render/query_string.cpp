#include "render/query_string.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "minuted/event.hpp"

namespace minuted::render {
namespace {

constexpr std::size_t kDateBytes = 10;  // 2024-02-01

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What came out of percent-decoding, with every `+` already a space.
struct Decoded {
  std::string text;
  std::vector<std::size_t> pluses;  // where in `text` an unescaped `+` stood
};

// nullopt and `fault` = the bad sequence when a `%` is not followed by two hexadecimal digits.
std::optional<Decoded> percent_decode(std::string_view raw, std::string_view& fault) {
  Decoded out;
  out.text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '+') {
      out.pluses.push_back(out.text.size());
      out.text += ' ';
    } else if (raw[i] != '%') {
      out.text += raw[i];
    } else {
      const int high = i + 1 < raw.size() ? hex_digit(raw[i + 1]) : -1;
      const int low = i + 2 < raw.size() ? hex_digit(raw[i + 2]) : -1;
      if (high < 0 || low < 0) {
        fault = raw.substr(i, 3);
        return std::nullopt;
      }
      out.text += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

bool is_hh_mm(std::string_view text) {
  return text.size() >= 5 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' &&
         is_digit(text[3]) && is_digit(text[4]);
}

// Gives back to a date the pluses that stand before hours and minutes. Of any other, which is a space,
// no date has one: `fault` says so.
bool restore_date_pluses(Decoded& date, std::string& fault) {
  std::string as_sent = date.text;
  for (const std::size_t at : date.pluses) as_sent[at] = '+';
  for (const std::size_t at : date.pluses) {
    if (is_hh_mm(std::string_view(date.text).substr(at + 1))) {
      date.text[at] = '+';
    } else {
      fault = shorten(as_sent) +
              " has a + that is not before hh:mm, and so a space; write %2B for a plus, or leave it out";
      return false;
    }
  }
  return true;
}

}  // namespace

std::vector<RawPair> split_query(std::string_view raw_query) {
  std::vector<RawPair> pairs;
  while (!raw_query.empty()) {
    const std::string_view pair = raw_query.substr(0, raw_query.find('&'));
    raw_query.remove_prefix(std::min(raw_query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string_view fault;
    auto name = percent_decode(pair.substr(0, equals), fault);
    if (!name) continue;
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    pairs.push_back({std::move(name->text), value});
  }
  return pairs;
}

std::variant<std::string, ParameterError> decode_value(std::string_view name,
                                                       std::string_view raw_value, ValueKind kind) {
  std::string_view fault;
  auto decoded = percent_decode(raw_value, fault);
  if (!decoded) {
    return ParameterError{kInvalidParameter, std::string(name) + " " + shorten(raw_value) +
                                                 " is not percent-encoded: " + shorten(fault) +
                                                 " is not % and two hexadecimal digits; a % itself "
                                                 "is written %25"};
  }
  if (std::string fault_text; kind == ValueKind::kDate && !restore_date_pluses(*decoded, fault_text)) {
    return ParameterError{kInvalidParameter, std::string(name) + " " + fault_text};
  }
  if (!is_valid_utf8(decoded->text)) {
    return ParameterError{kInvalidParameter, std::string(name) + " " + shorten(decoded->text) +
                                                 " is not valid UTF-8; percent-encode the bytes of "
                                                 "its UTF-8 form"};
  }
  return std::move(decoded->text);
}

std::optional<IsoTime> parse_date(std::string_view value) {
  if (value.size() <= kDateBytes || value[kDateBytes] != '+') return parse_iso8601(value);
  std::string text(value);
  text[kDateBytes] = 'T';
  return parse_iso8601(text);
}

}  // namespace minuted::render
