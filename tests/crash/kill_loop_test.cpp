// Holds up "durable at acknowledgement" and "exactly once" with the real daemon: a fleet pushes, half
// of it through a bad network, and kill -9 ends the daemon at random moments: under load, while it
// stops, while it starts. After each restart every acknowledged batch is there once, every other
// wholly or not at all, in all tiers. A few dozen kills by default, thousands with
// MINUTED_TEST_LONG=1.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "crash/fleet.hpp"
#include "support/daemon.hpp"
#include "support/long_form.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::uint64_t kKillsPerStore = 36;
constexpr std::uint64_t kStoresLong = 84;
constexpr std::uint64_t kLoadMsMax = 250;   // between a start and its kill
constexpr std::uint64_t kStartMsMax = 60;   // from its exec to a kill while it starts
constexpr std::uint64_t kDrainMsMax = 10;   // from SIGTERM to a kill
constexpr unsigned kKillAtStartPercent = 25;
constexpr unsigned kKillAtStopPercent = 20;

// Small bounds, so that folds, flushes and new logs fall between kills.
const std::vector<std::string> kFlags = {"--fold-interval", "5ms",       "--fold-batch", "64KiB",
                                         "--memtables",     "1MiB",      "--log-level",  "warn"};

void sleep_ms(std::uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

struct Figures {
  std::uint64_t kills = 0;
  std::uint64_t kills_at_start = 0;
  std::uint64_t kills_at_stop = 0;
  std::uint64_t checks = 0;
  std::uint64_t violations = 0;
  Fleet::Counts fleet;
  Proxy::Counts proxy;
};

void add(Figures& to, const Fleet::Counts& fleet, const Proxy::Counts& proxy) {
  to.fleet.batches += fleet.batches;
  to.fleet.attempts += fleet.attempts;
  to.fleet.unknown += fleet.unknown;
  to.fleet.repeats += fleet.repeats;
  to.proxy.requests += proxy.requests;
  to.proxy.lost_requests += proxy.lost_requests;
  to.proxy.lost_replies += proxy.lost_replies;
  to.proxy.delayed += proxy.delayed;
  to.proxy.doubled += proxy.doubled;
  to.proxy.held_back += proxy.held_back;
}

void print(const Figures& f, std::chrono::steady_clock::time_point start) {
  const auto n = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
  std::fprintf(
      stderr,
      "kills: %llu (%llu while it started, %llu while it stopped), %llu checks of everything, "
      "%llu violations, %.1f s\n"
      "  %llu batches in %llu attempts, %llu without an answer, %llu answered as duplicates\n"
      "  %llu requests through the proxy: %llu lost, %llu replies lost, %llu late, %llu doubled, "
      "%llu held back\n",
      n(f.kills), n(f.kills_at_start), n(f.kills_at_stop), n(f.checks), n(f.violations),
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
      n(f.fleet.batches), n(f.fleet.attempts), n(f.fleet.unknown), n(f.fleet.repeats),
      n(f.proxy.requests), n(f.proxy.lost_requests), n(f.proxy.lost_replies), n(f.proxy.delayed),
      n(f.proxy.doubled), n(f.proxy.held_back));
}

// A store, a fleet and its network, from an empty directory to the last check.
class Round {
 public:
  Round(std::uint64_t number, Figures& figures)
      : figures_(figures), random_(number), proxy_({}), fleet_(proxy_, 1'000 + number) {}

  void run() {
    start();
    while (kills_ < kKillsPerStore && figures_.violations == 0) {
      fleet_.resume();
      sleep_ms(random_.below(kLoadMsMax));
      kill();
      start();
      check("after kill " + std::to_string(kills_));
    }
    fleet_.push_the_rest(daemon_->port());
    check("after everything was pushed");
    EXPECT_EQ(HttpClient(daemon_->port()).post("/admin/fold", "").status, 200U);
    check("after a last fold");
    add(figures_, fleet_.counts(), proxy_.counts());
  }

 private:
  void kill() {
    if (random_.chance(kKillAtStopPercent)) {
      daemon_->signal(SIGTERM);
      sleep_ms(random_.below(kDrainMsMax));
      ++figures_.kills_at_stop;
    }
    daemon_->kill();
    count_kill();
    // The nodes go on against nobody until they are stopped.
    fleet_.pause();
    while (random_.chance(kKillAtStartPercent)) {
      kill_while_starting(store_, kFlags, static_cast<int>(random_.below(kStartMsMax)));
      ++figures_.kills_at_start;
      count_kill();
    }
  }

  void count_kill() {
    ++kills_;
    ++figures_.kills;
  }

  void start() {
    daemon_ = std::make_unique<Daemon>(store_, kFlags);
    ASSERT_NE(daemon_->port(), 0);
    fleet_.set_daemon(daemon_->port());
    proxy_.set_daemon(daemon_->port());
  }

  // What is still on its way arrives before, in part of the checks.
  void check(const std::string& when) {
    if (random_.chance(50)) proxy_.settle();
    fleet_.check(daemon_->port());
    ++figures_.checks;
    for (const std::string& violation : fleet_.take_violations()) {
      ++figures_.violations;
      ADD_FAILURE() << when << ": " << violation;
    }
  }

  Figures& figures_;
  Random random_;
  std::uint64_t kills_ = 0;
  const TempDir directory_;
  const std::string store_ = directory_ / "store";
  Proxy proxy_;
  std::unique_ptr<Daemon> daemon_;
  Fleet fleet_;  // stops before what it pushes to
};

TEST(KillLoopTest, AcknowledgedBatchesOutliveKillsOfTheDaemonUnderLoad) {
  const std::uint64_t stores = long_form() ? kStoresLong : 1;
  const auto start = std::chrono::steady_clock::now();
  Figures figures;
  for (std::uint64_t store = 0; store < stores && figures.violations == 0; ++store) {
    Round(store, figures).run();
    print(figures, start);
  }
  EXPECT_GE(figures.kills, stores * kKillsPerStore);
  EXPECT_GT(figures.fleet.batches, 10 * stores);
  EXPECT_GT(figures.fleet.repeats, stores) << "nothing was ever sent twice";
}

}  // namespace
}  // namespace minuted::test
