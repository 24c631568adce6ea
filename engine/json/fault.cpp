#include "json/fault.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "json/scalar.hpp"
#include "minuted/event.hpp"

namespace minuted::json {
namespace {

// Every take_ returns whether it found what it names; if not, the fault is noted.
class FaultFinder {
 public:
  FaultFinder(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

  Fault find() {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      note(0, "a byte order mark may stand only once, at the start of the body");
    } else if (take_document()) {
      skip_space();
      expect_nothing_more();
    }
    return std::move(fault_);
  }

 private:
  bool note(std::size_t offset, std::string what) {
    fault_ = {offset, std::move(what), false};
    return false;
  }

  // Something else stands here than `expected`.
  bool note_instead_of(std::string_view expected) {
    std::string what(expected);
    if (at_ == text_.size()) return note(at_, what + " is expected, but the text ends");
    return note(at_, what + " is expected, not " + shorten(character_at(at_)));
  }

  void expect_nothing_more() {
    if (at_ != text_.size()) {
      note(at_, "nothing more is expected, but " + shorten(character_at(at_)) + " follows");
      fault_.behind_document = true;
    } else {
      note(at_, "the text cannot be read");
    }
  }

  // The character at `offset`, or a single byte if none begins there.
  std::string_view character_at(std::size_t offset) const {
    for (std::size_t size = 1; size <= 4 && offset + size <= text_.size(); ++size) {
      const std::string_view candidate = text_.substr(offset, size);
      if (is_valid_utf8(candidate)) return candidate;
    }
    return text_.substr(offset, 1);
  }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \n\r\t", at_), text_.size()); }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    skip_space();
    if (next() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  // Without recursion: what is looked at here may nest to any depth.
  bool take_document() {
    do {
      skip_space();
      if (next() == '{' || next() == '[') {
        if (!open_container()) return false;
      } else if (!take_scalar() || !go_on()) {
        return false;
      }
    } while (!open_.empty());
    return true;
  }

  // Takes the bracket or brace, and up to the first value within, or past an empty container.
  bool open_container() {
    if (open_.size() == depth_max_) {
      return note(at_, "arrays and objects may nest " + std::to_string(depth_max_) + " deep");
    }
    open_.push_back(next() == '{');
    ++at_;
    if (take(closing())) {
      open_.pop_back();
      return go_on();
    }
    return !open_.back() || take_name();
  }

  // From behind a value to the next one, or to the end of the outermost container.
  bool go_on() {
    while (!open_.empty()) {
      if (take(',')) return !open_.back() || take_name();
      if (!take(closing())) {
        return note_instead_of(open_.back() ? "a comma or }" : "a comma or ]");
      }
      open_.pop_back();
    }
    return true;
  }

  char closing() const { return open_.back() ? '}' : ']'; }

  bool take_name() {
    skip_space();
    if (next() != '"') return note_instead_of("a key in quotes");
    if (!take_string()) return false;
    return take(':') || note_instead_of("a colon");
  }

  bool take_scalar() {
    switch (next()) {
      case '"':
        return take_string();
      case 't':
        return take_word("true");
      case 'f':
        return take_word("false");
      case 'n':
        return take_word("null");
      default:
        return take_number();
    }
  }

  bool take_word(std::string_view word) {
    const std::size_t end = std::min(text_.find_first_of(" \n\r\t,:[]{}\"", at_), text_.size());
    const std::string_view found = text_.substr(at_, end - at_);
    if (found != word) return note(at_, shorten(found) + " is no value");
    at_ = end;
    return true;
  }

  bool take_number() {
    if (next() != '-' && (next() < '0' || next() > '9')) return note_instead_of("a value");
    const std::size_t end = std::min(text_.find_first_of(" \n\r\t,:[]{}\"", at_), text_.size());
    const std::string_view found = text_.substr(at_, end - at_);
    if (!is_number(found)) return note(at_, shorten(found) + " is no number");
    at_ = end;
    return true;
  }

  bool take_string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') {
        ++at_;
        return true;
      }
      if (byte < 0x20)
        return note(at_, shorten(text_.substr(at_, 1)) + " in a string is not escaped");
      if (byte == '\\') {
        if (!take_escape()) return false;
      } else {
        const std::string_view character = character_at(at_);
        if (!is_valid_utf8(character)) return note(at_, shorten(character) + " is not UTF-8");
        at_ += character.size();
      }
    }
    return note(text_.size(),
                "the string that begins at byte " + std::to_string(begin) + " is not closed");
  }

  bool take_escape() {
    const std::size_t size = text_.substr(at_).starts_with("\\u") ? 6 : 2;
    const std::string_view escape = text_.substr(at_, size);
    if (!has_valid_escapes(escape)) {
      return note(at_, shorten(escape) + " is no escape");
    }
    at_ += size;
    return true;
  }

  std::string_view text_;
  std::size_t depth_max_;
  std::size_t at_ = 0;
  std::vector<bool> open_;  // of the containers that are not closed yet: is it an object?
  Fault fault_;
};

}  // namespace

Fault find_fault(std::string_view text, std::size_t depth_max) {
  return FaultFinder(text, depth_max).find();
}

}  // namespace minuted::json
