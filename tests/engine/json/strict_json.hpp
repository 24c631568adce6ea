// The oracle of well-formedness: RFC 8259 and valid UTF-8, read byte by byte with a stack of its own,
// sharing no code and no method with the engine. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace minuted::json {

class StrictJson {
 public:
  // Whether `text` is one document, nested at most `depth_max` deep.
  static bool accepts(std::string_view text, std::size_t depth_max = SIZE_MAX) {
    StrictJson in(text, depth_max);
    if (!in.value()) return false;
    in.space();
    return in.left_ == 0;
  }

  // The same of a request's body, at whose start a byte order mark may stand.
  static bool accepts_body(std::string_view body) {
    return accepts(body.starts_with("\xEF\xBB\xBF") ? body.substr(3) : body);
  }

 private:
  StrictJson(std::string_view text, std::size_t depth_max)
      : at_(reinterpret_cast<const std::uint8_t*>(text.data())),
        left_(text.size()),
        depth_max_(depth_max) {}

  // The next byte, or 256 at the end.
  unsigned peek() const { return left_ == 0 ? 256U : *at_; }
  void step() {
    ++at_;
    --left_;
  }
  bool one_of(std::string_view any) const {
    return left_ != 0 && any.find(static_cast<char>(*at_)) != any.npos;
  }
  bool eat(char c) {
    if (peek() != static_cast<unsigned char>(c)) return false;
    step();
    return true;
  }
  bool eat_all(std::string_view word) {
    for (const char c : word) {
      if (!eat(c)) return false;
    }
    return true;
  }
  void space() {
    while (one_of(" \t\n\r")) step();
  }
  bool digits() {
    if (!one_of("0123456789")) return false;
    while (one_of("0123456789")) step();
    return true;
  }

  // A value with all that is in it. `closers_` has what ends each container that is open.
  bool value() {
    for (;;) {
      space();
      if (one_of("{[")) {
        if (closers_.size() == depth_max_) return false;
        closers_ += peek() == '{' ? '}' : ']';
        step();
        space();
        if (peek() != static_cast<unsigned char>(closers_.back())) {
          if (closers_.back() == '}' && !key()) return false;
          continue;
        }
      } else if (!scalar()) {
        return false;
      }
      for (space(); !closers_.empty() && eat(closers_.back()); space()) closers_.pop_back();
      if (closers_.empty()) return true;
      if (!eat(',') || (closers_.back() == '}' && !key())) return false;
    }
  }
  bool key() {
    space();
    if (peek() != '"' || !string()) return false;
    space();
    return eat(':');
  }
  bool scalar() {
    switch (peek()) {
      case '"':
        return string();
      case 't':
        return eat_all("true");
      case 'f':
        return eat_all("false");
      case 'n':
        return eat_all("null");
      default:
        return number();
    }
  }
  bool number() {
    eat('-');
    if (!eat('0') && !digits()) return false;
    if (eat('.') && !digits()) return false;
    if (one_of("eE")) {
      step();
      if (one_of("+-")) step();
      if (!digits()) return false;
    }
    return true;
  }
  bool string() {
    step();
    for (;;) {
      const unsigned c = peek();
      if (c < 0x20 || c == 256) return false;
      if (c >= 0x80) {
        if (!multibyte()) return false;
        continue;
      }
      step();
      if (c == '"') return true;
      if (c != '\\') continue;
      if (eat('u')) {
        for (int i = 0; i < 4; ++i) {
          if (!one_of("0123456789abcdefABCDEF")) return false;
          step();
        }
      } else {
        if (!one_of("\"\\/bfnrt")) return false;
        step();
      }
    }
  }
  // Decodes a sequence and asks whether its code point needed it.
  bool multibyte() {
    const unsigned lead = peek();
    const unsigned tails = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC0 || lead > 0xF7 || left_ <= tails) return false;
    std::uint32_t c = lead & (0x3FU >> tails);
    step();
    for (unsigned i = 0; i < tails; ++i) {
      if ((peek() & 0xC0U) != 0x80) return false;
      c = c << 6 | (peek() & 0x3FU);
      step();
    }
    constexpr std::uint32_t kFirst[] = {0, 0x80, 0x800, 0x10000};
    return c >= kFirst[tails] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
  }

  const std::uint8_t* at_;
  std::size_t left_;
  std::size_t depth_max_;
  std::string closers_;
};

}  // namespace minuted::json
