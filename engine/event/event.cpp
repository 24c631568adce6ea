#include "minuted/event.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace minuted {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }

bool same_word(std::string_view word, std::string_view capitals) {
  return word.size() == capitals.size() &&
         std::equal(word.begin(), word.end(), capitals.begin(),
                    [](char a, char b) { return upper(a) == b; });
}

// Takes the next word off `rest`: letters, up to punctuation, a digit or a change of case
// (getObject, GETObject → GET, Object). Empty when none is left.
std::string_view take_word(std::string_view& rest) {
  std::size_t begin = 0;
  while (begin < rest.size() && !is_letter(rest[begin])) ++begin;
  std::size_t end = begin;
  while (end < rest.size() && is_letter(rest[end])) {
    if (end > begin && is_upper(rest[end])) {
      const bool after_lower = is_lower(rest[end - 1]);
      const bool before_lower = end + 1 < rest.size() && is_lower(rest[end + 1]);
      if (after_lower || before_lower) break;
    }
    ++end;
  }
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

struct Verb {
  std::string_view word;
  OpClass op;
};
constexpr std::array<Verb, 13> kVerbs{{
    {"GET", OpClass::kGet},
    {"PUT", OpClass::kPut},
    {"LIST", OpClass::kList},
    {"DELETE", OpClass::kDelete},
    {"HEAD", OpClass::kHead},
    {"SELECT", OpClass::kGet},
    {"POST", OpClass::kPut},
    {"COPY", OpClass::kPut},
    {"CREATE", OpClass::kPut},
    {"UPLOAD", OpClass::kPut},
    {"COMPLETE", OpClass::kPut},
    {"DELETEMARKER", OpClass::kDelete},
    {"ABORT", OpClass::kDelete},
}};

// The verb that `word`, of letters, is; null if it is none.
const Verb* verb_of(std::string_view word) {
  const char first = upper(word.front());
  for (const Verb& verb : kVerbs) {
    if (verb.word.size() == word.size() && verb.word.front() == first && same_word(word, verb.word)) {
      return &verb;
    }
  }
  return nullptr;
}

// Of two classes that a name's words stand for, the one with the smaller rank is the name's.
unsigned rank_of(OpClass op) {
  switch (op) {
    case OpClass::kDelete: return 0;
    case OpClass::kList: return 1;
    case OpClass::kHead: return 2;
    case OpClass::kGet: return 3;
    case OpClass::kPut: return 4;
    case OpClass::kOther: break;
  }
  return 5;
}

// Length of the well-formed UTF-8 sequence at the front of `text`, 0 if there is none.
// The table is that of the Unicode Standard, chapter 3, "Well-Formed UTF-8 Byte Sequences".
std::size_t sequence_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

// C0, DEL and C1, of one well-formed sequence. C1 steers terminals as C0 does.
bool is_control(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  const bool c1 = first == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
  return first < 0x20 || first == 0x7F || c1;
}

// Printable ASCII but the comma: what ids are made of nearly always.
bool is_plain(char c) { return c >= 0x20 && c <= 0x7E && c != ','; }

std::string byte_count_message(std::size_t bytes, std::size_t bytes_max) {
  return "must be 1 to " + std::to_string(bytes_max) + " bytes, not " + std::to_string(bytes);
}

}  // namespace

OpClass classify_op(std::string_view name) {
  for (const Verb& verb : kVerbs) {
    if (same_word(name, verb.word)) return verb.op;
  }
  OpClass best = OpClass::kOther;
  bool after_get = false;
  bool gets_bucket = false;  // the last two words so far are Get and Bucket
  // A leading `REST.` or `S3.` needs no treatment of its own: neither is a verb.
  std::string_view rest = name;
  for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
    gets_bucket = after_get && same_word(word, "BUCKET");
    after_get = false;
    const Verb* const verb = verb_of(word);
    if (verb == nullptr) continue;
    if (verb->op == OpClass::kDelete) return OpClass::kDelete;
    after_get = verb->word == "GET";
    if (rank_of(verb->op) < rank_of(best)) best = verb->op;
  }
  // Reading a bucket itself is listing it. GetBucketAcl and its kin read something of a bucket.
  return gets_bucket ? OpClass::kList : best;
}

std::optional<std::string> check_id(std::string_view id) {
  if (id.empty()) return "must not be empty";
  if (id.size() > kIdBytesMax) return byte_count_message(id.size(), kIdBytesMax);
  if (std::all_of(id.begin(), id.end(), is_plain)) return std::nullopt;
  for (std::string_view rest = id; !rest.empty();) {
    const std::size_t length = sequence_bytes(rest);
    if (length == 0) return "must be valid UTF-8";
    if (is_control(rest.substr(0, length))) return "must not contain control characters";
    if (rest[0] == ',') return "must not contain a comma";
    rest.remove_prefix(length);
  }
  return std::nullopt;
}

std::optional<std::string> check_event_id(std::string_view id) {
  if (id.empty() || id.size() > kEventIdBytesMax) {
    return byte_count_message(id.size(), kEventIdBytesMax);
  }
  if (!is_valid_utf8(id)) return "must be valid UTF-8";
  return std::nullopt;
}

bool is_valid_utf8(std::string_view text) {
  // Eight bytes of ASCII at once: ids of events are checked by the decoder and again by the batch.
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  while (!text.empty()) {
    std::uint64_t word = kHighBits;
    if (text.size() >= sizeof word) std::memcpy(&word, text.data(), sizeof word);
    if ((word & kHighBits) == 0) {
      text.remove_prefix(sizeof word);
      continue;
    }
    const std::size_t length = sequence_bytes(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string shorten(std::string_view text) {
  constexpr std::size_t kShownMax = 40;
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    if (out.size() > kShownMax) return out + "…\"";
    const std::size_t length = sequence_bytes(text);
    const std::string_view shown = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(shown)) {
      for (const char c : shown) {
        const auto byte = static_cast<unsigned char>(c);
        out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
      }
    } else {
      if (shown[0] == '"' || shown[0] == '\\') out += '\\';
      out += shown;
    }
    text.remove_prefix(shown.size());
  }
  return out + '"';
}

const char* to_string(OpClass op) {
  switch (op) {
    case OpClass::kGet: return "GET";
    case OpClass::kPut: return "PUT";
    case OpClass::kDelete: return "DELETE";
    case OpClass::kHead: return "HEAD";
    case OpClass::kList: return "LIST";
    case OpClass::kOther: break;
  }
  return "OTHER";
}

}  // namespace minuted
