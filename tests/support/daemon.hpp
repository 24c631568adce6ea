// The real daemon as a child process, for tests that start, stop and kill it. It listens on a port of
// the system's choice, which it prints. Never outlives the object.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace minuted::test {

class Daemon {
 public:
  // Starts it on `data` with further flags, and waits until it says it listens. Fails the test, and
  // port() stays 0, if it ends first. `environment`: NAME=VALUE, beside the test's own.
  explicit Daemon(const std::string& data, std::vector<std::string> flags = {},
                  const std::vector<std::string>& environment = {});
  // Starts it on a port of ours and does not wait.
  Daemon(const std::string& data, std::uint16_t port, std::vector<std::string> flags);
  // A port that nobody listens on at this moment.
  static std::uint16_t free_port();
  // Waits until it says it listens; false if it ends first.
  bool wait_until_listening();
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }

  void signal(int number);
  // Waits for its end; the exit code, or 128 + the signal that ended it.
  int wait();
  // kill -9, waited for. Fails the test, with its output, if it had ended by itself.
  void kill();

  // What it printed so far, both streams, up to what has been read while waiting for it.
  const std::string& output() const { return output_; }

 private:
  bool read_some();

  pid_t pid_ = -1;
  int output_fd_ = -1;
  bool asked_to_stop_ = false;
  std::uint16_t port_ = 0;
  std::string output_;
};

// Runs the daemon's program to its end and tells what it printed and its exit code.
struct Finished {
  int exit_code;
  std::string output;
};
Finished run_daemon_program(const std::vector<std::string>& arguments);

// Starts it on `data` with further flags and kills it with -9 that much later, listening or not.
void kill_while_starting(const std::string& data, std::vector<std::string> flags, int after_ms);

}  // namespace minuted::test
