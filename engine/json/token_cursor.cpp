#include "json/token_cursor.hpp"

#include <array>

namespace minuted::json {
namespace {

// Bytes that end a token wherever they stand outside of strings, and quotes. Form feed and SUB are
// no white space, but simdjson takes each for a token.
constexpr std::array<bool, 256> kEndsToken = [] {
  std::array<bool, 256> ends{};
  for (const char c : std::string_view("{}[]:,\" \n\r\t\x0C\x1A")) {
    ends[static_cast<unsigned char>(c)] = true;
  }
  return ends;
}();

// How much of `window` to look at, so that it ends where a token does; 0 if there is no such place.
// Braces first, since strings hold other operators and spaces more often.
std::size_t cut_of(std::string_view window) {
  const std::size_t brace = window.rfind('}');
  if (brace != window.npos) return brace + 1;
  std::size_t size = window.size();
  while (size > 0 && !kEndsToken[static_cast<unsigned char>(window[size - 1])]) --size;
  return size;
}

// Where the string begins that `text` leaves open: at its last quote that is not escaped.
std::size_t open_string_of(std::string_view text) {
  for (std::size_t at = text.rfind('"'); at != text.npos && at != 0; at = text.rfind('"', at - 1)) {
    std::size_t backslashes = 0;
    while (backslashes < at && text[at - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return at;
    at -= backslashes;
    if (at == 0) break;
  }
  return 0;
}

}  // namespace

void TokenCursor::open_document(std::string_view text) {
  rest_ = text;
  base_ = text.data();
  next_ = last_ = &kNothing;
  limit_ = 0;
  bad_ = false;
}

Structure::Outcome TokenCursor::open_lines(std::string_view block) {
  open_document({});
  const auto outcome = structure_.index(block);
  base_ = block.data();
  if (outcome == Structure::Outcome::kIndexed) {
    next_ = structure_.tokens();
    last_ = next_ + structure_.token_count();
  }
  return outcome;
}

// Windows begin outside of strings and have to end outside of them too. Where the cut turns out to
// have been within a string, the window ends before that string. So a window is larger than
// kWindowBytes only for a single token that is, and no byte is looked at more than a few times.
Structure::Outcome TokenCursor::next_window() {
  // Whatever becomes of this window, the offsets of the last one are gone.
  next_ = last_ = &kNothing;
  limit_ = 0;
  for (std::size_t size = kWindowBytes;; size *= 2) {
    const bool last = rest_.size() <= size;
    std::size_t cut = last ? rest_.size() : cut_of(rest_.substr(0, size));
    if (cut == 0) continue;
    auto outcome = structure_.index(rest_.substr(0, cut));
    if (outcome == Structure::Outcome::kOpenString && !last) {
      cut = open_string_of(rest_.substr(0, cut));
      if (cut == 0) continue;
      outcome = structure_.index(rest_.substr(0, cut));
    }
    base_ = rest_.data();
    rest_.remove_prefix(cut);
    if (outcome == Structure::Outcome::kIndexed) {
      next_ = structure_.tokens();
      last_ = next_ + structure_.token_count();
      limit_ = static_cast<std::uint32_t>(cut);
    }
    return outcome;
  }
}

int TokenCursor::refill() {
  while (!bad_ && !rest_.empty()) {
    const auto outcome = next_window();
    if (outcome == Structure::Outcome::kIndexed) return peek();
    bad_ = outcome != Structure::Outcome::kBlank;
  }
  return bad_ ? kBad : kEnd;
}

}  // namespace minuted::json
