// How many lines of one reason are written. Whoever can reach the port can cause refused requests, as
// many as the machine can answer; their lines must not fill the disk or hide the others. Of each reason
// some lines are written at once, then one every few seconds, each with the number of those left out.
// Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace minuted::log {

class LineLimiter {
 public:
  // Lines of a reason that are written however fast they come, once it was quiet for long enough.
  static constexpr std::int64_t kBurst = 5;
  // Then one line each time this has passed, milliseconds: with lines of 1 KiB 0.2 KiB/s a reason.
  static constexpr std::int64_t kIntervalMs = 5'000;
  // Lines left out are reported by themselves if none of their reason was written for so long.
  static constexpr std::int64_t kReportAfterMs = 2 * kIntervalMs;
  // Reasons are error codes, some fifty. A reason that comes after so many others shares with its like.
  static constexpr std::size_t kReasonsMax = 256;

  // Whether a line of that reason is written now: nullopt if it is left out, else how many of its reason
  // were left out since the last one that was written. `now_ms` never goes back.
  std::optional<std::uint64_t> admit(std::string_view reason, std::int64_t now_ms);

  struct LeftOut {
    std::string reason;
    std::uint64_t lines = 0;
    friend bool operator==(const LeftOut&, const LeftOut&) = default;
  };
  // The reasons whose last lines were left out a while ago, each once. Ascending by reason.
  std::vector<LeftOut> take_left_out(std::int64_t now_ms);

 private:
  struct Reason {
    std::int64_t allowance_ms = kBurst * kIntervalMs;  // one line costs kIntervalMs
    std::int64_t looked_at_ms = 0;
    std::int64_t written_at_ms = 0;
    std::uint64_t left_out = 0;
  };
  Reason& reason_of(std::string_view reason, std::int64_t now_ms);

  std::mutex mutex_;  // guards reasons_
  std::map<std::string, Reason, std::less<>> reasons_;
};

}  // namespace minuted::log
