#include "render/engine_metrics.hpp"

#include <string_view>

namespace minuted::render {
namespace {

constexpr double kMicrosPerSecond = 1e6;

template <class Number>
void counter(MetricsWriter& out, std::string_view name, Number value, std::string_view help) {
  out.counter(name, help);
  out.sample(value);
}

template <class Number>
void gauge(MetricsWriter& out, std::string_view name, Number value, std::string_view help) {
  out.gauge(name, help);
  out.sample(value);
}

void append_commit(const EngineStats& stats, MetricsWriter& out) {
  out.counter("minuted_commit_batches_total",
              "Batches by outcome: committed, replayed (answered from an idempotency key's record), "
              "or refused: overloaded (too much waits to be committed or folded), rate_limited (too many new series) "
              "or disk_full (less than the reserve is free).");
  out.sample(stats.batches_committed, {{"outcome", "committed"}});
  out.sample(stats.batches_replayed, {{"outcome", "replayed"}});
  out.sample(stats.batches_overloaded, {{"outcome", "overloaded"}});
  out.sample(stats.batches_rate_limited, {{"outcome", "rate_limited"}});
  out.sample(stats.batches_disk_full, {{"outcome", "disk_full"}});
  counter(out, "minuted_commit_events_total", stats.events_committed, "Events made durable.");
  counter(out, "minuted_commit_duplicate_events_total", stats.events_duplicate,
          "Events left out because an event of the same id had been committed before.");
  counter(out, "minuted_commit_chunks_total", stats.chunks_written,
          "Chunks of raw events written.");
  counter(out, "minuted_commit_chunk_bytes_total", stats.chunk_bytes_written,
          "Bytes of the chunks of raw events written.");
  counter(out, "minuted_series_created_total", stats.series_created,
          "Series (repo, bucket, host) seen for the first time.");
  gauge(out, "minuted_series", stats.series_total, "Series (repo, bucket, host) in the store.");
  counter(out, "minuted_events_over_series_max_total", stats.events_over_series_max,
          "Events rejected because they would have added a series more than there may be.");
  gauge(out, "minuted_commit_queue_bytes", std::uint64_t{stats.queue_bytes},
        "Memory of the batches that wait for the commit thread.");
  out.histogram("minuted_commit_sync_seconds", "Time of one synced write of a commit group.");
  out.sample_histogram(kSyncSecondsBounds, stats.sync_seconds);
  out.histogram("minuted_commit_batches_per_sync", "Batches that shared one synced write.");
  out.sample_histogram(kBatchesPerSyncBounds, stats.batches_per_sync);
}

void append_fold(const EngineStats& stats, MetricsWriter& out) {
  counter(out, "minuted_folds_total", stats.folds, "Folds of raw events into rollups completed.");
  counter(out, "minuted_fold_failures_total", stats.fold_failures, "Folds that failed.");
  counter(out, "minuted_fold_chunks_total", stats.chunks_folded, "Chunks of raw events folded.");
  counter(out, "minuted_fold_events_total", stats.events_folded, "Events folded.");
  counter(out, "minuted_fold_seconds_total", stats.fold_seconds_sum, "Time spent folding.");
  gauge(out, "minuted_fold_pending_bytes", stats.raw_bytes_pending,
        "Bytes of the chunks that are not folded yet.");
  gauge(out, "minuted_fold_pending_chunks", stats.raw_chunks_pending,
        "Chunks that are not folded yet.");
  gauge(out, "minuted_fold_pending_memory_bytes", std::uint64_t{stats.unfolded_memory_bytes},
        "Memory of the events that are not folded yet.");
  gauge(out, "minuted_fold_lag_seconds", stats.fold_lag_seconds,
        "Age of the oldest commit that is not folded yet, 0 if none.");
}

void append_roll(const EngineStats& stats, MetricsWriter& out) {
  counter(out, "minuted_roll_passes_total", stats.roll_passes,
          "Passes that wrote the hours, days and totals of closed minutes.");
  counter(out, "minuted_roll_rows_total", stats.rows_rolled, "Hours and days written by passes.");
  counter(out, "minuted_roll_failures_total", stats.roll_failures,
          "Passes that failed; they are continued later.");
}

void append_seal(const EngineStats& stats, MetricsWriter& out) {
  counter(out, "minuted_seal_passes_total", stats.seal_passes,
          "Looks through all rows for spans that are closed.");
  counter(out, "minuted_seal_pages_total", stats.pages_sealed,
          "Pages written; those that late events made anew count again.");
  counter(out, "minuted_seal_rows_total", stats.rows_sealed, "Rows moved into pages.");
  counter(out, "minuted_seal_failures_total", stats.seal_failures,
          "Spans that could not be sealed, and stay as they are.");
}

void append_retention(const EngineStats& stats, MetricsWriter& out) {
  counter(out, "minuted_retention_passes_total", stats.prune_passes,
          "Looks through all rows for what is past its retention.");
  counter(out, "minuted_retention_keys_total", stats.keys_pruned,
          "Rows, pages and repos' values deleted because they were past.");
  counter(out, "minuted_retention_failures_total", stats.prune_failures,
          "Passes that failed; the next tries again.");
  gauge(out, "minuted_retention_paused", std::uint64_t{stats.retention_paused},
        "1 while nothing expires: the clock leapt ahead by more than a day, unconfirmed.");
  gauge(out, "minuted_clock_believed", std::uint64_t{stats.clock_believed},
        "0 while pushes are refused: the clock is before the newest commit or the build's date.");
}

void append_read(const EngineStats& stats, MetricsWriter& out) {
  counter(out, "minuted_queries_total", stats.queries, "Queries begun.");
  counter(out, "minuted_query_rows_total", stats.rows_read, "Rows handed out by queries.");
  gauge(out, "minuted_query_cursors", stats.cursors_open,
        "Queries under way, each holding a snapshot.");
  counter(out, "minuted_query_cursors_expired_total", stats.cursors_expired,
          "Queries ended because their snapshot had lived too long.");
  gauge(out, "minuted_query_memory_bytes", std::uint64_t{stats.query_bytes},
        "Memory that queries hold: groups, sketches, decoded pages, lists of ids.");
  gauge(out, "minuted_query_memory_max_bytes", std::uint64_t{stats.query_bytes_max},
        "Memory that all queries together may hold (query-bytes-max).");
  counter(out, "minuted_queries_over_memory_total", stats.queries_over_memory,
          "Queries refused because they need more memory than one may hold, or others hold it.");
  gauge(out, "minuted_query_kept_bytes", std::uint64_t{stats.read_kept_bytes},
        "Memory of folded events and flushed memtables that queries under way still show.");
  gauge(out, "minuted_query_kept_max_bytes", std::uint64_t{stats.read_kept_bytes_max},
        "Above that the oldest queries are ended.");
  counter(out, "minuted_queries_recalled_total", stats.reads_recalled,
          "Queries ended because of what they kept in memory.");
}

void append_store(const EngineStats& stats, MetricsWriter& out) {
  gauge(out, "minuted_store_memtable_bytes", stats.store_memtable_bytes,
        "Memory of the memtables.");
  gauge(out, "minuted_store_block_cache_bytes", stats.store_block_cache_bytes,
        "Memory of the block cache in use.");
  gauge(out, "minuted_store_sst_bytes", stats.store_sst_bytes, "Size of the table files on disk.");
  gauge(out, "minuted_store_wal_bytes", stats.store_wal_bytes,
        "Size of the write-ahead log on disk.");
  gauge(out, "minuted_store_folded_raw_bytes", stats.store_folded_raw_bytes,
        "Bytes of tables of raw events that are all folded, which are deleted with a flush to come.");
  gauge(out, "minuted_store_pending_compaction_bytes", stats.store_pending_compaction_bytes,
        "Bytes that compactions have yet to rewrite, as estimated.");
  gauge(out, "minuted_store_running_flushes", stats.store_running_flushes, "Flushes under way.");
  gauge(out, "minuted_store_running_compactions", stats.store_running_compactions,
        "Compactions under way.");
  counter(out, "minuted_store_stall_seconds_total",
          static_cast<double>(stats.store_stall_micros) / kMicrosPerSecond,
          "Time writes were held back by flushes and compactions.");
  gauge(out, "minuted_disk_free_bytes", stats.disk_free_bytes,
        "Bytes free on the disk of the data, as last looked.");
  gauge(out, "minuted_disk_reserve_bytes", stats.disk_reserve_bytes,
        "Bytes that must stay free there; with less, writes are refused.");
  gauge(out, "minuted_store_write_stopped", std::uint64_t{stats.store_write_stopped},
        "1 while the store takes no writes, else 0.");
}

void append_openings(const EngineStats& stats, MetricsWriter& out) {
  out.gauge("minuted_engine_state",
            "1 for what the engine does: opening its store, serving reads and writes (writable), serving "
            "reads of a directory that took no writes at the start (read_only), serving reads after a "
            "write failed (stopped), or none of it (refused).");
  for (const EngineState state : {EngineState::kOpening, EngineState::kWritable,
                                  EngineState::kReadOnly, EngineState::kStopped,
                                  EngineState::kRefused}) {
    out.sample(std::uint64_t{state == stats.state}, {{"state", to_string(state)}});
  }
  counter(out, "minuted_write_failures_total", stats.write_failures,
          "Failed writes that stopped all others until the store was opened again.");
  counter(out, "minuted_store_reopens_total", stats.reopens,
          "Times the store was opened again without a restart.");
  gauge(out, "minuted_store_retired_openings", stats.stores_retired,
        "Earlier openings of the store that reads still use, or that are being closed.");
}

void append_store_tiers(const EngineStats& stats, MetricsWriter& out) {
  out.gauge("minuted_store_tier_bytes", "Size of the tables in use on disk, by what they hold.");
  for (const StoreTierStats& family : stats.store_tiers) {
    out.sample(family.bytes, {{"tier", family.tier}});
  }
  out.gauge("minuted_store_tier_keys",
            "Keys in the store, by what they are, as RocksDB estimates: overwritten and deleted ones "
            "may count until they are compacted.");
  for (const StoreTierStats& family : stats.store_tiers) {
    out.sample(family.keys, {{"tier", family.tier}});
  }
}

}  // namespace

void append_engine_metrics(const EngineStats& stats, MetricsWriter& out) {
  append_commit(stats, out);
  append_fold(stats, out);
  append_roll(stats, out);
  append_seal(stats, out);
  append_retention(stats, out);
  append_read(stats, out);
  append_store(stats, out);
  append_openings(stats, out);
  append_store_tiers(stats, out);
}

}  // namespace minuted::render
