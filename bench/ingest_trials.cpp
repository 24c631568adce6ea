// The command line of minuted_ingest_trials: a subcommand a trial, see ingest_trials.hpp. Exit
// codes: 0 all is as it should be, 1 not so, or it could not be tried, 2 wrong usage.
#include "ingest_trials.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "daemon_load.hpp"
#include "figures.hpp"
#include "machine.hpp"
#include "minuted/process.hpp"

namespace minuted::bench {
namespace {

constexpr std::size_t kBodiesBytesMax = 256U << 20;
constexpr double kMillisPerSecond = 1e3;
constexpr double kTrialSecondsMax = 24 * 3600;

constexpr std::uint64_t kWideSeriesMax = 100'000'000;

using Trial = std::function<Result<bool>(const TrialSetting&)>;

// Adds a subcommand; `chosen` becomes the trial if it is the one.
template <class Options>
CLI::App* add(CLI::App& app, Trial& chosen, Options& options, const char* name, const char* what,
              Result<bool> (*trial)(const TrialSetting&, const Options&)) {
  CLI::App* const command = app.add_subcommand(name, what);
  command->callback([&chosen, &options, trial] {
    chosen = [&options, trial](const TrialSetting& setting) { return trial(setting, options); };
  });
  return command;
}

void add_seconds(CLI::App* command, double& seconds, const char* what) {
  command->add_option("--seconds", seconds, what)
      ->check(CLI::Range(1.0, kTrialSecondsMax))
      ->capture_default_str();
}

void add_load(CLI::App* command, std::uint32_t& connections, std::uint64_t& batch_events) {
  command->add_option("--connections", connections, "of the load")
      ->check(CLI::Range(1, 900))
      ->capture_default_str();
  command->add_option("--batch", batch_events, "events a batch of the load")
      ->check(CLI::Range(std::uint64_t{1}, load::kBatchEventsMax))
      ->capture_default_str();
}

struct AllOptions {
  TrialSetting setting;
  KeepUp keep_up;
  Curve curve;
  Wide wide;
  Isolation isolation;
  SmallSenders small_senders;
  Stall stall;
};

void add_trials(CLI::App& app, Trial& chosen, AllOptions& all) {
  CLI::App* command = add(app, chosen, all.keep_up, "keep-up",
                          "a share of the full speed for long: does anything grow?", try_keep_up);
  add_seconds(command, all.keep_up.seconds, "of the long run");
  add_load(command, all.keep_up.connections, all.keep_up.batch_events);
  command->add_option("--series", all.keep_up.series,
                      "thousands to draw evenly from, such as 1000000; 0: a thousand buckets, "
                      "skewed, of 16 hosts")
      ->check(CLI::Range(std::uint64_t{0}, kWideSeriesMax))
      ->capture_default_str();
  command->add_option("--share", all.keep_up.share, "of the full speed")
      ->check(CLI::Range(0.01, 2.0))
      ->capture_default_str();
  command->add_option("--full-seconds", all.keep_up.full_seconds, "of the run at full speed")
      ->check(CLI::Range(1.0, kTrialSecondsMax))
      ->capture_default_str();

  command = add(app, chosen, all.curve, "curve",
                "cost an event and a key by the number of series and of open minutes", try_curve);
  add_load(command, all.curve.connections, all.curve.batch_events);
  command->add_option("--series", all.curve.series, "such as 1,1000")
      ->delimiter(',')
      ->check(CLI::Range(std::uint64_t{1}, load::kPairsMax))
      ->capture_default_str();
  command->add_option("--minutes", all.curve.minutes, "open at a time, such as 1,60")
      ->delimiter(',')
      ->check(CLI::Range(1, 1440))
      ->capture_default_str();
  command->add_option("--events", all.curve.events, "a load, of which a point has three")
      ->check(CLI::Range(1'000, 10'000'000))
      ->capture_default_str();

  command = add(app, chosen, all.wide, "wide",
                "cost of an event that is the only one of its series and minute", try_wide);
  add_load(command, all.wide.connections, all.wide.batch_events);
  command->add_option("--series", all.wide.series, "ascending thousands, such as 1000,1000000")
      ->delimiter(',')
      ->check(CLI::Range(std::uint64_t{kWideSeriesPerRepo}, kWideSeriesMax))
      ->capture_default_str();
  command->add_option("--events", all.wide.events, "a load, of which a point has two")
      ->check(CLI::Range(1'000, 100'000'000))
      ->capture_default_str();
  command->add_option("--ratio-max", all.wide.ratio_max, "of the last point's cost to the first's")
      ->capture_default_str();

  command = add(app, chosen, all.isolation, "isolation",
                "a client with a batch a second beside one that sends all it can", try_isolation);
  add_seconds(command, all.isolation.seconds, "of the small client");
  add_load(command, all.isolation.connections, all.isolation.batch_events);
  command->add_option("--limit-ms", all.isolation.p99_ms_max, "the small client's p99 at most")
      ->capture_default_str();

  command = add(app, chosen, all.small_senders, "small-senders",
                "many connections with an event a second each", try_small_senders);
  add_seconds(command, all.small_senders.seconds, "of each of the two runs");
  command->add_option("--senders", all.small_senders.senders, "connections")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();

  command = add(app, chosen, all.stall, "stall", "syncs that do not return for a while", try_stall);
  add_seconds(command, all.stall.seconds, "of the stall");
  add_load(command, all.stall.connections, all.stall.batch_events);
  command->add_option("--before", all.stall.seconds_before, "seconds of load before it")
      ->check(CLI::Range(1.0, 600.0))
      ->capture_default_str();
}

int main_of(int argc, char** argv) {
  AllOptions all;
  all.setting.daemon = DaemonProcess::built_here();
  all.setting.directory = std::filesystem::temp_directory_path();
  Trial chosen;
  CLI::App app("Trials of a daemon under load.", "minuted_ingest_trials");
  app.add_option("--daemon", all.setting.daemon, "the program (default: the one built with this)")
      ->check(CLI::ExistingFile);
  app.add_option("--dir", all.setting.directory,
                 "where its data is made, and removed (default: for temporary files)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--daemon-flag", all.setting.daemon_flags,
                 "a further flag of the daemon, such as --daemon-flag=--io-threads=1");
  app.require_subcommand(1);
  add_trials(app, chosen, all);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  std::printf("%s\n", describe_machine(all.setting.directory).c_str());
  const auto outcome = chosen(all.setting);
  if (outcome) return *outcome ? 0 : kExitFailed;
  std::fprintf(stderr, "minuted_ingest_trials: %s\n", outcome.error().message.c_str());
  return kExitFailed;
}

}  // namespace

Result<DaemonProcess> start_daemon(const TrialSetting& setting, std::vector<std::string> flags) {
  flags.insert(flags.end(), setting.daemon_flags.begin(), setting.daemon_flags.end());
  return DaemonProcess::start(setting.daemon, setting.directory, flags);
}

load::LoadOptions timed_load(double seconds) {
  load::LoadOptions options;
  options.events = 0;
  options.duration_ms = static_cast<std::int64_t>(seconds * kMillisPerSecond);
  options.bodies.prepared_bytes_max = kBodiesBytesMax;
  return options;
}

void show_progress(const load::Progress& progress) {
  if (!shows_progress()) return;
  std::fprintf(stderr, "\r%8.0f s %14llu events, p99 %8.1f ms, %6llu retries", progress.seconds,
               static_cast<unsigned long long>(progress.events_accepted),
               progress.lately.quantile_ms(0.99),
               static_cast<unsigned long long>(progress.retries));
}

void end_progress() {
  if (shows_progress()) std::fprintf(stderr, "\n");
}

}  // namespace minuted::bench

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  minuted::restrict_new_files();
  return minuted::bench::main_of(argc, argv);
}
