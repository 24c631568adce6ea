// Wires the parts together; nothing else.
#include "minuted/engine.hpp"

#include <future>

#include "engine_over.hpp"
#include "ingest/committer.hpp"
#include "query/group_scan.hpp"
#include "query/event_scan.hpp"
#include "query/node_scan.hpp"
#include "query/scan.hpp"
#include "query/series_scan.hpp"
#include "query/storage_scan.hpp"
#include "query/totals_scan.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/disk_guard.hpp"
#include "store/raw_table.hpp"
#include "store/repo_facts.hpp"
#include "store/store.hpp"
#include "upkeep/upkeep.hpp"

namespace minuted {
namespace {

// Of log that the next start may have to replay, some 15 ms a MB, after a close; more is written out as
// tables, which takes the close as long.
constexpr std::uint64_t kReplayedBytesMax = 8U << 20;

class EngineImpl final : public Engine {
 public:
  EngineImpl(const Options& options, std::unique_ptr<BelievedClock> clock,
             std::unique_ptr<Store> store, std::uint64_t sequence)
      : options_(options),
        clock_(std::move(clock)),
        store_(std::move(store)),
        repo_facts_(*store_, [this](const Error& error) { committer_->fail(error); }),
        horizons_(options.retention, *clock_) {
    read_counters_.memory.set_bytes_max(options.query_bytes_max);
    committer_ = std::make_unique<Committer>(
        Committer::Parts{*store_, table_, commit_counters_, disk_, *clock_, options_,
                         [this] { upkeep_->hurry(); }},
        sequence);
  }

  // Before anything else.
  Result<void> start() {
    const std::int64_t now_ms = options_.clock->steady_ms();
    if (auto read = clock_->open(*store_); !read) return read;
    if (auto loaded = load_unfolded(*store_, table_, now_ms); !loaded) return loaded;
    if (auto started = committer_->start(); !started) return started;
    upkeep_ = std::make_unique<Upkeep>(
        Upkeep::Parts{*store_, table_, horizons_, *clock_, upkeep_counters_, disk_, options_,
                      [this](const Error& error) { committer_->fail(error); },
                      [this](std::string_view repo, std::string_view from,
                             const Committer::HasRows& has_rows) {
                        return committer_->forget_series(repo, from, has_rows);
                      },
                      [this](std::string_view repo) { return repo_facts_.forget(repo); }});
    if (auto started = upkeep_->start(); !started) return started;
    return {};
  }

  ~EngineImpl() override {
    committer_->stop();  // commits what is queued; may hurry a fold until then
    upkeep_.reset();     // may tell the committer of a failure until then
    if (store_->gauges().wal_bytes > kReplayedBytesMax) (void)store_->flush();
  }

  void append(AppendRequest request, AppendDone done) override {
    committer_->submit(std::move(request), std::move(done));
  }

  Result<Receipt> append_and_wait(AppendRequest request) override {
    std::promise<Result<Receipt>> promise;
    auto answer = promise.get_future();
    append(std::move(request),
           [&promise](Result<Receipt> result) { promise.set_value(std::move(result)); });
    return answer.get();
  }

  Result<std::unique_ptr<RowCursor>> query(const QuerySpec& spec) override {
    auto view = raw_view();
    if (!view) return view.error();
    const bool grouped = merges_rows(spec);
    auto rows = std::make_unique<RowScan>(
        std::move(view->view), view->mark, grouped ? rows_to_merge(spec) : spec,
        RowScan::Options{options_.snapshot_ms_max, options_.clock, horizons_.of(spec.span)},
        read_counters_);
    if (!grouped) return std::unique_ptr<RowCursor>(std::move(rows));
    const RowScan* const scan = rows.get();
    return merge_rows(std::move(rows), spec, options_.groups_max, read_counters_,
                      [scan] { return scan->held_bytes(); });
  }

  Result<std::unique_ptr<EventCursor>> events(const EventQuery& query) override {
    if (options_.retention.raw_ms == 0) {
      return Error{ErrorCode::kInvalidArgument,
                   "raw events are not kept once they are folded; have them kept with a raw "
                   "retention, as in --retention raw=7d"};
    }
    auto view = raw_view();
    if (!view) return view.error();
    return std::unique_ptr<EventCursor>(std::make_unique<EventScan>(
        std::move(view->view), view->mark, query,
        EventScan::Options{options_.snapshot_ms_max, options_.clock, horizons_.of_archive()},
        read_counters_));
  }

  Result<std::unique_ptr<TotalsCursor>> totals(const TotalsQuery& query) override {
    auto view = raw_view();
    if (!view) return view.error();
    return std::unique_ptr<TotalsCursor>(std::make_unique<TotalsScan>(
        std::move(view->view), view->mark, query,
        TotalsScan::Options{options_.snapshot_ms_max, options_.clock}, read_counters_));
  }

  void tell_node(NodeUpdate update, NodeDone done) override {
    committer_->submit_node(std::move(update), std::move(done));
  }

  Result<NodeFacts> tell_node_and_wait(NodeUpdate update) override {
    std::promise<Result<NodeFacts>> promise;
    auto answer = promise.get_future();
    tell_node(std::move(update),
              [&promise](Result<NodeFacts> result) { promise.set_value(std::move(result)); });
    return answer.get();
  }

  Result<std::unique_ptr<NodeCursor>> nodes(const NodeQuery& query) override {
    auto view = raw_view();
    if (!view) return view.error();
    return std::unique_ptr<NodeCursor>(std::make_unique<NodeScan>(
        std::move(view->view), view->mark, query,
        NodeScan::Options{options_.snapshot_ms_max, options_.clock, horizons_.of(Span::kDay),
                          clock_->present()},
        read_counters_));
  }

  Result<std::unique_ptr<SeriesCursor>> series(const SeriesQuery& query) override {
    auto view = raw_view();
    if (!view) return view.error();
    return std::unique_ptr<SeriesCursor>(std::make_unique<SeriesScan>(
        std::move(view->view), view->mark, query,
        SeriesScan::Options{options_.snapshot_ms_max, options_.clock}, read_counters_));
  }

  Result<std::unique_ptr<StorageCursor>> storage(const StorageQuery& query) override {
    auto view = raw_view();
    if (!view) return view.error();
    return std::unique_ptr<StorageCursor>(std::make_unique<StorageScan>(
        std::move(view->view), view->mark, query,
        StorageScan::Options{options_.snapshot_ms_max,
                             options_.clock,
                             {horizons_.of(Span::kMinute), horizons_.of(Span::kHour),
                              horizons_.of(Span::kDay)},
                             options_.groups_max},
        read_counters_));
  }

  Result<RepoFacts> tell_repo(const std::string& repo, const RepoFactsChange& change) override {
    if (auto stopped = committer_->failure()) return *stopped;
    if (auto room = disk_.check(); !room) return room.error();
    return repo_facts_.change(repo, change);
  }

  Result<void> fold() override { return upkeep_->fold(Durability::kSynced); }

  Result<void> seal() override { return upkeep_->seal(); }
  Result<void> remove(const Removal& removal) override { return upkeep_->remove(removal); }
  Result<void> prune() override { return upkeep_->prune(); }

  Minute horizon(Span span) const override { return horizons_.of(span); }
  Millis oldest_event() const override { return horizons_.oldest_event(); }

  Fingerprint fingerprint(std::string_view body, bool strict) const override {
    return fingerprint_of(store_->secret(), body, strict);
  }

  std::optional<Error> failure() const override { return committer_->failure(); }

  std::vector<std::string> opening_notes() const override { return store_->opening_notes(); }

  Millis now() const override { return clock_->present(); }
  Arrival arrival() const override {
    const auto reading = clock_->read();
    const std::int64_t newest =
        std::max(reading.machine, reading.newest_commit).value + kFutureMillisMax;
    return {reading.machine, horizons_.oldest_event(),
            Millis{std::min(newest, kMillisMax.value)}, clock_->error(reading),
            clock_->doubt(reading)};
  }
  std::optional<Error> clock_error() const override { return clock_->error(clock_->read()); }
  std::optional<Error> clock_doubt() const override { return clock_->doubt(clock_->read()); }

  Store& store() { return *store_; }

  EngineStats stats() const override {
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

    const RawSize backlog = table_.size();
    const FoldCounters& fold = upkeep_counters_.fold;
    s.folds = fold.folds;
    s.chunks_folded = fold.chunks;
    s.events_folded = fold.events;
    s.fold_seconds_sum = static_cast<double>(fold.micros) / 1e6;
    s.raw_bytes_pending = backlog.bytes;
    s.raw_chunks_pending = backlog.chunks;
    s.unfolded_memory_bytes = table_.memory_bytes();
    s.fold_lag_seconds =
        static_cast<double>(table_.lag_ms(options_.clock->steady_ms())) / 1e3;
    s.fold_failures = fold.failures;
    s.fold_error = fold.last_error.get();

    const SealCounters& seal = upkeep_counters_.seal;
    s.seal_passes = seal.passes;
    s.pages_sealed = seal.pages;
    s.rows_sealed = seal.rows;
    s.seal_failures = seal.failures;
    s.seal_error = seal.last_error.get();

    const PruneCounters& prune = upkeep_counters_.prune;
    s.prune_passes = prune.passes;
    s.keys_pruned = prune.keys;
    s.prune_failures = prune.failures;
    s.prune_error = prune.last_error.get();
    const auto clock_state = clock_->read().state;
    s.retention_paused = clock_state == BelievedClock::State::kUnconfirmed;
    s.clock_believed = clock_state != BelievedClock::State::kBehind;

    s.queries = read_counters_.queries;
    s.rows_read = read_counters_.rows;
    s.cursors_open = read_counters_.open;
    s.cursors_expired = read_counters_.expired;
    s.query_bytes = read_counters_.memory.held();
    s.query_bytes_max = read_counters_.memory.bytes_max();
    s.queries_over_memory = read_counters_.memory.refused();

    const StoreGauges store = store_->gauges();
    s.store_memtable_bytes = store.memtable_bytes;
    s.store_block_cache_bytes = store.block_cache_bytes;
    s.store_sst_bytes = store.sst_bytes;
    s.store_wal_bytes = store.wal_bytes;
    s.store_pending_compaction_bytes = store.pending_compaction_bytes;
    s.store_running_flushes = store.running_flushes;
    s.store_running_compactions = store.running_compactions;
    s.store_stall_micros = store.stall_micros;
    s.store_write_stopped = store.write_stopped;
    static_assert(kStoreTiers.size() == kFamilies);
    for (std::size_t i = 0; i < kFamilies; ++i) {
      s.store_tiers[i] = {store.families[i].table_bytes, store.families[i].keys};
    }
    (void)disk_.check();  // for the figures
    s.disk_free_bytes = disk_.free_bytes();
    s.disk_reserve_bytes = disk_.reserve_bytes();
    return s;
  }

 private:
  struct MarkedView {
    RawView view;
    FoldMark mark;
  };
  Result<MarkedView> raw_view() {
    MarkedView marked{table_.view(*store_), {}};
    if (marked.view.generations.empty()) return marked;
    auto read = read_mark(*store_, *marked.view.store);
    if (!read) return read.error();
    marked.mark = std::move(*read);
    return marked;
  }

  const Options options_;
  CommitCounters commit_counters_;
  Upkeep::Counters upkeep_counters_;
  mutable ReadCounters read_counters_;
  RawTable table_;
  mutable DiskGuard disk_{options_};
  const std::unique_ptr<BelievedClock> clock_;  // outlives the store, whose filters go by it
  std::unique_ptr<Store> store_;
  std::unique_ptr<Committer> committer_;
  RepoFactsTable repo_facts_;
  Horizons horizons_;
  std::unique_ptr<Upkeep> upkeep_;
};

std::optional<Error> check_options(const Options& options) {
  const auto wrong = [](const std::string& what) {
    return Error{ErrorCode::kInvalidArgument, what};
  };
  if (options.clock == nullptr) return wrong("Options::clock is null");
  if (options.fold_interval_ms < 0) {
    return wrong("Options::fold_interval_ms is " + std::to_string(options.fold_interval_ms) +
                 "; 0 or more is accepted");
  }
  if (options.seal_after_ms < 0 || options.seal_interval_ms < 0) {
    return wrong("Options::seal_after_ms and seal_interval_ms must be 0 or more");
  }
  const Retention& kept = options.retention;
  // A minute that is kept is in an hour that is kept, and so on.
  const auto shorter = [](std::int64_t coarse, std::int64_t fine) {
    return coarse != 0 && (fine == 0 || coarse < fine);
  };
  if (shorter(kept.hour_ms, kept.minute_ms) || shorter(kept.day_ms, kept.hour_ms)) {
    return wrong("hours must be kept at least as long as minutes, and days as long as hours");
  }
  if (kept.minute_ms < 0 || kept.hour_ms < 0 || kept.day_ms < 0 || kept.raw_ms < 0 || options.prune_interval_ms < 0) {
    return wrong("Options::retention and prune_interval_ms must be 0 or more");
  }
  if (options.idempotency_window_ms <= 0 || options.snapshot_ms_max <= 0) {
    return wrong("Options::idempotency_window_ms and snapshot_ms_max must be above 0");
  }
  if (options.query_bytes_max < (1U << 20)) {
    return wrong("Options::query_bytes_max is " + std::to_string(options.query_bytes_max) +
                 "; at least 1048576 is accepted");
  }
  if (options.groups_max == 0 || options.groups_max > kGroupsMaxMax) {
    return wrong("Options::groups_max is " + std::to_string(options.groups_max) + "; 1 to " +
                 std::to_string(kGroupsMaxMax) + " is accepted");
  }
  if (options.disk_reserve_percent > 100 || !options.disk_probe) {
    return wrong("Options::disk_reserve_percent is " +
                 std::to_string(options.disk_reserve_percent) +
                 "; 0 to 100 is accepted, and a disk_probe is needed");
  }
  if (options.fold_batch_bytes == 0 || options.commit_queue_bytes_max == 0 ||
      options.unfolded_bytes_max == 0 || options.memtable_bytes < (1U << 20)) {
    return wrong(
        "Options::fold_batch_bytes, commit_queue_bytes_max and unfolded_bytes_max must be above "
        "0, and memtable_bytes at least 1048576");
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(const Options& options) {
  return open_engine_over(options, nullptr);
}

Result<std::unique_ptr<Engine>> open_engine_over(const Options& options, rocksdb::Env* env) {
  if (auto wrong = check_options(options)) return *wrong;
  StoreOptions store_options;
  store_options.path = options.path;
  store_options.create_if_missing = options.create_if_missing;
  store_options.block_cache_bytes = options.block_cache_bytes;
  store_options.memtable_bytes = options.memtable_bytes;
  auto clock = std::make_unique<BelievedClock>(
      BelievedClock::Options{options.clock, options.clock_earliest, options.accept_clock});
  store_options.clock = &clock->expiry_clock();
  store_options.idempotency_window_ms = options.idempotency_window_ms;
  store_options.accept_lost_commits = options.accept_lost_commits;
  store_options.mark_interval_ms = options.mark_interval_ms;
  store_options.env = env;
  auto store = Store::open(store_options);
  if (!store) return store.error();
  const auto sequence = (*store)->last_commit();
  if (!sequence) return sequence.error();
  auto engine = std::make_unique<EngineImpl>(options, std::move(clock), std::move(*store), *sequence);
  if (auto started = engine->start(); !started) return started.error();
  return std::unique_ptr<Engine>(std::move(engine));
}

Store& store_below(Engine& engine) { return static_cast<EngineImpl&>(engine).store(); }

}  // namespace minuted
