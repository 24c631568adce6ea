#include "render/error_mapping.hpp"

namespace minuted::render {
namespace {

// For what passes by itself within moments, and for what needs a recovery or a restart first.
constexpr std::uint32_t kSoonSeconds = 1;
constexpr std::uint32_t kLaterSeconds = 5;
// For what refills by the minute, or needs somebody to make room.
constexpr std::uint32_t kMinuteSeconds = 60;

std::string_view advice_of(const Error& error) {
  switch (error.option) {
    case DecidingOption::kNone: break;
    case DecidingOption::kAcceptClock: return " (--accept-clock accepts it as it is)";
    case DecidingOption::kAcceptLostCommits:
      return " (--accept-lost-commits opens the store without them)";
    case DecidingOption::kGroupsMax: return " (the limit is the setting groups-max)";
    case DecidingOption::kNodesMax: return " (the limit is the setting nodes-max)";
    case DecidingOption::kQueryBytesMax: return " (the limit is the setting query-bytes-max)";
    case DecidingOption::kRawRetention: return "; --retention raw=7d would keep them for seven days";
  }
  if (error.code == ErrorCode::kKeyReused) return " (the body or ?strict differs)";
  return {};
}

}  // namespace

std::string message_of(const Error& error) { return error.message + std::string(advice_of(error)); }

HttpError http_error(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return {400, "invalid_argument", std::nullopt};
    case ErrorCode::kKeyReused:
      return {422, "idempotency_key_reused", std::nullopt};
    case ErrorCode::kTooManyNewSeries:
      return {429, "too_many_new_series", kMinuteSeconds};
    case ErrorCode::kTooManyNodes:
      return {429, "too_many_nodes", kMinuteSeconds};
    case ErrorCode::kTooManyGroups:
      return {400, "too_many_groups", std::nullopt};
    // It may be right a moment after the machine's start, or need somebody to set it.
    case ErrorCode::kClockNotBelieved:
      return {503, "clock_not_believed", kLaterSeconds};
    case ErrorCode::kQueryTooLarge:
      return {400, "query_too_large", std::nullopt};
    case ErrorCode::kEventRejected:
      return {400, "invalid_event", std::nullopt};
    case ErrorCode::kDiskFull:
      return {507, "disk_full", kMinuteSeconds};
    case ErrorCode::kOverloaded:
      return {503, "overloaded", kSoonSeconds};
    case ErrorCode::kUnavailable:
      return {503, "unavailable", kLaterSeconds};
    // The same read again gets a snapshot of its own.
    case ErrorCode::kExpired:
      return {503, "snapshot_expired", kSoonSeconds};
    // Another process is at the data, as in a hand-over; it goes away without anybody's help.
    case ErrorCode::kLocked:
      return {503, "locked", kLaterSeconds};
    // Whether an append that met it is on disk is unknown: it is to be sent again, with its key.
    case ErrorCode::kIoError:
      return {503, "io_error", kLaterSeconds};
    // These need somebody to act. Still 5xx, for a node must not throw its batch away, but no
    // promise of when to come back.
    case ErrorCode::kUnsupportedFormat:
      return {500, "unsupported_format", std::nullopt};
    case ErrorCode::kCorruption:
      return {500, "corruption", std::nullopt};
    case ErrorCode::kCommitsLost:
      return {500, "commits_lost", std::nullopt};
  }
  return {500, "internal", std::nullopt};  // no such code: a value nobody named
}

}  // namespace minuted::render
