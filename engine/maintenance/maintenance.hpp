// All jobs of the maintenance, wired to one store and one scheduler: the fold that makes minutes,
// the roll that makes hours, days and totals of them, the seal that moves rows into pages, the
// pruner that deletes what is past, the collection of series whose last row has expired, and the
// deletion of what an operator names. Their thread is the only one that writes rows; callers ask
// and wait.
#pragma once

#include <cstdint>
#include <functional>

#include "maintenance/collect/collect_job.hpp"
#include "maintenance/fold/fold_job.hpp"
#include "maintenance/fold/folder.hpp"
#include "maintenance/kept_memory.hpp"
#include "maintenance/prune/horizons.hpp"
#include "maintenance/prune/pruner.hpp"
#include "maintenance/remove/remover.hpp"
#include "maintenance/roll/roller.hpp"
#include "maintenance/scheduler.hpp"
#include "maintenance/seal/repo_sealer.hpp"
#include "maintenance/seal/seal_job.hpp"
#include "maintenance/seal/sealer.hpp"
#include "minuted/delete.hpp"
#include "minuted/options.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/disk_guard.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"
#include "write/committer.hpp"

namespace minuted {

class Maintenance {
 public:
  struct Counters {
    FoldCounters fold;
    RollCounters roll;
    SealCounters seal;
    PruneCounters prune;
  };
  // What it works with. Borrowed, all of it.
  struct Parts {
    Store& store;
    RawTable& table;
    const Horizons& horizons;
    BelievedClock& clock;
    Counters& counters;
    DiskGuard& disk;
    ReadRecall& recall;
    const Options& options;
    Committer& writes;  // started; may be stopped before this is
  };

  explicit Maintenance(const Parts& parts);
  // Ends a removal that an earlier process was cut short in; then starts the thread. Once, before
  // anything else.
  Result<void> start();
  ~Maintenance();
  // Lets the step under way end, then the thread. Whoever waits for an answer gets kUnavailable, as
  // does whoever asks later. A removal under way is ended by the next start.
  void stop() { scheduler_.stop(); }

  // These wait for the thread.

  // Folds everything committed before the call, durably. kCorruption if chunks had to be left raw
  // because they cannot be read; the rest is folded all the same. kDiskFull while there is no room:
  // raw events wait, and reads add them up themselves.
  Result<void> fold();

  // Rolls and seals all that is closed now, durably. kCorruption if spans had to be left because
  // they cannot be read. kDiskFull while there is no room: rows stay rows.
  Result<void> seal();

  // See Engine::remove.
  Result<void> remove(const Removal& removal);

  // Rolls all that is closed and deletes all that is past now, durably.
  Result<void> prune();

  // How far hours and days have been written of all pairs. Any thread, once started.
  RolledBefore rolled() const { return roller_.rolled(); }

  // Much is unfolded: a fold need not wait for its interval to end. Cheap.
  void hurry() { scheduler_.hurry(); }

 private:
  Scheduler::Options scheduler_options();
  Result<void> keep_time();
  Result<void> sync();
  void after_fold();

  const Parts parts_;
  const std::function<void(const Error&)> on_write_failure_;
  // The thread's own; start() uses them before there is one.
  RepoRowsBegin repo_rows_begin_;
  Folder folder_;
  Roller roller_;
  Sealer sealer_;
  RepoSealer repo_sealer_;
  Pruner pruner_;
  Remover remover_;
  KeptMemory kept_memory_;
  FoldJob fold_job_;
  SealJob seal_job_;
  CollectJob collect_job_;
  Scheduler scheduler_;  // last: its thread uses everything above
};

}  // namespace minuted
