#include "store/tuning.hpp"

#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "store/info_log.hpp"
#include "store/rollup_merge.hpp"
#include "store/signs_merge.hpp"
#include "store/write_guard.hpp"

// "A fill" below is `minuted-fill --uniform --events 1` of 2.88 million rows, sealed on the way, with one
// setting changed: as it is, it takes 7.9 to 8.4 µs of processor time a row, writes 390 to 399 bytes a row,
// and 261 to 320 MB of memory. Bytes repeat to 2%, times to 10% at best.
namespace minuted {
namespace {

// Of log before the memtables are flushed.
constexpr std::uint64_t kLogBytesMax = 48U << 20;
// Files RocksDB may hold open; the rest are reopened as needed.
constexpr std::size_t kOpenFilesMin = 128;
constexpr std::size_t kOpenFilesMax = 512;
constexpr std::size_t kCacheBytesPerOpenFile = 128U << 10;
// Of the memtables: RocksDB's own block would be half a megabyte or more for each of 19 families.
constexpr std::size_t kArenaBlocks = 256;
constexpr std::size_t kArenaBlockBytesMin = 16U << 10;
constexpr std::size_t kArenaBlockBytesMax = 1U << 20;
// RocksDB's own size of a table is the largest.
constexpr std::uint64_t kTableBytesMin = 4U << 20;
constexpr std::uint64_t kTableBytesMax = 64U << 20;
// Of the filters that tell which keys a table, or a memtable, does not have: a hundredth of those that
// are not there is looked for; a share of the bytes of all memtables.
constexpr double kFilterBitsPerKey = 10;
constexpr double kMemtableFilterShare = 0.01;
// Of what all memtables may take: what one of them may.
constexpr std::size_t kMemtableBytesFactor = 2;
constexpr int kMemtablesPerFamilyMax = 3;
// A table is rewritten when so many of so many keys in a row are deletions: a span's rows are deleted
// when it is sealed, and every read of it would step over them. Without, a fill writes 350 bytes a row and
// takes 1 µs less: that is what reads of sealed spans are kept quick with.
constexpr std::size_t kDeletionsWindow = 4096;
constexpr std::size_t kDeletionsOfWindow = 1024;
// Of a family that is written all over: tables that one flush each has
// written, and which overlap, until they are compacted. With RocksDB's four a fleet of a million series takes
// 4.9 s of compaction for a million events, with ten 2.3.
constexpr int kOverlappingTables = 10;
constexpr int kOverlappingTablesSlow = 30;  // writes are slowed down, and stopped
constexpr int kOverlappingTablesStop = 40;

// The rest of the memtables' share is for those that fill while others are being flushed.
std::size_t flushed_at(const StoreOptions& options) { return options.memtable_bytes / 8 * 5; }

// A table that is open takes some 10 KB beside the cache.
int open_files_max(const StoreOptions& options) {
  return static_cast<int>(std::clamp<std::size_t>(options.block_cache_bytes / kCacheBytesPerOpenFile,
                                                  kOpenFilesMin, kOpenFilesMax));
}

// Merges by one of the functions of store/rollup_merge.hpp and signs_merge.hpp.
class ValueMergeOperator final : public rocksdb::MergeOperator {
 public:
  using Merge = std::string (*)(std::span<const std::string_view>);
  ValueMergeOperator(const char* name, Merge merge) : name_(name), merge_(merge) {}

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::vector<std::string_view> operands;
    operands.reserve(in.operand_list.size() + 1);
    if (in.existing_value) operands.push_back(view_of(*in.existing_value));
    for (const rocksdb::Slice& operand : in.operand_list) operands.push_back(view_of(operand));
    out->new_value = merge_(operands);
    return true;
  }

  // Without this a minute folded sixty times is read as sixty operands: 10 µs a row against 0.25.
  bool PartialMergeMulti(const rocksdb::Slice&, const std::deque<rocksdb::Slice>& list,
                         std::string* merged, rocksdb::Logger*) const override {
    std::vector<std::string_view> operands;
    operands.reserve(list.size());
    for (const rocksdb::Slice& operand : list) operands.push_back(view_of(operand));
    *merged = merge_(operands);
    return true;
  }

  const char* Name() const override { return name_; }

 private:
  const char* const name_;
  const Merge merge_;
};

// Null where values are replaced.
std::shared_ptr<rocksdb::MergeOperator> operator_of(MergeRule rule) {
  const auto by = [&](ValueMergeOperator::Merge merge) {
    return std::make_shared<ValueMergeOperator>(merge_operator_name(rule), merge);
  };
  switch (rule) {
    case MergeRule::kNone: return nullptr;
    case MergeRule::kRollups: return by(merge_rollups);
    case MergeRule::kDaySigns: return by(merge_day_signs);
    case MergeRule::kHostStates: return by(merge_host_states);
    case MergeRule::kHeartbeats: return by(merge_heartbeats);
  }
  return nullptr;
}

// Says where a memtable begins its search for a key's place: at the key it took in last of those that begin
// with the same so many bytes, for keys that come sorted.
class LastPlace final : public rocksdb::SliceTransform {
 public:
  explicit LastPlace(std::size_t bytes) : bytes_(bytes) {}
  const char* Name() const override { return "minuted.place.1"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return {key.data(), bytes_}; }
  bool InDomain(const rocksdb::Slice& key) const override { return key.size() >= bytes_; }

 private:
  const std::size_t bytes_;
};

// Hands errors of the background to the guard, and forbids RocksDB to resume by itself once there is space
// again, which max_bgerror_resume_count does not: it would write to a log that an append failed on, and
// a close waits for it without end.
class ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(std::shared_ptr<WriteGuard> guard) : guard_(std::move(guard)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    if (!guard_ || status->IsShutdownInProgress()) return;
    guard_->close({status->IsCorruption() ? ErrorCode::kCorruption
                   : status->IsNoSpace()  ? ErrorCode::kDiskFull
                                          : ErrorCode::kIoError,
                   "a background task of the store failed: " + status->ToString()});
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  const std::shared_ptr<WriteGuard> guard_;
};

}  // namespace

rocksdb::DBOptions db_options(const StoreOptions& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  if (options.env != nullptr) db.env = options.env;
  db.info_log_level = rocksdb::WARN_LEVEL;
  db.info_log = make_info_log(options.path + "/rocksdb");
  db.max_open_files = open_files_max(options);
  // For two cores: with one a fill is 15% slower, since a flush waits for a compaction; four gain nothing.
  db.max_background_jobs = 2;
  // Of all families together, the default being 64 MiB: with 32 a fill writes 445 bytes a row in 60 MB
  // less, with 128 it writes 360 in 90 MB more.
  db.db_write_buffer_size = flushed_at(options);
  // One small unflushed write to any family would pin every later log file: flush them together. Of what
  // a fill takes nothing changes by it.
  db.atomic_flush = true;
  db.allow_concurrent_memtable_write = false;  // there is one writer at a time
  // A start replays the log, some 15 ms a MB, however much memory there is: when it passes this, all
  // families are flushed together. What comes while they are is in the log as well, so that it may
  // reach half as much again. With the default of memtable_bytes it is 40 to 60 MB anyway.
  // Compressed with zstd a fill writes 283 bytes a row, and takes a quarter more processor time: not worth it.
  db.max_total_wal_size = std::min<std::uint64_t>(4 * options.memtable_bytes, kLogBytesMax);
  // The first background error stops the writes of this opening for good; resuming by itself could
  // acknowledge data whose log was lost.
  db.max_bgerror_resume_count = 0;
  db.listeners.push_back(std::make_shared<ErrorListener>(options.guard));
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return db;
}

rocksdb::ColumnFamilyOptions family_options(const FamilyInfo& info, const StoreOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            const ExpiredRecords* expired,
                                            bool read_only) {
  rocksdb::ColumnFamilyOptions cf;
  // Never reached: the memtables of all families together decide when they are flushed. RocksDB counts the
  // families wrongly when one alone has outgrown its bound and the next log cannot be made, and ends the
  // process when such a store is closed.
  cf.write_buffer_size = kMemtableBytesFactor * flushed_at(options);
  // Writes stop when so many memtables of one family wait for their flush. With RocksDB's two, a flush
  // that the log asks for right after one that the memtables asked for stops them until the first has
  // ended: a quarter of a second, for every push.
  cf.max_write_buffer_number = kMemtablesPerFamilyMax;
  // Each family's memtable takes a block when its first key comes: small ones, where there is little.
  cf.arena_block_size = std::clamp(flushed_at(options) / kArenaBlocks, kArenaBlockBytesMin, kArenaBlockBytesMax);
  // An index is as large as its table, and pinned by every read of it.
  cf.target_file_size_base = std::clamp<std::uint64_t>(options.block_cache_bytes, kTableBytesMin, kTableBytesMax);
  // Compaction stays as RocksDB has it, by levels, four tables at a time: with two a fill writes 7% more, with
  // eight the same, with levels of dynamic size 1% more, by size instead of levels (universal) 3% more.
  // What is going to be rewritten is compressed quickly: without, a fill writes 439 bytes a row in the same
  // time; with zstd everywhere 369, and takes 12% more processor time. What stays is compressed well.
  cf.compression = rocksdb::kLZ4Compression;
  cf.bottommost_compression = rocksdb::kZSTD;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.format_version = 5;
  // Debian's RocksDB computes CRC32C without the processor's help: a fill takes 15% more with it. Blocks stay
  // at 4 KiB: of 16 KiB a fill writes 2% less, and a lookup unpacks four times as much.
  table.checksum = rocksdb::kXXH3;
  if (info.lookup == Lookup::kWholeKey) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
    // In parts: a table's filter in one piece is larger than a shard of the cache once there are a
    // million keys, and is then read and checked anew for every key looked up.
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    cf.memtable_whole_key_filtering = true;
    if (!read_only) {
      cf.memtable_prefix_bloom_size_ratio = kMemtableFilterShare / kMemtableBytesFactor;
    }
  }
  cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  cf.merge_operator = operator_of(info.merge);
  if (info.is_deleted_in_runs) {
    cf.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(kDeletionsWindow, kDeletionsOfWindow));
  }
  // A table of the raw family is of no use as soon as its events are folded: it is deleted then, see
  // Store::drop_folded_raw(), and a compaction before would only write it once more.
  if (info.expiry == Expiry::kFolded) cf.disable_auto_compactions = true;
  if (info.is_written_all_over) {
    cf.level0_file_num_compaction_trigger = kOverlappingTables;
    cf.level0_slowdown_writes_trigger = kOverlappingTablesSlow;
    cf.level0_stop_writes_trigger = kOverlappingTablesStop;
  }
  if (info.sorted_within) {
    cf.memtable_insert_with_hint_prefix_extractor = std::make_shared<LastPlace>(*info.sorted_within);
  }
  if (info.expiry == Expiry::kIdempotencyWindow) {
    cf.compaction_filter = expired;
    // Even a file nothing else touches is rewritten, and so emptied, within a window.
    cf.periodic_compaction_seconds =
        static_cast<std::uint64_t>(options.idempotency_window_ms / 1000 + 1);
  }
  return cf;
}

}  // namespace minuted
