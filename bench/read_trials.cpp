// The command line of minuted_read_trials: a subcommand a trial, see read_trials.hpp. Exit codes: 0
// all is as it should be, 1 not so, or it could not be tried, 2 wrong usage.
#include "read_trials.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "daemon_load.hpp"
#include "machine.hpp"
#include "minuted/process.hpp"

namespace minuted::bench {
namespace {

constexpr std::uint32_t kSeriesMax = 10'000'000;
constexpr std::uint32_t kDaysMax = 3'650;
constexpr double kSecondsMax = 600;

using Trial = std::function<Result<bool>(const ReadTrialSetting&)>;

// Adds a subcommand; `chosen` becomes the trial if it is the one.
template <class Options>
CLI::App* add(CLI::App& app, Trial& chosen, Options& options, const char* name, const char* what,
              Result<bool> (*trial)(const ReadTrialSetting&, const Options&)) {
  CLI::App* const command = app.add_subcommand(name, what);
  command->callback([&chosen, &options, trial] {
    chosen = [&options, trial](const ReadTrialSetting& setting) { return trial(setting, options); };
  });
  return command;
}

template <class Value>
CLI::Option* add_number(CLI::App* command, const char* name, Value& value, Value least, Value most,
                        const char* what) {
  return command->add_option(name, value, what)
      ->check(CLI::Range(least, most))
      ->capture_default_str();
}

void add_seconds(CLI::App* command, double& seconds, const char* what) {
  add_number(command, "--seconds", seconds, 0.1, kSecondsMax, what);
}

void add_limit(CLI::App* command, double& limit, const char* what) {
  add_number(command, "--limit", limit, 0.0, 1e6, what);
}

struct AllOptions {
  ReadTrialSetting setting;
  BySeries series;
  ByDays days;
  Wide wide;
  Start start;
  Seal seal;
};

void add_flat(CLI::App& app, Trial& chosen, AllOptions& all) {
  CLI::App* command = add(app, chosen, all.series, "series",
                          "a bucket's answers by the number of series beside it", try_series);
  command->add_option("--series", all.series.series, "the smallest first, such as 1000,100000")
      ->delimiter(',')
      ->check(CLI::Range(1'000U, kSeriesMax))
      ->capture_default_str();
  add_seconds(command, all.series.seconds, "of asking a store a question");
  add_limit(command, all.series.limit, "times the first store's p50, at most");

  command =
      add(app, chosen, all.days, "days", "a bucket's answers by the number of days held", try_days);
  command->add_option("--days", all.days.days, "the fewest first, such as 1,30,365")
      ->delimiter(',')
      ->check(CLI::Range(1U, kDaysMax))
      ->capture_default_str();
  add_number(command, "--series", all.days.series, 0U, kSeriesMax, "beside the dense ones");
  add_seconds(command, all.days.seconds, "of asking a store a question");
  add_limit(command, all.days.limit, "times the first store's p50, at most");
}

void add_trials(CLI::App& app, Trial& chosen, AllOptions& all) {
  CLI::App* command =
      add(app, chosen, all.wide, "wide",
          "an hour of all series: memory, and others beside slow readers", try_wide);
  add_number(command, "--series", all.wide.series, 1U, kSeriesMax, "with rows in the hour");
  add_number(command, "--rows", all.wide.rows, 1U, kMinutesPerHour, "of each");
  command->add_flag("!--no-seal", all.wide.sealed, "leave them as rows");
  add_number(command, "--slow-readers", all.wide.slow_readers, 1U, 200U, "of it, at a time");
  add_number(command, "--slow-bytes", all.wide.slow_bytes_per_second, 1U << 10, 1U << 30,
             "a second, each");
  add_seconds(command, all.wide.seconds, "of asking beside them");
  add_number(command, "--growth-mib", all.wide.growth_mib, 0.0, 1e6, "of the memory, at most");
  add_limit(command, all.wide.limit, "times a question's p50 without slow readers, at most");

  command = add(app, chosen, all.start, "start",
                "seconds until a daemon over a large store is ready", try_start);
  add_number(command, "--gigabytes", all.start.gigabytes, 0.01, 1000.0, "of tables");
  add_number(command, "--series", all.start.series, 0U, kSeriesMax, "beside the dense ones");
  add_number(command, "--times", all.start.times, 1U, 100U, "each way");
  add_number(command, "--load-seconds", all.start.load_seconds, 0.1, kSecondsMax,
             "of ingest, then it is killed");
  add_limit(command, all.start.limit_seconds, "seconds, at most");
  command->add_flag("--cold", all.start.cold, "drop the page cache before each");

  command = add(app, chosen, all.seal, "seal", "rows and pages: bytes, processor time, answers",
                try_seal);
  add_number(command, "--repos", all.seal.repos, 1U, 10'000U, "of the data");
  add_number(command, "--buckets", all.seal.buckets, 1U, 10'000U, "of a repo");
  add_number(command, "--days", all.seal.days, 1U, kDaysMax, "of the data");
  add_number(command, "--events", all.seal.events, 1U, 1'000U, "of a row");
  add_seconds(command, all.seal.seconds, "of asking");
}

int main_of(int argc, char** argv) {
  AllOptions all;
  all.setting.daemon = DaemonProcess::built_here();
  all.setting.directory = std::filesystem::temp_directory_path();
  Trial chosen;
  CLI::App app("Trials of reads over large stores.", "minuted_read_trials");
  app.add_option("--daemon", all.setting.daemon, "the program (default: the one built with this)")
      ->check(CLI::ExistingFile);
  app.add_option("--dir", all.setting.directory,
                 "where stores are made, and removed (default: for temporary files)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--keep", all.setting.keep, "makes stores there, or takes those made before");
  app.add_option("--daemon-flag", all.setting.daemon_flags,
                 "a further flag of the daemon, such as --daemon-flag=--io-threads=1");
  app.require_subcommand(1);
  add_flat(app, chosen, all);
  add_trials(app, chosen, all);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  std::printf("%s\n", describe_machine(all.setting.directory).c_str());
  const auto outcome = chosen(all.setting);
  if (outcome) return *outcome ? 0 : kExitFailed;
  std::fprintf(stderr, "minuted_read_trials: %s\n", outcome.error().message.c_str());
  return kExitFailed;
}

}  // namespace
}  // namespace minuted::bench

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  minuted::restrict_new_files();
  return minuted::bench::main_of(argc, argv);
}
