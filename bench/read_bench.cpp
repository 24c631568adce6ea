// Reads, end to end: the real daemon over workload B's data, asked over keep-alive HTTP. One row a
// question and number of connections; each question is about a bucket, repo or hour drawn anew:
//
//   Q1      the minutes of a bucket's day     Q3      an hour of all buckets, a row each
//   Q2      the minutes of a repo's day       Q3full  that hour's minutes
//   Q4      a bucket's daily total            Q3sum   that hour, a row a minute
//   Qnone   a bucket there is not             Qmonth, Qyear: of data that go back so far
//
// The data: 1,000 buckets of two hosts, each with a row of one event a minute, every number drawn
// evenly; of the last day whose minutes and hours are all sealed, so that figures do not depend on
// the date. Before the rows come what they take at rest, and the machine's ceilings
// (read_data.hpp). The first answer of each connection is not timed but checked for its number of
// rows. Exit codes: 0 every row was run, 1 not so, 2 wrong usage.
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon_load.hpp"
#include "daemon_process.hpp"
#include "figures.hpp"
#include "load/latencies.hpp"
#include "machine.hpp"
#include "minuted/process.hpp"
#include "read_client.hpp"
#include "read_data.hpp"
#include "read_queries.hpp"

namespace minuted::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kConnectionsOfBudget = 8;
constexpr double kBytesPerRowBudget = 25;
constexpr double kBytesPerRowBudgetSketched = 40;
constexpr std::uint32_t kEventsSketched = 3;  // of a row, from which on it has a sketch
constexpr double kIngestShare = 0.5;
constexpr double kFullSpeedSeconds = 4;
constexpr std::uint32_t kIngestConnections = 4;
constexpr std::size_t kIngestBodiesBytes = 64U << 20;

struct Menu {
  std::vector<std::string> questions;  // empty: all
  std::vector<std::uint32_t> connections{1, 8, 64};
  double seconds = 3;  // of a row
  fill::FleetOptions fleet;
  std::uint32_t days = 1;
  std::string end;
  std::string directory = std::filesystem::temp_directory_path();
  std::string keep;
  std::string daemon = DaemonProcess::built_here();
  std::vector<std::string> daemon_flags;
  bool ceilings = true;
  bool cold = false;
  bool beside_ingest = false;
};

// A directory for the data, gone with the object unless it is to be kept.
class DataDirectory {
 public:
  explicit DataDirectory(const Menu& menu) : path_(menu.keep), kept_(!menu.keep.empty()) {
    if (kept_) {
      std::filesystem::create_directories(path_);
      return;
    }
    path_ = menu.directory + "/minuted-reads-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~DataDirectory() {
    std::error_code ignored;
    if (!kept_ && !path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool kept_;
};

// What one connection saw.
struct Asked {
  load::Latencies latencies;
  double first_ms = 0;
  std::uint64_t answers = 0;
  std::uint64_t bytes = 0;
  std::string fault;
};

struct MeasuredReads {
  Asked all;
  double seconds = 0;
  double client_cpu_seconds = 0;
  double busy_seconds = 0;  // of the whole machine
  ProcessUsage before;
  ProcessUsage after;
  double ingest_events_per_second = 0;
};

double millis_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// One connection: a first answer, checked; then, when all are ready, as many as there is time for.
class Asking {
 public:
  Asking(const Question& question, std::uint16_t port, std::uint64_t seed)
      : question_(question), port_(port), random_(seed) {}

  void run(std::latch& ready, std::latch& go, std::chrono::duration<double> time) {
    auto client = ReadClient::connect(port_);
    if (!client) asked.fault = client.error().message;
    if (client.ok()) check_first(*client);
    ready.count_down();
    go.wait();
    if (!asked.fault.empty()) return;
    const auto end = Clock::now() + time;
    for (auto begin = Clock::now(); begin < end;) {
      const auto bytes = client->get(question_.target(random_));
      if (!bytes) {
        asked.fault = bytes.error().message;
        return;
      }
      const auto now = Clock::now();
      asked.latencies.add(now - begin);
      asked.bytes += *bytes;
      ++asked.answers;
      begin = now;
    }
  }

  Asked asked;

 private:
  void check_first(ReadClient& client) {
    std::string body;
    const std::string target = question_.target(random_);
    const auto begin = Clock::now();
    const auto bytes = client.get(target, &body);
    asked.first_ms = millis_since(begin);
    if (!bytes) {
      asked.fault = bytes.error().message;
    } else if (const std::uint64_t rows = rows_in(body); rows != question_.rows) {
      asked.fault = "GET " + target + " was answered with " + std::to_string(rows) +
                    " rows instead of " + std::to_string(question_.rows);
    }
  }

  const Question& question_;
  const std::uint16_t port_;
  std::mt19937_64 random_;
};

Result<MeasuredReads> ask(const DaemonProcess& daemon, const Question& question,
                          std::uint32_t connections, double seconds) {
  daemon.forget_rss_max();
  std::vector<std::unique_ptr<Asking>> asking;
  std::vector<std::thread> threads;
  std::latch ready(connections);
  std::latch go(1);
  for (std::uint32_t i = 0; i < connections; ++i) {
    asking.push_back(std::make_unique<Asking>(question, daemon.port(), i + 1));
    threads.emplace_back([one = asking.back().get(), &ready, &go, seconds] {
      one->run(ready, go, std::chrono::duration<double>(seconds));
    });
  }
  ready.wait();
  const auto before = daemon.usage();
  const double client_before = own_cpu_seconds();
  const double busy_before = busy_seconds();
  const auto begin = Clock::now();
  go.count_down();
  for (std::thread& thread : threads) thread.join();
  MeasuredReads measured;
  measured.seconds = millis_since(begin) / 1e3;
  measured.client_cpu_seconds = own_cpu_seconds() - client_before;
  measured.busy_seconds = busy_seconds() - busy_before;
  const auto after = daemon.usage();
  if (!before) return before.error();
  if (!after) return after.error();
  measured.before = *before;
  measured.after = *after;
  for (const auto& one : asking) {
    const Asked& asked = one->asked;
    if (!asked.fault.empty()) return Error{ErrorCode::kUnavailable, asked.fault};
    measured.all.latencies.merge(asked.latencies);
    measured.all.first_ms = std::max(measured.all.first_ms, asked.first_ms);
    measured.all.answers += asked.answers;
    measured.all.bytes += asked.bytes;
  }
  return measured;
}

// How far the budget is used up: 1 and less keeps it. 0: there is none.
double of_budget(const Question& question, std::uint32_t connections, double p50_ms,
                 double per_second) {
  if (connections == 1) return ratio_of(p50_ms, question.p50_budget_ms);
  if (connections == kConnectionsOfBudget) return ratio_of(question.per_second_budget, per_second);
  return 0;
}

Figures figures_of(const MeasuredReads& m, const Question& question, std::uint32_t connections) {
  const auto answers = static_cast<double>(m.all.answers);
  const double rows = answers * static_cast<double>(question.rows);
  const double cpu_seconds = m.after.cpu_seconds - m.before.cpu_seconds;
  const auto share_of = [&](const char* thread) {
    const auto used = [&](const ProcessUsage& usage) {
      const auto found = usage.cpu_seconds_of.find(thread);
      return found == usage.cpu_seconds_of.end() ? 0.0 : found->second;
    };
    return ratio_of(used(m.after) - used(m.before), cpu_seconds);
  };
  const double p50_ms = m.all.latencies.quantile_ms(0.5);
  const double per_second = answers / m.seconds;
  return {
      {"p50_ms", "p50 ms", 8, 3, p50_ms},
      {"p99_ms", "p99 ms", 8, 3, m.all.latencies.quantile_ms(0.99)},
      {"first_ms", "first ms", 8, 2, m.all.first_ms},
      {"of_budget", "of budget", 9, 2, of_budget(question, connections, p50_ms, per_second)},
      {"answers_per_second", "answers/s", 9, 0, per_second},
      {"rows_per_second", "rows/s", 9, 0, rows / m.seconds},
      {"mb_per_second", "MB/s", 6, 0, static_cast<double>(m.all.bytes) / kMillion / m.seconds},
      {"cpu_us_per_answer", "CPU us/answer", 13, 1, cpu_seconds / answers * kMillion},
      {"cpu_us_per_row", "us/row", 7, 3, ratio_of(cpu_seconds * kMillion, rows)},
      {"http_share", "http", 5, 2, share_of("http")},
      {"worker_share", "worker", 6, 2, share_of("worker")},
      {"server_cores", "cores", 5, 2, cpu_seconds / m.seconds},
      {"client_cores", "client", 6, 2, m.client_cpu_seconds / m.seconds},
      {"other_cores", "others", 6, 2,
       std::max(m.busy_seconds - cpu_seconds - m.client_cpu_seconds, 0.0) / m.seconds},
      {"rss_max_mb", "RSS MB", 6, 0, static_cast<double>(m.after.rss_max_bytes) / kMillion},
  };
}

// Events pushed beside the reads, their time the clock's.
class Ingest {
 public:
  // Finds out what the daemon takes by itself.
  Result<void> find_rate(const DaemonProcess& daemon) {
    options_.workload.live = true;
    options_.connections = kIngestConnections;
    options_.events = 0;
    options_.bodies.prepared_bytes_max = kIngestBodiesBytes;
    options_.duration_ms = static_cast<std::int64_t>(kFullSpeedSeconds * 1e3);
    auto prepared = load::prepare(options_);
    if (!prepared) return prepared.error();
    prepared_ = std::move(*prepared);
    const auto full = push(daemon, options_, *prepared_);
    if (!full) return full.error();
    options_.rate = static_cast<std::uint64_t>(events_per_second_of(*full) * kIngestShare);
    std::printf("ingest full_speed_events_per_second=%.0f beside_reads=%llu\n",
                events_per_second_of(*full), static_cast<unsigned long long>(options_.rate));
    std::fflush(stdout);
    return {};
  }

  void start(const DaemonProcess& daemon, double seconds) {
    options_.duration_ms = static_cast<std::int64_t>(seconds * 1e3);
    thread_ = std::thread([this, &daemon] { result_.emplace(push(daemon, options_, *prepared_)); });
  }
  // Events a second that were taken.
  Result<double> stop() {
    thread_.join();
    const auto result = std::move(*result_);
    result_.reset();
    if (!result) return result.error();
    return events_per_second_of(*result);
  }

 private:
  load::LoadOptions options_;
  std::optional<load::PreparedLoad> prepared_;
  std::thread thread_;
  std::optional<Result<Measured>> result_;
};

class Session {
 public:
  Session(const Menu& menu, std::string store) : menu_(menu), store_(std::move(store)) {}

  // False if a row could not be run.
  bool run() {
    bool good = true;
    for (const Question& question : questions_about(menu_.fleet)) {
      const auto& wanted = menu_.questions;
      if (!wanted.empty() && std::ranges::find(wanted, question.name) == wanted.end()) continue;
      for (const std::uint32_t connections : menu_.connections) {
        const auto ran = run_row(question, connections);
        if (ran.ok()) continue;
        std::fprintf(stderr, "%s over %u connections: %s\n", question.name.c_str(), connections,
                     ran.error().message.c_str());
        good = false;
        daemon_.reset();
      }
    }
    return good;
  }

 private:
  Result<void> run_row(const Question& question, std::uint32_t connections) {
    if (auto started = have_daemon(); !started) return started;
    if (menu_.beside_ingest) ingest_.start(*daemon_, menu_.seconds + 1);
    auto measured = ask(*daemon_, question, connections, menu_.seconds);
    if (menu_.beside_ingest) {
      const auto rate = ingest_.stop();
      if (!rate) return rate.error();
      if (measured.ok()) measured->ingest_events_per_second = *rate;
    }
    if (!measured) return measured.error();
    Figures figures = figures_of(*measured, question, connections);
    if (menu_.beside_ingest) {
      figures.push_back(
          {"ingest_events_per_second", "events/s", 8, 0, measured->ingest_events_per_second});
    }
    table_.print({{nullptr, "", -7, question.name},
                  {"connections", "conns", 5, std::to_string(connections)},
                  {"rows", "rows", 6, std::to_string(question.rows)}},
                 figures, {});
    return {};
  }

  // Cold: a new one, over files that are not in memory.
  Result<void> have_daemon() {
    if (daemon_ && !menu_.cold) return {};
    daemon_.reset();
    if (menu_.cold && !drop_page_cache() && !told_) {
      told_ = true;
      std::fprintf(stderr, "the page cache may not be dropped here: only the daemon is cold\n");
    }
    auto started =
        DaemonProcess::start_over(menu_.daemon, store_, menu_.directory, menu_.daemon_flags);
    if (!started) return started.error();
    daemon_.emplace(std::move(*started));
    if (menu_.beside_ingest && !rate_known_) {
      rate_known_ = true;
      return ingest_.find_rate(*daemon_);
    }
    return {};
  }

  const Menu& menu_;
  const std::string store_;
  Table table_{""};
  std::optional<DaemonProcess> daemon_;
  Ingest ingest_;
  bool rate_known_ = false;
  bool told_ = false;
};

void print_data(const Menu& menu, const ReadData& data) {
  const AtRest& rest = data.at_rest;
  const auto rows = static_cast<double>(rest.rows);
  const bool sketched = menu.fleet.events_min >= kEventsSketched;
  const double per_row = static_cast<double>(rest.table_bytes) / rows;
  Table("data").print(
      {}, {{"rows", "rows", 10, 0, rows},
           {"table_bytes_per_row", "tables B/row", 12, 2, per_row},
           {"bytes_per_row", "all B/row", 9, 2, static_cast<double>(rest.bytes) / rows},
           {"of_budget", "of budget", 9, 2,
            per_row / (sketched ? kBytesPerRowBudgetSketched : kBytesPerRowBudget)},
           {"fill_rows_per_second", "filled rows/s", 13, 0, rest.fill_rows_per_second}});
  Table held("held");
  for (const FamilyAtRest& family : rest.families) {
    held.print({{"name", "family", -15, family.name}},
               {{"keys", "keys", 10, 0, static_cast<double>(family.keys)},
                {"bytes_per_row", "B/row", 7, 2, static_cast<double>(family.bytes) / rows}});
  }
  if (!menu.ceilings) return;
  const ReadCeilings& c = data.ceilings;
  Table table("ceiling");
  const auto print = [&](const char* name, double per_second, const std::string& remark = {}) {
    table.print({{"name", "ceiling", -9, name}}, {{"per_second", "a second", 12, 0, per_second}},
                remark);
  };
  print("json", c.json_rows_per_second,
        "mb_per_second=" + std::to_string(std::lround(c.json_bytes_per_second / kMillion)));
  print("steps", c.steps_per_second);
  print("page", c.page_rows_per_second);
  print("page_sums", c.page_sums_rows_per_second);
  print("cursor", c.cursor_rows_per_second);
}

int run(const Menu& menu) {
  std::printf("%s\n", describe_machine(menu.directory).c_str());
  const DataDirectory directory(menu);
  const auto data = make_read_data(directory.path(), menu.fleet, menu.ceilings);
  if (!data) {
    std::fprintf(stderr, "the data: %s\n", data.error().message.c_str());
    return kExitFailed;
  }
  print_data(menu, *data);
  return Session(menu, store_in(directory.path())).run() ? 0 : kExitFailed;
}

// Where the data end: where all is sealed for sure, or as told.
std::optional<Minute> end_of(const Menu& menu) {
  if (menu.end.empty()) return sealed_end();
  const auto time = parse_iso8601(menu.end);
  if (!time || time->start.value < 0) return std::nullopt;
  const Minute end = minute_of(time->start);
  if (floor_to(end, kMinutesPerDay) != end || end.value < menu.days * kMinutesPerDay) {
    return std::nullopt;
  }
  return end;
}

std::vector<std::string> names_of_questions() {
  fill::FleetOptions fleet;
  fleet.range = {{0}, {366 * kMinutesPerDay}};
  std::vector<std::string> names;
  for (const Question& question : questions_about(fleet)) names.push_back(question.name);
  return names;
}

int main_of(int argc, char** argv) {
  Menu menu;
  menu.fleet.uniform = true;
  menu.fleet.events_min = 1;
  CLI::App app("Reads, end to end: the real daemon over workload B's data.", "minuted_read_bench");
  app.add_option("--questions", menu.questions, "those only, such as Q1,Q3full (default: all)")
      ->delimiter(',')
      ->check(CLI::IsMember(names_of_questions()));
  app.add_option("--connections", menu.connections, "such as 1,8 (default 1,8,64)")
      ->delimiter(',')
      ->check(CLI::Range(1, 1'000));
  app.add_option("--seconds", menu.seconds, "of a row (default 3)")->check(CLI::Range(0.1, 600.0));
  app.add_option("--repos", menu.fleet.repos, "of the data (default 200)")
      ->check(CLI::Range(1U, fill::kIdsMax));
  app.add_option("--buckets", menu.fleet.buckets_per_repo, "of a repo (default 5)")
      ->check(CLI::Range(1U, fill::kIdsMax));
  app.add_option("--hosts", menu.fleet.hosts, "of a bucket (default 2)")
      ->check(CLI::Range(1U, fill::kHostsMax));
  std::uint32_t events = 1;
  app.add_option("--events", events, "of a row (default 1); 3 and more have a sketch")
      ->check(CLI::Range(1U, fill::kEventsMax));
  app.add_option("--days", menu.days, "of the data (default 1); 30 add Qmonth, 365 Qyear")
      ->check(CLI::Range(1U, 3'660U));
  app.add_option("--end", menu.end,
                 "of the data, a midnight (default: the last whose minutes and hours are sealed)");
  app.add_option("--keep", menu.keep, "makes the data there, or takes those made there before");
  app.add_option("--dir", menu.directory,
                 "where data are made, and removed (default: for temporary files)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--daemon", menu.daemon,
                 "the program to measure (default: the one built with this)")
      ->check(CLI::ExistingFile);
  app.add_flag("!--no-ceilings", menu.ceilings, "leave out what the parts do by themselves");
  app.add_flag("--cold", menu.cold,
               "before each row starts the daemon anew and drops the page cache: see first_ms");
  auto* beside = app.add_flag("--beside-ingest", menu.beside_ingest,
                              "with half the events a second that the daemon takes by itself; its "
                              "processor time then is that of both");
  app.get_option("--keep")->excludes(beside);  // their events would stay in the data
  app.add_option("daemon_flags", menu.daemon_flags, "behind --: further flags of the daemon");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  menu.fleet.events_min = menu.fleet.events_max = events;
  const auto end = end_of(menu);
  if (!end) {
    std::fprintf(stderr, "--end %s is not a midnight in UTC with so many --days before it\n",
                 menu.end.c_str());
    return kExitUsage;
  }
  menu.fleet.range = {{end->value - menu.days * kMinutesPerDay}, *end};
  return run(menu);
}

}  // namespace
}  // namespace minuted::bench

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  minuted::restrict_new_files();
  return minuted::bench::main_of(argc, argv);
}
