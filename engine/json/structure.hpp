// Where the tokens of a stretch of JSON begin: simdjson's first stage, and the only place that
// names simdjson. On-Demand is built on the same stage but reads lazily, so that everything it
// skips would have to be walked again to be validated, and it copies every string; TokenCursor
// walks the positions once and strictly instead. One thread at a time uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace minuted::json {

class Structure {
 public:
  enum class Outcome : std::uint8_t {
    kIndexed,
    kBlank,       // nothing but white space
    kOpenString,  // ends within a string
    kBad,         // not UTF-8, or a control character within a string
  };

  Structure();
  ~Structure();
  Structure(Structure&&) noexcept;
  Structure& operator=(Structure&&) noexcept;

  // Finds the tokens of `text`, which must begin outside any string. kIndexed says: valid UTF-8,
  // every string closed and free of raw control characters. Everything else about the text is yet
  // to be checked. Bytes behind the text have no say in it. Throws bad_alloc when the heap is
  // exhausted.
  Outcome index(std::string_view text);

  // After kIndexed: offsets of the bytes that begin a token, ascending, then the text's size. A
  // token ends where the next begins, less the white space between: every other byte that is not
  // white space belongs to the token before it. Valid until the next call of index() or trim().
  const std::uint32_t* tokens() const { return tokens_; }
  std::size_t token_count() const { return token_count_; }  // the text's size not counted

  // Gives memory back that only an unusually long text has needed.
  void trim();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  const std::uint32_t* tokens_ = nullptr;
  std::size_t token_count_ = 0;
};

}  // namespace minuted::json
