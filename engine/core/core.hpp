// One opening of the store, and all that works on it: the table of unfolded events, the commit thread, the
// fold thread, the horizons. The engine replaces its core after a write failed; until the new one is
// open, and for as long as a cursor lives, readers use the old one. A core that was opened to read only
// has no threads and takes no writes.
//
// Any thread, but for open(). Cursors keep their core alive.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "write/committer.hpp"
#include "minuted/nodes.hpp"
#include "minuted/options.hpp"
#include "minuted/query.hpp"
#include "minuted/series.hpp"
#include "minuted/status.hpp"
#include "minuted/usage.hpp"
#include "maintenance/prune/horizons.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/disk_guard.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"
#include "maintenance/maintenance.hpp"

namespace minuted {

// How far an opening has come; written by it, read by anybody.
struct OpeningCounters {
  std::atomic<OpeningStage> stage{OpeningStage::kChecking};
  std::atomic<std::uint64_t> log_bytes{0};
  std::atomic<std::uint64_t> chunks_loaded{0};
};

class ReadContext;

class Core : public std::enable_shared_from_this<Core> {
 public:
  // What outlives every core. Borrowed, all of it.
  struct Parts {
    const Options& options;
    CommitCounters& commit_counters;
    Maintenance::Counters& maintenance_counters;
    ReadCounters& read_counters;
    DiskGuard& disk;
    OpeningCounters& opening;
    // A write failed, and this core takes none any more. Called at most a few times, on any thread,
    // perhaps inside the store: it must be short and must not use the core.
    std::function<void(const Error&)> on_write_failure;
  };

  // Opens the store to read and write, brings back what was not folded, ends a removal that was cut
  // short, and starts the threads. Errors as of Engine::open.
  static Result<std::unique_ptr<Core>> open(const Parts& parts, const StoreOptions& store);
  // Opens it to read only. Changes nothing.
  static Result<std::unique_ptr<Core>> open_read_only(const Parts& parts,
                                                      const StoreOptions& store);

  // Commits what is queued unless a write failed, ends the threads, closes the store.
  ~Core();

  bool takes_writes() const { return committer_ != nullptr; }

  // From now on nothing is committed and no file is changed.
  void stop_writes(const Error& reason);
  // After a failed write: whether another core may open the directory.
  bool is_quiet() const { return store_->is_quiet(); }
  // Ends the threads of a core that was replaced, and gives back memory that its last readers can do
  // without. Waits for them.
  void retire();

  Store& store() { return *store_; }
  const Store& store() const { return *store_; }
  // Null if it was opened to read only, as is maintenance().
  Committer* committer() { return committer_.get(); }
  Maintenance* maintenance() { return maintenance_.get(); }
  const BelievedClock& clock() const { return *clock_; }
  const Horizons& horizons() const { return horizons_; }
  const RawTable& table() const { return table_; }

  Result<std::unique_ptr<RowCursor>> query(const QuerySpec& spec);
  Result<std::unique_ptr<EventCursor>> events(const EventQuery& query);
  Result<std::unique_ptr<TotalsCursor>> totals(const TotalsQuery& query);
  Result<std::unique_ptr<NodeCursor>> nodes(const NodeQuery& query);
  Result<std::unique_ptr<SeriesCursor>> series(const SeriesQuery& query);
  Result<std::unique_ptr<UsageCursor>> usage(const UsageQuery& query);

 private:
  Core(const Parts& parts, std::unique_ptr<BelievedClock> clock, std::unique_ptr<Store> store,
       std::uint64_t sequence);
  Result<void> load();
  Result<void> start();
  Result<std::shared_ptr<ReadContext>> begin_read(std::uint32_t steps_per_clock_check);

  const Parts parts_;
  const Options& options_;
  RawTable table_;
  const std::unique_ptr<BelievedClock> clock_;  // outlives the store, whose filters go by it
  std::unique_ptr<Store> store_;
  const std::uint64_t sequence_;  // of the last commit when it was opened
  std::unique_ptr<Committer> committer_;
  Horizons horizons_;
  std::unique_ptr<Maintenance> maintenance_;
};

}  // namespace minuted
