// The fields of one event as they stood in the JSON, and the rules that make an event of them:
// types, bounds, defaults, times. Filled by the decoder while it walks an object (the last of a
// duplicate key stays), checked once the object has ended. Borrows the body. One thread at a time
// uses it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/event_json.hpp"
#include "json/scalar.hpp"
#include "minuted/event.hpp"

namespace minuted::json {

// A well-formed value, not yet understood.
struct Value {
  enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool plain = false;     // string: is_plain(), so `text` is what it says
  bool escaped = false;   // string: `text` has escapes
  bool is_short = false;  // number: it has been read already
  ShortNumber number{};
  std::string_view text;  // as in the body; a string without its quotes

  void set_plain_string(std::string_view inside) {
    kind = Kind::kString;
    plain = true;
    escaped = false;
    text = inside;
  }
  void set_short_number(std::string_view token, const ShortNumber& read) {
    kind = Kind::kNumber;
    is_short = true;
    number = read;
    text = token;
  }
};

// The fields in the order they are checked, then what is no field of an event.
enum class Field : std::uint8_t {
  kRepoId,
  kBucketId,
  kUnitId,
  kHost,
  kTimestamp,
  kOp,
  kUplBytes,
  kDwlBytes,
  kSizeChange,
  kLatencyMs,
  kStatus,
  kId,
  kEvents,  // the wrapper's key
  kUnknown,
};
inline constexpr std::size_t kFields = 12;  // of an event
inline constexpr std::size_t kPlaces = 14;

// The field of this name; `key` is unescaped.
Field field_of(std::string_view key);

// Bytes of the longest name above.
inline constexpr std::size_t kNameBytesMax = 11;

struct Rejection {
  RejectReason reason = RejectReason::kNotObject;
  std::string_view field;  // a literal; empty when the event as a whole is at fault
  std::string message;     // empty unless asked for
};

class EventFields {
 public:
  void clear() { given_ = 0; }
  // Whether a field of an event is given.
  bool any() const { return (given_ & ((std::uint32_t{1} << kFields) - 1)) != 0; }
  // Where a field's value is to be written; those that are no field of an event have places too,
  // whose values nobody reads. Then given() says that it stands there; null takes the field away
  // again.
  Value& place(Field field) { return values_[static_cast<std::size_t>(field)]; }
  void given(Field field) {
    const std::uint32_t bit = 1U << static_cast<unsigned>(field);
    given_ = place(field).kind == Value::Kind::kNull ? given_ & ~bit : given_ | bit;
  }

  // Fills `event`, which is new, from the fields, or `rejection` with the first that is wrong and
  // returns false. The event's views are good until clear(). `describe`: write the message.
  bool to_event(const DecodeContext& context, bool describe, EventView& event,
                Rejection& rejection);

  // What a value is, for a message: "a number, 5", "null". Short, and harmless to terminals and
  // logs.
  static std::string described(const Value& value);

  // Gives memory back that only an unusually long string has needed.
  void trim();

 private:
  struct Bounds;

  const Value* find(Field field) const {
    return given_ >> static_cast<unsigned>(field) & 1 ? &values_[static_cast<std::size_t>(field)]
                                                      : nullptr;
  }
  // What a field that is a string says.
  std::string_view string_of(Field field);

  // Each puts what it checks into the event, or notes why not and returns false.
  bool check_id_of(Field field, std::string_view& to);
  bool check_bucket(EventView& event);
  bool check_timestamp(const DecodeContext& context, EventView& event);
  bool check_time(const Value& value, const DecodeContext& context, Millis& to);
  bool read_time(const Value& value, Millis& to);
  bool read_epoch_time(const Value& value, Millis& to);
  bool check_op(EventView& event);
  bool check_numbers(EventView& event);
  bool check_integer(Field field, const Bounds& bounds, std::int64_t& to);
  bool check_integer_text(Field field, const Bounds& bounds, std::int64_t& to);
  bool check_integer_value(Field field, const Bounds& bounds, const Value& value, std::int64_t& to);
  bool check_latency(EventView& event);
  bool check_event_id(EventView& event);

  // The value itself for a message, and the name of its kind.
  static std::string shown(const Value& value);
  static std::string_view kind_name(Value::Kind kind);

  // Notes the rejection and returns false. The sentence begins with the field and its value, if it
  // has one; `ending` and `want` follow.
  bool reject(RejectReason reason, Field field, std::string_view ending, std::string_view want);
  bool reject_type(Field field, std::string_view want);

  std::array<Value, kPlaces> values_;
  std::uint32_t given_ = 0;  // a bit for each field
  std::array<std::string, kFields> unescaped_;
  bool describe_ = false;
  Rejection* rejection_ = nullptr;
};

}  // namespace minuted::json
