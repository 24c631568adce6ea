#include "json/small_object.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "json/fault.hpp"
#include "json/scalar.hpp"
#include "json/token_cursor.hpp"

namespace minuted::json {
namespace {

using Kind = PlainValue::Kind;

// Each read_ function takes what it names off the cursor; false: the text cannot be JSON.
class Reader {
 public:
  Reader(std::string_view body, std::size_t depth_max) : depth_max_(depth_max) {
    cursor_.open_document(body);
  }

  bool is_object() { return cursor_.peek() == '{'; }

  bool read_object(SmallObject& object) {
    if (!cursor_.take_if('{')) return false;
    if (!cursor_.take_if('}')) {
      do {
        std::string name;
        std::optional<PlainValue> value;
        if (!read_string(name) || !cursor_.take_if(':') || !read_value(1, value)) return false;
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
};

}  // namespace

std::variant<SmallObject, BodyError> read_small_object(std::string_view body,
                                                       std::size_t depth_max,
                                                       std::string_view want) {
  const std::size_t depth = std::clamp<std::size_t>(depth_max, 1, kDepthLimit);
  if (body.find_first_not_of(" \n\r\t") == body.npos) {
    return BodyError{"malformed_json", "the body is empty, up to its end at byte " +
                                           std::to_string(body.size()) + "; " + std::string(want)};
  }
  Reader reader(body, depth);
  SmallObject object;
  const bool is_object = reader.is_object();
  if (is_object ? reader.read_object(object) : reader.skip_document()) {
    if (is_object) return object;
    return BodyError{"wrong_shape", "the body is not a JSON object; " + std::string(want)};
  }
  const Fault fault = find_fault(body, depth);
  const auto line = 1 + std::count(body.data(), body.data() + fault.offset, '\n');
  return BodyError{"malformed_json", "the body is not one JSON document: " + fault.what +
                                         ", at byte " + std::to_string(fault.offset) + " (line " +
                                         std::to_string(line) + ")"};
}

}  // namespace minuted::json
