#include "minuted/result.hpp"

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
    case ErrorCode::kCommitsLost: return "commits_lost";
    case ErrorCode::kIoError: return "io_error";
  }
  return "unknown";
}

}  // namespace minuted
