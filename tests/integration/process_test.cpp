// What the real programs do to their process before anything else. A standard descriptor that is
// closed at the start never becomes a store's file, and what a program makes is not open to others.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "support/daemon.hpp"
#include "support/http_client.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;

constexpr int kStartTriesMax = 3000;
constexpr std::chrono::milliseconds kStartTryPause{10};

using Closed = std::vector<int>;

// Every non-empty set of 0, 1 and 2.
std::vector<Closed> closed_sets() {
  std::vector<Closed> sets;
  for (int bits = 1; bits < 8; ++bits) {
    Closed closed;
    for (int fd = 0; fd < 3; ++fd) {
      if ((bits >> fd & 1) != 0) closed.push_back(fd);
    }
    sets.push_back(closed);
  }
  return sets;
}

std::string to_text(const Closed& closed) {
  std::string text = "closed:";
  for (const int fd : closed) text += " " + std::to_string(fd);
  return text;
}

// Starts `program` with exactly the standard descriptors that are not in `closed`, all of them on
// /dev/null, and with `mask` as its umask.
pid_t spawn_with(const Closed& closed, mode_t mask, const std::vector<std::string>& program) {
  std::vector<char*> argv;
  for (const std::string& word : program) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::umask(mask);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int fd : closed) ::close(fd);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A port that was free a moment ago: a daemon whose output is closed cannot print one.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid != 0;
}

// A client of the daemon at `port` once it is ready; nothing if it ends before or takes too long.
std::optional<HttpClient> client_when_ready(std::uint16_t port, pid_t pid) {
  for (int i = 0; i < kStartTriesMax && !has_ended(pid); ++i) {
    try {
      HttpClient client(port);
      if (client.get("/readyz").status == 200) return client;
    } catch (const std::exception&) {
    }
    std::this_thread::sleep_for(kStartTryPause);
  }
  return std::nullopt;
}

std::string descriptor_target(pid_t pid, int fd) {
  std::error_code error;
  return fs::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd), error);
}

const std::string kEvent =
    R"({"repoId":"r","bucketId":"b","host":"h","timestamp":"2024-01-01T10:00:30Z","upl_bytes":7})";
const std::string kRows = "/stats/minute?startDate=2024-01-01&endDate=2024-01-01";

// The lines that the daemon writes to its stdout and its log go nowhere: the store opens again with
// all that was acknowledged.
TEST(ProcessTest, ADaemonWithClosedStandardDescriptorsDoesNotWriteIntoItsStore) {
  for (const Closed& closed : closed_sets()) {
    SCOPED_TRACE(to_text(closed));
    const TempDir directory;
    const std::string data = directory / "store";
    for (int start = 1; start <= 2; ++start) {
      const std::uint16_t port = free_port();
      const pid_t pid = spawn_with(
          closed, 022,
          {MINUTED_BINARY, "--data", data, "--listen", "127.0.0.1:" + std::to_string(port),
           "--log-level", "debug"});
      auto client = client_when_ready(port, pid);
      if (!client) {
        ::kill(pid, SIGKILL);
        FAIL() << "start " << start << " ended with code " << wait_for(pid);
      }
      for (int fd = 0; fd < 3; ++fd) EXPECT_EQ(descriptor_target(pid, fd), "/dev/null") << fd;
      EXPECT_EQ(client->push(kEvent).status, 200U);
      EXPECT_EQ(client->get("/no-such-route").status, 404U);
      ::kill(pid, start == 1 ? SIGKILL : SIGTERM);
      EXPECT_EQ(wait_for(pid), start == 1 ? 128 + SIGKILL : 0);
    }
    std::ifstream marker(data + "/minuted.store");
    EXPECT_TRUE(std::regex_match(std::string(std::istreambuf_iterator<char>(marker), {}),
                                 std::regex("minuted store, format [0-9]+\n[^]*")));
    const Daemon again(data);
    const std::string rows = HttpClient(again.port()).get(kRows).body;
    EXPECT_NE(rows.find(R"("upl_bytes":14,)"), std::string::npos) << rows;
  }
}

// The other programs that open a store or write files, with the output of each closed.
TEST(ProcessTest, ToolsWithClosedStandardDescriptorsDoNotWriteIntoFilesTheyOpen) {
  for (const Closed& closed : closed_sets()) {
    SCOPED_TRACE(to_text(closed));
    const TempDir directory;
    const std::string data = directory / "store";
    const auto run = [&](const std::vector<std::string>& program) {
      return wait_for(spawn_with(closed, 022, program));
    };
    EXPECT_EQ(run({MINUTED_FILL_BINARY, "--data", data, "--repos", "1", "--buckets", "1", "--days",
                   "0.05"}),
              0);
    EXPECT_EQ(run({MINUTED_BINARY, "inspect", "--data", data}), 0);
    const std::string tokens = directory / "tokens.toml";
    EXPECT_EQ(run({MINUTED_BINARY, "token", "create", "--tokens", tokens, "--name", "n", "--scope",
                   "read"}),
              0);
    EXPECT_EQ(run({MINUTED_BINARY, "token", "list", "--tokens", tokens}), 0);
    EXPECT_EQ(run({MINUTED_BINARY, "--check-config"}), 0);
    const std::string document = directory / "served.cpp";
    const std::string parts = MINUTED_SOURCE_DIR "/server/openapi";
    EXPECT_EQ(run({MINUTED_OPENAPI_BINARY, parts, "1", document}), 0);
    std::ifstream served(document);
    EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(served), {}).starts_with("#include"));
    EXPECT_EQ(run({MINUTED_OPENAPI_BINARY, directory / "absent", "1", document}), 1);

    Daemon daemon(data, {"--tokens", tokens});
    EXPECT_EQ(HttpClient(daemon.port()).get("/readyz").status, 200U);
  }
}

TEST(ProcessTest, TheLoadGeneratorRunsWithClosedStandardDescriptors) {
  const TempDir directory;
  const Daemon daemon(directory / "store");
  for (const Closed& closed : closed_sets()) {
    SCOPED_TRACE(to_text(closed));
    EXPECT_EQ(wait_for(spawn_with(closed, 022,
                                  {MINUTED_LOAD_BINARY, "--port", std::to_string(daemon.port()),
                                   "--events", "1000"})),
              0);
  }
}

// A new program cannot forget it: the first statement of every main is the call.
TEST(ProcessTest, EveryMainOpensTheStandardDescriptorsFirst) {
  static const std::regex kMain(R"(\nint main\([^)]*\) \{\s*([^;]*;))");
  std::size_t mains = 0;
  for (const char* folder : {"server", "tools", "bench"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(MINUTED_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".cpp") continue;
      std::ifstream in(entry.path());
      const std::string text(std::istreambuf_iterator<char>(in), {});
      EXPECT_EQ(text.find("BENCHMARK_MAIN"), std::string::npos) << entry.path();
      if (text.find("\nint main(") == std::string::npos) continue;
      ++mains;
      std::smatch match;
      ASSERT_TRUE(std::regex_search(text, match, kMain)) << entry.path();
      EXPECT_EQ(match[1].str(), "minuted::open_standard_descriptors();") << entry.path();
    }
  }
  EXPECT_GE(mains, 9U);
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

// Whatever the umask of the one who starts it: what it makes is as open as this, or less.
TEST(ProcessTest, AStoreIsNotOpenToOthersWhateverTheUmask) {
  for (const mode_t mask : {0, 022, 002, 077}) {
    SCOPED_TRACE("umask " + std::to_string(mask));
    const TempDir directory;
    ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
    const std::string made_by_daemon = directory / "parent/store";
    const std::uint16_t port = free_port();
    const pid_t pid =
        spawn_with({}, mask,
                   {MINUTED_BINARY, "--data", made_by_daemon, "--listen",
                    "127.0.0.1:" + std::to_string(port), "--fold-interval", "20ms"});
    auto client = client_when_ready(port, pid);
    ASSERT_TRUE(client);
    EXPECT_EQ(client->push(kEvent).status, 200U);
    EXPECT_EQ(client->post("/admin/fold", "").status, 200U);
    ::kill(pid, SIGTERM);
    EXPECT_EQ(wait_for(pid), 0);
    const std::string made_by_fill = directory / "filled";
    EXPECT_EQ(wait_for(spawn_with({}, mask,
                                  {MINUTED_FILL_BINARY, "--data", made_by_fill, "--repos", "1",
                                   "--buckets", "1", "--days", "0.05"})),
              0);

    const mode_t files = 0640 & ~mask;
    const mode_t directories = 0750 & ~mask;
    std::size_t seen = 0;
    for (const std::string& below : {directory / "parent", made_by_fill}) {
      EXPECT_EQ(mode_of(below), directories) << below;
      for (const auto& entry : fs::recursive_directory_iterator(below)) {
        ++seen;
        const mode_t mode = mode_of(entry.path());
        EXPECT_EQ(mode & ~(entry.is_directory() ? directories : files), 0U)
            << entry.path() << " has mode " << std::oct << mode;
        EXPECT_TRUE(!entry.is_directory() || mode == directories) << entry.path();
      }
      EXPECT_TRUE(fs::exists(below));
    }
    EXPECT_GT(seen, 12U);
  }
}

// The file of tokens is its owner's alone, as before.
TEST(ProcessTest, ANewFileOfTokensIsItsOwnersAlone) {
  const TempDir directory;
  const std::string tokens = directory / "tokens.toml";
  EXPECT_EQ(wait_for(spawn_with({}, 0,
                                {MINUTED_BINARY, "token", "create", "--tokens", tokens, "--name",
                                 "n", "--scope", "read"})),
            0);
  EXPECT_EQ(mode_of(tokens), 0600U);
}

}  // namespace
}  // namespace minuted::test
