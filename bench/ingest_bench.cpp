// The whole way of an event, from a client's socket to a synced, folded minute: the real daemon on
// a fresh directory, minuted-load's sender beside it on the same machine. One row a configuration:
//
//   A        5 M events in 60 minutes of simulated time: a backfill of an hour in seconds
//   A-live   the same events, their timestamps following the wall clock, as in production
//   A-no-keys, A-ids, A-gzip, A-zstd
//            A without idempotency keys, with an id for each event, with compressed bodies
//
// at batches of 1 … 100,000 events and 1, 4, 64 connections. With 64 × 100,000 more bytes are in
// flight than the daemon takes: its 503s are heeded as told, and counted beside the figure. Before
// the rows come this machine's ceilings at each batch (ceilings.hpp), so that a row is also a share
// of what could be had. Exit codes: 0 every row was run, 1 not so, 2 wrong usage.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ceilings.hpp"
#include "daemon_load.hpp"
#include "daemon_process.hpp"
#include "figures.hpp"
#include "load/load.hpp"
#include "machine.hpp"
#include "minuted/process.hpp"

namespace minuted::bench {
namespace {

using load::LoadOptions;
using load::PreparedLoad;

const std::string kBackfill = "A";
const std::string kLive = "A-live";
const std::string kNoKeys = "A-no-keys";
const std::string kIds = "A-ids";
const std::string kGzip = "A-gzip";
const std::string kZstd = "A-zstd";

constexpr std::uint64_t kIdEventsMax = 3'000'000;

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
  bool ceilings = true;
};

struct Row {
  std::string daemon;
  std::string workload;
  std::uint32_t connections;
  std::uint64_t batch;
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
  options.workload.ids = row.workload == kIds;
  // No body is sent twice, so that there must be memory for all of them.
  if (options.workload.ids) options.events = std::min(options.events, kIdEventsMax);
  options.keys = row.workload != kNoKeys;
  if (row.workload == kGzip) options.bodies.coding = load::BodyCoding::kGzip;
  if (row.workload == kZstd) options.bodies.coding = load::BodyCoding::kZstd;
  return options;
}

// The bodies of the row before do again where only the number of connections is another.
class Bodies {
 public:
  Result<PreparedLoad*> prepare(const LoadOptions& options) {
    const bool same = prepared_ && made_for_.events == options.events &&
                      made_for_.bodies.batch_events == options.bodies.batch_events &&
                      made_for_.bodies.coding == options.bodies.coding &&
                      made_for_.workload.ids == options.workload.ids &&
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

Result<Measured> measure(const Menu& menu, const Row& row, Bodies& bodies) {
  const LoadOptions options = options_for(menu, row);
  const auto prepared = bodies.prepare(options);
  if (!prepared) return prepared.error();
  const auto daemon = DaemonProcess::start(row.daemon, menu.directory, menu.daemon_flags);
  if (!daemon) return daemon.error();
  return push(*daemon, options, **prepared);
}

// The figures of a row's runs, a list a program.
using Runs = std::vector<std::vector<Figures>>;

// What all rows go through.
struct Session {
  const Menu& menu;
  Bodies bodies = {};
  Table table{""};
  std::map<std::uint64_t, double> group_ceilings = {};  // by batch, events a second
};

// Whether the row was run and nothing of it failed.
bool run_row(Session& session, const Row& row, std::vector<Figures>& runs) {
  const auto fail = [&](const std::string& message) {
    std::fprintf(stderr, "%s with %u connections, batches of %llu: %s\n", row.workload.c_str(),
                 row.connections, static_cast<unsigned long long>(row.batch), message.c_str());
    return false;
  };
  const auto measured = measure(session.menu, row, session.bodies);
  if (!measured) return fail(measured.error().message);
  Figures figures = figures_of(*measured);
  const auto ceiling = session.group_ceilings.find(row.batch);
  if (ceiling != session.group_ceilings.end()) {
    figures.insert(figures.begin() + 1,
                   {"of_ceiling", "of ceil.", 8, 3,
                    ratio_of(events_per_second_of(*measured), ceiling->second)});
  }
  session.table.print({{nullptr, "", -9, row.workload},
                       {"connections", "conns", 5, std::to_string(row.connections)},
                       {"batch", "batch", 7, std::to_string(row.batch)}},
                      figures, measured->drained ? "" : "not_folded");
  runs.push_back(std::move(figures));
  const std::string fault = fault_of(measured->load);
  return fault.empty() || fail(fault);
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

// The ceilings of each batch of the menu; false if one could not be measured.
bool run_ceilings(Session& session) {
  const auto fail = [](const Error& error) {
    std::fprintf(stderr, "ceilings: %s\n", error.message.c_str());
    return false;
  };
  const auto disk = measure_disk(session.menu.directory);
  if (!disk) return fail(disk.error());
  Table table("ceiling");
  for (const std::uint64_t batch : session.menu.batches) {
    const auto ceilings = measure_ceilings(batch, *disk);
    if (!ceilings) return fail(ceilings.error());
    print_ceilings(*ceilings, *disk, table);
    session.group_ceilings[batch] = ceilings->group;
  }
  return true;
}

int run(const Menu& menu) {
  std::printf("%s\n", describe_machine(menu.directory).c_str());
  Session session{menu};
  bool good = !menu.ceilings || run_ceilings(session);
  for (const std::string& workload : menu.workloads) {
    for (const std::uint64_t batch : menu.batches) {
      for (const std::uint32_t connections : menu.connections) {
        Runs runs(menu.daemons.size());
        Row row{{}, workload, connections, batch};
        for (int round = 0; round < menu.rounds; ++round) {
          for (std::size_t i = 0; i < menu.daemons.size(); ++i) {
            row.daemon = menu.daemons[i];
            good &= run_row(session, row, runs[i]);
          }
        }
        print_ratios(menu, row, runs);
      }
    }
  }
  return good ? 0 : kExitFailed;
}

int main_of(int argc, char** argv) {
  Menu menu;
  CLI::App app("Ingest, end to end: the real daemon under minuted-load's sender.",
               "minuted_ingest_bench");
  app.add_option("--workload", menu.workloads, 
                 "those rows only: A, A-live (default both), A-no-keys, A-ids, A-gzip, A-zstd")
      ->delimiter(',')
      ->check(CLI::IsMember({kBackfill, kLive, kNoKeys, kIds, kGzip, kZstd}));
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
  app.add_flag("!--no-ceilings", menu.ceilings,
               "leave out what this machine's parser, sockets, disk and store do by themselves");
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

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  minuted::restrict_new_files();
  return minuted::bench::main_of(argc, argv);
}
