#include "daemon_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace minuted::bench {
namespace {

constexpr int kStartMsMax = 30'000;
constexpr std::size_t kOutputBytesMax = 64 << 10;
constexpr int kAnswerSecondsMax = 10;
constexpr std::size_t kAnswerBytesMax = 4 << 20;
constexpr const char* kLogName = "/log";  // beside the store
constexpr std::size_t kLogBytesShown = 2000;
constexpr std::string_view kListening = "listening on http://";

std::string file_text(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// With the end of what the daemon logged, where the reason stands.
Error unavailable(const std::string& message, const std::string& directory) {
  const std::string log = file_text(directory + kLogName);
  const std::size_t skipped = log.size() > kLogBytesShown ? log.size() - kLogBytesShown : 0;
  return Error{ErrorCode::kUnavailable, message + "; its log ends with:\n" + log.substr(skipped)};
}

// The number behind `name` in a file of `/proc` with a name a line.
std::uint64_t number_behind(const std::string& text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == text.npos) return 0;
  return std::strtoull(text.c_str() + at + name.size(), nullptr, 10);
}

// Of all its threads, those that ended too. 0 if it is gone.
double cpu_seconds_of(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Fields 14 and 15 of /proc/PID/stat, counted from behind the name, which may hold anything.
double cpu_seconds_in(const std::string& stat) {
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  constexpr int kFieldsBefore = 11;
  for (int i = 0; i < kFieldsBefore; ++i) fields >> skipped;
  double user_ticks = 0;
  double system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  return (user_ticks + system_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::map<std::string, double> cpu_seconds_by_thread(const std::string& tasks) {
  std::map<std::string, double> seconds;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    const std::string stat = file_text(task.path() / "stat");
    const std::size_t open = stat.find('(');
    const std::size_t close = stat.rfind(')');
    if (open == stat.npos || close == stat.npos) continue;  // it has ended meanwhile
    seconds[stat.substr(open + 1, close - open - 1)] += cpu_seconds_in(stat);
  }
  return seconds;
}

// The port behind "listening on http://HOST:" once the line is whole.
std::uint16_t find_port(const std::string& output) {
  const std::size_t at = output.find(kListening);
  if (at == output.npos) return 0;
  const std::size_t end = output.find_first_of(", \n", at + kListening.size());
  if (end == output.npos) return 0;
  const std::size_t colon = output.rfind(':', end);
  std::uint16_t port = 0;
  std::from_chars(output.data() + colon + 1, output.data() + end, port);
  return port;
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{kAnswerSecondsMax, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

Result<ProcessUsage> usage_of(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/";
  const std::string status = file_text(folder + "status");
  const std::string io = file_text(folder + "io");
  if (status.find("VmHWM") == status.npos) {
    return Error{ErrorCode::kUnavailable, "process " + std::to_string(pid) + " has died"};
  }
  constexpr int kKibibyte = 10;  // the unit of the file's sizes, as a shift
  return ProcessUsage{cpu_seconds_of(pid), cpu_seconds_by_thread(folder + "task"),
                      number_behind(status, "VmHWM:") << kKibibyte,
                      number_behind(status, "VmRSS:") << kKibibyte,
                      number_behind(io, "\nwrite_bytes:")};
}

const char* DaemonProcess::built_here() { return MINUTED_BINARY; }

Result<DaemonProcess> DaemonProcess::start(const std::string& program, const std::string& parent,
                                           const std::vector<std::string>& flags) {
  return start_over(program, {}, parent, flags);
}

Result<DaemonProcess> DaemonProcess::start_over(const std::string& program,
                                                const std::string& store, const std::string& parent,
                                                const std::vector<std::string>& flags) {
  DaemonProcess daemon;
  if (const auto made = daemon.make_directory(parent); !made) return made.error();
  daemon.spawn(program, store.empty() ? daemon.directory_ + "/store" : store, flags);
  if (const auto listens = daemon.wait_until_it_listens(); !listens) return listens.error();
  return daemon;
}

DaemonProcess::~DaemonProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (output_fd_ >= 0) ::close(output_fd_);
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

DaemonProcess::DaemonProcess(DaemonProcess&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      pid_(std::exchange(other.pid_, -1)),
      output_fd_(std::exchange(other.output_fd_, -1)),
      port_(other.port_) {}

Result<void> DaemonProcess::make_directory(const std::string& parent) {
  std::string name = parent + "/minuted-bench-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    return Error{ErrorCode::kIoError,
                 "no directory can be made below " + parent + ": " + std::strerror(errno)};
  }
  directory_ = name;
  return {};
}

void DaemonProcess::spawn(const std::string& program, const std::string& store,
                          const std::vector<std::string>& flags) {
  std::vector<std::string> texts{program,       "--data",      store, "--listen",
                                 "127.0.0.1:0", "--log-level", "warn"};
  texts.insert(texts.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  for (std::string& text : texts) argv.push_back(text.data());
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  const std::string log = directory_ + kLogName;
  const int log_fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  // Not fork(): a gigabyte of prepared bodies would have to be copied page by page when next
  // written. On Linux a child of vfork() may make system calls, as long as it leaves memory alone.
  const pid_t pid = ::vfork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(log_fd, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  pid_ = pid;
  ::close(log_fd);
  ::close(ends[1]);
  output_fd_ = ends[0];
}

Result<void> DaemonProcess::wait_until_it_listens() {
  std::string output;
  while (port_ == 0) {
    pollfd readable{output_fd_, POLLIN, 0};
    char text[4096];
    const bool ready = output_fd_ >= 0 && ::poll(&readable, 1, kStartMsMax) > 0;
    const ssize_t bytes = ready ? ::read(output_fd_, text, sizeof text) : 0;
    if (bytes <= 0 || output.size() > kOutputBytesMax) {
      return unavailable("the daemon does not listen", directory_);
    }
    output.append(text, static_cast<std::size_t>(bytes));
    port_ = find_port(output);
  }
  return {};
}

Result<ProcessUsage> DaemonProcess::usage() const {
  const auto usage = usage_of(pid_);
  if (!usage) return unavailable(usage.error().message, directory_);
  return usage;
}

Result<void> DaemonProcess::stop() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return unavailable("the daemon did not end well", directory_);
}

Result<std::string> DaemonProcess::metrics() const {
  const int fd = connect_to(port_);
  if (fd < 0) return unavailable("the daemon takes no connection", directory_);
  constexpr std::string_view kRequest =
      "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(kRequest.size())) {
    char text[16 << 10];
    for (ssize_t bytes;
         answer.size() < kAnswerBytesMax && (bytes = ::recv(fd, text, sizeof text, 0)) > 0;) {
      answer.append(text, static_cast<std::size_t>(bytes));
    }
  }
  ::close(fd);
  if (!answer.starts_with("HTTP/1.1 200 "))
    return unavailable("the daemon gives no metrics", directory_);
  return answer;
}

void DaemonProcess::forget_rss_max() const {
  std::ofstream("/proc/" + std::to_string(pid_) + "/clear_refs") << "5";
}

double metric(const std::string& text, const std::string& name) {
  const std::string line = "\n" + name + " ";
  const std::size_t at = text.find(line);
  return at == text.npos ? 0 : std::strtod(text.c_str() + at + line.size(), nullptr);
}

}  // namespace minuted::bench
