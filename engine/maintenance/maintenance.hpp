// Whoever writes rows: the fold that makes minutes, the roll that makes hours, days and totals of them, the
// seal that moves rows into pages, the pruner that deletes what is past, the remover that deletes what an operator names. One at a time, under one mutex; a thread of its own does them by themselves:
// a fold at an interval, or sooner when much has piled up, and the others in the time between, step by
// step, so that no fold waits long. Any thread may ask for each.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "maintenance/fold/folder.hpp"
#include "minuted/delete.hpp"
#include "minuted/options.hpp"
#include "maintenance/prune/horizons.hpp"
#include "maintenance/prune/pruner.hpp"
#include "maintenance/remove/remover.hpp"
#include "maintenance/roll/roller.hpp"
#include "maintenance/seal/repo_sealer.hpp"
#include "maintenance/seal/sealer.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/disk_guard.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"
#include "maintenance/kept_memory.hpp"

namespace minuted {

class Upkeep {
 public:
  using HasRows = std::function<Result<bool>(std::string_view prefix, std::string_view host)>;
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
    std::function<void(const Error&)> on_write_failure;  // called once a write failed, any thread
    // Takes series of a repo (of all, if empty) that have no rows any more out of those known; see
    // Committer::forget_series.
    std::function<Result<std::string>(std::string_view repo, std::string_view from,
                                      const HasRows& has_rows)>
        forget_series;
  };

  explicit Upkeep(const Parts& parts);
  // Ends a removal that an earlier process was cut short in; then starts the thread. Once, before
  // anything else, when forget_series can be called.
  Result<void> start();
  ~Upkeep();
  // Lets a running fold finish its batch, then ends the thread. What others ask for still runs.
  void stop();

  // Folds everything committed before the call. kSynced: and it is durable. kCorruption if chunks
  // had to be left raw because they cannot be read; the rest is folded all the same. kDiskFull while
  // there is no room: raw events wait, and reads add them up themselves.
  Result<void> fold(Durability durability);

  // Rolls and seals all that is closed now, durably. kCorruption if spans had to be left because they cannot be
  // read. kDiskFull while there is no room: rows stay rows.
  Result<void> seal();

  // See Engine::remove.
  Result<void> remove(const Removal& removal);

  // Rolls all that is closed and deletes all that is past now, durably.
  Result<void> prune();

  // How far hours and days have been written of all pairs. Any thread, once started.
  RolledBefore rolled() const { return roller_.rolled(); }

  // The thread need not wait for the interval to end. Cheap.
  void hurry();

 private:
  void run();
  void tend();
  Result<void> roll();
  Result<bool> roll_step();
  Result<bool> seal_step();
  Result<bool> prune_step();
  Result<void> forget_removed(const Removal& removal);
  Result<bool> forget_past();
  Result<void> keep_time();
  Result<void> sync();
  void check_kept_memory();
  bool wanted_elsewhere();

  const Parts parts_;
  std::mutex rows_mutex_;  // held through a fold, and a step of anything else
  RepoRowsBegin repo_rows_begin_;  // under rows_mutex_, these eight
  Folder folder_;
  Roller roller_;
  Sealer sealer_;
  RepoSealer repo_sealer_;
  Pruner pruner_;
  Remover remover_;
  KeptMemory kept_memory_;
  std::optional<std::string> forget_from_;  // a pass has ended: where to look for past series next
  std::mutex mutex_;  // guards hurry_ and stopping_
  std::condition_variable wake_;
  bool hurry_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace minuted
