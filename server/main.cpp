// The daemon's wiring, from top to bottom: settings, log, engine, services, server; then it waits for
// signals, and takes it all down in the opposite order. SIGTERM and SIGINT stop it, a second one at
// once; exit codes: 0 stopped as asked, 1 could not start or had to break off, 2 wrong usage.
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "auth/token_command.hpp"
#include "auth/token_store.hpp"
#include "handlers/access.hpp"
#include "handlers/routes.hpp"
#include "handlers/services.hpp"
#include "http/server.hpp"
#include "inspection/inspect_command.hpp"
#include "log/log.hpp"
#include "minuted/engine.hpp"
#include "minuted/process.hpp"
#include "render/error_mapping.hpp"
#include "settings/memory_shares.hpp"
#include "settings/settings.hpp"
#include "watch/watch_thread.hpp"

#ifdef MINUTED_JEMALLOC
#include <jemalloc/jemalloc.h>

// Bodies, batches and groups come and go in megabytes. What is freed is kept for a second, for the next of
// them: given back at once, clearing its pages would cost a quarter of all time at full load; never, a peak
// would be held for ever. A thread of jemalloc's gives it back while nothing else happens. Few arenas: each
// keeps free room of its own.
extern "C" {
const char* malloc_conf =
    "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0,narenas:4";
}
#endif

namespace {

// With little memory a second of what is freed may be as much as all that is used: it is given back at once.
constexpr std::size_t kMemoryKeptMin = 128U << 20;

void give_back_at_once([[maybe_unused]] bool wanted) {
#ifdef MINUTED_JEMALLOC
  if (!wanted) return;
  ssize_t decay_ms = 0;
  (void)::mallctl("arenas.dirty_decay_ms", nullptr, nullptr, &decay_ms, sizeof decay_ms);
  for (const char* const arena : {"arena.0.dirty_decay_ms", "arena.1.dirty_decay_ms",
                                  "arena.2.dirty_decay_ms", "arena.3.dirty_decay_ms"}) {
    // Fails for those that nobody has used so far.
    (void)::mallctl(arena, nullptr, nullptr, &decay_ms, sizeof decay_ms);
  }
#endif
}

}  // namespace

namespace minuted {
namespace {

constexpr int kExitFailed = 1;
// Descriptors beside the connections': RocksDB's tables (512) and logs, ours.
constexpr std::uint64_t kFilesBesideConnections = 640;
constexpr int kHousekeepingSeconds = 1;
constexpr long kOpeningLookNanos = 10'000'000;
// What is left of the drain timeout to close the engine, at least.
constexpr std::int64_t kCloseMsMin = 1000;

log::Log make_log(const settings::Settings& s) {
  using settings::LogFormat;
  const bool human =
      s.log_format == LogFormat::kHuman || (s.log_format == LogFormat::kAuto && ::isatty(STDERR_FILENO));
  return {STDERR_FILENO, human ? log::Format::kHuman : log::Format::kJson,
          static_cast<log::Level>(s.log_level), system_clock()};
}

Options engine_options(const settings::Settings& s) {
  Options options;
  options.path = s.data_dir;
  options.accept_lost_commits = s.accept_lost_commits;
  options.fold_interval_ms = s.fold_interval_ms;
  options.fold_batch_bytes = s.fold_batch_bytes;
  options.unfolded_bytes_max = s.unfolded_bytes;
  options.append_wait_ms_max = s.push_wait_ms;
  options.seal_after_ms = s.seal_after_ms;
  options.seal_interval_ms = s.seal_interval_ms;
  options.retention = {s.retention.minute_ms, s.retention.hour_ms, s.retention.day_ms,
                       s.retention.raw_ms};
  options.accept_clock = s.accept_clock;
  options.clock_earliest = parse_iso8601(MINUTED_BUILD_DATE).value().start;
  options.commit_queue_bytes_max = s.commit_queue_bytes;
  options.idempotency_window_ms = s.idempotency_window_ms;
  options.snapshot_ms_max = s.snapshot_lifetime_ms;
  options.groups_max = s.groups_max;
  options.query_bytes_max = s.query_bytes_max;
  options.read_kept_bytes_max = settings::read_kept_bytes(s.memory_bytes);
  options.series.new_per_minute_max = s.new_series_per_minute_max;
  options.series.total_max = s.series_max;
  options.nodes_max = s.nodes_max;
  options.series.repo_new_per_minute_max = s.repo_new_series_per_minute_max;
  options.series.repo_total_max = s.repo_series_max;
  options.disk_reserve_bytes = s.disk_reserve_bytes;
  options.disk_reserve_percent = s.disk_reserve_percent;
  options.block_cache_bytes = s.block_cache_bytes;
  options.memtable_bytes = s.memtables_bytes;
  return options;
}

http::Limits http_limits(const settings::Settings& s) {
  http::Limits limits;
  limits.connections_max = s.connections_max;
  limits.connections_per_address_max = s.connections_per_address_max;
  limits.header_bytes_max = s.header_bytes_max;
  limits.uri_bytes_max = s.uri_bytes_max;
  limits.body_bytes_max = s.body_bytes_max;
  limits.bytes_in_flight_max = s.bytes_in_flight_max;
  limits.body_wait_ms = s.push_wait_ms;
  limits.header_timeout_ms = s.header_timeout_ms;
  limits.body_timeout_ms = s.body_timeout_ms;
  limits.idle_timeout_ms = s.idle_timeout_ms;
  limits.write_timeout_ms = s.write_timeout_ms;
  limits.drain_timeout_ms = s.drain_timeout_ms;
  return limits;
}

// Whether an address is one of the proxies that many clients come through.
std::function<bool(const boost::asio::ip::address&)> trusted_proxy(
    const std::vector<settings::AddressRange>& ranges) {
  return [&ranges](const boost::asio::ip::address& address) {
    const auto ip = settings::parse_ip(address.to_string());
    return ip && std::any_of(ranges.begin(), ranges.end(), [&](const settings::AddressRange& range) {
      return settings::contains(range, *ip);
    });
  };
}

// Raises the limit of open files as far as needed; a sentence if that is not far enough.
std::optional<std::string> raise_file_limit(std::uint64_t connections) {
  const std::uint64_t wanted = connections + kFilesBesideConnections;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return std::nullopt;
  rlimit raised = limit;
  raised.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0 && raised.rlim_cur >= wanted) return std::nullopt;
  return "the limit of open files is " + std::to_string(limit.rlim_max) + ", but connections-max " +
         std::to_string(connections) + " and the store need " + std::to_string(wanted) +
         "; raise it (ulimit -n, LimitNOFILE=) or lower connections-max";
}

// The signals main waits for; blocked before any thread starts, so that none of them gets one.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

void tell(const auth::ReloadOutcome& outcome, const log::Log& log) {
  using Kind = auth::ReloadOutcome::Kind;
  if (outcome.kind == Kind::kKeptOld) {
    log.error("the tokens stay as they were",
              {{"reason", std::string_view(outcome.error->message)}});
  } else if (outcome.kind == Kind::kLoaded) {
    log.info("tokens read", {{"tokens", std::uint64_t{outcome.tokens}}});
    for (const std::string& warning : outcome.warnings) log.warn(warning);
  }
}

// Waits, minding what has to be looked at now and then. Returns the signal that asks for the end.
int wait_for_end(const sigset_t& signals, auth::TokenStore* tokens, const log::Log& log) {
  for (;;) {
    const timespec patience{kHousekeepingSeconds, 0};
    const int number = ::sigtimedwait(&signals, nullptr, &patience);
    if (number == SIGTERM || number == SIGINT) return number;
    if (tokens != nullptr) {
      tell(number == SIGHUP ? tokens->reload() : tokens->reload_if_changed(), log);
    }
  }
}

// From now on a signal ends the process at once: somebody is tired of waiting.
void end_on_next_signal(const sigset_t& signals) {
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGINT, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// Until the store is open, or cannot be opened. Returns the signal that asks for the end before that.
std::optional<int> wait_until_open(const Engine& engine, const sigset_t& signals) {
  while (engine.status().state == EngineState::kOpening) {
    const timespec patience{0, kOpeningLookNanos};
    const int number = ::sigtimedwait(&signals, nullptr, &patience);
    if (number == SIGTERM || number == SIGINT) return number;
  }
  return std::nullopt;
}

// Ends the process when taking it down takes longer than it may. Everything acknowledged is on disk by
// then; what can take long is a close that hangs in the system.
class CloseWatch {
 public:
  explicit CloseWatch(const log::Log& log) : log_(log) {}
  ~CloseWatch() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  CloseWatch(const CloseWatch&) = delete;
  CloseWatch& operator=(const CloseWatch&) = delete;

  void start(std::int64_t patience_ms) {
    thread_ = std::thread([this, patience_ms] {
      std::unique_lock lock(mutex_);
      const std::chrono::milliseconds patience(patience_ms);
      if (changed_.wait_for(lock, patience, [this] { return closed_; })) return;
      log_.error("the store did not close in time; breaking off");
      std::_Exit(kExitFailed);
    });
  }

 private:
  const log::Log& log_;
  std::mutex mutex_;  // guards closed_
  std::condition_variable changed_;
  bool closed_ = false;
  std::thread thread_;
};

// Lets connections end, then has the rest of the way down watched.
void stop_serving(http::Server& server, http::Services& services, CloseWatch& watch,
                  std::int64_t drain_timeout_ms, const log::Log& log) {
  const auto start = std::chrono::steady_clock::now();
  services.stopping = true;
  if (!server.stop()) {
    // Acknowledged data is on disk; what hangs below us must not hold the process.
    log.error("connections did not end in time; breaking off");
    std::_Exit(kExitFailed);
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  watch.start(std::max<std::int64_t>(drain_timeout_ms - took.count(), kCloseMsMin));
}

void log_refusal(const Error& error, const log::Log& log) {
  const std::string reason = render::message_of(error);
  log.error("cannot open the data", {{"code", std::string_view(to_string(error.code))},
                                     {"reason", std::string_view(reason)}});
}

// Once requests are served, for whoever waits for it: tests and scripts do.
void print_address(const settings::Settings& s, std::uint16_t port) {
  const bool v6 = s.listen.host.find(':') != std::string::npos;
  const std::string where = (v6 ? "[" + s.listen.host + "]" : s.listen.host) + ":" +
                            std::to_string(port);
  std::error_code ignored;
  std::printf("minuted %s listening on http://%s, data in %s\n", MINUTED_VERSION, where.c_str(),
              std::filesystem::absolute(s.data_dir, ignored).c_str());
  std::fflush(stdout);
}

int serve(const settings::Settings& s, const log::Log& log, const sigset_t& signals) {
  give_back_at_once(s.memory_bytes < kMemoryKeptMin);
  if (const auto problem = raise_file_limit(s.connections_max)) {
    log.error(*problem);
    return kExitFailed;
  }
  const http::Limits limits = http_limits(s);
  CloseWatch close_watch(log);
  std::unique_ptr<auth::TokenStore> tokens;
  if (!s.tokens_file.empty()) {
    auto read = auth::TokenStore::open(s.tokens_file, system_clock());
    if (!read) {
      log.error("cannot read the tokens", {{"reason", std::string_view(read.error().message)}});
      return kExitFailed;
    }
    tokens = std::move(*read);
    for (const std::string& warning : tokens->first_warnings()) log.warn(warning);
  }
  http::HttpCounters counters(http::routes().size());
  http::ByteBudget budget(limits.bytes_in_flight_max);
  http::ByteBudget answers(s.answer_bytes_max);
  http::Workers workers(s.worker_threads);
  auto begun = Engine::begin_open(engine_options(s));
  if (!begun) {
    log_refusal(begun.error(), log);
    return kExitFailed;
  }
  const std::unique_ptr<Engine> engine = std::move(*begun);
  http::Services services(
      {s.json_depth_max,
       s.scans_max,
       s.snapshot_lifetime_ms,
       s.node_offline_after_ms,
       {s.inflated_bytes_max, s.inflate_ratio_max, s.body_bytes_max},
       s.decode_bytes_max,
       {s.serve_anyone_without_tokens, s.cors_origins}},
      *engine, workers, tokens.get(), counters, budget, answers, system_clock(), log);
  std::optional<watch::WatchThread> watch(std::in_place, *engine, services.rejections,
                                          system_clock(), log);
  const http::Cors cors(s.cors_origins);
  const http::RecallOfReads recall{[&engine] { return engine->read_moment(); },
                                   [&engine] { return engine->recalled_before(); }};
  http::Server server({s.io_threads, &system_clock(), trusted_proxy(s.trusted_proxies)},
                      {http::routes(), services, http::admit, limits, counters, budget, answers,
                       services.reads, recall, workers, log, cors});
  const auto port = server.listen(s.listen.host, s.listen.port);
  if (!port) {
    log.error(port.error().message);
    return kExitFailed;
  }
  services.opening = true;
  server.start();
  std::optional<int> number = wait_until_open(*engine, signals);
  const EngineStatus status = engine->status();
  if (status.state == EngineState::kRefused) {
    log_refusal(*status.reason, log);
    stop_serving(server, services, close_watch, limits.drain_timeout_ms, log);
    return kExitFailed;
  }
  if (!number) {
    services.opening = false;
    for (const std::string& note : engine->opening_notes()) log.warn(note);
    if (status.state == EngineState::kReadOnly) {
      log.warn("the data is served read-only", {{"reason", std::string_view(status.reason->message)}});
    }
    print_address(s, *port);
    number = wait_for_end(signals, tokens.get(), log);
  }
  log.info("stopping", {{"signal", std::string_view(::strsignal(*number))},
                        {"connections", std::uint64_t{server.connections()}}});
  end_on_next_signal(signals);
  stop_serving(server, services, close_watch, limits.drain_timeout_ms, log);
  watch.reset();  // its last lines come before the end's
  log.info("stopped");
  return 0;
}

// An inspection keeps all tables open, so that the daemon cannot take them away from under it.
void raise_file_limit_to_most() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run_inspect(std::span<const std::string> arguments) {
  raise_file_limit_to_most();
  const char* const variable = std::getenv("MINUTED_DATA");
  const std::string data =
      variable != nullptr && *variable != '\0' ? variable : settings::Settings{}.data_dir;
  return inspection::run_inspect_command(
      arguments, data,
      {std::cout, std::cerr, ::isatty(STDOUT_FILENO) != 0, ::isatty(STDERR_FILENO) != 0},
      system_clock());
}

// What would keep the daemon from starting with these settings, besides its store and its port.
std::vector<std::string> check_start(const settings::Settings& s) {
  std::vector<std::string> errors;
  if (const auto problem = raise_file_limit(s.connections_max)) errors.push_back(*problem);
  if (s.tokens_file.empty()) return errors;
  const auto tokens = auth::TokenStore::open(s.tokens_file, system_clock());
  if (!tokens) errors.push_back("cannot read the tokens: " + tokens.error().message);
  return errors;
}

int run(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments.front() == "token") {
    return auth::run_token_command(std::span<const std::string>(arguments).subspan(1),
                                   {std::cout, std::cerr, ::isatty(STDOUT_FILENO) != 0},
                                   system_clock());
  }
  if (!arguments.empty() && arguments.front() == "inspect") {
    return run_inspect(std::span<const std::string>(arguments).subspan(1));
  }
  auto read = settings::read_settings(arguments, settings::process_environment(), check_start);
  if (const auto* end = std::get_if<settings::Exit>(&read)) {
    (end->code == 0 ? std::cout : std::cerr) << end->text;
    return end->code;
  }
  const settings::Read& given = std::get<settings::Read>(read);
  const log::Log log = make_log(given.settings);
  for (const std::string& warning : given.warnings) log.warn(warning);
  for (const std::string& note : given.notes) log.info(note);
  return serve(given.settings, log, block_signals());
}

}  // namespace
}  // namespace minuted

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  minuted::restrict_new_files();
  try {
    return minuted::run({argv + 1, argv + argc});
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "minuted: %s\n", thrown.what());
    return 1;
  }
}
