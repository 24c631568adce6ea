// The outcome of everything that can be expected to fail: a value, or one Error with a closed code
// and one sentence that names the offender. Statuses of the libraries below and errno are translated
// into this once, where they enter. Pure values; any thread.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace minuted {

enum class ErrorCode : std::uint8_t {
  kInvalidArgument,    // the caller's value is wrong; retrying the same cannot help
  kKeyReused,          // an idempotency key came back with another body
  kTooManyNewSeries,   // the allowance of new series is used up; try again in a minute
  kTooManyNodes,       // as many nodes are known as may be
  kTooManyGroups,      // a grouped read falls into more groups than may be; ask for less at once
  kClockNotBelieved,   // the machine's clock is not believed; nothing was stored, try again later
  kQueryTooLarge,      // a read needs more memory than one may ever hold; ask for less at once
  kDiskFull,           // less than the reserve is free on disk; reads go on
  kOverloaded,         // a bound (bytes in the commit queue) is reached; try again later
  kUnavailable,        // the engine stopped taking writes after an I/O error, or is closing
  kExpired,            // a read lived longer than its snapshot may
  kUnsupportedFormat,  // the stored data is of a format version this build does not read
  kLocked,             // another process holds the data directory
  kCorruption,         // stored bytes fail their checks
  kIoError,            // the file system refused
  kEventRejected,      // an event of a strict batch is rejected, and so the whole batch is
  kCommitsLost,        // as kCorruption: commits that were acknowledged are missing from the log, and
                       // Options::accept_lost_commits would open the store without them
};

// The code's stable name in lower_snake_case, for logs and messages.
const char* to_string(ErrorCode code);

// The option of minuted::Options whose value decided. The engine's messages do not name it, so that a
// caller can name a setting of its own.
enum class DecidingOption : std::uint8_t {
  kNone,
  kAcceptClock,        // accept_clock would accept the clock as it is
  kAcceptLostCommits,  // accept_lost_commits would open the store without the commits
  kGroupsMax,          // groups_max is reached
  kNodesMax,           // nodes_max is reached
  kQueryBytesMax,      // query_bytes_max is reached
  kRawRetention,       // retention.raw_ms is 0
};

struct Error {
  ErrorCode code;
  std::string message;  // one sentence in the engine's own terms
  DecidingOption option = DecidingOption::kNone;
};

// A T or an Error. Asking for the one that is not there is a bug of ours and aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return ok() ? *std::get_if<0>(&state_) : fail(); }
  const T& value() const& { return ok() ? *std::get_if<0>(&state_) : fail(); }
  T&& value() && { return std::move(ok() ? *std::get_if<0>(&state_) : fail()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    if (ok()) std::abort();
    return *std::get_if<1>(&state_);
  }

 private:
  [[noreturn]] static T& fail() { std::abort(); }
  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    if (ok()) std::abort();
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace minuted
