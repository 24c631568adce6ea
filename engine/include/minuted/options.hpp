// Every knob of an opened engine, with its unit, default, range and cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "minuted/time.hpp"

namespace minuted {

struct Options {
  // The directory that holds everything. Made if absent, unless create_if_missing is false.
  // One process at a time.
  std::string path;
  bool create_if_missing = true;

  // Open a store whose log has lost commits that were acknowledged (its end was cut off), without
  // them. Otherwise such a store is refused with kCorruption.
  bool accept_lost_commits = false;

  // Borrowed; must outlive the engine. What "now" means for idempotency keys and snapshots.
  const Clock* clock = &system_clock();

  // Milliseconds between background folds; 0 = fold only when asked. Longer means fewer keys written
  // per event, and more raw events for each read to add up itself.
  std::int64_t fold_interval_ms = 2000;

  // Raw bytes folded in one atomic batch, at most (one chunk may go past it). Bounds the fold's
  // memory: a batch holds about its size again in rollups.
  std::size_t fold_batch_bytes = 8U << 20;

  // Memory of the batches waiting for the commit thread; an append that would pass it is refused
  // with kOverloaded. One batch larger than this is let in when nothing else waits.
  std::size_t commit_queue_bytes_max = 64U << 20;

  // How long an idempotency key is remembered, milliseconds; older ones count as new.
  std::int64_t idempotency_window_ms = 48 * 60 * kMillisPerMinute;

  // How long one read may hold its snapshot, milliseconds; then it ends with kExpired. A snapshot
  // keeps deleted data from being reclaimed.
  std::int64_t snapshot_ms_max = 60 * kMillisPerSecond;

  // RocksDB's block cache and the sum of its memtables, bytes.
  std::size_t block_cache_bytes = 64U << 20;
  std::size_t memtable_bytes = 64U << 20;
};

}  // namespace minuted
