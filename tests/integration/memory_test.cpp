// Promise: memory is held. With every route at once, pushes of 10,000 events on many connections beside
// reads that group, sort, compress and page, the daemon's peak stays within `--memory` and 64 MiB, it is
// not ended, answers are right or say why there is none, and what was taken is given back afterwards. The
// short form at 64 MiB for some seconds; the long one at 64, 256, 512 MiB and 2 GiB, and, as root, in a
// control group that allows no more than the sum.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include "integration/conversation.hpp"
#include "minuted/time.hpp"
#include "support/long_form.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

using Seconds = std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kMiB = 1U << 20;
constexpr std::uint64_t kBesideBytes = 64 * kMiB;
constexpr int kEventsPerPush = 10'000;
// Yesterday, as far as the events go: two spans that can be sealed.
constexpr std::int64_t kHistoryMinutes = 720;
constexpr Seconds kQuietMax{20};

struct Load {
  std::uint64_t memory_bytes;
  int pushers;
  int readers;
  Seconds time;
};

// Of /proc/PID/status, in bytes; nullopt where there is no such file.
std::optional<std::uint64_t> status_bytes(pid_t pid, const std::string& name) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) << 10;
  }
  return std::nullopt;
}

// A control group of this test's, of either version; gone with the object. Without the right to make one
// there is none.
class ControlGroup {
 public:
  explicit ControlGroup(std::uint64_t bytes_max) {
    std::ifstream in("/proc/self/cgroup");
    for (std::string line; std::getline(in, line) && path_.empty();) {
      const std::string group = line.substr(line.rfind(':') + 1);
      const bool version_1 = line.find(":memory:") != line.npos;
      if (version_1) make("/sys/fs/cgroup/memory" + group, "memory.limit_in_bytes", bytes_max);
      if (line.starts_with("0::")) make("/sys/fs/cgroup" + group, "memory.max", bytes_max);
    }
  }
  ~ControlGroup() {
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  bool there() const { return !path_.empty(); }
  void take(pid_t pid) const { std::ofstream(path_ + "/cgroup.procs") << pid; }

 private:
  void make(const std::string& parent, const char* limit, std::uint64_t bytes_max) {
    const std::string path = parent + "/minuted-memory-test-" + std::to_string(::getpid());
    std::error_code error;
    if (!std::filesystem::create_directory(path, error) || error) return;
    std::ofstream out(path + "/" + limit);
    if (out << bytes_max << std::flush) {
      path_ = path;
    } else {
      ::rmdir(path.c_str());
    }
  }

  std::string path_;
};

class MemoryTest : public testing::Test {
 protected:
  MemoryTest()
      : now_ms_(std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count()) {}

  void SetUp() override {
    if (!status_bytes(::getpid(), "VmHWM")) GTEST_SKIP() << "there is no /proc/PID/status here";
  }

  std::string time_text(std::int64_t ms) const { return format_iso8601(Millis{ms}); }
  std::string day_text(std::int64_t ms) const { return time_text(ms).substr(0, 10); }

  // 10,000 events in 100 repos, 20 buckets and 16 hosts, each of one uploaded byte.
  std::string body_of(Random& random, std::int64_t before_minutes) const {
    std::string body;
    for (int i = 0; i < kEventsPerPush; ++i) {
      const auto latency = random.between(1, 900'000);
      body += R"({"repoId":"repo-)" + std::to_string(random.below(100)) + R"(","bucketId":"b-)" +
              std::to_string(random.below(20)) + R"(","host":"node-)" +
              std::to_string(random.below(16)) + R"(","timestamp":")" +
              time_text(now_ms_ - before_minutes * 60'000 -
                        static_cast<std::int64_t>(random.below(kHistoryMinutes)) * 60'000) +
              R"(","op":"PUT","upl_bytes":1,"latency_ms":)" + std::to_string(latency / 1000) + "." +
              std::to_string(latency % 1000) + "}\n";
    }
    return body;
  }

  // Pushes until it is accepted, under one key; nothing may be counted twice or lost by that.
  void push_until_accepted(HttpClient& client, const std::string& body, const std::string& key) {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      const Answer answer = client.push_ndjson(body, {{"Idempotency-Key", key}});
      if (answer.status == 200) {
        accepted_ += kEventsPerPush;
        return;
      }
      ASSERT_EQ(answer.status, 503U) << answer.body;
      EXPECT_FALSE(answer.header("retry-after").empty());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    FAIL() << "a push was not accepted in a thousand attempts";
  }

  // What stays as it is during all of it: 20 buckets and 4 hosts on 30 minutes, of one byte each.
  void push_fixed(HttpClient& client) {
    std::string body;
    for (int minute = 0; minute < 30; ++minute) {
      for (int bucket = 0; bucket < 20; ++bucket) {
        for (int host = 0; host < 4; ++host) {
          body += R"({"repoId":"fixed","bucketId":"b-)" + std::to_string(bucket) +
                  R"(","host":"node-)" + std::to_string(host) +
                  R"(","timestamp":")" + time_text((kMinuteSeconds + 60 * minute) * 1000) +
                  R"(","op":"PUT","upl_bytes":1})" + "\n";
        }
      }
    }
    ASSERT_EQ(client.push_ndjson(body).status, 200U);
  }
  static std::string fixed_answer() {
    std::vector<std::string> rows;
    for (int minute = 0; minute < 30; ++minute) {
      for (int host = 0; host < 4; ++host) {
        const std::string name = "node-" + std::to_string(host);
        rows.push_back(R"({"timestamp":)" + std::to_string(kMinuteSeconds + 60 * minute) +
                       R"(,"upl_bytes":20,"dwl_bytes":0,"size_change":0,"latency_ms":0,"host":")" + name +
                       R"(","requests":20})");
      }
    }
    return rows_text(rows);
  }

  std::vector<std::string> questions() const {
    const std::string minutes = "/stats/minute?startDate=" + day_text(now_ms_ - 2 * 86'400'000) +
                                "&endDate=" + day_text(now_ms_);
    const std::string days = "startDate=" + day_text(now_ms_ - 2 * 86'400'000) +
                             "&endDate=" + day_text(now_ms_);
    const std::string windows = "/v2/stats/storage";
    // Their points take another pass over the rows for each hundred of them: on a machine that does other
    // work a thousand may take longer than the client waits.
    const std::string entities = long_form() ? "1000" : "100";
    return {
        minutes + "&groupBy=bucket,host&fields=*",
        minutes + "&groupBy=host&fields=*",
        minutes + "&groupBy=bucket&fields=latency_p99_ms",
        minutes + "&groupBy=repo&fields=*",
        minutes + "&groupBy=repo,host&fields=*",
        minutes + "&groupBy=repo,bucket",
        minutes + "&groupBy=",
        minutes + "&fields=*&format=csv",
        minutes + "&fields=*&format=ndjson",
        minutes + "&limit=1000",
        "/stats/hourly?" + days + "&fields=*",
        "/stats/daily?" + days + "&fields=*&groupBy=bucket",
        "/repo/stats",
        "/bucket/stats",
        "/unit/stats",
        "/series?limit=10000",
        windows + "?scope=org&window=24h",
        windows + "/breakdown/buckets?scope=org&window=24h&includeSeries=true&limit=" + entities,
        windows + "/breakdown/nodes?scope=org&window=24h&includeSeries=true&limit=" + entities,
        windows + "/breakdown/repos?scope=org&window=7d&includeSeries=true&limit=" + entities,
        windows + "/breakdown/providers?scope=org&window=24h",
        windows + "/breakdown/workspaces?scope=org&window=24h",
        "/stats/nodes/minute",
        "/stats/nodes/daily?" + days_of_nodes(),
        "/events?" + days,
        "/metrics",
        "/openapi.json",
        "/docs",
    };
  }
  // DDMMYYYY
  std::string days_of_nodes() const {
    const auto turned = [this](std::int64_t ms) {
      const std::string day = day_text(ms);
      return day.substr(8, 2) + day.substr(5, 2) + day.substr(0, 4);
    };
    return "startDate=" + turned(now_ms_ - 2 * 86'400'000) + "&endDate=" + turned(now_ms_);
  }

  void note(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++seen_[what];
  }

  void read(std::uint16_t port, int number, SteadyClock::time_point end) {
    Random random(1000 + static_cast<std::uint64_t>(number));
    HttpClient client(port);
    const std::vector<std::string> all = questions();
    const std::array<const char*, 3> codings{"identity", "gzip", "zstd"};
    const std::string fixed = fixed_answer();
    while (SteadyClock::now() < end) {
      if (random.chance(20)) {
        const Answer answer =
            client.get(std::string(kDayQuery) + "&repoId=fixed&groupBy=host&fields=requests");
        if (answer.status == 200) {
          EXPECT_EQ(answer.body, fixed) << "of rows that nobody changes";
        } else if (answer.status != 0 || !MINUTED_TEST_SLOWED) {
          EXPECT_EQ(answer.status, 503U) << answer.body;
        }
        note("fixed " + std::to_string(answer.status));
        continue;
      }
      const std::string& question = all[random.below(all.size())];
      const Answer answer =
          client.get(question, {{"Accept-Encoding", codings[random.below(codings.size())]}});
      note(std::to_string(answer.status));
      if (answer.status == 200) {
        // An answer may find the memory gone half-way, between repos: it is cut short, as it must be.
        if (!answer.whole) note("cut short");
        continue;
      }
      if (answer.status == 400) {
        EXPECT_NE(answer.body.find("query_too_large"), std::string::npos) << question << answer.body;
      } else if (answer.status != 0 || !MINUTED_TEST_SLOWED) {  // a sanitizer outlasts the client
        EXPECT_EQ(answer.status, 503U) << question << answer.body;
        EXPECT_FALSE(answer.header("retry-after").empty()) << question << answer.body;
      }
    }
  }

  void push(std::uint16_t port, int number, SteadyClock::time_point end) {
    Random random(static_cast<std::uint64_t>(number));
    HttpClient client(port);
    const std::string body = body_of(random, 0);
    for (int n = 0; SteadyClock::now() < end; ++n) {
      const std::string key = std::to_string(number) + "-" + std::to_string(n);
      push_until_accepted(client, body, key);
    }
  }

  // The sum over all repos: each event is one byte.
  std::uint64_t stored_events(HttpClient& client) {
    // Reads of before may hold their memory for a moment yet.
    Answer answer;
    for (int attempt = 0; attempt < 500 && answer.status != 200; ++attempt) {
      answer = client.get("/repo/stats");
      if (answer.status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(answer.status, 200U) << answer.body;
    const std::string& body = answer.body;
    std::uint64_t sum = 0;
    constexpr std::string_view kName = R"("totalUploadBytes":")";
    for (std::size_t at = body.find(kName); at != body.npos; at = body.find(kName, at + 1)) {
      sum += std::stoull(body.substr(at + kName.size(), 24));
    }
    return sum;
  }

  void hold(const Load& load, bool in_group) {
    const std::uint64_t bytes_max = load.memory_bytes + kBesideBytes;
    std::optional<ControlGroup> group;
    if (in_group) group.emplace(bytes_max);
    if (in_group && !group->there()) GTEST_SKIP() << "no control group can be made here";
    const TempDir directory;
    Daemon daemon(directory / "store",
                  {"--memory", std::to_string(load.memory_bytes), "--disk-reserve-bytes", "0",
                   "--disk-reserve-percent", "0", "--retention", "raw=2d", "--log-level", "error",
                   "--seal-after", "1m", "--seal-interval", "2s"});
    ASSERT_NE(daemon.port(), 0);
    if (group) group->take(daemon.pid());
    HttpClient client(daemon.port());
    push_fixed(client);
    const std::uint64_t fixed = stored_events(client);
    ASSERT_EQ(fixed, 30U * 20 * 4);
    Random random;
    for (int i = 0; i < 8; ++i) {
      push_until_accepted(client, body_of(random, kHistoryMinutes), "history-" + std::to_string(i));
    }
    const auto end = SteadyClock::now() + load.time;
    std::vector<std::thread> threads;
    for (int i = 0; i < load.pushers; ++i) {
      threads.emplace_back([&, i] { push(daemon.port(), i, end); });
    }
    for (int i = 0; i < load.readers; ++i) {
      threads.emplace_back([&, i] { read(daemon.port(), i, end); });
    }
    for (std::thread& thread : threads) thread.join();

    const auto peak = status_bytes(daemon.pid(), "VmHWM");
    ASSERT_TRUE(peak.has_value()) << "the daemon is gone: " << daemon.output();
    std::ostringstream seen;
    for (const auto& [what, times] : seen_) seen << what << ": " << times << ", ";
    RecordProperty("peak_mib", static_cast<int>(*peak / kMiB));
    std::printf("--memory %llu MiB: peak %llu of %llu MiB; %llu events; %s\n",
                static_cast<unsigned long long>(load.memory_bytes / kMiB),
                static_cast<unsigned long long>(*peak / kMiB),
                static_cast<unsigned long long>(bytes_max / kMiB),
                static_cast<unsigned long long>(accepted_), seen.str().c_str());
    EXPECT_GT(seen_["200"], 0) << "nothing was read";
    EXPECT_EQ(stored_events(client), fixed + accepted_);
    if (MINUTED_TEST_SLOWED) return;  // a sanitizer takes memory of its own
    EXPECT_LE(*peak, bytes_max);
    expect_quiet(client);
    // Nothing is held for nobody; what is freed goes back to the system.
    const auto deadline = SteadyClock::now() + kQuietMax;
    std::uint64_t now = *status_bytes(daemon.pid(), "VmRSS");
    const std::uint64_t quiet_max = load.memory_bytes / 2 + kBesideBytes;
    while (now > quiet_max && SteadyClock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      now = *status_bytes(daemon.pid(), "VmRSS");
    }
    EXPECT_LE(now, quiet_max);
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0);
  }

  void expect_quiet(HttpClient& client) {
    const auto deadline = SteadyClock::now() + kQuietMax;
    std::string body;
    do {
      body = client.get("/metrics").body;
      if (body.find("\nminuted_query_memory_bytes 0\n") != body.npos &&
          body.find("\nminuted_http_answer_bytes 0\n") != body.npos &&
          body.find("\nminuted_http_in_flight_bytes 0\n") != body.npos) {
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    } while (SteadyClock::now() < deadline);
    FAIL() << "memory is held for nobody";
  }

  const std::int64_t now_ms_;
  std::atomic<std::uint64_t> accepted_{0};
  std::mutex mutex_;  // guards seen_
  std::map<std::string, int> seen_;
};

TEST_F(MemoryTest, EveryRouteAtOnceStaysWithinTheSetting) {
  const Load load = long_form() ? Load{64 * kMiB, 64, 32, Seconds(30)}
                                : Load{64 * kMiB, 16, 12, Seconds(4)};
  hold(load, false);
}

class LongMemoryTest : public MemoryTest, public testing::WithParamInterface<std::uint64_t> {
 protected:
  void SetUp() override {
    if (!long_form()) GTEST_SKIP() << "only in the long form";
    MemoryTest::SetUp();
  }
};

TEST_P(LongMemoryTest, EveryRouteAtOnceStaysWithinTheSetting) {
  hold({GetParam() * kMiB, 64, 32, Seconds(30)}, false);
}

TEST_P(LongMemoryTest, EveryRouteAtOnceSurvivesInAControlGroupOfTheSum) {
  hold({GetParam() * kMiB, 64, 32, Seconds(30)}, true);
}

INSTANTIATE_TEST_SUITE_P(Settings, LongMemoryTest, testing::Values(64U, 256U, 512U, 2048U));

}  // namespace
}  // namespace minuted::test
