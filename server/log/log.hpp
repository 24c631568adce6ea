// What the daemon reports to its operator while it runs: one line an event, for people on a terminal,
// as JSON otherwise. Never a token, never a body. A line has at most kLineBytesMax bytes; longer text is
// cut and marked. Each line is one write, so lines of several threads do not mix. A slow reader of the
// lines holds nobody up: lines that a full pipe does not take are lost, and counted by the next one that
// it takes. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "log/line_limiter.hpp"
#include "minuted/time.hpp"

namespace minuted::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class Format : std::uint8_t { kHuman, kJson };

// A line's size, its end included. Two lines are less than the 4,096 bytes (PIPE_BUF) that a pipe takes
// without blocking when it has room at all.
inline constexpr std::size_t kLineBytesMax = 1024;

std::string_view to_string(Level level);

struct Field {
  std::string_view name;  // lower_snake_case, unit last
  std::variant<std::string_view, std::uint64_t, double> value;
};
using Fields = std::initializer_list<Field>;

class Log {
 public:
  // Writes to `fd`, which it does not own. Borrows the clock.
  Log(int fd, Format format, Level level_min, const Clock& clock)
      : fd_(fd), format_(format), level_min_(level_min), clock_(clock) {}

  bool wants(Level level) const { return level >= level_min_; }
  void write(Level level, std::string_view message, Fields fields = {}) const;

  // A line that clients can cause as often as they like. Of each `reason`, a literal such as an error
  // code, as many are written as LineLimiter says; a line that follows some that were left out ends with
  // their number as `left_out`. At level debug none is left out.
  void write_limited(Level level, std::string_view reason, std::string_view message,
                     Fields fields = {}) const;

  // Reports lines that were left out without another that followed them: those of reasons that have
  // been quiet for a while, or all of them, at the end. To be called once a second.
  enum class Report : std::uint8_t { kQuiet, kAll };
  void report_left_out(Report report = Report::kQuiet) const;

  void debug(std::string_view message, Fields fields = {}) const {
    write(Level::kDebug, message, fields);
  }
  void info(std::string_view message, Fields fields = {}) const {
    write(Level::kInfo, message, fields);
  }
  void warn(std::string_view message, Fields fields = {}) const {
    write(Level::kWarn, message, fields);
  }
  void error(std::string_view message, Fields fields = {}) const {
    write(Level::kError, message, fields);
  }

 private:
  void write_line(std::string line) const;
  bool takes_a_line() const;

  const int fd_;
  const Format format_;
  const Level level_min_;
  const Clock& clock_;
  mutable LineLimiter limiter_;
  mutable std::mutex mutex_;         // held from the look for room to the write
  mutable std::uint64_t lost_ = 0;   // lines since the last that was taken
};

// The line write() would write, with its end. `left_out` is its last field unless it is 0. Pure.
std::string format_line(Format format, Level level, std::string_view message, Fields fields,
                        Millis now, std::uint64_t left_out = 0);

}  // namespace minuted::log
