// Walks the tokens of a text in order: a whole document, looked at window by window so that memory
// does not grow with the body, or line after line of a block of NDJSON. Gives single tokens only;
// what may follow what is the caller's business. Borrows the text it was started on; positions it
// hands out are pointers into that. One thread at a time uses it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/structure.hpp"

namespace minuted::json {

inline bool is_json_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

class TokenCursor {
 public:
  static constexpr int kEnd = -1;  // the text (or line) has no more tokens
  static constexpr int kBad = -2;  // simdjson refuses what comes next, see Structure
  // Bytes looked at in one go: enough for the fixed cost not to matter, and few enough for their
  // tokens to stay in the cache until they are walked.
  static constexpr std::size_t kWindowBytes = std::size_t{32} << 10;

  // Starts on a document.
  void open_document(std::string_view text);

  // Starts on a block of whole lines, or a single one. After kIndexed, set_line() says which part
  // is walked; each must lie behind the one before.
  Structure::Outcome open_lines(std::string_view block);
  // The tokens in [begin, end) of the block are next, kEnd follows them.
  void set_line(std::size_t begin, std::size_t end) {
    while (*next_ < begin) ++next_;
    limit_ = static_cast<std::uint32_t>(end);
  }

  // First byte of the next token, kEnd or kBad.
  int peek() {
    if (*next_ < limit_) [[likely]]
      return static_cast<unsigned char>(base_[*next_]);
    return refill();
  }
  // Takes the next token if its first byte is `c`, which ends it too if it is an operator.
  bool take_if(char c) {
    if (peek() != static_cast<unsigned char>(c)) return false;
    ++next_;
    return true;
  }
  // Takes the next token, which peek() has seen, without the white space behind it.
  std::string_view take() {
    const char* begin = base_ + *next_++;
    const char* end = base_ + std::min(*next_, limit_);
    while (is_json_space(end[-1])) --end;
    return {begin, static_cast<std::size_t>(end - begin)};
  }
  // Where the next token begins, which peek() has seen.
  const char* position() const { return base_ + *next_; }
  // Where the operator ended that take_if() has just taken.
  const char* end_of_taken() const { return base_ + next_[-1] + 1; }

  // The tokens ahead, for a loop that keeps them in registers: those in [next, last) whose offset
  // from `base` is below `limit`. skip_to() takes all before its argument.
  struct Ahead {
    const char* base;
    const std::uint32_t* next;
    const std::uint32_t* last;
    std::uint32_t limit;
  };
  Ahead ahead() const { return {base_, next_, last_, limit_}; }
  void skip_to(const std::uint32_t* next) { next_ = next; }

  // Forgets the text, and gives memory back that only an unusually long string has needed.
  void close() {
    open_document({});
    structure_.trim();
  }

 private:
  int refill();
  Structure::Outcome next_window();

  static constexpr std::uint32_t kNothing = 0;

  Structure structure_;
  std::string_view rest_;                  // of the document, behind the current window
  const char* base_ = nullptr;             // what the tokens' offsets count from
  const std::uint32_t* next_ = &kNothing;  // followed by an offset that is not below limit_
  const std::uint32_t* last_ = &kNothing;  // where the window's tokens end
  std::uint32_t limit_ = 0;
  bool bad_ = false;
};

}  // namespace minuted::json
