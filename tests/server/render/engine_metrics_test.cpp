// Promise: every figure the engine keeps is on the metrics page, once, in base units, under a name
// that does not change.
#include "render/engine_metrics.hpp"

#include <gtest/gtest.h>

#include <set>

#include "server/render/exposition_grammar.hpp"

namespace minuted::render {
namespace {

using test::Family;
using test::Sample;

std::string text_of(const EngineStats& stats) {
  std::string out;
  MetricsWriter writer(out);
  append_engine_metrics(stats, writer);
  return out;
}

std::vector<Family> families_of(const EngineStats& stats) {
  auto result = test::read_exposition(text_of(stats));
  if (const auto* fault = std::get_if<std::string>(&result)) {
    ADD_FAILURE() << *fault;
    return {};
  }
  return std::get<std::vector<Family>>(result);
}

// Every field another number.
EngineStats numbered() {
  EngineStats stats;
  stats.batches_committed = 101;
  stats.batches_replayed = 102;
  stats.batches_overloaded = 103;
  stats.batches_rate_limited = 131;
  stats.batches_disk_full = 132;
  stats.series_total = 133;
  stats.events_over_series_max = 134;
  stats.disk_free_bytes = 135;
  stats.disk_reserve_bytes = 136;
  stats.events_committed = 104;
  stats.events_duplicate = 138;
  stats.chunks_written = 105;
  stats.chunk_bytes_written = 106;
  stats.series_created = 107;
  stats.queue_bytes = 108;
  for (std::size_t i = 0; i < stats.sync_seconds.buckets.size(); ++i) {
    stats.sync_seconds.buckets[i] = i + 1;
  }
  stats.sync_seconds.sum = 109.5;
  stats.sync_seconds.count = 91;
  stats.batches_per_sync.buckets.fill(1);
  stats.batches_per_sync.sum = 110;
  stats.batches_per_sync.count = 11;
  stats.unfolded_memory_bytes = 137;
  stats.folds = 111;
  stats.chunks_folded = 112;
  stats.events_folded = 113;
  stats.fold_seconds_sum = 114.25;
  stats.raw_bytes_pending = 115;
  stats.raw_chunks_pending = 116;
  stats.fold_lag_seconds = 117.125;
  stats.fold_failures = 118;
  stats.roll_passes = 150;
  stats.rows_rolled = 151;
  stats.roll_failures = 152;
  stats.seal_passes = 139;
  stats.pages_sealed = 140;
  stats.rows_sealed = 141;
  stats.seal_failures = 142;
  stats.prune_passes = 143;
  stats.keys_pruned = 144;
  stats.prune_failures = 145;
  stats.retention_paused = true;
  stats.queries = 119;
  stats.rows_read = 120;
  stats.cursors_open = 121;
  stats.cursors_expired = 122;
  stats.state = EngineState::kWritable;
  stats.write_failures = 149;
  stats.reopens = 150;
  stats.stores_retired = 151;
  stats.query_bytes = 146;
  stats.query_bytes_max = 147;
  stats.queries_over_memory = 148;
  stats.read_kept_bytes = 152;
  stats.read_kept_bytes_max = 153;
  stats.reads_recalled = 154;
  stats.store_memtable_bytes = 123;
  stats.store_block_cache_bytes = 124;
  stats.store_sst_bytes = 125;
  stats.store_wal_bytes = 126;
  stats.store_pending_compaction_bytes = 127;
  stats.store_folded_raw_bytes = 201;
  stats.store_running_flushes = 128;
  stats.store_running_compactions = 129;
  stats.store_stall_micros = 130'500'000;
  stats.store_write_stopped = true;
  stats.store_tiers = {{"meta", 202, 300}, {"minute_page", 203, 301}};
  return stats;
}

// Name, labels and value of every sample but the histograms', one a line, and the types.
std::string samples_of(const EngineStats& stats) {
  std::string lines;
  for (const Family& family : families_of(stats)) {
    if (family.type == "histogram") continue;
    for (const Sample& sample : family.samples) {
      lines += family.type + ' ' + sample.name;
      for (const auto& [name, value] : sample.labels) lines += ' ' + name + '=' + value;
      std::string value = std::to_string(sample.value);
      value.erase(value.find_last_not_of('0') + 1);
      if (value.ends_with('.')) value.pop_back();
      lines += ' ' + value + '\n';
    }
  }
  return lines;
}

TEST(EngineMetricsTest, EveryFieldHasItsName) {
  EXPECT_EQ(samples_of(numbered()),
            "counter minuted_commit_batches_total outcome=committed 101\n"
            "counter minuted_commit_batches_total outcome=replayed 102\n"
            "counter minuted_commit_batches_total outcome=overloaded 103\n"
            "counter minuted_commit_batches_total outcome=rate_limited 131\n"
            "counter minuted_commit_batches_total outcome=disk_full 132\n"
            "counter minuted_commit_events_total 104\n"
            "counter minuted_commit_duplicate_events_total 138\n"
            "counter minuted_commit_chunks_total 105\n"
            "counter minuted_commit_chunk_bytes_total 106\n"
            "counter minuted_series_created_total 107\n"
            "gauge minuted_series 133\n"
            "counter minuted_events_over_series_max_total 134\n"
            "gauge minuted_commit_queue_bytes 108\n"
            "counter minuted_folds_total 111\n"
            "counter minuted_fold_failures_total 118\n"
            "counter minuted_fold_chunks_total 112\n"
            "counter minuted_fold_events_total 113\n"
            "counter minuted_fold_seconds_total 114.25\n"
            "gauge minuted_fold_pending_bytes 115\n"
            "gauge minuted_fold_pending_chunks 116\n"
            "gauge minuted_fold_pending_memory_bytes 137\n"
            "gauge minuted_fold_lag_seconds 117.125\n"
            "counter minuted_roll_passes_total 150\n"
            "counter minuted_roll_rows_total 151\n"
            "counter minuted_roll_failures_total 152\n"
            "counter minuted_seal_passes_total 139\n"
            "counter minuted_seal_pages_total 140\n"
            "counter minuted_seal_rows_total 141\n"
            "counter minuted_seal_failures_total 142\n"
            "counter minuted_retention_passes_total 143\n"
            "counter minuted_retention_keys_total 144\n"
            "counter minuted_retention_failures_total 145\n"
            "gauge minuted_retention_paused 1\n"
            "gauge minuted_clock_believed 1\n"
            "counter minuted_queries_total 119\n"
            "counter minuted_query_rows_total 120\n"
            "gauge minuted_query_cursors 121\n"
            "counter minuted_query_cursors_expired_total 122\n"
            "gauge minuted_query_memory_bytes 146\n"
            "gauge minuted_query_memory_max_bytes 147\n"
            "counter minuted_queries_over_memory_total 148\n"
            "gauge minuted_query_kept_bytes 152\n"
            "gauge minuted_query_kept_max_bytes 153\n"
            "counter minuted_queries_recalled_total 154\n"
            "gauge minuted_store_memtable_bytes 123\n"
            "gauge minuted_store_block_cache_bytes 124\n"
            "gauge minuted_store_sst_bytes 125\n"
            "gauge minuted_store_wal_bytes 126\n"
            "gauge minuted_store_folded_raw_bytes 201\n"
            "gauge minuted_store_pending_compaction_bytes 127\n"
            "gauge minuted_store_running_flushes 128\n"
            "gauge minuted_store_running_compactions 129\n"
            "counter minuted_store_stall_seconds_total 130.5\n"
            "gauge minuted_disk_free_bytes 135\n"
            "gauge minuted_disk_reserve_bytes 136\n"
            "gauge minuted_store_write_stopped 1\n"
            "gauge minuted_engine_state state=opening 0\n"
            "gauge minuted_engine_state state=writable 1\n"
            "gauge minuted_engine_state state=read_only 0\n"
            "gauge minuted_engine_state state=stopped 0\n"
            "gauge minuted_engine_state state=refused 0\n"
            "counter minuted_write_failures_total 149\n"
            "counter minuted_store_reopens_total 150\n"
            "gauge minuted_store_retired_openings 151\n"
            "gauge minuted_store_tier_bytes tier=meta 202\n"
            "gauge minuted_store_tier_bytes tier=minute_page 203\n"
            "gauge minuted_store_tier_keys tier=meta 300\n"
            "gauge minuted_store_tier_keys tier=minute_page 301\n");
}

// A field added to EngineStats must be rendered, numbered above, and its size counted in here.
TEST(EngineMetricsTest, NoFieldIsNew) {
  EXPECT_EQ(sizeof(EngineStats), 78 * sizeof(std::uint64_t) + sizeof(EngineStats::sync_seconds) +
                                     sizeof(EngineStats::batches_per_sync));
}

TEST(EngineMetricsTest, HistogramsUseTheEnginesBounds) {
  const std::string text = text_of(numbered());
  EXPECT_NE(text.find("# TYPE minuted_commit_sync_seconds histogram\n"
                      "minuted_commit_sync_seconds_bucket{le=\"0.0001\"} 1\n"
                      "minuted_commit_sync_seconds_bucket{le=\"0.00025\"} 3\n"),
            text.npos);
  EXPECT_NE(text.find("minuted_commit_sync_seconds_bucket{le=\"2.5\"} 78\n"
                      "minuted_commit_sync_seconds_bucket{le=\"+Inf\"} 91\n"
                      "minuted_commit_sync_seconds_sum 109.5\n"
                      "minuted_commit_sync_seconds_count 91\n"),
            text.npos);
  EXPECT_NE(text.find("minuted_commit_batches_per_sync_bucket{le=\"1024\"} 10\n"
                      "minuted_commit_batches_per_sync_bucket{le=\"+Inf\"} 11\n"
                      "minuted_commit_batches_per_sync_sum 110\n"
                      "minuted_commit_batches_per_sync_count 11\n"),
            text.npos);
}

// An engine has the families of its store from the first.
EngineStats fresh() {
  EngineStats stats;
  stats.store_tiers = {{"meta", 0, 0}};
  return stats;
}

TEST(EngineMetricsTest, AFreshEngineIsReadable) { EXPECT_FALSE(families_of(fresh()).empty()); }

TEST(EngineMetricsTest, NamesAreOursAndInBaseUnits) {
  for (const Family& family : families_of(fresh())) {
    EXPECT_TRUE(family.name.starts_with("minuted_")) << family.name;
    for (const char* const unit : {"_ms", "_us", "_micros", "_millis", "_kb", "_mb", "_percent"}) {
      EXPECT_EQ(family.name.find(unit), family.name.npos) << family.name;
    }
    EXPECT_TRUE(family.help.ends_with('.')) << family.name;
  }
}

}  // namespace
}  // namespace minuted::render
