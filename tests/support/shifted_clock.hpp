// A wall clock for a daemon under test that leaps when it is told to: clock_shift.cpp is preloaded into the
// daemon, and reads the shift from a file of this object. Must outlive the daemon.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace minuted::test {

class ShiftedClock {
 public:
  // Makes the file, which must not exist.
  explicit ShiftedClock(const std::string& path) : path_(path) {
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd_ < 0) throw std::runtime_error("cannot make " + path);
    shift(0);
  }
  ~ShiftedClock() { ::close(fd_); }
  ShiftedClock(const ShiftedClock&) = delete;
  ShiftedClock& operator=(const ShiftedClock&) = delete;

  // From now on the daemon's clock is so far from the machine's.
  void shift(std::int64_t ms) {
    shift_ms_ = ms;
    if (::pwrite(fd_, &ms, sizeof ms, 0) != sizeof ms) throw std::runtime_error("cannot write " + path_);
  }

  static std::int64_t real_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  // What the daemon's clock says.
  std::int64_t now_ms() const { return real_ms() + shift_ms_; }

  // NAME=VALUE, for a Daemon.
  std::vector<std::string> environment() const {
    // A sanitizer's library wants to be the first; it need not be.
    const char* const asan = std::getenv("ASAN_OPTIONS");
    return {"LD_PRELOAD=" MINUTED_CLOCK_SHIFT, "MINUTED_TEST_CLOCK=" + path_,
            "ASAN_OPTIONS=" + std::string(asan == nullptr ? "" : asan) + ":verify_asan_link_order=0"};
  }

 private:
  const std::string path_;
  int fd_ = -1;
  std::int64_t shift_ms_ = 0;
};

}  // namespace minuted::test
