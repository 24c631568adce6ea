#include "json/event_fields.hpp"

#include <algorithm>
#include <limits>

#include "json/scalar.hpp"

namespace minuted::json {
namespace {

using Kind = Value::Kind;

constexpr std::array<std::string_view, kFields> kNames{
    "repoId",    "bucketId",  "unitId",      "host",       "timestamp", "op",
    "upl_bytes", "dwl_bytes", "size_change", "latency_ms", "status",    "id"};

constexpr std::string_view kWantId = "give a string of 1 to 255 bytes";
constexpr std::string_view kWantEventId = "give a string of 1 to 128 bytes";
constexpr std::string_view kWantBytes =
    "give an integer from 0 to 9223372036854775807, or a string of its digits without leading "
    "zeros";
constexpr std::string_view kWantSigned =
    "give an integer from -9223372036854775808 to 9223372036854775807, or a string of its digits "
    "without leading zeros";
constexpr std::string_view kWantLatency = "give a number from 0 to 10000000000";
constexpr std::string_view kWantStatus = "give an integer from 0 to 999";
constexpr std::string_view kWantTime =
    "give 13 digits of Unix milliseconds, 10 of seconds, with or without a fraction, or an ISO 8601 "
    "date-time";

constexpr unsigned kMicrosDecimals = 3;  // of a millisecond
constexpr unsigned kMillisDecimals = 3;  // of a second

std::uint64_t power_of_ten(unsigned exponent) {
  std::uint64_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// A number's value times 10^shift, by the shorter way if there is one.
Scaled scaled(const Value& value, unsigned shift) {
  const auto [digits, decimals, negative] = value.number;
  if (!value.is_short || digits > kBytesMax / 1000) {
    return scale(value.text, static_cast<int>(shift));
  }
  if (decimals <= shift) {
    return {negative, false, true, false, digits * power_of_ten(shift - decimals)};
  }
  const std::uint64_t unit = power_of_ten(decimals - shift);
  const std::uint64_t behind = digits % unit;
  return {negative, false, behind == 0, behind >= unit - behind, digits / unit};
}

// The number that `text`, which is_number(), stands for.
Value number_of(std::string_view text) {
  Value number;
  number.kind = Kind::kNumber;
  number.text = text;
  return number;
}

// Whether `text` is what programs write for a 64-bit integer in a string: digits without leading
// zeros, and a minus in front if there may be one.
bool is_integer_text(std::string_view text, bool may_be_negative) {
  if (may_be_negative && text.starts_with('-')) text.remove_prefix(1);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  return !text.empty() && !leading_zero &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

struct EventFields::Bounds {
  std::int64_t min;
  std::int64_t max;
  std::string_view want;
  bool takes_text;  // a string of the integer's digits as well
};

Field field_of(std::string_view key) {
  const auto is = [&](Field field) {
    return key == kNames[static_cast<std::size_t>(field)] ? field : Field::kUnknown;
  };
  switch (key.size()) {
    case 2:
      return key[0] == 'o' ? is(Field::kOp) : is(Field::kId);
    case 4:
      return is(Field::kHost);
    case 6:
      switch (key[0]) {
        case 'r':
          return is(Field::kRepoId);
        case 's':
          return is(Field::kStatus);
        case 'u':
          return is(Field::kUnitId);
        default:
          return key == "events" ? Field::kEvents : Field::kUnknown;
      }
    case 8:
      return is(Field::kBucketId);
    case 9:
      switch (key[0]) {
        case 't':
          return is(Field::kTimestamp);
        case 'u':
          return is(Field::kUplBytes);
        default:
          return is(Field::kDwlBytes);
      }
    case 10:
      return is(Field::kLatencyMs);
    case 11:
      return is(Field::kSizeChange);
    default:
      return Field::kUnknown;
  }
}

bool EventFields::to_event(const DecodeContext& context, bool describe, EventView& event,
                           Rejection& rejection) {
  describe_ = describe;
  rejection_ = &rejection;
  return check_id_of(Field::kRepoId, event.repo) && check_bucket(event) &&
         check_id_of(Field::kHost, event.host) && check_timestamp(context, event) &&
         check_op(event) && check_numbers(event) && check_event_id(event);
}

std::string_view EventFields::string_of(Field field) {
  const Value& value = values_[static_cast<std::size_t>(field)];
  return value.escaped ? unescape(value.text, unescaped_[static_cast<std::size_t>(field)])
                       : value.text;
}

bool EventFields::check_id_of(Field field, std::string_view& to) {
  const Value* value = find(field);
  if (value == nullptr) return reject(RejectReason::kMissing, field, "is missing", kWantId);
  if (value->kind != Kind::kString) return reject_type(field, kWantId);
  to = string_of(field);
  if (value->plain && !to.empty() && to.size() <= kIdBytesMax) return true;
  const auto fault = check_id(to);
  return !fault || reject(RejectReason::kBadText, field, *fault, "");
}

bool EventFields::check_bucket(EventView& event) {
  if (find(Field::kUnitId) == nullptr) return check_id_of(Field::kBucketId, event.bucket);
  if (find(Field::kBucketId) == nullptr) return check_id_of(Field::kUnitId, event.bucket);
  std::string_view unit;
  if (!check_id_of(Field::kBucketId, event.bucket) || !check_id_of(Field::kUnitId, unit)) {
    return false;
  }
  return unit == event.bucket ||
         reject(RejectReason::kConflict, Field::kUnitId,
                "differs from bucketId " + shorten(event.bucket), "give one of them");
}

bool EventFields::check_timestamp(const DecodeContext& context, EventView& event) {
  const Value* value = find(Field::kTimestamp);
  if (value != nullptr) return check_time(*value, context, event.timestamp);
  event.timestamp = context.now;
  event.timed_on_receipt = true;
  return find(Field::kId) == nullptr || reject(RejectReason::kMissing, Field::kTimestamp,
                                               "is missing", "an event with an id must carry one");
}

bool EventFields::check_time(const Value& value, const DecodeContext& context, Millis& to) {
  constexpr Field kField = Field::kTimestamp;
  if (!read_time(value, to)) return false;
  if (to < context.oldest) {
    return reject(RejectReason::kTooOld, kField,
                  describe_ ? "is older than " + format_iso8601(context.oldest) +
                                  ", the oldest time that is kept"
                            : "",
                  "");
  }
  const Millis latest = std::min(
      context.newest.value_or(Millis{context.now.value + kFutureMillisMax}), kMillisMax);
  if (to > latest) {
    return reject(
        RejectReason::kTooFarAhead, kField,
        describe_ ? "is more than 10 minutes ahead of the time here, " + format_iso8601(context.now)
                  : "",
        "");
  }
  return true;
}

bool EventFields::read_time(const Value& value, Millis& to) {
  constexpr Field kField = Field::kTimestamp;
  if (value.kind == Kind::kNumber) return read_epoch_time(value, to);
  if (value.kind != Kind::kString) return reject_type(kField, kWantTime);
  const std::string_view text = string_of(kField);
  const auto time = parse_iso8601(text);
  if (!time && is_number(text)) return read_epoch_time(number_of(text), to);
  if (!time) return reject(RejectReason::kBadTime, kField, "is no ISO 8601 date-time", kWantTime);
  if (time->date_only) {
    return reject(RejectReason::kBadTime, kField, "names a day without the time", kWantTime);
  }
  to = time->start;
  return true;
}

// A number's digits before the point tell whether it counts seconds or milliseconds. What is behind
// the millisecond of seconds is dropped, as from ISO 8601.
bool EventFields::read_epoch_time(const Value& value, Millis& to) {
  constexpr Field kField = Field::kTimestamp;
  constexpr std::uint64_t kTenDigits = 1'000'000'000;
  constexpr std::uint64_t kThirteenDigits = 1'000'000'000'000;
  const Scaled number = scaled(value, 0);
  const auto has_digits = [&](std::uint64_t least) {
    return !number.too_big && number.whole >= least && number.whole < 10 * least;
  };
  if (number.negative) return reject(RejectReason::kBadTime, kField, "is negative", kWantTime);
  if (has_digits(kThirteenDigits) && number.is_whole) {
    to = Millis{static_cast<std::int64_t>(number.whole)};
  } else if (has_digits(kTenDigits)) {
    to = Millis{static_cast<std::int64_t>(scaled(value, kMillisDecimals).whole)};
  } else if (has_digits(kThirteenDigits)) {
    return reject(RejectReason::kWrongType, kField, "has a fraction of a millisecond", kWantTime);
  } else {
    return reject(RejectReason::kBadTime, kField, "has neither 13 nor 10 digits", kWantTime);
  }
  return true;
}

bool EventFields::check_op(EventView& event) {
  const Value* value = find(Field::kOp);
  if (value == nullptr) return true;
  // A name that no rule knows is OTHER, and so is what is no name: never a reason to lose the event.
  event.op = value->kind == Kind::kString ? classify_op(string_of(Field::kOp)) : OpClass::kOther;
  return true;
}

bool EventFields::check_numbers(EventView& event) {
  constexpr Bounds kBytes{0, INT64_MAX, kWantBytes, true};
  constexpr Bounds kSigned{INT64_MIN, INT64_MAX, kWantSigned, true};
  constexpr Bounds kStatus{0, kStatusMax, kWantStatus, false};
  std::int64_t upl_bytes = 0;
  std::int64_t dwl_bytes = 0;
  std::int64_t status = 0;
  if (!check_integer(Field::kUplBytes, kBytes, upl_bytes) ||
      !check_integer(Field::kDwlBytes, kBytes, dwl_bytes) ||
      !check_integer(Field::kSizeChange, kSigned, event.size_change) || !check_latency(event) ||
      !check_integer(Field::kStatus, kStatus, status)) {
    return false;
  }
  event.upl_bytes = static_cast<std::uint64_t>(upl_bytes);
  event.dwl_bytes = static_cast<std::uint64_t>(dwl_bytes);
  event.status = static_cast<std::uint16_t>(status);
  return true;
}

bool EventFields::check_integer(Field field, const Bounds& bounds, std::int64_t& to) {
  const Value* value = find(field);
  if (value == nullptr) return true;
  if (value->kind == Kind::kString && bounds.takes_text) {
    return check_integer_text(field, bounds, to);
  }
  if (value->kind != Kind::kNumber) return reject_type(field, bounds.want);
  if (value->is_short && value->number.decimals == 0) {
    // 16 digits at most.
    const auto size = static_cast<std::int64_t>(value->number.digits);
    to = value->number.negative ? -size : size;
    if (to >= bounds.min && to <= bounds.max) return true;
  }
  return check_integer_value(field, bounds, *value, to);
}

bool EventFields::check_integer_text(Field field, const Bounds& bounds, std::int64_t& to) {
  const std::string_view text = string_of(field);
  if (!is_integer_text(text, bounds.min < 0)) return reject_type(field, bounds.want);
  return check_integer_value(field, bounds, number_of(text), to);
}

bool EventFields::check_integer_value(Field field, const Bounds& bounds, const Value& value,
                                      std::int64_t& to) {
  const Scaled number = scaled(value, 0);
  if (!number.is_whole) {
    return reject(RejectReason::kWrongType, field, "is not a whole number", bounds.want);
  }
  constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 63;
  const bool fits = !number.too_big && number.whole <= kSizeMax - (number.negative ? 0 : 1);
  if (fits) to = static_cast<std::int64_t>(number.negative ? 0 - number.whole : number.whole);
  if (fits && to >= bounds.min && to <= bounds.max) return true;
  const bool below = fits ? to < bounds.min : number.negative;
  return reject(
      RejectReason::kOutOfRange, field,
      below ? "is below " + std::to_string(bounds.min) : "is above " + std::to_string(bounds.max),
      bounds.want);
}

bool EventFields::check_latency(EventView& event) {
  constexpr Field kField = Field::kLatencyMs;
  const Value* value = find(kField);
  if (value == nullptr) return true;
  if (value->kind != Kind::kNumber) return reject_type(kField, kWantLatency);
  const Scaled us = scaled(*value, kMicrosDecimals);
  if (us.negative) return reject(RejectReason::kOutOfRange, kField, "is below 0", kWantLatency);
  if (us.too_big || us.whole > kLatencyUsMax || (us.whole == kLatencyUsMax && !us.is_whole)) {
    return reject(RejectReason::kOutOfRange, kField, "is above 10000000000", kWantLatency);
  }
  event.latency_us = us.whole + (us.half ? 1 : 0);
  return true;
}

bool EventFields::check_event_id(EventView& event) {
  const Value* value = find(Field::kId);
  if (value == nullptr) return true;
  if (value->kind != Kind::kString) return reject_type(Field::kId, kWantEventId);
  event.id = string_of(Field::kId);
  const auto fault = minuted::check_event_id(event.id);
  return !fault || reject(RejectReason::kBadText, Field::kId, *fault, "");
}

bool EventFields::reject(RejectReason reason, Field field, std::string_view ending,
                         std::string_view want) {
  rejection_->reason = reason;
  // A bucket under its older name goes by that name; one under neither by the newer.
  rejection_->field = kNames[static_cast<std::size_t>(field)];
  rejection_->message.clear();
  if (!describe_) return false;
  std::string& message = rejection_->message;
  message = rejection_->field;
  if (const Value* value = find(field)) message += ' ' + shown(*value);
  message += ' ';
  message += ending;
  if (!want.empty()) message += "; ";
  message += want;
  return false;
}

bool EventFields::reject_type(Field field, std::string_view want) {
  const Kind kind = values_[static_cast<std::size_t>(field)].kind;
  return reject(RejectReason::kWrongType, field,
                describe_ ? "is " + std::string(kind_name(kind)) : "", want);
}

std::string EventFields::described(const Value& value) {
  std::string text(kind_name(value.kind));
  if (value.kind != Kind::kNull) text += ", " + shown(value);
  return text;
}

std::string EventFields::shown(const Value& value) {
  constexpr std::size_t kShownMax = 40;
  // Numbers, true, false and null are plain ASCII and need no quotes.
  const bool word =
      value.kind != Kind::kString && value.kind != Kind::kArray && value.kind != Kind::kObject;
  if (word && value.text.size() <= kShownMax) return std::string(value.text);
  if (word) return std::string(value.text.substr(0, kShownMax)) + "…";
  std::string unescaped;
  return shorten(value.escaped ? unescape(value.text, unescaped) : value.text);
}

std::string_view EventFields::kind_name(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBoolean:
      return "a boolean";
    case Kind::kNumber:
      return "a number";
    case Kind::kString:
      return "a string";
    case Kind::kArray:
      return "an array";
    case Kind::kObject:
      return "an object";
  }
  return "nothing";
}

void EventFields::trim() {
  constexpr std::size_t kKept = 4096;
  for (std::string& text : unescaped_) {
    if (text.capacity() > kKept) std::string().swap(text);
  }
}

}  // namespace minuted::json
