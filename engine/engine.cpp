// The engine that callers hold: a face before a core that is replaced when a write failed. Its supervisor
// thread opens the store, waits for a failure, then tries the directory until it takes writes, opens it
// anew beside the old core and lets new requests use that. Old cores are closed by a second thread, when
// the last cursor is gone; no close, even one that hangs, keeps requests from being served.
#include "minuted/engine.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/check_options.hpp"
#include "core/arguments.hpp"
#include "core/core.hpp"
#include "engine_over.hpp"
#include "schema/families.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/disk_guard.hpp"
#include "store/store.hpp"
#include "store/write_guard.hpp"

namespace minuted {
namespace {

// Earlier openings that may have readers left; more than this many failures within one read's lifetime
// must wait for one of them to end.
constexpr std::size_t kRetiredCoresMax = 3;
// A store that fails for another reason than its directory (its bytes are damaged) is opened again ever
// more seldom, up to this.
constexpr std::int64_t kDamagedPauseMsMax = 60'000;
// After so long without a failure the next one counts as the first.
constexpr std::int64_t kCalmMs = 60'000;
// Beside as much as the log takes: an opening writes the log out as tables.
constexpr std::uint64_t kOpeningBytes = 1U << 20;

bool is_of_directory(const Error& error) {
  return error.code == ErrorCode::kIoError || error.code == ErrorCode::kDiskFull;
}

class EngineImpl final : public Engine {
 public:
  EngineImpl(const Options& options, rocksdb::Env* env)
      : options_(options),
        env_(env),
        parts_{options_, commit_counters_, maintenance_counters_, read_counters_, disk_, opening_, {}},
        closer_([this] { close_cores(); }) {
    read_counters_.memory.set_bytes_max(options.query_bytes_max);
    read_counters_.recall.kept_bytes_max = options.read_kept_bytes_max;
  }

  // Opens the store for the first time, and then looks after it.
  Result<void> open() {
    auto opened = open_first();
    if (!opened) return opened;
    supervisor_ = std::thread([this] { supervise(); });
    return {};
  }

  void begin_open() {
    supervisor_ = std::thread([this] {
      if (auto opened = open_first(); !opened) {
        const std::lock_guard lock(mutex_);
        state_ = EngineState::kRefused;
        reason_ = opened.error();
        return;
      }
      supervise();
    });
  }

  ~EngineImpl() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    if (supervisor_.joinable()) supervisor_.join();
    std::shared_ptr<Core> last;
    {
      const std::lock_guard lock(mutex_);
      last.swap(core_);
    }
    last.reset();
    {
      std::unique_lock lock(cores_mutex_);
      cores_changed_.wait(lock, [this] { return cores_ == 0; });
      ended_ = true;
    }
    cores_changed_.notify_all();
    closer_.join();
  }

  void append(AppendRequest request, AppendDone done) override {
    if (auto wrong = check_arguments(request)) return done(std::move(*wrong));
    const auto core = writable_core();
    if (!core) return done(core.error());
    (*core)->committer()->submit(std::move(request), std::move(done));
  }

  Result<Receipt> append_and_wait(AppendRequest request) override {
    std::promise<Result<Receipt>> promise;
    auto answer = promise.get_future();
    append(std::move(request),
           [&promise](Result<Receipt> result) { promise.set_value(std::move(result)); });
    return answer.get();
  }

  void tell_node(NodeUpdate update, NodeDone done) override {
    if (auto wrong = check_arguments(update)) return done(std::move(*wrong));
    const auto core = writable_core();
    if (!core) return done(core.error());
    (*core)->committer()->submit_node(std::move(update), std::move(done));
  }

  Result<NodeFacts> tell_node_and_wait(NodeUpdate update) override {
    std::promise<Result<NodeFacts>> promise;
    auto answer = promise.get_future();
    tell_node(std::move(update),
              [&promise](Result<NodeFacts> result) { promise.set_value(std::move(result)); });
    return answer.get();
  }

  Result<std::unique_ptr<RowCursor>> query(const QuerySpec& spec) override {
    if (auto wrong = check_arguments(spec)) return *wrong;
    const auto core = readable_core();
    return core ? (*core)->query(spec) : core.error();
  }
  Result<std::unique_ptr<EventCursor>> events(const EventQuery& query) override {
    if (options_.retention.raw_ms == 0) {
      return Error{ErrorCode::kInvalidArgument, "raw events are not kept once they are folded",
                   DecidingOption::kRawRetention};
    }
    if (auto wrong = check_arguments(query)) return *wrong;
    const auto core = readable_core();
    return core ? (*core)->events(query) : core.error();
  }
  Result<std::unique_ptr<TotalsCursor>> totals(const TotalsQuery& query) override {
    if (auto wrong = check_arguments(query)) return *wrong;
    const auto core = readable_core();
    return core ? (*core)->totals(query) : core.error();
  }
  Result<std::unique_ptr<NodeCursor>> nodes(const NodeQuery& query) override {
    if (auto wrong = check_arguments(query)) return *wrong;
    const auto core = readable_core();
    return core ? (*core)->nodes(query) : core.error();
  }
  Result<std::unique_ptr<SeriesCursor>> series(const SeriesQuery& query) override {
    if (auto wrong = check_arguments(query)) return *wrong;
    const auto core = readable_core();
    return core ? (*core)->series(query) : core.error();
  }
  Result<std::unique_ptr<UsageCursor>> usage(const UsageQuery& query) override {
    if (auto wrong = check_arguments(query)) return *wrong;
    const auto core = readable_core();
    return core ? (*core)->usage(query) : core.error();
  }

  Result<RepoFacts> tell_repo(const std::string& repo, const RepoFactsChange& change) override {
    if (auto wrong = check_arguments(repo, change)) return *wrong;
    const auto core = writable_core();
    return core ? (*core)->committer()->update_repo(repo, change) : core.error();
  }

  Result<void> fold() override {
    const auto core = writable_core();
    return core ? (*core)->maintenance()->fold() : core.error();
  }
  Result<void> seal() override {
    const auto core = writable_core();
    return core ? (*core)->maintenance()->seal() : core.error();
  }
  Result<void> remove(const Removal& removal) override {
    if (auto wrong = check_arguments(removal)) return *wrong;
    const auto core = writable_core();
    return core ? (*core)->maintenance()->remove(removal) : core.error();
  }
  Result<void> prune() override {
    const auto core = writable_core();
    return core ? (*core)->maintenance()->prune() : core.error();
  }

  Minute horizon(Span span) const override {
    const auto core = readable_core();
    return core ? (*core)->horizons().of(span) : Minute{0};
  }
  Millis oldest_event() const override {
    const auto core = readable_core();
    return core ? (*core)->horizons().oldest_event() : Millis{0};
  }

  Fingerprint fingerprint(std::string_view body, bool strict) const override {
    const auto core = readable_core();
    return core ? fingerprint_of((*core)->store().secret(), body, strict) : Fingerprint{};
  }
  SecretKey derive_key(std::string_view purpose) const override {
    const auto core = readable_core();
    return core ? key_of((*core)->store().secret(), purpose) : SecretKey{};
  }

  std::optional<Error> failure() const override {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

  std::vector<std::string> opening_notes() const override {
    const auto core = readable_core();
    return core ? (*core)->store().opening_notes() : std::vector<std::string>();
  }

  Millis now() const override {
    const auto core = readable_core();
    return core ? (*core)->clock().present() : options_.clock->now();
  }
  std::uint64_t read_moment() const override { return read_counters_.recall.moment(); }
  std::uint64_t recalled_before() const override {
    return read_counters_.recall.recalled_before();
  }
  Arrival arrival() const override {
    const auto core = readable_core();
    if (!core) return {options_.clock->now(), Millis{0}, kMillisMax, core.error(), std::nullopt};
    const BelievedClock& clock = (*core)->clock();
    const auto reading = clock.read();
    const std::int64_t newest =
        std::max(reading.machine, reading.newest_commit).value + kFutureMillisMax;
    return {reading.machine, (*core)->horizons().oldest_event(),
            Millis{std::min(newest, kMillisMax.value)}, clock.error(reading), clock.doubt(reading)};
  }
  std::optional<Error> clock_error() const override {
    const auto core = readable_core();
    if (!core) return std::nullopt;
    return (*core)->clock().error((*core)->clock().read());
  }
  std::optional<Error> clock_doubt() const override {
    const auto core = readable_core();
    if (!core) return std::nullopt;
    return (*core)->clock().doubt((*core)->clock().read());
  }

  EngineStatus status() const override {
    EngineStatus status;
    std::shared_ptr<WriteGuard> guard;
    {
      const std::lock_guard lock(mutex_);
      status.state = state_;
      status.reason = reason_;
      guard = opening_guard_;
    }
    OpeningProgress& opening = status.opening;
    opening.stage = opening_.stage;
    opening.log_bytes = opening_.log_bytes;
    if (opening.stage == OpeningStage::kChecking && guard && guard->replaying()) {
      opening.stage = OpeningStage::kReplaying;
      opening.log_bytes_replayed = std::min(guard->log_bytes_read(), opening.log_bytes);
    }
    if (opening.stage > OpeningStage::kReplaying) opening.log_bytes_replayed = opening.log_bytes;
    opening.chunks_loaded = opening_.chunks_loaded;
    return status;
  }

  Store& store() { return *held_store(); }
  std::shared_ptr<Store> held_store() {
    const std::lock_guard lock(mutex_);
    return core_ ? std::shared_ptr<Store>(core_, &core_->store()) : nullptr;
  }

  EngineStats stats() const override;

 private:
  // What reads use.
  Result<std::shared_ptr<Core>> readable_core() const {
    const std::lock_guard lock(mutex_);
    if (core_) return core_;
    if (state_ == EngineState::kRefused) return *reason_;
    return Error{ErrorCode::kUnavailable, "the store is being opened; try again soon"};
  }

  // What writes use, unless they are stopped.
  Result<std::shared_ptr<Core>> writable_core() const {
    const std::lock_guard lock(mutex_);
    if (state_ == EngineState::kWritable) return core_;
    if (state_ == EngineState::kOpening) {
      return Error{ErrorCode::kUnavailable, "the store is being opened; try again soon"};
    }
    return Error{reason_->code == ErrorCode::kDiskFull ? ErrorCode::kDiskFull
                                                       : ErrorCode::kUnavailable,
                 "writes are stopped: " + reason_->message, reason_->option};
  }

  StoreOptions store_options() const;
  Result<std::shared_ptr<Core>> open_core(const std::shared_ptr<DataDirectory>& directory);
  Result<std::shared_ptr<Core>> open_read_only(const Error& why);
  Result<void> open_first();
  Result<void> probe() const;
  std::shared_ptr<Core> share(std::unique_ptr<Core> core);
  void on_write_failure(std::uint64_t core, const Error& error);
  void supervise();
  Result<void> reopen();
  void install(std::shared_ptr<Core> core);
  void close_cores();
  void add_stats(const Core& core, EngineStats& s) const;
  std::size_t cores() const {
    const std::lock_guard lock(cores_mutex_);
    return cores_;
  }

  const Options options_;
  rocksdb::Env* const env_;
  CommitCounters commit_counters_;
  Maintenance::Counters maintenance_counters_;
  mutable ReadCounters read_counters_;
  mutable DiskGuard disk_{options_};
  OpeningCounters opening_;
  std::atomic<std::uint64_t> write_failures_{0};
  std::atomic<std::uint64_t> reopens_{0};
  Core::Parts parts_;

  mutable std::mutex mutex_;  // guards what follows; never held while the store is used
  std::condition_variable wake_;
  EngineState state_ = EngineState::kOpening;
  std::optional<Error> reason_;
  std::shared_ptr<Core> core_;  // cursors share it
  std::uint64_t core_number_ = 0;
  std::shared_ptr<WriteGuard> opening_guard_;
  bool closing_ = false;

  // The supervisor's own.
  std::uint64_t next_number_ = 1;
  bool keeps_files_ = false;  // the present core, for readers of those before

  mutable std::mutex cores_mutex_;  // guards what follows
  std::condition_variable cores_changed_;
  std::size_t cores_ = 0;                         // that exist
  std::vector<std::shared_ptr<Core>> to_retire_;  // replaced: their threads are to be ended
  std::vector<std::unique_ptr<Core>> to_close_;   // nobody uses them any more
  bool ended_ = false;

  std::thread closer_;
  std::thread supervisor_;
};

StoreOptions EngineImpl::store_options() const {
  StoreOptions store;
  store.path = options_.path;
  store.create_if_missing = options_.create_if_missing;
  store.block_cache_bytes = options_.block_cache_bytes;
  store.memtable_bytes = options_.memtable_bytes;
  store.idempotency_window_ms = options_.idempotency_window_ms;
  store.accept_lost_commits = options_.accept_lost_commits;
  store.mark_interval_ms = options_.mark_interval_ms;
  store.env = env_;
  return store;
}

// A core that is handed to the closing thread when nobody uses it any more: that may be whoever ends the
// last cursor, and closing takes long.
std::shared_ptr<Core> EngineImpl::share(std::unique_ptr<Core> core) {
  {
    const std::lock_guard lock(cores_mutex_);
    ++cores_;
  }
  return {core.release(), [this](Core* unused) {
            {
              const std::lock_guard lock(cores_mutex_);
              to_close_.emplace_back(unused);
            }
            cores_changed_.notify_all();
          }};
}

void EngineImpl::close_cores() {
  ::pthread_setname_np(::pthread_self(), "close");
  std::unique_lock lock(cores_mutex_);
  for (;;) {
    cores_changed_.wait(
        lock, [this] { return ended_ || !to_retire_.empty() || !to_close_.empty(); });
    if (ended_) return;
    auto retired = std::exchange(to_retire_, {});
    auto closed = std::exchange(to_close_, {});
    lock.unlock();
    for (auto& core : retired) {
      core->retire();
      core.reset();
    }
    const std::size_t count = closed.size();
    closed.clear();
    lock.lock();
    cores_ -= count;
    if (count == 0) continue;
    cores_changed_.notify_all();
    lock.unlock();
    { const std::lock_guard seen(mutex_); }  // whoever looked before it waits by now
    wake_.notify_all();
    lock.lock();
  }
}

// Whether the directory can be written, and has room for an opening.
Result<void> EngineImpl::probe() const {
  return probe_directory(env_, options_.path,
                         log_bytes_in(env_, options_.path + "/rocksdb") + kOpeningBytes);
}

Result<std::shared_ptr<Core>> EngineImpl::open_core(
    const std::shared_ptr<DataDirectory>& directory) {
  const std::uint64_t number = next_number_++;
  StoreOptions store = store_options();
  store.directory = directory;
  store.guard = std::make_shared<WriteGuard>(
      [this, number](const Error& error) { on_write_failure(number, error); });
  opening_.log_bytes = log_bytes_in(env_, options_.path + "/rocksdb");
  opening_.chunks_loaded = 0;
  opening_.stage = OpeningStage::kChecking;
  {
    const std::lock_guard lock(mutex_);
    opening_guard_ = store.guard;
  }
  Core::Parts parts = parts_;
  parts.on_write_failure = [this, number](const Error& error) { on_write_failure(number, error); };
  auto core = Core::open(parts, store);
  if (!core) return core.error();
  {
    const std::lock_guard lock(mutex_);
    core_number_ = number;
  }
  return share(std::move(*core));
}

// A store that cannot be written, for the reason `why`, and that is there.
Result<std::shared_ptr<Core>> EngineImpl::open_read_only(const Error& why) {
  auto core = Core::open_read_only(parts_, store_options());
  if (!core) {
    const ErrorCode code = core.error().code;
    // What is wrong with the data matters more than why it cannot be written.
    const bool is_of_data = code == ErrorCode::kCommitsLost || code == ErrorCode::kCorruption ||
                            code == ErrorCode::kUnsupportedFormat;
    return is_of_data ? core.error() : why;
  }
  return share(std::move(*core));
}

Result<void> EngineImpl::open_first() {
  std::optional<Error> why;
  // Before RocksDB tries: an opening that fails half way has written all the same.
  if (::access((options_.path + "/minuted.store").c_str(), F_OK) == 0) {
    if (auto probed = probe(); !probed) why = probed.error();
  }
  if (!why) {
    auto core = open_core(nullptr);
    if (core) {
      install(std::move(*core));
      return {};
    }
    if (!is_of_directory(core.error())) return core.error();
    why = core.error();
  }
  auto core = open_read_only(*why);
  if (!core) return core.error();
  const std::lock_guard lock(mutex_);
  core_ = std::move(*core);
  state_ = EngineState::kReadOnly;
  reason_ = why;
  return {};
}

// Called inside the store, perhaps.
void EngineImpl::on_write_failure(std::uint64_t core, const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (core != core_number_ || state_ != EngineState::kWritable) return;
    state_ = EngineState::kStopped;
    reason_ = error;
  }
  ++write_failures_;
  wake_.notify_all();
}

// From here on requests use the core.
void EngineImpl::install(std::shared_ptr<Core> core) {
  std::shared_ptr<Core> old;
  {
    const std::lock_guard lock(mutex_);
    old = std::exchange(core_, core);
    state_ = EngineState::kWritable;
    reason_.reset();
    // Until now nobody listened.
    auto failed = core->store().write_failure();
    if (!failed) failed = core->committer()->failure();
    if (failed) {
      state_ = EngineState::kStopped;
      reason_ = std::move(failed);
      ++write_failures_;
    }
  }
  if (!old) return;
  ++reopens_;
  keeps_files_ = true;
  core->store().keep_files(true);
  {
    const std::lock_guard lock(cores_mutex_);
    to_retire_.push_back(std::move(old));
  }
  cores_changed_.notify_all();
}

// Opens the store again beside the core that serves reads.
Result<void> EngineImpl::reopen() {
  std::shared_ptr<Core> old;
  {
    const std::lock_guard lock(mutex_);
    old = core_;
  }
  if (!old->is_quiet()) {
    return Error{ErrorCode::kIoError, "a write to the store hangs in the system"};
  }
  if (cores() > kRetiredCoresMax) {
    return Error{ErrorCode::kUnavailable, "reads of earlier openings of the store have not ended"};
  }
  if (auto probed = probe(); !probed) return probed;
  auto core = open_core(old->store().directory());
  if (!core) return core.error();
  install(std::move(*core));
  return {};
}

void EngineImpl::supervise() {
  ::pthread_setname_np(::pthread_self(), "store");
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  std::int64_t pause_ms = options_.reopen_pause_ms_min;
  auto calm_since = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (state_ == EngineState::kWritable) {
      wake_.wait(lock, [this] {
        return closing_ || state_ != EngineState::kWritable || (keeps_files_ && cores() == 1);
      });
      if (closing_) return;
      if (state_ == EngineState::kWritable) {
        keeps_files_ = false;
        const auto core = core_;
        lock.unlock();
        core->store().keep_files(false);
        lock.lock();
        continue;
      }
      if (steady_clock::now() - calm_since > milliseconds(kCalmMs)) {
        pause_ms = options_.reopen_pause_ms_min;
      }
    }
    if (state_ == EngineState::kStopped) {
      const auto core = core_;
      const Error reason = *reason_;
      lock.unlock();
      core->stop_writes(reason);
      lock.lock();
    }
    const std::int64_t max_ms =
        is_of_directory(*reason_) ? options_.reopen_pause_ms_max
                                  : std::max(options_.reopen_pause_ms_max, kDamagedPauseMsMax);
    pause_ms = std::min(pause_ms, max_ms);
    wake_.wait_for(lock, milliseconds(pause_ms), [this] { return closing_; });
    if (closing_) return;
    lock.unlock();
    const auto reopened = reopen();
    lock.lock();
    pause_ms = std::min(pause_ms * 2, max_ms);
    if (reopened) {
      calm_since = steady_clock::now();
      continue;
    }
    reason_ = reopened.error();
  }
}

EngineStats EngineImpl::stats() const {
  EngineStats s;
  s.batches_committed = commit_counters_.batches;
  s.events_duplicate = commit_counters_.duplicates;
  s.batches_replayed = commit_counters_.replayed;
  s.batches_overloaded = commit_counters_.overloaded;
  s.events_committed = commit_counters_.events;
  s.chunks_written = commit_counters_.chunks;
  s.chunk_bytes_written = commit_counters_.chunk_bytes;
  s.batches_rate_limited = commit_counters_.rate_limited;
  s.batches_disk_full = commit_counters_.disk_full;
  s.series_created = commit_counters_.series;
  s.series_total = commit_counters_.series_total;
  s.events_over_series_max = commit_counters_.events_over_series_max;
  s.queue_bytes = commit_counters_.queue_bytes;
  s.sync_seconds = commit_counters_.sync_seconds.counts();
  s.batches_per_sync = commit_counters_.batches_per_sync.counts();

  const FoldCounters& fold = maintenance_counters_.fold;
  s.folds = fold.folds;
  s.chunks_folded = fold.chunks;
  s.events_folded = fold.events;
  s.fold_seconds_sum = static_cast<double>(fold.micros) / 1e6;
  s.fold_failures = fold.failures;
  s.fold_error = fold.last_error.get();

  const RollCounters& roll = maintenance_counters_.roll;
  s.roll_passes = roll.passes;
  s.rows_rolled = roll.rows;
  s.roll_failures = roll.failures;
  s.roll_error = roll.last_error.get();

  const SealCounters& seal = maintenance_counters_.seal;
  s.seal_passes = seal.passes;
  s.pages_sealed = seal.pages;
  s.rows_sealed = seal.rows;
  s.seal_failures = seal.failures;
  s.seal_error = seal.last_error.get();

  const PruneCounters& prune = maintenance_counters_.prune;
  s.prune_passes = prune.passes;
  s.keys_pruned = prune.keys;
  s.prune_failures = prune.failures;
  s.prune_error = prune.last_error.get();

  s.queries = read_counters_.queries;
  s.rows_read = read_counters_.rows;
  s.cursors_open = read_counters_.open;
  s.cursors_expired = read_counters_.expired;
  s.query_bytes = read_counters_.memory.held();
  s.query_bytes_max = read_counters_.memory.bytes_max();
  s.queries_over_memory = read_counters_.memory.refused();
  s.read_kept_bytes = read_counters_.recall.kept_bytes;
  s.read_kept_bytes_max = read_counters_.recall.kept_bytes_max;
  s.reads_recalled = read_counters_.recall.reads_recalled;

  s.write_failures = write_failures_;
  s.reopens = reopens_;
  {
    const std::lock_guard lock(mutex_);
    s.state = state_;
  }
  const std::size_t existing = cores();
  s.stores_retired = existing > 0 ? existing - 1 : 0;
  (void)disk_.check();  // for the figures
  s.disk_free_bytes = disk_.free_bytes();
  s.disk_reserve_bytes = disk_.reserve_bytes();
  for (const FamilyInfo& family : kFamilyTable) s.store_tiers.push_back({family.metric_name, 0, 0});
  if (const auto core = readable_core()) add_stats(**core, s);
  return s;
}

void EngineImpl::add_stats(const Core& core, EngineStats& s) const {
  const RawTable& table = core.table();
  const RawSize backlog = table.size();
  s.raw_bytes_pending = backlog.bytes;
  s.raw_chunks_pending = backlog.chunks;
  s.unfolded_memory_bytes = table.memory_bytes();
  s.fold_lag_seconds = static_cast<double>(table.lag_ms(options_.clock->steady_ms())) / 1e3;
  const auto clock_state = core.clock().read().state;
  s.retention_paused = clock_state == BelievedClock::State::kUnconfirmed;
  s.clock_believed = clock_state != BelievedClock::State::kBehind;
  const StoreGauges store = core.store().gauges();
  s.store_memtable_bytes = store.memtable_bytes;
  s.store_block_cache_bytes = store.block_cache_bytes;
  s.store_sst_bytes = store.sst_bytes;
  s.store_wal_bytes = store.wal_bytes;
  s.store_pending_compaction_bytes = store.pending_compaction_bytes;
  s.store_folded_raw_bytes = store.folded_raw_bytes;
  s.store_running_flushes = store.running_flushes;
  s.store_running_compactions = store.running_compactions;
  s.store_stall_micros = store.stall_micros;
  s.store_write_stopped = store.write_stopped;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    s.store_tiers[i].bytes = store.families[i].table_bytes;
    s.store_tiers[i].keys = store.families[i].keys;
  }
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(const Options& options) {
  return open_engine_over(options, nullptr);
}

Result<std::unique_ptr<Engine>> Engine::begin_open(const Options& options) {
  if (auto wrong = check_options(options)) return *wrong;
  auto engine = std::make_unique<EngineImpl>(options, nullptr);
  engine->begin_open();
  return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::unique_ptr<Engine>> open_engine_over(const Options& options, rocksdb::Env* env) {
  if (auto wrong = check_options(options)) return *wrong;
  auto engine = std::make_unique<EngineImpl>(options, env);
  if (auto opened = engine->open(); !opened) return opened.error();
  return std::unique_ptr<Engine>(std::move(engine));
}

std::shared_ptr<Store> held_store_below(Engine& engine) {
  return static_cast<EngineImpl&>(engine).held_store();
}

Store& store_below(Engine& engine) { return static_cast<EngineImpl&>(engine).store(); }

}  // namespace minuted
