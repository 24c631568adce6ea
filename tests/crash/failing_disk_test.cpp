// Holds up "full, failing and read-only disks" with the real daemon: reads never stop, pushes get 507 or
// 503 while the disk takes no writes, and within 10 s of its taking them again they are served without
// a restart; every acknowledged batch is there once. Also what is answered while the data is opened, and
// that the daemon ends in time whatever its disk does. A library that is preloaded makes the calls fail;
// where file systems can be mounted the same runs on a tmpfs and on ext4 with and without a journal.
// MINUTED_TEST_LONG=1: 100 breakdowns of each kind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "support/daemon.hpp"
#include "support/http_client.hpp"
#include "support/long_form.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kServedWithin{10'000};
// Enough for a log to outgrow what was allocated for it within a breakdown.
constexpr int kEventsPerBatch = 200;
const std::vector<std::string> kFlags = {
    "--fold-interval", "20ms", "--memtables", "1MiB", "--log-level", "warn",
    "--new-series-per-minute-max", "100000000",
    "--disk-reserve-bytes", "0", "--disk-reserve-percent", "0", "--drain-timeout", "2s"};

milliseconds since(steady_clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
}

// The words of support/fault_library.cpp, for the daemons that are started while it lives.
class Faults {
 public:
  explicit Faults(const TempDir& dir) : file_(dir / "fault") {
    set("ok");
    ::setenv("MINUTED_FAULT_ROOT", (dir / "store").c_str(), 1);
    ::setenv("MINUTED_FAULT_FILE", file_.c_str(), 1);
    ::setenv("LD_PRELOAD", MINUTED_FAULT_LIBRARY, 1);
  }
  ~Faults() { ::unsetenv("LD_PRELOAD"); }

  // Renamed into its place, so that nobody reads half of it.
  void set(const std::string& word) const {
    std::ofstream(file_ + ".new") << word << '\n';
    ASSERT_EQ(std::rename((file_ + ".new").c_str(), file_.c_str()), 0);
  }

 private:
  const std::string file_;
};

std::string body_of(std::uint64_t batch) {
  std::string body = "[";
  for (int i = 0; i < kEventsPerBatch; ++i) {
    if (i != 0) body += ',';
    body += R"({"repoId":"r","bucketId":"b)" + std::to_string(batch) + R"(","host":"h)" +
            std::to_string(i) + R"(","timestamp":"2024-02-01T10:15:07Z","op":"PUT","upl_bytes":1})";
  }
  return body + "]";
}

// Pushes batch after batch, each under its key until it is acknowledged, and reads beside that.
class Client {
 public:
  explicit Client(std::uint16_t port) : pusher_([this, port] { push(port); }), reader_([this, port] { read(port); }) {}
  ~Client() { stop(); }

  void stop() {
    stop_ = true;
    if (pusher_.joinable()) pusher_.join();
    if (reader_.joinable()) reader_.join();
  }
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t refused() const { return refused_; }
  std::string last_refusal() const {
    const std::lock_guard lock(mutex_);
    return last_refusal_;
  }
  std::uint64_t reads() const { return reads_; }
  std::uint64_t failed_reads() const { return failed_reads_; }
  // After stop().
  const std::map<unsigned, std::uint64_t>& statuses() const { return statuses_; }

 private:
  // A daemon that has ended is reported with its log by whoever waits for it to serve.
  void push(std::uint16_t port) {
    try {
      push_all(port);
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      last_refusal_ = error.what();
    }
  }
  void push_all(std::uint16_t port) {
    HttpClient client(port);
    while (!stop_) {
      const std::uint64_t batch = acknowledged_;
      const Answer answer = client.push(body_of(batch), {{"Idempotency-Key", "k" + std::to_string(batch)}});
      ++statuses_[answer.status];
      if (answer.status == 200) {
        ++acknowledged_;
      } else {
        const std::lock_guard lock(mutex_);
        last_refusal_ = std::to_string(answer.status) + " " + answer.body;
        ++refused_;
        std::this_thread::sleep_for(milliseconds(5));
      }
    }
  }
  void read(std::uint16_t port) {
    try {
      read_all(port);
    } catch (const std::exception&) {
      ++failed_reads_;
    }
  }
  void read_all(std::uint16_t port) {
    HttpClient client(port);
    while (!stop_) {
      const std::uint64_t before = acknowledged_;
      const Answer answer = client.get("/repo/stats?repoId=r");
      ++reads_;
      if (answer.status != 200 || uploaded(answer.body) < before * kEventsPerBatch) ++failed_reads_;
      std::this_thread::sleep_for(milliseconds(2));
    }
  }

 public:
  static std::uint64_t uploaded(const std::string& body) {
    static const std::string kField = "\"totalUploadBytes\":\"";
    const std::size_t at = body.find(kField);
    return at == body.npos ? 0 : std::strtoull(body.c_str() + at + kField.size(), nullptr, 10);
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> reads_ = 0;
  std::atomic<std::uint64_t> failed_reads_ = 0;
  std::map<unsigned, std::uint64_t> statuses_;
  mutable std::mutex mutex_;  // guards what follows
  std::string last_refusal_;
  std::thread pusher_;
  std::thread reader_;
};

// Each batch once: what was acknowledged, and perhaps the one that was under way.
void expect_all(const std::string& data, std::uint64_t acknowledged) {
  Daemon daemon(data, kFlags);
  ASSERT_NE(daemon.port(), 0);
  HttpClient client(daemon.port());
  const std::uint64_t uploaded = Client::uploaded(client.get("/repo/stats?repoId=r").body);
  EXPECT_GE(uploaded, acknowledged * kEventsPerBatch);
  EXPECT_LE(uploaded, (acknowledged + 1) * kEventsPerBatch);
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.output();
}

// Whether a push is served before the patience ends.
bool served(const Client& client, milliseconds& took) {
  const auto start = steady_clock::now();
  const std::uint64_t before = client.acknowledged();
  while (client.acknowledged() < before + 2) {
    if (since(start) > kServedWithin) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  took = since(start);
  return true;
}

struct Break {
  std::function<void()> disk;
  std::function<void()> repair;
  bool refuses = true;  // pushes, or else they wait
};

// Breaks the disk again and again beside pushes and reads.
void run(const std::string& data, const std::string& name, const Break& how) {
  SCOPED_TRACE(name);
  Random random(21);
  const int rounds = long_form() ? 100 : 2;
  Daemon daemon(data, kFlags);
  ASSERT_NE(daemon.port(), 0);
  Client client(daemon.port());
  milliseconds slowest{0};
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    std::this_thread::sleep_for(milliseconds(random.between(20, 200)));
    const std::uint64_t refused = client.refused();
    how.disk();
    const auto broken = steady_clock::now();
    std::this_thread::sleep_for(milliseconds(random.between(20, 400)));
    while (how.refuses && client.refused() == refused && since(broken) < kServedWithin) {
      std::this_thread::sleep_for(milliseconds(20));
      how.disk();  // the store may have deleted files of its own meanwhile, and so made room
    }
    EXPECT_TRUE(!how.refuses || client.refused() > refused)
        << "no push met the breakdown; the last answer: " << client.last_refusal()
        << "\nthe daemon's log: " << daemon.output();
    how.repair();
    milliseconds took{0};
    EXPECT_TRUE(served(client, took))
        << "not served within 10 s in round " << round << "; the last answer: " << client.last_refusal()
        << "\nthe daemon's log: " << daemon.output();
    slowest = std::max(slowest, took);
  }
  client.stop();
  std::string statuses;
  for (const auto& [status, count] : client.statuses()) {
    statuses += " " + std::to_string(status) + ":" + std::to_string(count);
    EXPECT_TRUE(status == 200 || status == 503 || status == 507) << status;
  }
  EXPECT_EQ(client.failed_reads(), 0U) << "of " << client.reads();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.output();
  expect_all(data, client.acknowledged());
  std::fprintf(stderr, "%s: %d rounds, served again after %lld ms at most, %llu reads, pushes%s\n",
               name.c_str(), rounds, static_cast<long long>(slowest.count()),
               static_cast<unsigned long long>(client.reads()), statuses.c_str());
}

TEST(FailingDiskTest, PushesAreServedAgainByThemselves) {
  for (const char* word : {"full", "read_only", "sync_fails", "write_fails", "slow 100", "hang"}) {
    const TempDir dir;
    const Faults faults(dir);
    run(dir / "store", word, {[&] { faults.set(word); }, [&] { faults.set("ok"); }, std::string(word) != "hang"});
    if (testing::Test::HasFailure()) return;
  }
}

TEST(FailingDiskTest, AStoreThatCannotBeWrittenAtTheStartIsServedReadOnly) {
  for (const bool full : {true, false}) {
    const TempDir dir;
    const Faults faults(dir);
    {
      Daemon daemon(dir / "store", kFlags);
      HttpClient client(daemon.port());
      ASSERT_EQ(client.push(body_of(0)).status, 200U);
      daemon.kill();
    }
    faults.set(full ? "full" : "read_only");
    Daemon daemon(dir / "store", kFlags);
    ASSERT_NE(daemon.port(), 0);
    EXPECT_NE(daemon.output().find("served read-only"), std::string::npos) << daemon.output();
    HttpClient client(daemon.port());
    EXPECT_EQ(Client::uploaded(client.get("/repo/stats?repoId=r").body), kEventsPerBatch * 1U);
    EXPECT_EQ(client.push(body_of(1)).status, full ? 507U : 503U);
    const Answer ready = client.get("/readyz");
    EXPECT_EQ(ready.status, 503U);
    EXPECT_NE(ready.body.find("writes_stopped"), std::string::npos) << ready.body;
    EXPECT_NE(ready.body.find(full ? "No space left" : "Read-only file system"), std::string::npos)
        << ready.body;
    EXPECT_NE(client.get("/metrics").body.find("minuted_engine_state{state=\"read_only\"} 1"),
              std::string::npos);
    faults.set("ok");
    const auto repaired = steady_clock::now();
    while (client.push(body_of(1)).status != 200 && since(repaired) < kServedWithin) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_LT(since(repaired), kServedWithin);
    EXPECT_EQ(client.get("/readyz").status, 200U);
    EXPECT_EQ(Client::uploaded(client.get("/repo/stats?repoId=r").body), kEventsPerBatch * 2U);
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0) << daemon.output();
  }
}

// Gives all that is there to a user; anybody may read it.
void give_to(uid_t user, const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<fs::path> all{path};
  for (const auto& entry : fs::recursive_directory_iterator(path)) all.push_back(entry.path());
  for (const fs::path& each : all) {
    ASSERT_EQ(::lchown(each.c_str(), user, user), 0) << each;
    fs::permissions(each, fs::perms::group_read | fs::perms::others_read |
                              (fs::is_directory(each) ? fs::perms::group_exec | fs::perms::others_exec
                                                      : fs::perms::none),
                    fs::perm_options::add);
  }
}

TEST(FailingDiskTest, ADirectoryOfAnotherUserIsServedReadOnly) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory to another user";
  constexpr uid_t kOther = 65'534;
  const TempDir dir;
  const std::string data = dir / "store";
  {
    Daemon daemon(data, kFlags);
    HttpClient client(daemon.port());
    ASSERT_EQ(client.push(body_of(0)).status, 200U);
    daemon.kill();
  }
  ASSERT_NO_FATAL_FAILURE(give_to(kOther, data));
  // A thread gives up root's right to write everywhere, and so do the programs it starts.
  std::thread([&] {
    for (const int right : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER}) {
      ASSERT_EQ(::prctl(PR_CAPBSET_DROP, right, 0, 0, 0), 0);
    }
    Daemon daemon(data, kFlags);
    ASSERT_NE(daemon.port(), 0);
    HttpClient client(daemon.port());
    EXPECT_EQ(Client::uploaded(client.get("/repo/stats?repoId=r").body), kEventsPerBatch * 1U);
    EXPECT_EQ(client.push(body_of(1)).status, 503U);
    const Answer ready = client.get("/readyz");
    EXPECT_EQ(ready.status, 503U);
    EXPECT_NE(ready.body.find("Permission denied"), std::string::npos) << ready.body;
    EXPECT_NE(daemon.output().find("Permission denied"), std::string::npos) << daemon.output();
    EXPECT_NE(client.get("/metrics").body.find("minuted_engine_state{state=\"read_only\"} 1"),
              std::string::npos);
    give_to(0, data);
    const auto repaired = steady_clock::now();
    while (client.push(body_of(1)).status != 200 && since(repaired) < kServedWithin) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_LT(since(repaired), kServedWithin);
    EXPECT_EQ(Client::uploaded(client.get("/repo/stats?repoId=r").body), kEventsPerBatch * 2U);
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0) << daemon.output();
  }).join();
}

// The time to drain is 2 s; what hangs in the system then is left to it.
TEST(FailingDiskTest, EndsInTimeWhateverTheDiskDoes) {
  for (const char* word : {"full", "read_only", "sync_fails", "hang"}) {
    SCOPED_TRACE(word);
    const TempDir dir;
    const Faults faults(dir);
    Daemon daemon(dir / "store", kFlags);
    ASSERT_NE(daemon.port(), 0);
    HttpClient client(daemon.port());
    ASSERT_EQ(client.push(body_of(0)).status, 200U);
    faults.set(word);
    std::thread pusher([&] {
      HttpClient other(daemon.port());
      (void)other.push(body_of(1));
    });
    std::this_thread::sleep_for(milliseconds(100));
    const auto start = steady_clock::now();
    daemon.signal(SIGTERM);
    const int code = daemon.wait();
    pusher.join();
    EXPECT_LT(since(start), milliseconds(9'000));
    EXPECT_EQ(code, std::string(word) == "hang" ? 1 : 0) << daemon.output();
    faults.set("ok");
    expect_all(dir / "store", 1);
  }
}

TEST(FailingDiskTest, ThePortIsOpenWhileTheDataIsOpened) {
  const TempDir dir;
  const Faults faults(dir);
  {
    Daemon daemon(dir / "store", kFlags);
    HttpClient client(daemon.port());
    ASSERT_EQ(client.push(body_of(0)).status, 200U);
    daemon.kill();
  }
  for (const bool released : {true, false}) {
    faults.set("hold_current");
    Daemon daemon(dir / "store", Daemon::free_port(), kFlags);
    std::optional<HttpClient> client;
    for (const auto start = steady_clock::now(); !client && since(start) < kServedWithin;) {
      try {
        client.emplace(daemon.port());
      } catch (const std::exception&) {
        std::this_thread::sleep_for(milliseconds(5));
      }
    }
    ASSERT_TRUE(client) << "the port does not open";
    EXPECT_EQ(client->get("/livez").status, 200U);
    Answer ready = client->get("/readyz");
    for (const auto start = steady_clock::now();
         released && ready.body.find("log has 0 bytes") != std::string::npos &&
         since(start) < kServedWithin;) {
      ready = client->get("/readyz");
    }
    EXPECT_EQ(ready.status, 503U);
    EXPECT_NE(ready.body.find("\"starting\""), std::string::npos) << ready.body;
    EXPECT_NE(ready.body.find("checking the store, whose log has "), std::string::npos) << ready.body;
    // The first opening wrote what the log held out as tables.
    EXPECT_EQ(ready.body.find("log has 0 bytes") == std::string::npos, released) << ready.body;
    for (const char* path : {"/repo/stats?repoId=r", "/stats/minute", "/series"}) {
      const Answer answer = client->get(path);
      EXPECT_EQ(answer.status, 503U);
      EXPECT_EQ(answer.header("retry-after"), "1");
    }
    EXPECT_EQ(client->push(body_of(1)).status, 503U);
    EXPECT_NE(client->get("/metrics").body.find("minuted_engine_state{state=\"opening\"} 1"),
              std::string::npos);
    EXPECT_EQ(daemon.output().find("listening"), std::string::npos);
    const auto start = steady_clock::now();
    if (released) {
      faults.set("ok");
      ASSERT_TRUE(daemon.wait_until_listening()) << daemon.output();
      EXPECT_EQ(client->get("/readyz").status, 200U);
      EXPECT_EQ(Client::uploaded(client->get("/repo/stats?repoId=r").body), kEventsPerBatch * 1U);
    }
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(), released ? 0 : 1) << daemon.output();
    EXPECT_LT(since(start), milliseconds(6'000));
  }
}

// A file system of some megabytes, mounted while it lives. `mounted` is false where that is not allowed.
class Mounted {
 public:
  Mounted(const std::string& at, const std::string& kind) : at_(at) {
    (void)std::system(("mkdir -p " + at).c_str());
    if (kind == "tmpfs") {
      mounted = ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=24m") == 0;
      return;
    }
    const std::string features = kind == "ext4 without a journal" ? "-O ^has_journal " : "";
    const std::string command = "truncate -s 32M " + at + ".img && mkfs.ext4 -q -F " + features + at +
                                ".img && mount -o loop " + at + ".img " + at;
    mounted = std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;
  }
  ~Mounted() {
    if (mounted) ::umount2(at_.c_str(), MNT_DETACH);
  }

  bool mounted = false;

 private:
  const std::string at_;
};

// Fills a file system to its last byte; what else is written to it meanwhile fails.
void fill(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  const std::string block(64 << 10, 'x');
  for (std::size_t bytes = block.size(); bytes != 0;) {
    if (::write(fd, block.data(), bytes) <= 0) bytes /= 2;
  }
  ::close(fd);
}

class FullFileSystemTest : public testing::TestWithParam<std::string> {};

TEST_P(FullFileSystemTest, PushesAreServedAgainByThemselves) {
  const TempDir dir;
  const Mounted mounted(dir / "mounted", GetParam());
  if (!mounted.mounted) {
    GTEST_SKIP() << GetParam() << " cannot be mounted here; the preloaded library stands in";
  }
  const std::string neighbour = dir / "mounted/neighbour";
  run(dir / "mounted/store", GetParam(),
      {[&] { fill(neighbour); }, [&] { (void)::unlink(neighbour.c_str()); }});
}
INSTANTIATE_TEST_SUITE_P(Kinds, FullFileSystemTest,
                         testing::Values("tmpfs", "ext4", "ext4 without a journal"),
                         [](const auto& kind) {
                           std::string name = kind.param;
                           for (char& c : name) {
                             if (c == ' ') c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace minuted::test
