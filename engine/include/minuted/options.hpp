// Every knob of an opened engine, with its unit, default, range and cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "minuted/time.hpp"

namespace minuted {

// Bounds on series (repo, bucket, host) that were never seen before, so that a client that makes up
// ids cannot fill the store. Known series are never refused.
struct SeriesLimits {
  // In any minute. A batch is refused whole (kTooManyNewSeries) while the allowance is used up; it
  // refills evenly. The batch that uses it up is let in whatever it brings, and what it took too much
  // is owed, so no batch is too large for ever.
  std::uint64_t new_per_minute_max = 100'000;
  // In the store. Events that would add one more are rejected, the rest of their batch is not.
  std::uint64_t total_max = 10'000'000;
  // The same for the repos named, which count in the bounds above as well.
  std::map<std::string, std::uint64_t, std::less<>> repo_new_per_minute_max;
  std::map<std::string, std::uint64_t, std::less<>> repo_total_max;
};

// The space of the file system a store lies on.
struct DiskSpace {
  std::uint64_t free_bytes = 0;   // to this process
  std::uint64_t total_bytes = 0;
};

// How much there is now at a path; nullopt if the system will not tell. Safe from any thread.
using DiskProbe = std::function<std::optional<DiskSpace>(const std::string& path)>;
std::optional<DiskSpace> system_disk_space(const std::string& path);

// How long each tier is kept, milliseconds; 0 = for ever. Totals always are. What is past is no longer
// in any answer, at once; its space comes back within hours. Events older than the minutes that are
// kept are not for the store: DecodeContext::oldest is Engine::oldest_event().
struct Retention {
  std::int64_t minute_ms = 0;
  std::int64_t hour_ms = 0;
  std::int64_t day_ms = 0;
  // Of raw events once they are folded: 0 = not at all, unlike the others. Costs about as many bytes on
  // disk as the events took, and as much again to write.
  std::int64_t raw_ms = 0;
};

struct Options {
  // The directory that holds everything. Made if absent, unless create_if_missing is false.
  // One process at a time.
  std::string path;
  bool create_if_missing = true;

  // Open a store whose log has lost commits that were acknowledged (it was damaged or cut off) without
  // them; Engine::opening_notes() then says what was lost. Otherwise such a store is refused with
  // kCommitsLost, and nothing in it is changed.
  bool accept_lost_commits = false;

  // How far the record of what was acknowledged may lag behind, milliseconds: a log that lost its end
  // within this time before a crash is taken for one that was never longer. 0 = the record is written
  // after each commit, which costs one more sync.
  std::int64_t mark_interval_ms = 1000;

  // Borrowed; must outlive the engine.
  const Clock* clock = &system_clock();

  // Milliseconds between background folds; 0 = fold only when asked. Longer means fewer keys written
  // per event, and more raw events for each read to add up itself.
  std::int64_t fold_interval_ms = 2000;

  // Raw bytes and rollups of one atomic batch of a fold, at most (one minute may go past it). Bounds
  // the fold's memory, and how long a commit waits behind it: some 5 ms a MiB.
  std::size_t fold_batch_bytes = 1U << 20;

  // How long after a span of rows ended (6 hours of minutes, 15 days of hours) it is sealed into a page,
  // a tenth of its size. Late events are welcome all the same: they are added to the page later.
  std::int64_t seal_after_ms = 60 * kMillisPerMinute;
  // Milliseconds between two passes that look for what to seal, at least; 0 = seal only when asked.
  // A pass costs a seek a (repo, bucket), and begins when a span closed or late events were folded.
  std::int64_t seal_interval_ms = 10 * kMillisPerMinute;

  Retention retention;
  // Milliseconds between two passes that delete what is past, at least; 0 = only when asked. A pass
  // costs a seek a (repo, bucket) and tier.
  std::int64_t prune_interval_ms = 60 * kMillisPerMinute;

  // Believe the clock whatever it says. Otherwise one that leaps is not believed: more than 10 minutes
  // before the newest commit on record, or before clock_earliest, nothing is stored; more than a day past
  // that commit nothing expires and only events with timestamps of their own are taken, until one of them
  // confirms the time, or as much monotonic time has passed.
  bool accept_clock = false;
  // No time before it can be right, such as the date of the program's build; 0 = any can.
  Millis clock_earliest{0};

  // Memory of the events that are not folded yet, which are kept for reads; at a third of it a fold
  // begins, whatever the interval, and beyond it appends wait.
  std::size_t unfolded_bytes_max = 48U << 20;

  // How long an append waits for room among the unfolded events, milliseconds, in the order in which
  // appends came; then it is refused with kOverloaded. 0: at once.
  std::int64_t append_wait_ms_max = 5 * kMillisPerSecond;

  // Memory of the batches waiting for the commit thread or for room; an append that would pass it is
  // refused with kOverloaded at once. One batch larger than this is let in when nothing else waits.
  std::size_t commit_queue_bytes_max = 48U << 20;

  // How long an idempotency key is remembered, milliseconds; older ones count as new.
  std::int64_t idempotency_window_ms = 48 * 60 * kMillisPerMinute;

  // How long one read may hold its snapshot, milliseconds; then it ends with kExpired. A snapshot
  // keeps deleted data from being reclaimed.
  std::int64_t snapshot_ms_max = 60 * kMillisPerSecond;

  // Groups that one read may add its rows up to (kTooManyGroups beyond), some 120 bytes and the ids of
  // each, or twice that with more columns than sums; their sketches, where those are asked for, may take
  // 112 bytes times this besides.
  std::size_t groups_max = 1'000'000;

  // Memory of all reads together: groups, sketches, decoded pages and lists of ids. A read that needs more
  // than seven eighths of it is refused with kQueryTooLarge, one that finds it held by others with
  // kOverloaded. At least 1 MiB.
  std::size_t query_bytes_max = 96U << 20;

  // Memory that reads keep of what was written since they began: events folded and memtables flushed
  // meanwhile, which the view of a read still shows. Past it the oldest reads end with kOverloaded.
  std::size_t read_kept_bytes_max = 64U << 20;

  SeriesLimits series;

  // Nodes that may be known by what was told of them (descriptions, heartbeats), so that a client that
  // makes up names cannot fill the store; more are refused with kTooManyNodes. Hosts of events do not count.
  std::uint64_t nodes_max = 100'000;

  // Space to leave free: while less than the larger of these is, writes are refused (kDiskFull) and
  // folds wait, while reads go on; they resume by themselves. What RocksDB does in the background may
  // use the reserve. 0 and 0 = no reserve.
  std::uint64_t disk_reserve_bytes = 1U << 30;
  std::uint32_t disk_reserve_percent = 5;  // of the file system, 0 … 100
  DiskProbe disk_probe = system_disk_space;

  // Milliseconds after which a directory that takes no writes is looked at again: the first time, and at
  // most, the pause being doubled each time. Above 0.
  std::int64_t reopen_pause_ms_min = 250;
  std::int64_t reopen_pause_ms_max = 2000;

  // RocksDB's block cache, and its memtables with those that are being flushed, bytes. A flush begins at
  // five eighths of the memtables' share.
  std::size_t block_cache_bytes = 64U << 20;
  std::size_t memtable_bytes = 80U << 20;
};

}  // namespace minuted
