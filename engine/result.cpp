#include "minuted/result.hpp"

#include "minuted/status.hpp"

namespace minuted {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kKeyReused: return "key_reused";
    case ErrorCode::kTooManyNewSeries: return "too_many_new_series";
    case ErrorCode::kTooManyNodes: return "too_many_nodes";
    case ErrorCode::kTooManyGroups: return "too_many_groups";
    case ErrorCode::kClockNotBelieved: return "clock_not_believed";
    case ErrorCode::kQueryTooLarge: return "query_too_large";
    case ErrorCode::kDiskFull: return "disk_full";
    case ErrorCode::kOverloaded: return "overloaded";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kExpired: return "expired";
    case ErrorCode::kUnsupportedFormat: return "unsupported_format";
    case ErrorCode::kLocked: return "locked";
    case ErrorCode::kCorruption: return "corruption";
    case ErrorCode::kEventRejected: return "event_rejected";
    case ErrorCode::kCommitsLost: return "commits_lost";
    case ErrorCode::kIoError: return "io_error";
  }
  return "unknown";
}

const char* to_string(EngineState state) {
  switch (state) {
    case EngineState::kOpening:
      return "opening";
    case EngineState::kWritable:
      return "writable";
    case EngineState::kReadOnly:
      return "read_only";
    case EngineState::kStopped:
      return "stopped";
    case EngineState::kRefused:
      return "refused";
  }
  return "unknown";
}

const char* to_string(OpeningStage stage) {
  switch (stage) {
    case OpeningStage::kChecking:
      return "checking";
    case OpeningStage::kReplaying:
      return "replaying";
    case OpeningStage::kLoading:
      return "loading";
    case OpeningStage::kStarting:
      return "starting";
  }
  return "unknown";
}

}  // namespace minuted
