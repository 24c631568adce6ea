#include "support/daemon.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <thread>

namespace minuted::test {
namespace {

constexpr int kStartSecondsMax = 60;
constexpr std::string_view kListening = "listening on http://";

struct Child {
  pid_t pid;
  int output_fd;
};

Child spawn(const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment = {}) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  std::vector<char*> argv;
  static const std::string program = MINUTED_BINARY;
  argv.push_back(const_cast<char*>(program.c_str()));
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    for (const std::string& variable : environment) ::putenv(const_cast<char*>(variable.c_str()));
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  return {pid, ends[0]};
}

Child spawn_daemon(const std::string& data, std::vector<std::string> flags,
                   const std::vector<std::string>& environment = {}) {
  flags.insert(flags.begin(), {"--data", data, "--listen", "127.0.0.1:0"});
  return spawn(flags, environment);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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

}  // namespace

Daemon::Daemon(const std::string& data, std::vector<std::string> flags,
               const std::vector<std::string>& environment) {
  const Child child = spawn_daemon(data, std::move(flags), environment);
  pid_ = child.pid;
  output_fd_ = child.output_fd;
  while (port_ == 0 && read_some()) port_ = find_port(output_);
  EXPECT_NE(port_, 0) << "the daemon ended or hung before it listened:\n" << output_;
}

Daemon::Daemon(const std::string& data, std::uint16_t port, std::vector<std::string> flags)
    : port_(port) {
  flags.insert(flags.begin(),
               {"--data", data, "--listen", "127.0.0.1:" + std::to_string(port)});
  const Child child = spawn(flags);
  pid_ = child.pid;
  output_fd_ = child.output_fd;
}

std::uint16_t Daemon::free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), bytes) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
    std::abort();
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

bool Daemon::wait_until_listening() {
  while (find_port(output_) == 0) {
    if (!read_some()) return false;
  }
  return true;
}

Daemon::~Daemon() {
  if (pid_ > 0) kill();
  ::close(output_fd_);
}

// More output, or false at its end or after too long a silence.
bool Daemon::read_some() {
  pollfd readable{output_fd_, POLLIN, 0};
  if (::poll(&readable, 1, kStartSecondsMax * 1000) <= 0) return false;
  char text[4096];
  const ssize_t bytes = ::read(output_fd_, text, sizeof text);
  if (bytes <= 0) return false;
  output_.append(text, static_cast<std::size_t>(bytes));
  return true;
}

void Daemon::signal(int number) {
  if (number == SIGTERM || number == SIGINT) asked_to_stop_ = true;
  ::kill(pid_, number);
}

int Daemon::wait() {
  while (read_some()) {
  }
  const int code = wait_for(pid_);
  pid_ = -1;
  return code;
}

void Daemon::kill() {
  signal(SIGKILL);
  const int code = wait_for(pid_);
  pid_ = -1;
  if (code == 128 + SIGKILL || (code == 0 && asked_to_stop_)) return;
  // A crash, or what a sanitizer had to say, would go unseen otherwise.
  while (read_some()) {
  }
  ADD_FAILURE() << "the daemon had ended by itself with code " << code << ":\n" << output_;
}

void kill_while_starting(const std::string& data, std::vector<std::string> flags, int after_ms) {
  const Child child = spawn_daemon(data, std::move(flags));
  std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
  ::kill(child.pid, SIGKILL);
  wait_for(child.pid);
  ::close(child.output_fd);
}

Finished run_daemon_program(const std::vector<std::string>& arguments) {
  const Child child = spawn(arguments);
  Finished finished{0, {}};
  char text[4096];
  for (ssize_t bytes; (bytes = ::read(child.output_fd, text, sizeof text)) > 0;) {
    finished.output.append(text, static_cast<std::size_t>(bytes));
  }
  ::close(child.output_fd);
  finished.exit_code = wait_for(child.pid);
  return finished;
}

}  // namespace minuted::test
