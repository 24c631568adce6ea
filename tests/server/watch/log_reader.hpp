// A log whose lines a test reads as an operator would: without the time, the columns squeezed.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <regex>
#include <string>

#include "log/log.hpp"
#include "support/manual_clock.hpp"

namespace minuted::test {

class LogReader {
 public:
  LogReader() = default;
  ~LogReader() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  log::Log& log() { return log_; }

  // The lines since the last call: "warn events rejected token=a …\n".
  std::string lines() {
    std::string text;
    pollfd readable{ends_[0], POLLIN, 0};
    while (::poll(&readable, 1, 0) == 1) {
      char some[4096];
      const ssize_t bytes = ::read(ends_[0], some, sizeof some);
      if (bytes <= 0) break;
      text.append(some, static_cast<std::size_t>(bytes));
    }
    text = std::regex_replace(text, std::regex("(^|\n)[0-9TZ:.-]+ "), "$1");
    return std::regex_replace(text, std::regex(" +"), " ");
  }

 private:
  static std::array<int, 2> open_pipe() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::pipe(ends.data()), 0);
    return ends;
  }

  const std::array<int, 2> ends_ = open_pipe();
  ManualClock clock_;
  log::Log log_{ends_[1], log::Format::kHuman, log::Level::kInfo, clock_};
};

}  // namespace minuted::test
