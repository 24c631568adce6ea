// The whole way of an event, from a client's socket to a synced, folded minute: the real daemon on
// a fresh directory, minuted-load's sender beside it on the same machine. One row a configuration:
//
//   A        5 M events in 60 minutes of simulated time: a backfill of an hour in seconds
//   A-live   the same events, their timestamps following the wall clock, as in production
//
// at batches of 1 … 100,000 events and 1, 4, 64 connections. With 64 × 100,000 more bytes are in
// flight than the daemon takes: its 503s are heeded as told, and counted beside the figure. Exit
// codes: 0 every row was run, 1 not so, 2 wrong usage.
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon_process.hpp"
#include "load/load.hpp"
#include "machine.hpp"

namespace minuted::bench {
namespace {

using load::LoadOptions;
using load::LoadResult;
using load::PreparedLoad;

constexpr auto kDrainMax = std::chrono::seconds(60);
constexpr auto kDrainPoll = std::chrono::milliseconds(50);
constexpr double kMillion = 1e6;
constexpr int kExitUsage = 2;
constexpr unsigned kOverloaded = 503;
const std::string kBackfill = "A";
const std::string kLive = "A-live";

struct Menu {
  std::vector<std::string> workloads{kBackfill, kLive};
  std::vector<std::uint64_t> batches{1, 10, 100, 1'000, 10'000, 100'000};
  std::vector<std::uint32_t> connections{1, 4, 64};
  std::uint64_t events = 0;  // 0: by the row
  double seconds_max = 5;    // of one row's load
  std::string directory = std::filesystem::temp_directory_path();
  std::vector<std::string> daemons;  // programs, by turns
  int rounds = 1;
  std::vector<std::string> daemon_flags;
};

struct Row {
  std::string daemon;
  std::string workload;
  std::uint32_t connections;
  std::uint64_t batch;
};

struct Measured {
  LoadResult load;
  double cpu_seconds = 0;         // of the daemon, while the load ran
  double cpu_seconds_folded = 0;  // and until all was folded
  double drain_seconds = 0;
  bool drained = false;
  ProcessUsage usage;  // at the end, less what was used before
  double keys_per_event = 0;
  double batches_per_sync = 0;
};

// Enough for some seconds: small batches wait for the disk most of the time. Each connection has at
// least two.
std::uint64_t events_for(const Row& row) {
  std::uint64_t events = 5'000'000;
  if (row.batch < 1'000) events = 2'000'000;
  if (row.batch < 100) events = 500'000;
  if (row.batch < 10) events = 100'000;
  return std::max(events, 2 * row.batch * row.connections);
}

LoadOptions options_for(const Menu& menu, const Row& row) {
  LoadOptions options;
  options.connections = row.connections;
  options.bodies.batch_events = row.batch;
  options.events = menu.events != 0 ? menu.events : events_for(row);
  options.duration_ms = static_cast<std::int64_t>(menu.seconds_max * 1000);
  options.workload.live = row.workload == kLive;
  return options;
}

// The bodies of the row before do again where only the number of connections is another.
class Bodies {
 public:
  Result<PreparedLoad*> prepare(const LoadOptions& options) {
    const bool same = prepared_ && made_for_.events == options.events &&
                      made_for_.bodies.batch_events == options.bodies.batch_events &&
                      made_for_.workload.live == options.workload.live;
    if (!same || prepared_->bodies.size() <
                     std::min<std::uint64_t>(options.connections, prepared_->batches)) {
      prepared_.reset();  // two would take twice the memory
      auto made = load::prepare(options);
      if (!made) return made.error();
      prepared_ = std::move(*made);
      made_for_ = options;
    }
    return &*prepared_;
  }

 private:
  std::optional<PreparedLoad> prepared_;
  LoadOptions made_for_;
};

// Waits until nothing is left to fold, or for too long; returns the metrics of then.
Result<std::string> drain(const DaemonProcess& daemon, Measured& measured) {
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    auto metrics = daemon.metrics();
    if (!metrics) return metrics.error();
    const auto waited = std::chrono::steady_clock::now() - begin;
    measured.drained = metric(*metrics, "minuted_fold_pending_chunks") == 0;
    measured.drain_seconds = std::chrono::duration<double>(waited).count();
    if (measured.drained || waited >= kDrainMax) return metrics;
    std::this_thread::sleep_for(kDrainPoll);
  }
}

Result<Measured> measure(const Menu& menu, const Row& row, Bodies& bodies) {
  LoadOptions options = options_for(menu, row);
  const auto prepared = bodies.prepare(options);
  if (!prepared) return prepared.error();
  auto daemon = DaemonProcess::start(row.daemon, menu.directory, menu.daemon_flags);
  if (!daemon) return daemon.error();
  options.port = daemon->port();
  const auto before = daemon->usage();
  if (!before) return before.error();

  auto result = load::run(options, **prepared);
  if (!result) return result.error();
  const auto after = daemon->usage();
  if (!after) return after.error();
  Measured measured;
  measured.load = std::move(*result);
  const auto metrics = drain(*daemon, measured);
  if (!metrics) return metrics.error();
  const auto folded = daemon->usage();
  if (!folded) return folded.error();

  measured.cpu_seconds = after->cpu_seconds - before->cpu_seconds;
  measured.cpu_seconds_folded = folded->cpu_seconds - before->cpu_seconds;
  measured.usage = *folded;
  measured.usage.disk_bytes_written -= before->disk_bytes_written;
  for (auto& [name, seconds] : measured.usage.cpu_seconds_of) {
    const auto used = before->cpu_seconds_of.find(name);
    if (used != before->cpu_seconds_of.end()) seconds -= used->second;
  }
  const auto ratio = [&](const char* over, const char* under) {
    return metric(*metrics, over) / std::max(1.0, metric(*metrics, under));
  };
  measured.keys_per_event = ratio("minuted_commit_chunks_total", "minuted_commit_events_total");
  measured.batches_per_sync =
      ratio("minuted_commit_batches_per_sync_sum", "minuted_commit_batches_per_sync_count");
  return measured;
}

struct Figure {
  const char* name;
  const char* heading;
  int width;
  int decimals;
  double value;
};

std::vector<Figure> figures_of(const Measured& m) {
  const auto events = std::max(1.0, static_cast<double>(m.load.events_accepted));
  const double seconds = std::max(m.load.seconds, 1e-9);
  const auto retries = m.load.retries.find(kOverloaded);
  const auto refusals =
      retries == m.load.retries.end() ? 0.0 : static_cast<double>(retries->second);
  // The parts of server_cpu_s_per_million_folded.
  const auto per_million = [&](const char* thread) {
    const auto seconds_of = m.usage.cpu_seconds_of.find(thread);
    const bool known = seconds_of != m.usage.cpu_seconds_of.end();
    return known ? seconds_of->second / events * kMillion : 0.0;
  };
  return {
      {"events_per_second", "events/s", 10, 0, events / seconds},
      {"mb_per_second", "MB/s", 7, 1, static_cast<double>(m.load.plain_bytes) / kMillion / seconds},
      {"server_cpu_s_per_million", "CPU s/M", 8, 2, m.cpu_seconds / events * kMillion},
      {"server_cpu_s_per_million_folded", "+folds", 7, 2, m.cpu_seconds_folded / events * kMillion},
      {"client_cpu_s_per_million", "client", 7, 2, m.load.client_cpu_seconds / events * kMillion},
      {"ack_p50_ms", "p50 ms", 8, 2, m.load.latencies.quantile_ms(0.5)},
      {"ack_p99_ms", "p99 ms", 8, 2, m.load.latencies.quantile_ms(0.99)},
      {"ack_max_ms", "max ms", 9, 2, m.load.latencies.max_ms()},
      {"rss_max_mb", "RSS MB", 7, 0, static_cast<double>(m.usage.rss_max_bytes) / kMillion},
      {"disk_bytes_per_event", "disk B/ev", 9, 1,
       static_cast<double>(m.usage.disk_bytes_written) / events},
      {"keys_per_event", "keys/ev", 8, 3, m.keys_per_event},
      {"batches_per_sync", "batch/sync", 10, 2, m.batches_per_sync},
      {"retries_503", "503s", 6, 0, refusals},
      {"drain_seconds", "drain s", 8, 1, m.drain_seconds},
      {"http_cpu", "http", 6, 2, per_million("http")},
      {"worker_cpu", "worker", 6, 2, per_million("worker")},
      {"commit_cpu", "commit", 6, 2, per_million("commit")},
      {"fold_cpu", "fold", 6, 2, per_million("fold")},
      {"flush_cpu", "flush", 6, 2, per_million("rocksdb:high")},
      {"compaction_cpu", "compac", 6, 2, per_million("rocksdb:low")},
      {"events", "events", 9, 0, static_cast<double>(m.load.events_accepted)},
      {"seconds", "s", 6, 1, m.load.seconds},
  };
}

void print_row(const Row& row, const Measured& measured, bool table, bool heading) {
  const auto figures = figures_of(measured);
  if (table && heading) {
    std::printf("%-7s %5s %7s", "", "conns", "batch");
    for (const Figure& f : figures) std::printf(" %*s", f.width, f.heading);
    std::printf("\n");
  }
  const auto batch = static_cast<unsigned long long>(row.batch);
  std::printf(table ? "%-7s %5u %7llu" : "%s connections=%u batch=%llu", row.workload.c_str(),
              row.connections, batch);
  for (const Figure& f : figures) {
    if (table) {
      std::printf(" %*.*f", f.width, f.decimals, f.value);
    } else {
      std::printf(" %s=%.*f", f.name, f.decimals, f.value);
    }
  }
  std::printf("%s\n", measured.drained ? "" : table ? " NOT FOLDED" : " not_folded");
  std::fflush(stdout);
}

// The figures of a row's runs, a list a program.
using Runs = std::vector<std::vector<std::vector<Figure>>>;

// Whether the row was run and nothing of it failed.
bool run_row(const Menu& menu, const Row& row, Bodies& bodies, bool heading,
             std::vector<std::vector<Figure>>& runs) {
  const auto fail = [&](const std::string& message) {
    std::fprintf(stderr, "%s with %u connections, batches of %llu: %s\n", row.workload.c_str(),
                 row.connections, static_cast<unsigned long long>(row.batch), message.c_str());
    return false;
  };
  const auto measured = measure(menu, row, bodies);
  if (!measured) return fail(measured.error().message);
  print_row(row, *measured, ::isatty(STDOUT_FILENO) != 0, heading);
  runs.push_back(figures_of(*measured));
  if (measured->load.complete()) return true;
  return fail("not every batch was acknowledged whole; " + measured->load.first_refusal);
}

double median_of(const std::vector<std::vector<Figure>>& runs, std::size_t figure) {
  std::vector<double> values;
  for (const auto& run : runs) values.push_back(run[figure].value);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// What the second program and each after it needs of the first one's median, figure by figure.
void print_ratios(const Menu& menu, const Row& row, const Runs& runs) {
  for (std::size_t i = 1; i < runs.size(); ++i) {
    if (runs[0].empty() || runs[i].empty()) return;
    std::printf("%s connections=%u batch=%llu: medians of %s over those of %s:", row.workload.c_str(),
                row.connections, static_cast<unsigned long long>(row.batch),
                menu.daemons[i].c_str(), menu.daemons[0].c_str());
    for (std::size_t f = 0; f < runs[0][0].size(); ++f) {
      const double base = median_of(runs[0], f);
      if (base != 0) std::printf(" %s=%.2f", runs[0][0][f].name, median_of(runs[i], f) / base);
    }
    std::printf("\n");
  }
  std::fflush(stdout);
}

int run(const Menu& menu) {
  std::printf("%s\n", describe_machine(menu.directory).c_str());
  Bodies bodies;
  bool heading = true;
  bool good = true;
  for (const std::string& workload : menu.workloads) {
    for (const std::uint64_t batch : menu.batches) {
      for (const std::uint32_t connections : menu.connections) {
        Runs runs(menu.daemons.size());
        Row row{{}, workload, connections, batch};
        for (int round = 0; round < menu.rounds; ++round) {
          for (std::size_t i = 0; i < menu.daemons.size(); ++i) {
            row.daemon = menu.daemons[i];
            good &= run_row(menu, row, bodies, heading, runs[i]);
            heading = false;
          }
        }
        print_ratios(menu, row, runs);
      }
    }
  }
  return good ? 0 : 1;
}

int main_of(int argc, char** argv) {
  Menu menu;
  CLI::App app("Ingest, end to end: the real daemon under minuted-load's sender.",
               "minuted_ingest_bench");
  app.add_option("--workload", menu.workloads, "those rows only: A, A-live")
      ->delimiter(',')
      ->check(CLI::IsMember({kBackfill, kLive}));
  app.add_option("--batches", menu.batches, "events a batch, such as 1000,10000")
      ->delimiter(',')
      ->check(CLI::Range(std::uint64_t{1}, load::kBatchEventsMax));
  app.add_option("--connections", menu.connections, "such as 4,64")
      ->delimiter(',')
      ->check(CLI::Range(1, 10'000));
  app.add_option("--events", menu.events, "a row (default: by the batch, 100,000 to 12.8 million)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seconds-max", menu.seconds_max, "of load a row (default 5)")
      ->check(CLI::Range(0.1, 3600.0));
  app.add_option("--daemon", menu.daemons,
                 "the programs to measure by turns, as ratios to the first (default: the one built "
                 "with this)")
      ->delimiter(',')
      ->check(CLI::ExistingFile);
  app.add_option("--rounds", menu.rounds, "how often each row is run (default 1)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--dir", menu.directory,
                 "where the daemon's data is made, and removed (default: for temporary files)")
      ->check(CLI::ExistingDirectory);
  app.add_option("daemon_flags", menu.daemon_flags, "behind --: further flags of the daemon");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (menu.daemons.empty()) menu.daemons.emplace_back(DaemonProcess::built_here());
  return run(menu);
}

}  // namespace
}  // namespace minuted::bench

int main(int argc, char** argv) { return minuted::bench::main_of(argc, argv); }
