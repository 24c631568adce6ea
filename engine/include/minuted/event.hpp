// One storage operation as a node reported it, and the rules its fields obey. First stop of an
// event's journey: the decoder makes these, an EventBatch keeps them. Pure values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/time.hpp"

namespace minuted {

inline constexpr std::size_t kIdBytesMax = 255;        // repoId, bucketId, host
inline constexpr std::size_t kEventIdBytesMax = 128;   // id
inline constexpr std::uint64_t kBytesMax = INT64_MAX;  // upl_bytes, dwl_bytes of one event
inline constexpr std::uint64_t kLatencyUsMax = 10'000'000'000'000;  // 10^10 ms
inline constexpr std::uint16_t kStatusMax = 999;  // proxies log 999, and 0, for requests that were cut off
inline constexpr std::int64_t kFutureMillisMax = 10 * kMillisPerMinute;  // events may run ahead

// Classes of operation. Persisted: numbers are never reused or renumbered.
enum class OpClass : std::uint8_t {
  kGet = 0,
  kPut = 1,
  kDelete = 2,
  kHead = 3,
  kList = 4,
  kOther = 5,
};
inline constexpr std::size_t kOpClasses = 6;

// The class of an operation's name, in any case. The name is split into words at punctuation, digits
// and changes of case, and the first of these rules that any of its words matches decides: Delete,
// DeleteMarker, Abort → DELETE; List, or Get on Bucket as the last word → LIST; Head → HEAD; Get,
// Select → GET; Put, Post, Copy, Create, Upload, Complete → PUT. A name without any of them is OTHER.
OpClass classify_op(std::string_view name);

// As events and answers write it: `GET`, … `OTHER`.
const char* to_string(OpClass op);

// An event. The views are the maker's and are not kept by whoever takes an EventView.
struct EventView {
  std::string_view repo;    // 1–255 bytes, see check_id
  std::string_view bucket;  // same
  std::string_view host;    // same
  Millis timestamp;         // when the operation completed; in [0, kMillisMax]
  OpClass op = OpClass::kOther;
  std::uint16_t status = 0;  // 0 … kStatusMax; 0 = not told, or no answer was sent
  std::uint64_t upl_bytes = 0;  // 0 … 2^63-1
  std::uint64_t dwl_bytes = 0;  // 0 … 2^63-1
  std::int64_t size_change = 0;
  std::optional<std::uint64_t> latency_us;  // 0 … kLatencyUsMax, absent = not measured
  std::string_view id;                      // 1–128 bytes, empty = none
  // The event had no timestamp and got the time of its receipt, which is then no evidence of the time.
  bool timed_on_receipt = false;
};

// Why `id` cannot be a repoId, bucketId or host, as the end of a sentence ("must not be empty"), or
// nullopt if it can: 1–255 bytes of valid UTF-8 without control characters (C0, DEL, C1) or commas.
std::optional<std::string> check_id(std::string_view id);
inline constexpr const char* kIdAdvice =
    "give 1 to 255 bytes of UTF-8 without control characters and commas";

// The same for an event's `id`: 1–128 bytes of valid UTF-8.
std::optional<std::string> check_event_id(std::string_view id);

// Strict UTF-8: no overlong forms, no surrogates, nothing past U+10FFFF.
bool is_valid_utf8(std::string_view text);

// `text` as it may stand in a message: quoted, control characters and quotes escaped, invalid bytes
// as \xhh, cut to about 40 bytes with an ellipsis.
std::string shorten(std::string_view text);

}  // namespace minuted
