// Rejected events, for the log: a client that ignores the `rejected` of its answers loses events without
// anybody's notice. One line a minute for each reason and token, with counts and one example. Requests
// only add to the counts; the lines are written by whoever calls write_due(). Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "log/log.hpp"
#include "minuted/engine.hpp"

namespace minuted::watch {

class Rejections {
 public:
  // Between two lines of the same reason and token, at least, milliseconds.
  static constexpr std::int64_t kIntervalMs = 60'000;
  // Reasons are some ten; tokens are as many as the operator has made. Those that come after so many
  // pairs are counted as token "others".
  static constexpr std::size_t kPairsMax = 1024;

  // Adds `events` rejected events of one request. `token` is the name of the caller's token, empty
  // without one; `example` is one of the events.
  void note(std::string_view token, std::string_view reason, std::uint64_t events,
            const EventError& example);

  // Writes the lines that are due. `now_ms` never goes back.
  void write_due(const log::Log& log, std::int64_t now_ms);

  // Writes a line for everything that was counted since its last line.
  void write_all(const log::Log& log);

 private:
  struct Count {
    std::uint64_t events = 0;
    std::uint64_t requests = 0;
    EventError example;
    bool written = false;  // written_at_ms is a time
    std::int64_t written_at_ms = 0;
  };
  using Pair = std::pair<std::string, std::string>;  // token, reason
  static void write(const log::Log& log, const Pair& pair, Count& count);

  std::mutex mutex_;  // guards counts_
  std::map<Pair, Count> counts_;
};

}  // namespace minuted::watch
