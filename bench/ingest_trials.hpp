// minuted_ingest_trials, a trial a function: each starts a daemon of its own, drives it with
// minuted-load's sender for a bounded time, prints what it saw and says whether that is as it
// should be. One thread calls; a trial may start further ones, and ends them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon_process.hpp"
#include "load/load.hpp"
#include "minuted/result.hpp"

namespace minuted::bench {

// What all trials are told.
struct TrialSetting {
  std::string daemon;     // the program
  std::string directory;  // where its data is made
  std::vector<std::string> daemon_flags;
};

// A flag of the daemon, for loads whose series are all new at once.
inline constexpr const char* kUnboundedNewSeries = "--new-series-per-minute-max=1000000000";

// A wide fleet: every repo has so many buckets, and each of them so many hosts, its series.
inline constexpr std::uint32_t kWideBucketsPerRepo = 100;
inline constexpr std::uint32_t kWideHostsPerBucket = 10;
inline constexpr std::uint32_t kWideSeriesPerRepo = kWideBucketsPerRepo * kWideHostsPerBucket;

// The trial's own flags of the daemon come before those of the command line, which win.
Result<DaemonProcess> start_daemon(const TrialSetting& setting,
                                   std::vector<std::string> flags = {});

// Options of a load of `seconds`, the bodies it sends over and over bounded to what a trial needs.
load::LoadOptions timed_load(double seconds);

// On a terminal, one line that is written over by the next; for load::run().
void show_progress(const load::Progress& progress);
void end_progress();

// Does the daemon keep up with a share of what it can take, or does something grow?
struct KeepUp {
  double seconds = 600;
  double share = 0.8;
  double full_seconds = 10;  // of the run that finds the maximum
  std::uint32_t connections = 4;
  std::uint64_t batch_events = 1000;
  std::uint64_t series = 0;  // drawn evenly from so many; 0: a thousand, skewed, of 16 hosts
};
Result<bool> try_keep_up(const TrialSetting& setting, const KeepUp& trial);

// What do events cost, by the number of series and of minutes that are open?
struct Curve {
  std::vector<std::uint64_t> series{1, 1'000, 100'000, 1'000'000};
  std::vector<std::uint64_t> minutes{1, 10, 60};
  std::uint64_t events = 1'000'000;  // a load, three a point
  std::uint32_t connections = 4;
  std::uint64_t batch_events = 1000;
};
Result<bool> try_curve(const TrialSetting& setting, const Curve& trial);

// What does an event cost that is the only one of its series and minute, by the number of series?
struct Wide {
  std::vector<std::uint64_t> series{1'000, 10'000, 100'000, 1'000'000};  // ascending, by the thousand
  std::uint64_t events = 2'000'000;  // a load, two a point
  std::uint32_t connections = 4;
  std::uint64_t batch_events = 10'000;
  double ratio_max = 1.5;  // of the last number of series to the first
};
Result<bool> try_wide(const TrialSetting& setting, const Wide& trial);

// Is a small client served beside a large one?
struct Isolation {
  double seconds = 20;
  std::uint32_t connections = 32;     // of the large one
  std::uint64_t batch_events = 1000;  // and its batches
  double p99_ms_max = 250;            // of the small one
};
Result<bool> try_isolation(const TrialSetting& setting, const Isolation& trial);

// What do events cost that come one by one?
struct SmallSenders {
  std::uint32_t senders = 1000;
  double seconds = 20;
};
Result<bool> try_small_senders(const TrialSetting& setting, const SmallSenders& trial);

// What happens while the disk does not answer, and after?
struct Stall {
  double seconds = 3;       // of the stall
  double seconds_before = 4;  // of load
  std::uint32_t connections = 16;
  std::uint64_t batch_events = 1000;
};
Result<bool> try_stall(const TrialSetting& setting, const Stall& trial);

}  // namespace minuted::bench
