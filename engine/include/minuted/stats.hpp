// What an opened engine tells about itself: counters since open, and gauges of this moment.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/status.hpp"

namespace minuted {

// A histogram over fixed upper bounds, as Prometheus means it, but with counts per bucket.
template <std::size_t N>
struct HistogramCounts {
  std::array<std::uint64_t, N + 1> buckets{};  // bucket i: ≤ bounds[i]; the last: above all
  double sum = 0;
  std::uint64_t count = 0;
};

inline constexpr std::array<double, 12> kSyncSecondsBounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5};
inline constexpr std::array<double, 10> kBatchesPerSyncBounds = {1,  2,  4,   8,   16,
                                                                 32, 64, 128, 256, 1024};

// One column family of the store.
struct StoreTierStats {
  std::string_view tier;    // its name, a constant
  std::uint64_t bytes = 0;  // of the tables in use
  std::uint64_t keys = 0;   // as RocksDB estimates
};

struct EngineStats {
  // Commit.
  std::uint64_t batches_committed = 0;
  std::uint64_t batches_replayed = 0;   // answered from an idempotency key's record
  std::uint64_t batches_overloaded = 0;  // refused: queue full
  std::uint64_t events_committed = 0;
  std::uint64_t chunks_written = 0;
  std::uint64_t chunk_bytes_written = 0;
  std::uint64_t events_duplicate = 0;      // left out: their ids had been committed before
  std::uint64_t batches_rate_limited = 0;  // refused: too many new series
  std::uint64_t batches_disk_full = 0;     // refused: too little space free
  std::uint64_t series_created = 0;
  std::uint64_t series_total = 0;          // in the store
  std::uint64_t events_over_series_max = 0;  // rejected: of a series more than there may be
  std::size_t queue_bytes = 0;
  HistogramCounts<kSyncSecondsBounds.size()> sync_seconds;
  HistogramCounts<kBatchesPerSyncBounds.size()> batches_per_sync;

  // Fold.
  std::uint64_t folds = 0;
  std::uint64_t chunks_folded = 0;
  std::uint64_t events_folded = 0;
  double fold_seconds_sum = 0;
  std::uint64_t raw_bytes_pending = 0;
  std::uint64_t raw_chunks_pending = 0;
  std::size_t unfolded_memory_bytes = 0;
  double fold_lag_seconds = 0;  // age of the oldest commit not yet folded; 0 if none
  std::uint64_t fold_failures = 0;
  std::string fold_error;  // of the last failure; empty if there was none

  // Roll: hours from minutes, days and totals from hours.
  std::uint64_t roll_passes = 0;
  std::uint64_t rows_rolled = 0;  // hours and days written
  std::uint64_t roll_failures = 0;
  std::string roll_error;  // as above

  // Seal.
  std::uint64_t seal_passes = 0;
  std::uint64_t pages_sealed = 0;  // written; those written again count again
  std::uint64_t rows_sealed = 0;   // moved into pages
  std::uint64_t seal_failures = 0;
  std::string seal_error;  // as above

  // Retention.
  std::uint64_t prune_passes = 0;
  std::uint64_t keys_pruned = 0;  // rows, pages and repos' values deleted
  std::uint64_t prune_failures = 0;
  std::string prune_error;  // as above
  bool retention_paused = false;  // nothing expires: see Engine::clock_doubt()

  // Time.
  bool clock_believed = true;  // nothing is stored meanwhile: see Engine::clock_error()

  // Read.
  std::uint64_t queries = 0;
  std::uint64_t rows_read = 0;
  std::uint64_t cursors_open = 0;
  std::uint64_t cursors_expired = 0;
  std::size_t query_bytes = 0;           // held by open cursors
  std::size_t query_bytes_max = 0;
  std::uint64_t queries_over_memory = 0;  // refused: they need too much memory, or others hold it
  std::size_t read_kept_bytes = 0;      // of what was folded and flushed since open cursors began
  std::size_t read_kept_bytes_max = 0;
  std::uint64_t reads_recalled = 0;     // ended because of that bound

  // Of the store's openings.
  std::uint64_t write_failures = 0;  // that stopped all writes until the store was opened again
  EngineState state = EngineState::kOpening;
  std::uint64_t reopens = 0;         // openings after the first one
  std::uint64_t stores_retired = 0;  // earlier openings that readers still use, or that are being closed

  // RocksDB.
  std::uint64_t store_memtable_bytes = 0;
  std::uint64_t store_block_cache_bytes = 0;
  std::uint64_t store_sst_bytes = 0;
  std::uint64_t store_wal_bytes = 0;
  std::uint64_t store_pending_compaction_bytes = 0;
  std::uint64_t store_folded_raw_bytes = 0;  // of tables of raw events that are all folded
  std::uint64_t store_running_flushes = 0;
  std::uint64_t store_running_compactions = 0;
  std::uint64_t store_stall_micros = 0;
  bool store_write_stopped = false;
  std::vector<StoreTierStats> store_tiers;  // all families, always in the same order
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t disk_reserve_bytes = 0;
};

}  // namespace minuted
