#include "json/small_object.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "json/body_start.hpp"
#include "json/fault.hpp"
#include "json/scalar.hpp"
#include "json/token_cursor.hpp"
#include "minuted/event.hpp"

namespace minuted::json {
namespace {

using Kind = PlainValue::Kind;

// Each read_ function takes what it names off the cursor; false: the text cannot be JSON.
class Reader {
 public:
  Reader(std::string_view body, std::size_t depth_max, FieldNames known)
      : depth_max_(depth_max), known_(known) {
    cursor_.open_document(body);
  }

  // The first field of the object that is not known.
  const std::optional<std::string>& unknown() const { return unknown_; }

  bool is_object() { return cursor_.peek() == '{'; }

  bool read_object(SmallObject& object) {
    if (!cursor_.take_if('{')) return false;
    if (!cursor_.take_if('}')) {
      do {
        std::string name;
        std::optional<PlainValue> value;
        if (!read_string(name) || !cursor_.take_if(':') || !read_value(1, value)) return false;
        const bool is_known =
            known_.empty() || std::find(known_.begin(), known_.end(), name) != known_.end();
        if (!is_known && !unknown_) unknown_ = name;
        object.erase(name);
        if (value) object.emplace(std::move(name), std::move(*value));
      } while (cursor_.take_if(','));
      if (!cursor_.take_if('}')) return false;
    }
    return at_end();
  }

  bool skip_document() {
    std::optional<PlainValue> value;
    return read_value(0, value) && at_end();
  }

 private:
  bool at_end() { return cursor_.peek() == TokenCursor::kEnd; }

  bool read_string(std::string& text) {
    if (cursor_.peek() != '"') return false;
    const std::string_view token = cursor_.take();
    if (token.size() < 2 || token.back() != '"') return false;
    const std::string_view inside = token.substr(1, token.size() - 2);
    if (!has_valid_escapes(inside)) return false;
    std::string scratch;
    text = unescape(inside, scratch);
    return true;
  }

  bool read_value(std::size_t depth, std::optional<PlainValue>& value) {
    const int first = cursor_.peek();
    if (first == TokenCursor::kEnd || first == TokenCursor::kBad) return false;
    if (first == '"') return read_string(value.emplace(PlainValue{Kind::kString, {}}).text);
    if (first == '{' || first == '[') {
      value.emplace(PlainValue{first == '{' ? Kind::kObject : Kind::kArray, {}});
      return depth < depth_max_ && skip_container(depth + 1);
    }
    const std::string text(cursor_.take());
    if (text == "null") return true;
    if (text == "true" || text == "false") {
      value.emplace(PlainValue{Kind::kBoolean, text});
      return true;
    }
    value.emplace(PlainValue{Kind::kNumber, text});
    return is_number(text);
  }

  bool skip_container(std::size_t depth) {
    const bool array = cursor_.take_if('[');
    const char close = array ? ']' : '}';
    if (!array) cursor_.take_if('{');
    if (cursor_.take_if(close)) return true;
    do {
      std::string name;
      std::optional<PlainValue> value;
      if (!array && (!read_string(name) || !cursor_.take_if(':'))) return false;
      if (!read_value(depth, value)) return false;
    } while (cursor_.take_if(','));
    return cursor_.take_if(close);
  }

  TokenCursor cursor_;
  const std::size_t depth_max_;
  const FieldNames known_;
  std::optional<std::string> unknown_;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Levenshtein's distance, in bytes.
std::size_t changes_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest_field(std::string_view name, FieldNames names) {
  // All that is longer is as far from all of them; a body's field may have megabytes.
  constexpr std::size_t kComparedBytesMax = 64;
  const std::string_view compared = name.substr(0, kComparedBytesMax);
  return *std::min_element(names.begin(), names.end(), [&](std::string_view a, std::string_view b) {
    return changes_between(compared, a) < changes_between(compared, b);
  });
}

std::variant<SmallObject, BodyError> read_small_object(std::string_view body,
                                                       std::size_t depth_max,
                                                       std::string_view want,
                                                       FieldNames known) {
  const std::size_t depth = std::clamp<std::size_t>(depth_max, 1, kDepthLimit);
  if (auto error = compressed_or_utf16(body)) return std::move(*error);
  const std::string_view mark = byte_order_mark_of(body);
  const std::string_view text = body.substr(mark.size());
  if (text.find_first_not_of(" \n\r\t") == text.npos) {
    return BodyError{"malformed_json", "the body is empty, up to its end at byte " +
                                           std::to_string(body.size()) + "; " + std::string(want)};
  }
  Reader reader(text, depth, known);
  SmallObject object;
  const bool is_object = reader.is_object();
  if (is_object ? reader.read_object(object) : reader.skip_document()) {
    if (is_object && reader.unknown()) {
      return BodyError{"invalid_field",
                       shorten(*reader.unknown()) + " is not a field of this body; the nearest is " +
                           std::string(nearest_field(*reader.unknown(), known)) + "; " +
                           std::string(want)};
    }
    if (is_object) return object;
    return BodyError{"wrong_shape", "the body is not a JSON object; " + std::string(want)};
  }
  const Fault fault = find_fault(text, depth);
  const auto line = 1 + std::count(text.data(), text.data() + fault.offset, '\n');
  return BodyError{"malformed_json", "the body is not one JSON document: " + fault.what +
                                         ", at byte " + std::to_string(mark.size() + fault.offset) +
                                         " (line " + std::to_string(line) + ")"};
}

}  // namespace minuted::json
