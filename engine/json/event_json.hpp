// From the bytes of a request body to validated events in an EventBatch: the only place that knows
// how an event is written as JSON, and where each of its fields is checked. Second stop of an
// event's journey, after the HTTP body and before the commit queue. Sees the engine's values and
// simdjson, not the store. A decoder keeps its parser's memory between bodies; one thread at a time
// uses it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "minuted/append.hpp"
#include "minuted/event_batch.hpp"
#include "minuted/time.hpp"

namespace minuted::json {

// Bytes that must be readable behind a body (their values do not matter): words are loaded past the
// end of a text and the excess is masked away.
inline constexpr std::size_t kBodyPadding = 64;
// Nesting of arrays and objects a body may have unless told otherwise; `[{}]` is 2. An event that
// nests deeper is rejected, alone.
inline constexpr std::size_t kDepthMax = 16;
// The deepest nesting that can be allowed: what lies in it is walked by recursion, what lies deeper
// is not.
inline constexpr std::size_t kDepthLimit = 1024;
// Rejected events that are reported one by one; the rest are only counted.
inline constexpr std::size_t kErrorsMax = 20;

enum class BodyForm : std::uint8_t {
  kJson,    // one document: an event, an array of events, or {"events":[…]}
  kNdjson,  // one event a line; blank lines and CR before LF are nothing
};

// Why an event was rejected. A closed set, so that it may label a metric.
enum class RejectReason : std::uint8_t {
  kNotJson,      // a line of NDJSON that is not one well-formed document
  kNotObject,    // JSON, but no object
  kMissing,      // a required field is absent or null
  kWrongType,    // a string for a number, a fraction for an integer, …
  kOutOfRange,   // a number beyond its field's bounds
  kBadText,      // an id's length, its characters or its encoding
  kBadTime,      // a timestamp in none of the accepted forms
  kTooOld,       // before DecodeContext::oldest
  kTooFarAhead,  // after DecodeContext::newest
  kConflict,     // unitId and bucketId differ
  kForeignRepo,  // not one of DecodeContext::repos
  kTooDeep,      // an object that nests deeper than DecodeContext::depth_max
};
inline constexpr std::size_t kRejectReasons = 12;

// The reason's stable name in lower_snake_case, for metrics and logs.
const char* to_string(RejectReason reason);

struct DecodeContext {
  Millis now;        // time of receipt: what an event without a timestamp gets; in [0, kMillisMax]
  Millis oldest{0};  // events before it are rejected; never below 0
  // Events after it are rejected; nullopt = kFutureMillisMax after `now`.
  std::optional<Millis> newest = std::nullopt;
  // The repos whose events are taken, ascending and borrowed; nullopt = all.
  std::optional<std::span<const std::string>> repos = std::nullopt;
  // What to do about an event of another repo, as the end of a sentence; borrowed.
  std::string_view repos_advice = "send it to another place";
  std::size_t depth_max = kDepthMax;  // 1 … kDepthLimit; what is outside is taken for the nearest
};

// How a body that is refused could be sent so that it is accepted, where that depends on the protocol
// that brought it: the caller puts it into words.
enum class BodyHint : std::uint8_t {
  kNone,
  kGzip,     // it is gzip data: to be declared as such, or sent uncompressed
  kZstd,     // the same of zstd data
  kDeflate,  // it is zlib data, which no caller takes: another compression, or none
  kLines,    // it may be one event a line, and so BodyForm::kNdjson
};

// Why a body as a whole was refused. `code` is the contract's error_code and never renamed.
struct BodyError {
  std::string_view code;  // "malformed_json" or "wrong_shape"
  // One sentence; names the byte offset and line where the text goes wrong, or what the bytes are.
  std::string message;
  BodyHint hint = BodyHint::kNone;
};

// The first rejected event of a reason. Its message is empty if it came after kErrorsMax others.
struct RejectExample {
  RejectReason reason;
  EventError error;
};

struct Decoded {
  std::uint64_t accepted = 0;  // added to the batch
  std::uint64_t rejected = 0;
  std::array<std::uint64_t, kRejectReasons> rejected_by_reason{};  // adds up to `rejected`
  std::vector<EventError> errors;  // the first kErrorsMax of the rejected, ascending by index
  std::vector<RejectExample> examples;  // one for each reason there was
};

// What the contract leaves open is settled so:
// - An object is the wrapper when it has a key "events" and no field of an event beside it; the last
//   "events" counts, and if its value is not an array the body is of wrong_shape. In an object with
//   any field of an event, wherever it stands, within an array and in NDJSON "events" is an unknown
//   field like any other. So a wrapper's own fields may have any name but those of an event's.
// - A known field that is null is absent. A number is an integer if its value is one: 1.0 and 1e3
//   are, 1.5 is not. An op that is a string is never rejected, one of another type is.
// - An integer in a string has an integer's digits and nothing else: no point, no exponent, no space.
//   A timestamp in a string is a date-time or any number of the JSON grammar.
// - A timestamp that names a day only is rejected: it does not say when the operation completed.
// - One byte order mark of UTF-8 at the start of a body is skipped; any other is malformed. Half a
//   surrogate pair (`\ud800`) is well-formed, as the grammar has it, but no valid UTF-8: harmless in an
//   unknown field and in op, rejected in an id.
// - What a wrapper has beside its events may nest to any depth.
// - An event is rejected for its first bad field, in the order of the contract's table.
class EventDecoder {
 public:
  EventDecoder();
  ~EventDecoder();
  EventDecoder(EventDecoder&&) noexcept;
  EventDecoder& operator=(EventDecoder&&) noexcept;

  // Decodes all of `body`, which must be followed by kBodyPadding readable bytes, and adds its good
  // events to `batch`, which must be empty, in order. On a BodyError the batch may hold some of
  // them: throw it away. In kNdjson a line that is not JSON, or not an object, is a rejected event;
  // only a body without any event, or one that is compressed or in UTF-16, is a BodyError. An event's
  // index counts the elements of the array, or the lines that are not blank.
  std::variant<Decoded, BodyError> decode(std::string_view body, BodyForm form,
                                          const DecodeContext& context, EventBatch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace minuted::json
