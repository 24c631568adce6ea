#include "json/event_json.hpp"

#include <algorithm>
#include <cstring>

#include "json/body_start.hpp"
#include "json/event_fields.hpp"
#include "json/fault.hpp"
#include "json/key_memory.hpp"
#include "json/scalar.hpp"
#include "json/token_cursor.hpp"

namespace minuted::json {
namespace {

using Kind = Value::Kind;
using Outcome = Structure::Outcome;

constexpr std::string_view kShapes = R"(send an event object, an array of them, or {"events":[…]})";
// Names with every character written as \u0000, and no key longer than that is any of them.
constexpr std::size_t kEscapedNameBytesMax = 6 * kNameBytesMax;

// What a key "events" of an object means.
enum class EventsKey : std::uint8_t {
  kUnknownField,
  kWrapsUnlessEvent,  // the object is a wrapper, as long as no field of an event has been given
  kWraps,
};

// Whether the text is not one document because an object follows one that is the whole of the first line.
bool are_lines(std::string_view text, const Fault& fault) {
  const std::size_t offset = fault.offset;
  if (!fault.behind_document || text[offset] != '{') return false;
  const std::size_t begin = text.find_first_not_of(" \n\r\t");
  const std::size_t line_end = text.find('\n', begin);
  return line_end < offset && text.find_first_not_of(" \n\r\t", line_end) == offset;
}

}  // namespace

const char* to_string(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNotJson:
      return "not_json";
    case RejectReason::kNotObject:
      return "not_object";
    case RejectReason::kMissing:
      return "missing";
    case RejectReason::kWrongType:
      return "wrong_type";
    case RejectReason::kOutOfRange:
      return "out_of_range";
    case RejectReason::kBadText:
      return "bad_text";
    case RejectReason::kBadTime:
      return "bad_time";
    case RejectReason::kTooOld:
      return "too_old";
    case RejectReason::kTooFarAhead:
      return "too_far_ahead";
    case RejectReason::kConflict:
      return "conflict";
    case RejectReason::kForeignRepo:
      return "foreign_repo";
    case RejectReason::kTooDeep:
      return "too_deep";
  }
  return "unknown";
}

// One body at a time. A read_ function takes what it names off the cursor and returns false as soon
// as the text cannot be JSON any more; what exactly is wrong is found out afterwards, from the
// text. `depth` counts the arrays and objects that are open around what is read.
struct EventDecoder::Impl {
  std::variant<Decoded, BodyError> decode_document(std::string_view text, EventsKey key);
  std::variant<Decoded, BodyError> decode_lines(std::string_view text);
  void forget_events();

  bool read_value(std::size_t depth, Value& value);
  bool read_string(Value& value);
  bool read_number(Value& value);
  bool read_word(std::string_view word, Value& value);
  bool read_container(std::size_t depth, Value& value);
  bool read_deep_container(Value& value);
  bool read_member_name();
  bool read_elements(std::size_t depth);
  bool read_members(std::size_t depth);
  bool read_key(std::size_t position, Field& field);
  bool read_fields(std::size_t depth, EventsKey events_key);
  bool read_usual_fields(std::size_t& position);
  bool read_wrapped_events(std::size_t depth);
  bool read_events(std::size_t depth);
  void read_block(std::string_view block);
  void read_line(std::string_view line);

  void finish_event(std::uint64_t index);
  void reject_event(std::uint64_t index);
  void reject_deep_event(std::uint64_t index);
  void reject_value(std::uint64_t index, const Value& value, std::string_view what,
                    std::uint64_t number);
  void reject_line(std::string_view line);
  bool describes() const { return decoded.errors.size() < kErrorsMax; }
  BodyError malformed(std::string_view text) const;

  TokenCursor cursor;
  EventFields fields;
  Rejection rejection;
  KeyMemory keys;
  std::string unescaped_key;
  DecodeContext context;
  EventBatch* batch = nullptr;
  Decoded decoded;
  std::size_t mark_bytes = 0;  // of the body's byte order mark
  const char* origin = nullptr;  // what offsets in messages count from: the body, or its line
  // Where the last event, or the value in its place, goes too deep; null if it does not.
  const char* too_deep = nullptr;
  bool wrapped = false;      // the document has been read as a wrapper …
  bool wraps_array = false;  // … whose last "events" is an array
  bool passed_events = false;  // the document has a key "events" that was read as an unknown field
  std::uint64_t lines = 0;   // of the body, blank ones too, that have been begun; 0 in a document
  std::uint64_t events = 0;  // lines that were not blank
};

EventDecoder::EventDecoder() : impl_(std::make_unique<Impl>()) {}
EventDecoder::~EventDecoder() = default;
EventDecoder::EventDecoder(EventDecoder&&) noexcept = default;
EventDecoder& EventDecoder::operator=(EventDecoder&&) noexcept = default;

std::variant<Decoded, BodyError> EventDecoder::decode(std::string_view body, BodyForm form,
                                                      const DecodeContext& context,
                                                      EventBatch& batch) {
  impl_->context = context;
  impl_->context.depth_max = std::clamp<std::size_t>(context.depth_max, 1, kDepthLimit);
  impl_->batch = &batch;
  impl_->decoded = Decoded();
  const std::string_view mark = byte_order_mark_of(body);
  impl_->mark_bytes = mark.size();
  impl_->origin = body.data();
  impl_->lines = impl_->events = 0;
  const std::string_view text = body.substr(mark.size());
  if (auto error = compressed_or_utf16(body)) return std::move(*error);
  auto outcome = form == BodyForm::kJson
                     ? impl_->decode_document(text, EventsKey::kWrapsUnlessEvent)
                     : impl_->decode_lines(text);
  impl_->cursor.close();
  impl_->fields.trim();
  return outcome;
}

// An object is one event if any field of an event stands in it, and a wrapper if none does, which
// shows only at its end. Until then the fields seen so far decide. In the rare documents where they
// are wrong, since a field stands behind "events" or is taken away again by a null, the text is read
// once more, with `key` saying what is known now.
std::variant<Decoded, BodyError> EventDecoder::Impl::decode_document(std::string_view text,
                                                                     EventsKey key) {
  cursor.open_document(text);
  wrapped = wraps_array = passed_events = false;
  bool right_shape = true;
  bool well_formed = false;
  bool is_object = false;
  Value value;
  if (cursor.take_if('[')) {
    well_formed = read_events(1);
  } else if (cursor.take_if('{')) {
    is_object = true;
    well_formed = read_fields(1, key);
  } else {
    well_formed = read_value(0, value);
    right_shape = false;
  }
  if (!well_formed || cursor.peek() != TokenCursor::kEnd) return malformed(text);
  if (is_object && key == EventsKey::kWrapsUnlessEvent &&
      (fields.any() ? wrapped : passed_events)) {
    forget_events();
    return decode_document(text, fields.any() ? EventsKey::kUnknownField : EventsKey::kWraps);
  }
  if (wrapped) right_shape = wraps_array;
  if (is_object && !wrapped) {
    finish_event(0);
    if (passed_events && !decoded.errors.empty()) {
      decoded.errors[0].message +=
          "; an object with any field of an event is one event, and its \"events\" an unknown field";
    }
  }
  if (right_shape) return std::move(decoded);
  const std::string what =
      wrapped ? "\"events\" is not an array" : "the body is " + EventFields::described(value);
  return BodyError{"wrong_shape", what + "; " + std::string(kShapes)};
}

void EventDecoder::Impl::forget_events() {
  *batch = EventBatch();
  decoded = Decoded();
}

std::variant<Decoded, BodyError> EventDecoder::Impl::decode_lines(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    std::size_t size = rest.size();
    if (size > TokenCursor::kWindowBytes) {
      std::size_t line_end = rest.rfind('\n', TokenCursor::kWindowBytes - 1);
      if (line_end == rest.npos) line_end = rest.find('\n', TokenCursor::kWindowBytes);
      if (line_end != rest.npos) size = line_end + 1;
    }
    read_block(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  if (events > 0) return std::move(decoded);
  return BodyError{"malformed_json", "the body has no event in it, up to its end at byte " +
                                         std::to_string(mark_bytes + text.size()) +
                                         "; send one event object a line"};
}

// One look by simdjson at a whole block does for all of its lines. A string that a line leaves open
// would run on into the next, but there the line end itself is a control character within a string:
// so where the block as a whole passes, no line can have disturbed another. Where it does not, each
// line is looked at alone, to keep a bad one's neighbours.
// But for a line end behind a backslash: one of simdjson's kernels takes it for an escape.
void EventDecoder::Impl::read_block(std::string_view block) {
  const bool may_run_on = block.find("\\\n") != block.npos;
  const Outcome whole = may_run_on ? Outcome::kBad : cursor.open_lines(block);
  for (std::size_t begin = 0; begin < block.size();) {
    const std::size_t end = std::min(block.find('\n', begin), block.size());
    const std::string_view line = block.substr(begin, end - begin);
    origin = ++lines == 1 ? line.data() - mark_bytes : line.data();
    if (whole == Outcome::kIndexed) {
      cursor.set_line(begin, end);
      read_line(line);
    } else if (const Outcome alone = cursor.open_lines(line); alone == Outcome::kIndexed) {
      cursor.set_line(0, line.size());
      read_line(line);
    } else if (alone != Outcome::kBlank) {
      ++events;
      reject_line(line);
    }
    begin = end + 1;
  }
}

void EventDecoder::Impl::read_line(std::string_view line) {
  if (cursor.peek() == TokenCursor::kEnd) return;  // blank
  const std::uint64_t index = events++;
  Value value;
  const bool is_object = cursor.take_if('{');
  const bool well_formed =
      is_object ? read_fields(1, EventsKey::kUnknownField) : read_value(0, value);
  if (!well_formed || cursor.peek() != TokenCursor::kEnd) {
    reject_line(line);
  } else if (is_object) {
    finish_event(index);
  } else {
    reject_value(index, value, "line", lines);
  }
}

// The elements of an array of events; its bracket is taken.
bool EventDecoder::Impl::read_events(std::size_t depth) {
  if (cursor.take_if(']')) return true;
  std::uint64_t index = 0;
  do {
    if (cursor.peek() == '{' && depth < context.depth_max) {
      cursor.take_if('{');
      if (!read_fields(depth + 1, EventsKey::kUnknownField)) return false;
      finish_event(index);
    } else {
      Value value;
      too_deep = nullptr;
      if (!read_value(depth, value)) return false;
      if (value.kind == Kind::kObject) {
        reject_deep_event(index);
      } else {
        reject_value(index, value, "element", index);
      }
    }
    ++index;
  } while (cursor.take_if(','));
  return cursor.take_if(']');
}

// The members of an object; its brace is taken.
bool EventDecoder::Impl::read_fields(std::size_t depth, EventsKey events_key) {
  fields.clear();
  too_deep = nullptr;
  if (cursor.take_if('}')) return true;
  for (std::size_t position = 0;; ++position) {
    if (read_usual_fields(position)) return true;
    Field field = Field::kUnknown;
    if (!read_key(position, field) || !cursor.take_if(':')) return false;
    const bool is_events = field == Field::kEvents;
    const bool wraps = events_key == EventsKey::kWraps ||
                       (events_key == EventsKey::kWrapsUnlessEvent && !fields.any());
    if (is_events && wraps) {
      if (!read_wrapped_events(depth)) return false;
      fields.clear();  // of the events within
    } else {
      passed_events = passed_events || is_events;
      if (!read_value(depth, fields.place(field))) return false;
      fields.given(field);
    }
    if (cursor.take_if('}')) return true;
    if (!cursor.take_if(',')) return false;
  }
}

// Takes members as long as they are what nearly all are: a key that the last object had there too,
// a plain string or a short number, no white space around them. Returns whether the object ended
// with one of them; if not, the next member may be anything, and read_fields() judges it. Takes a
// third off the time of an event (213 ns become 147).
bool EventDecoder::Impl::read_usual_fields(std::size_t& position) {
  const auto [base, first, last, limit] = cursor.ahead();
  const std::uint32_t* next = first;
  bool closed = false;
  for (; !closed && position < KeyMemory::kPositions; ++position, next += 4) {
    if (last - next < 4 || next[3] >= limit) break;
    const KeyMemory::Known& known = keys.at(position);
    const char* const begin = base + next[2];
    const char* const end = base + next[3];
    if (!known.stands_at(base + next[0]) || known.field == Field::kEvents) break;
    if (*end != ',' && *end != '}') break;
    const std::string_view token(begin, static_cast<std::size_t>(end - begin));
    Value& value = fields.place(known.field);
    if (*begin == '"') {
      const std::string_view text = token.substr(1, token.size() - 2);
      if (token.size() < 2 || token.back() != '"' || !is_plain(text)) break;
      value.set_plain_string(text);
    } else {
      ShortNumber number;
      if (!read_short_number(token, number)) break;
      value.set_short_number(token, number);
    }
    fields.given(known.field);
    closed = *end == '}';
  }
  cursor.skip_to(next);
  return closed;
}

// The value of a document's "events". What an earlier one gave is forgotten: the last counts.
bool EventDecoder::Impl::read_wrapped_events(std::size_t depth) {
  if (wrapped) forget_events();
  wrapped = true;
  wraps_array = cursor.peek() == '[';
  Value value;
  if (!wraps_array) return read_value(depth, value);
  cursor.take_if('[');
  return read_events(depth + 1);
}

bool EventDecoder::Impl::read_value(std::size_t depth, Value& value) {
  switch (cursor.peek()) {
    case '"':
      return read_string(value);
    case '{':
    case '[':
      return depth < context.depth_max ? read_container(depth + 1, value)
                                       : read_deep_container(value);
    case 't':
    case 'f':
      value.kind = Kind::kBoolean;
      break;
    case 'n':
      value.kind = Kind::kNull;
      break;
    case TokenCursor::kEnd:
    case TokenCursor::kBad:
      return false;
    default:
      return read_number(value);
  }
  value.text = cursor.take();
  return value.text == "true" || value.text == "false" || value.text == "null";
}

bool EventDecoder::Impl::read_string(Value& value) {
  const std::string_view token = cursor.take();
  if (token.size() < 2 || token.back() != '"') return false;
  const std::string_view text = token.substr(1, token.size() - 2);
  value.set_plain_string(text);
  value.plain = is_plain(text);
  value.escaped = !value.plain && value.text.find('\\') != value.text.npos;
  return !value.escaped || has_valid_escapes(value.text);
}

bool EventDecoder::Impl::read_number(Value& value) {
  value.kind = Kind::kNumber;
  value.text = cursor.take();
  value.is_short = read_short_number(value.text, value.number);
  return value.is_short || is_number(value.text);
}

// An array or object of no interest, the bracket or brace being next. `depth` counts it.
bool EventDecoder::Impl::read_container(std::size_t depth, Value& value) {
  const char* begin = cursor.position();
  value.kind = cursor.peek() == '[' ? Kind::kArray : Kind::kObject;
  const bool well_formed =
      cursor.take_if('[') ? read_elements(depth) : cursor.take_if('{') && read_members(depth);
  if (well_formed) value.text = {begin, static_cast<std::size_t>(cursor.end_of_taken() - begin)};
  return well_formed;
}

// The same for one that lies deeper than may be. Its depth has no bound, so that it is walked without
// recursion, at the price of a bit for each level that is open.
bool EventDecoder::Impl::read_deep_container(Value& value) {
  const char* const begin = cursor.position();
  if (too_deep == nullptr) too_deep = begin;
  value.kind = cursor.peek() == '[' ? Kind::kArray : Kind::kObject;
  std::vector<bool> objects;  // of the containers that are open: is it an object?
  const auto close = [&] { return cursor.take_if(objects.back() ? '}' : ']'); };
  do {
    // A value is next.
    bool is_closed = true;
    if (const int next = cursor.peek(); next == '[' || next == '{') {
      cursor.take_if(static_cast<char>(next));
      objects.push_back(next == '{');
      is_closed = close();
      if (is_closed) objects.pop_back();
    } else if (Value inner; !read_value(0, inner)) {
      return false;
    }
    // Behind a value, or at the first of a container.
    while (is_closed && !objects.empty() && !cursor.take_if(',')) {
      if (!close()) return false;
      objects.pop_back();
    }
    if (!objects.empty() && objects.back() && !read_member_name()) return false;
  } while (!objects.empty());
  value.text = {begin, static_cast<std::size_t>(cursor.end_of_taken() - begin)};
  return true;
}

// A member's name and the colon behind it, of an object of no interest.
bool EventDecoder::Impl::read_member_name() {
  Value name;
  return cursor.peek() == '"' && read_string(name) && cursor.take_if(':');
}

bool EventDecoder::Impl::read_elements(std::size_t depth) {
  if (cursor.take_if(']')) return true;
  do {
    Value value;
    if (!read_value(depth, value)) return false;
  } while (cursor.take_if(','));
  return cursor.take_if(']');
}

bool EventDecoder::Impl::read_members(std::size_t depth) {
  if (cursor.take_if('}')) return true;
  do {
    Value value;
    if (!read_member_name() || !read_value(depth, value)) return false;
  } while (cursor.take_if(','));
  return cursor.take_if('}');
}

bool EventDecoder::Impl::read_key(std::size_t position, Field& field) {
  if (cursor.peek() != '"') return false;
  const std::string_view token = cursor.take();
  if (token.size() < 2 || token.back() != '"') return false;
  const std::string_view key = token.substr(1, token.size() - 2);
  if (key.find('\\') == key.npos) {
    field = field_of(key);
    keys.note(position, key, field);
    return true;
  }
  if (!has_valid_escapes(key)) return false;
  field =
      key.size() <= kEscapedNameBytesMax ? field_of(unescape(key, unescaped_key)) : Field::kUnknown;
  return true;
}

void EventDecoder::Impl::finish_event(std::uint64_t index) {
  if (too_deep != nullptr) return reject_deep_event(index);
  EventView event;
  if (!fields.to_event(context, describes(), event, rejection)) return reject_event(index);
  if (context.repos && !std::ranges::binary_search(*context.repos, event.repo)) {
    rejection = {RejectReason::kForeignRepo, "repoId", ""};
    if (describes()) {
      rejection.message = "repoId " + shorten(event.repo) +
                          " is not one of the repos that may be pushed to; " +
                          std::string(context.repos_advice);
    }
    return reject_event(index);
  }
  batch->add(event, static_cast<std::uint32_t>(index));
  ++decoded.accepted;
}

void EventDecoder::Impl::reject_event(std::uint64_t index) {
  ++decoded.rejected;
  const bool described = describes();
  EventError error{index, std::string(rejection.field), {}};
  if (described) error.message = std::move(rejection.message);
  if (decoded.rejected_by_reason[static_cast<std::size_t>(rejection.reason)]++ == 0) {
    decoded.examples.push_back({rejection.reason, error});
  }
  if (described) decoded.errors.push_back(std::move(error));
}

// `too_deep` says where.
void EventDecoder::Impl::reject_deep_event(std::uint64_t index) {
  rejection = {RejectReason::kTooDeep, "", ""};
  if (describes()) {
    rejection.message = "the event nests arrays and objects more than the " +
                        std::to_string(context.depth_max) +
                        " deep that are accepted, at byte " +
                        std::to_string(too_deep - origin) +
                        (lines == 0 ? "" : " of line " + std::to_string(lines)) +
                        "; send it with less nesting";
  }
  reject_event(index);
}

void EventDecoder::Impl::reject_value(std::uint64_t index, const Value& value,
                                      std::string_view what, std::uint64_t number) {
  rejection = {RejectReason::kNotObject, "", ""};
  if (describes()) {
    rejection.message = std::string(what) + ' ' + std::to_string(number) + " is " +
                        EventFields::described(value) + "; send an event object";
  }
  reject_event(index);
}

// The line has been counted as an event.
void EventDecoder::Impl::reject_line(std::string_view line) {
  rejection = {RejectReason::kNotJson, "", ""};
  if (describes()) {
    const Fault fault = find_fault(line);
    const auto before = static_cast<std::size_t>(line.data() - origin);
    rejection.message = "line " + std::to_string(lines) + " is not JSON: " + fault.what +
                        ", at byte " + std::to_string(before + fault.offset) + " of the line";
  }
  reject_event(events - 1);
}

BodyError EventDecoder::Impl::malformed(std::string_view text) const {
  constexpr std::string_view kCode = "malformed_json";
  if (text.find_first_not_of(" \n\r\t") == text.npos) {
    return {kCode, "the body is empty, up to its end at byte " +
                       std::to_string(mark_bytes + text.size()) + "; " + std::string(kShapes)};
  }
  const Fault fault = find_fault(text);
  const auto line = 1 + std::count(text.data(), text.data() + fault.offset, '\n');
  return {kCode, "the body is not one JSON document: " + fault.what + ", at byte " +
                     std::to_string(mark_bytes + fault.offset) + " (line " + std::to_string(line) +
                     ")",
          are_lines(text, fault) ? BodyHint::kLines : BodyHint::kNone};
}

}  // namespace minuted::json
