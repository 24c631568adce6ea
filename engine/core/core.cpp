#include "core/core.hpp"

#include <utility>

#include "maintenance/fold/folder.hpp"
#include "query/event_scan.hpp"
#include "query/group_scan.hpp"
#include "query/node_scan.hpp"
#include "query/read_context.hpp"
#include "query/row_scan.hpp"
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

// What a read takes at one moment. Its view keeps this core.
Result<std::shared_ptr<ReadContext>> Core::begin_read(std::uint32_t steps_per_clock_check) {
  // Before the view, which then has at least as much.
  const RolledBefore rolled = maintenance_ ? maintenance_->rolled() : RolledBefore{};
  RawView view = table_.view(*store_);
  view.rolled = rolled;
  // After the view: what has been pruned in it must be past.
  ReadContext::Options options;
  options.clock = options_.clock;
  options.lifetime_ms = options_.snapshot_ms_max;
  options.steps_per_clock_check = steps_per_clock_check;
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    options.horizons[static_cast<std::size_t>(span)] = horizons_.of(span);
  }
  options.archive_begin = horizons_.of_archive();
  options.now = clock_->present();
  options.groups_max = options_.groups_max;
  return ReadContext::open(std::move(view), *store_, shared_from_this(), options,
                           parts_.read_counters);
}

Result<std::unique_ptr<RowCursor>> Core::query(const QuerySpec& spec) {
  auto read = begin_read(ReadContext::kRowSteps);
  if (!read) return read.error();
  if (!merges_rows(spec)) {
    return std::unique_ptr<RowCursor>(std::make_unique<RowScan>(std::move(*read), spec));
  }
  auto rows = std::make_unique<RowScan>(*read, rows_to_merge(spec));
  return merge_rows(std::move(rows), spec, std::move(*read));
}

Result<std::unique_ptr<EventCursor>> Core::events(const EventQuery& query) {
  auto read = begin_read(ReadContext::kRowSteps);
  if (!read) return read.error();
  return std::unique_ptr<EventCursor>(std::make_unique<EventScan>(std::move(*read), query));
}

Result<std::unique_ptr<TotalsCursor>> Core::totals(const TotalsQuery& query) {
  auto read = begin_read(ReadContext::kSeekSteps);
  if (!read) return read.error();
  return std::unique_ptr<TotalsCursor>(std::make_unique<TotalsScan>(std::move(*read), query));
}

Result<std::unique_ptr<NodeCursor>> Core::nodes(const NodeQuery& query) {
  auto read = begin_read(ReadContext::kSeekSteps);
  if (!read) return read.error();
  return std::unique_ptr<NodeCursor>(std::make_unique<NodeScan>(std::move(*read), query));
}

Result<std::unique_ptr<SeriesCursor>> Core::series(const SeriesQuery& query) {
  auto read = begin_read(ReadContext::kSeekSteps);
  if (!read) return read.error();
  return std::unique_ptr<SeriesCursor>(std::make_unique<SeriesScan>(std::move(*read), query));
}

Result<std::unique_ptr<UsageCursor>> Core::usage(const UsageQuery& query) {
  auto read = begin_read(ReadContext::kSeekSteps);
  if (!read) return read.error();
  return std::unique_ptr<UsageCursor>(std::make_unique<StorageScan>(std::move(*read), query));
}

}  // namespace minuted
