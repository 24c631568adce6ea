// The real daemon as a child process, for benchmarks: a fresh directory, a port of the system's
// choice, and what it has cost the machine so far. Killed and removed with the object. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "minuted/result.hpp"

namespace minuted::bench {

// What a process has used since it began.
struct ProcessUsage {
  double cpu_seconds = 0;  // user and system, to the nanosecond
  // The same by its threads' names, in ticks of 10 ms; of those that live.
  std::map<std::string, double> cpu_seconds_of;
  std::uint64_t rss_max_bytes = 0;       // the most it ever had resident
  std::uint64_t rss_bytes = 0;           // what it has now
  std::uint64_t disk_bytes_written = 0;  // handed to the disk, or to be: log and tables
};

// Of any process of ours. kUnavailable if it has died.
Result<ProcessUsage> usage_of(pid_t pid);

class DaemonProcess {
 public:
  // The program built with this one.
  static const char* built_here();
  // Below `parent` makes a directory for its data, and waits until it listens. If it does not:
  // kUnavailable with the end of its log, here and below.
  static Result<DaemonProcess> start(const std::string& program, const std::string& parent,
                                     const std::vector<std::string>& flags);
  // The same over the data in `store`, which stay when it is gone; empty: in that directory too.
  static Result<DaemonProcess> start_over(const std::string& program, const std::string& store,
                                          const std::string& parent,
                                          const std::vector<std::string>& flags);
  ~DaemonProcess();
  DaemonProcess(DaemonProcess&& other) noexcept;
  DaemonProcess& operator=(DaemonProcess&&) = delete;

  std::uint16_t port() const { return port_; }
  // kUnavailable if it has died.
  Result<ProcessUsage> usage() const;
  // Asks it to end and waits until it has. kUnavailable if it does not end well.
  Result<void> stop();
  // What `GET /metrics` says. kUnavailable if it does not answer.
  Result<std::string> metrics() const;
  // Counts ProcessUsage::rss_max_bytes from what it has now; without effect where the kernel does
  // not.
  void forget_rss_max() const;

 private:
  DaemonProcess() = default;
  Result<void> make_directory(const std::string& parent);
  void spawn(const std::string& program, const std::string& store,
             const std::vector<std::string>& flags);
  Result<void> wait_until_it_listens();

  std::string directory_;
  pid_t pid_ = -1;
  int output_fd_ = -1;
  std::uint16_t port_ = 0;
};

// The value of a sample without labels in Prometheus' text; 0 if it is not there.
double metric(const std::string& text, const std::string& name);

}  // namespace minuted::bench
