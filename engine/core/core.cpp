#include "core/core.hpp"

#include <utility>

#include "maintenance/fold/folder.hpp"
#include "query/event_scan.hpp"
#include "query/group_scan.hpp"
#include "query/node_scan.hpp"
#include "query/scan.hpp"
#include "query/series_scan.hpp"
#include "query/storage_scan.hpp"
#include "query/totals_scan.hpp"

namespace minuted {
namespace {

// Of log that the next start may have to replay, some 15 ms a MB, after a close; more is written out as
// tables, which takes the close as long.
constexpr std::uint64_t kReplayedBytesMax = 8U << 20;

}  // namespace

namespace {

std::unique_ptr<BelievedClock> make_clock(const Options& options) {
  return std::make_unique<BelievedClock>(
      BelievedClock::Options{options.clock, options.clock_earliest, options.accept_clock});
}

}  // namespace

Core::Core(const Parts& parts, std::unique_ptr<BelievedClock> clock, std::unique_ptr<Store> store,
           std::uint64_t sequence)
    : parts_(parts),
      options_(parts.options),
      table_(parts.read_counters.recall),
      clock_(std::move(clock)),
      store_(std::move(store)),
      sequence_(sequence),
      horizons_(options_.retention, *clock_) {}

Result<std::unique_ptr<Core>> Core::open(const Parts& parts, const StoreOptions& given) {
  StoreOptions options = given;
  options.on_write_failure = parts.on_write_failure;
  auto clock = make_clock(parts.options);
  options.clock = &clock->expiry_clock();
  auto store = Store::open(options);
  if (!store) return store.error();
  const auto sequence = (*store)->last_commit();
  if (!sequence) return sequence.error();
  std::unique_ptr<Core> core(new Core(parts, std::move(clock), std::move(*store), *sequence));
  if (auto loaded = core->load(); !loaded) return loaded.error();
  if (auto started = core->start(); !started) return started.error();
  // RocksDB opens in spite of some failures, such as of the file of its options.
  if (auto failed = core->store_->write_failure()) return *failed;
  return core;
}

Result<std::unique_ptr<Core>> Core::open_read_only(const Parts& parts,
                                                   const StoreOptions& given) {
  StoreOptions options = given;
  auto clock = make_clock(parts.options);
  options.clock = &clock->expiry_clock();
  options.nobody_writes = true;
  auto store = Store::open_read_only(options);
  if (!store) return store.error();
  const auto sequence = (*store)->last_commit();
  if (!sequence) return sequence.error();
  std::unique_ptr<Core> core(new Core(parts, std::move(clock), std::move(*store), *sequence));
  if (auto loaded = core->load(); !loaded) return loaded.error();
  return core;
}

Result<void> Core::load() {
  parts_.opening.stage = OpeningStage::kLoading;
  if (auto read = clock_->open(*store_); !read) return read;
  return load_unfolded(*store_, table_, options_.clock->steady_ms(), &parts_.opening.chunks_loaded);
}

Result<void> Core::start() {
  parts_.opening.stage = OpeningStage::kStarting;
  committer_ = std::make_unique<Committer>(
      Committer::Parts{*store_, table_, parts_.commit_counters, parts_.disk, *clock_, options_,
                       [this] { maintenance_->hurry(); }, parts_.on_write_failure},
      sequence_);
  if (auto started = committer_->start(); !started) return started;
  maintenance_ = std::make_unique<Maintenance>(
      Maintenance::Parts{*store_, table_, horizons_, *clock_, parts_.maintenance_counters, parts_.disk,
                         parts_.read_counters.recall, options_, *committer_});
  return maintenance_->start();
}

Core::~Core() {
  if (!committer_) return;
  committer_->stop();  // commits what is queued; may hurry a fold until then
  maintenance_.reset();     // may tell the committer of a failure until then
  if (store_->write_failure()) return;
  if (store_->gauges().wal_bytes > kReplayedBytesMax) (void)store_->flush();
}

void Core::stop_writes(const Error& reason) {
  store_->stop_writes(reason);
  if (committer_) committer_->fail(reason);
}

void Core::retire() {
  if (committer_) committer_->stop();
  if (maintenance_) maintenance_->stop();
  store_->shrink_cache();
}

// What a reader takes at one moment. With its view goes this core.
Result<Core::MarkedView> Core::raw_view() {
  // Before the view, which then has at least as much.
  const RolledBefore rolled = maintenance_ ? maintenance_->rolled() : RolledBefore{};
  MarkedView marked{table_.view(*store_), {}};
  marked.view.rolled = rolled;
  View* const view = marked.view.store.get();
  marked.view.store = std::shared_ptr<View>(
      view, [core = shared_from_this(), kept = std::move(marked.view.store)](View*) mutable {
        kept.reset();
        core.reset();
      });
  if (marked.view.generations.empty()) return marked;
  auto read = read_mark(*store_, *view);
  if (!read) return read.error();
  marked.mark = std::move(*read);
  return marked;
}

Result<std::unique_ptr<RowCursor>> Core::query(const QuerySpec& spec) {
  auto view = raw_view();
  if (!view) return view.error();
  const bool grouped = merges_rows(spec);
  auto rows = std::make_unique<RowScan>(
      std::move(view->view), view->mark, grouped ? rows_to_merge(spec) : spec,
      RowScan::Options{options_.snapshot_ms_max, options_.clock, horizons_.of(spec.span)},
      parts_.read_counters);
  if (!grouped) return std::unique_ptr<RowCursor>(std::move(rows));
  const RowScan* const scan = rows.get();
  return merge_rows(std::move(rows), spec, options_.groups_max, parts_.read_counters,
                    [scan] { return scan->held_bytes(); });
}

Result<std::unique_ptr<EventCursor>> Core::events(const EventQuery& query) {
  auto view = raw_view();
  if (!view) return view.error();
  return std::unique_ptr<EventCursor>(std::make_unique<EventScan>(
      std::move(view->view), view->mark, query,
      EventScan::Options{options_.snapshot_ms_max, options_.clock, horizons_.of_archive()},
      parts_.read_counters));
}

Result<std::unique_ptr<TotalsCursor>> Core::totals(const TotalsQuery& query) {
  auto view = raw_view();
  if (!view) return view.error();
  return std::unique_ptr<TotalsCursor>(std::make_unique<TotalsScan>(
      std::move(view->view), view->mark, query,
      TotalsScan::Options{options_.snapshot_ms_max, options_.clock}, parts_.read_counters));
}

Result<std::unique_ptr<NodeCursor>> Core::nodes(const NodeQuery& query) {
  auto view = raw_view();
  if (!view) return view.error();
  return std::unique_ptr<NodeCursor>(std::make_unique<NodeScan>(
      std::move(view->view), view->mark, query,
      NodeScan::Options{options_.snapshot_ms_max, options_.clock, horizons_.of(Span::kDay),
                        clock_->present(), horizons_.of_archive()},
      parts_.read_counters));
}

Result<std::unique_ptr<SeriesCursor>> Core::series(const SeriesQuery& query) {
  auto view = raw_view();
  if (!view) return view.error();
  return std::unique_ptr<SeriesCursor>(std::make_unique<SeriesScan>(
      std::move(view->view), view->mark, query,
      SeriesScan::Options{options_.snapshot_ms_max, options_.clock, horizons_.of(Span::kDay),
                          horizons_.of_archive()},
      parts_.read_counters));
}

Result<std::unique_ptr<StorageCursor>> Core::storage(const StorageQuery& query) {
  auto view = raw_view();
  if (!view) return view.error();
  return std::unique_ptr<StorageCursor>(std::make_unique<StorageScan>(
      std::move(view->view), view->mark, query,
      StorageScan::Options{options_.snapshot_ms_max,
                           options_.clock,
                           {horizons_.of(Span::kMinute), horizons_.of(Span::kHour),
                            horizons_.of(Span::kDay)},
                           options_.groups_max},
      parts_.read_counters));
}

}  // namespace minuted
