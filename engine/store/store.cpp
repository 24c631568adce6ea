#include "store/store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>
#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include "codec/bytes.hpp"
#include "store/directory.hpp"
#include "store/event_ids.hpp"
#include "store/idempotency.hpp"
#include "store/raw_tables.hpp"
#include "store/tuning.hpp"
#include "store/watermark.hpp"

namespace minuted {
namespace {

// Names on disk, by Family. Persisted. The first must be RocksDB's default family.
constexpr std::array<const char*, kFamilies> kFamilyNames = {
    "default", "raw", "minute", "hour", "day", "total", "repo", "catalog", "idempotency",
    "event_id", "minute_page", "minute_sketches", "hour_page", "hour_sketches",
    "archive", "day_signs", "host_state", "node", "repo_page"};

constexpr std::string_view kSecretKey = "secret";
// 8 bytes sequence, 8 bytes epoch of the last commit, little-endian.
constexpr std::string_view kCommitKey = "commit";
// A corruption of a key or value between us and the log is caught by this many checksum bytes.
constexpr std::size_t kProtectionBytes = 8;
// A block larger than a shard is never kept: few shards, so that the largest index fits.
constexpr int kCacheShardBits = 4;
// Longer than any run of 0xFF that a key may begin with: hashes are 16 bytes, ids hold no 0xFF.
constexpr std::size_t kAfterAllKeysBytes = 17;
// A store is opened beside a process that writes it as often as files vanish meanwhile, which they do
// after a flush or a compaction only.
constexpr int kReadOnlyAttempts = 100;
constexpr std::chrono::milliseconds kReadOnlyPause{20};

// The one translation of RocksDB's statuses.
Error translate(const rocksdb::Status& status, std::string_view doing) {
  ErrorCode code = ErrorCode::kIoError;
  if (status.IsCorruption()) code = ErrorCode::kCorruption;
  if (status.IsInvalidArgument() || status.IsNotSupported()) code = ErrorCode::kInvalidArgument;
  if (status.IsShutdownInProgress()) code = ErrorCode::kUnavailable;
  return {code, std::string(doing) + ": " + status.ToString()};
}

Result<void> check(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return {};
  return translate(status, doing);
}

Result<void> fill_random(void* bytes, std::size_t count) {
  // getrandom gives up to 256 bytes whole.
  if (::getrandom(bytes, count, 0) != static_cast<ssize_t>(count)) {
    return Error{ErrorCode::kIoError, "the system gives no random bytes"};
  }
  return {};
}

// RocksDB's log lines of a store that is only looked at: its file would be another's.
class NoLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

struct Store::Impl {
  std::unique_ptr<DataDirectory> directory;
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<StallListener> stalls;
  std::unique_ptr<ExpiredRecords> expired_keys;
  std::unique_ptr<ExpiredRecords> expired_ids;
  std::unique_ptr<Watermark> watermark;
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families{};
  std::uint64_t epoch = 0;
  std::string secret;
  std::atomic<bool> log_failed = false;

  ~Impl() {
    if (!db) return;
    for (auto* family : families) {
      if (family) db->DestroyColumnFamilyHandle(family);
    }
    db->Close();
  }

  rocksdb::ColumnFamilyHandle* family(Family f) const {
    return families[static_cast<std::size_t>(f)];
  }
  std::uint64_t property(Family of, const std::string& name) const;
  Result<std::optional<std::string>> get(const rocksdb::ReadOptions& options, Family from,
                                         std::string_view key) const;
  // What every way of opening needs; and the options of the families then.
  Result<void> prepare(const StoreOptions& options);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors(const StoreOptions& options,
                                                           bool read_only) const;
  void take(rocksdb::DB* opened, const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  Result<void> log_result(const rocksdb::Status& status, std::string_view doing);
  Result<void> check_log() const;
};

struct WriteSet::Impl {
  const Store::Impl& store;
  rocksdb::WriteBatch batch{0, 0, kProtectionBytes, 0};
};

// A write into memory fails only for reasons that are ours: a family of another store, say.
static void must(const rocksdb::Status& status) {
  if (!status.ok()) std::abort();
}

WriteSet::WriteSet(const Store& store) : impl_(new Impl{*store.impl_}) {}
WriteSet::~WriteSet() = default;

void WriteSet::put(Family family, std::string_view key, std::string_view value) {
  must(impl_->batch.Put(impl_->store.family(family), slice(key), slice(value)));
}
void WriteSet::remove(Family family, std::string_view key) {
  must(impl_->batch.Delete(impl_->store.family(family), slice(key)));
}
void WriteSet::merge(Family family, std::string_view key, std::string_view operand) {
  must(impl_->batch.Merge(impl_->store.family(family), slice(key), slice(operand)));
}
void WriteSet::append_raw(std::string_view key, std::string_view bytes) {
  must(impl_->batch.Merge(impl_->store.family(Family::kRaw), slice(key), slice(bytes)));
}
void WriteSet::remove_raw(std::string_view key) {
  must(impl_->batch.Delete(impl_->store.family(Family::kRaw), slice(key)));
}
bool WriteSet::empty() const { return impl_->batch.Count() == 0; }
std::size_t WriteSet::bytes() const { return impl_->batch.GetDataSize(); }
void WriteSet::clear() { impl_->batch.Clear(); }

StoreCursor::StoreCursor(std::unique_ptr<rocksdb::Slice> upper, std::string upper_bytes)
    : upper_bytes_(std::move(upper_bytes)), upper_(std::move(upper)) {
  *upper_ = slice(upper_bytes_);
}
StoreCursor::~StoreCursor() = default;

void StoreCursor::seek(std::string_view key) { iterator_->Seek(slice(key)); }
void StoreCursor::seek_below(std::string_view key, std::string_view upper) {
  // The iterator reads the bound through the slice each time it seeks.
  upper_bytes_.assign(upper);
  *upper_ = slice(upper_bytes_);
  iterator_->Seek(slice(key));
}
void StoreCursor::next() { iterator_->Next(); }
bool StoreCursor::valid() const { return iterator_->Valid(); }
std::string_view StoreCursor::key() const { return view_of(iterator_->key()); }
std::string_view StoreCursor::value() const { return view_of(iterator_->value()); }
Result<void> StoreCursor::status() const { return check(iterator_->status(), "reading the store"); }

View::~View() {
  store_.impl_->db->ReleaseSnapshot(static_cast<const rocksdb::Snapshot*>(snapshot_));
}

std::unique_ptr<StoreCursor> View::cursor(Family family, std::string_view lower,
                                          std::string_view upper) const {
  auto cursor = make_cursor(family, upper);
  cursor->seek(lower);
  return cursor;
}

std::unique_ptr<StoreCursor> View::raw_cursor(std::uint64_t first_commit) const {
  auto cursor = make_cursor(Family::kRaw, {}, first_commit);
  cursor->seek({});
  return cursor;
}

std::unique_ptr<StoreCursor> View::moving_cursor(Family family) const {
  return make_cursor(family, "\xFF");  // which no id begins with
}

std::unique_ptr<StoreCursor> View::make_cursor(Family family, std::string_view upper,
                                               std::uint64_t first_commit) const {
  std::unique_ptr<StoreCursor> cursor(
      new StoreCursor(std::make_unique<rocksdb::Slice>(), std::string(upper)));
  rocksdb::ReadOptions read;
  read.snapshot = static_cast<const rocksdb::Snapshot*>(snapshot_);
  if (!upper.empty()) read.iterate_upper_bound = cursor->upper_.get();
  if (first_commit > 0) read.table_filter = has_generations_from(first_commit);
  cursor->iterator_.reset(store_.impl_->db->NewIterator(read, store_.impl_->family(family)));
  return cursor;
}

Result<std::optional<std::string>> View::get(Family family, std::string_view key) const {
  rocksdb::ReadOptions read;
  read.snapshot = static_cast<const rocksdb::Snapshot*>(snapshot_);
  return store_.impl_->get(read, family, key);
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

namespace {

Result<void> load_secret(rocksdb::DB& db, std::string& secret) {
  rocksdb::Status status = db.Get({}, slice(kSecretKey), &secret);
  if (status.ok() && secret.size() == kSecretBytes) return {};
  if (status.ok()) {
    return Error{ErrorCode::kCorruption, "the store's secret is " + std::to_string(secret.size()) +
                                             " bytes long, not " + std::to_string(kSecretBytes)};
  }
  if (!status.IsNotFound()) return translate(status, "reading the store's secret");
  secret.resize(kSecretBytes);
  if (auto filled = fill_random(secret.data(), secret.size()); !filled) return filled;
  rocksdb::WriteOptions write;
  write.sync = true;
  return check(db.Put(write, slice(kSecretKey), secret), "writing the store's secret");
}

// RocksDB would make its directory too, but syncs only the names within: a power cut could take the
// directory and all that was acknowledged in it.
Result<void> make_database_directory(rocksdb::Env& env, const std::string& path,
                                     const std::string& database) {
  std::unique_ptr<rocksdb::Directory> directory;
  rocksdb::Status status = env.CreateDirIfMissing(database);
  if (status.ok()) status = env.NewDirectory(path, &directory);
  if (status.ok()) status = directory->Fsync();
  return check(status, "making " + database);
}

}  // namespace

Result<void> Store::Impl::prepare(const StoreOptions& options) {
  cache = rocksdb::NewLRUCache(options.block_cache_bytes, kCacheShardBits);
  stalls = std::make_shared<StallListener>();
  expired_keys = std::make_unique<ExpiredRecords>(*options.clock, options.idempotency_window_ms,
                                                  &record_time);
  expired_ids = std::make_unique<ExpiredRecords>(*options.clock, options.idempotency_window_ms,
                                                 &event_id_time);
  return fill_random(&epoch, sizeof epoch);
}

std::vector<rocksdb::ColumnFamilyDescriptor> Store::Impl::descriptors(const StoreOptions& options,
                                                                      bool read_only) const {
  std::vector<rocksdb::ColumnFamilyDescriptor> all;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const auto f = static_cast<Family>(i);
    const auto& expired = f == Family::kEventId ? expired_ids : expired_keys;
    all.emplace_back(kFamilyNames[i], family_options(f, options, cache, expired.get(), read_only));
  }
  return all;
}

void Store::Impl::take(rocksdb::DB* opened,
                       const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  db.reset(opened);
  std::copy(handles.begin(), handles.end(), families.begin());
}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  auto impl = std::make_unique<Impl>();
  auto directory = DataDirectory::take(options.path, options.create_if_missing);
  if (!directory) return directory.error();
  impl->directory = std::move(*directory);
  if (auto prepared = impl->prepare(options); !prepared) return prepared.error();
  rocksdb::Env* const env = options.env != nullptr ? options.env : rocksdb::Env::Default();
  auto watermark = Watermark::open(*env, options.path);
  if (!watermark) return watermark.error();
  impl->watermark = std::move(*watermark);
  const std::string database = options.path + "/rocksdb";
  if (auto made = make_database_directory(*env, options.path, database); !made) {
    return made.error();
  }

  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(
      db_options(options, impl->stalls), database,
      impl->descriptors(options, /*read_only=*/false), &handles, &db);
  if (!status.ok()) return translate(status, "opening the store in " + options.path);
  impl->take(db, handles);
  if (auto loaded = load_secret(*db, impl->secret); !loaded) return loaded.error();
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

namespace {

std::set<std::string> file_names(const std::string& database) {
  std::set<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(database, error), end; !error && at != end;
       at.increment(error)) {
    names.insert(at->path().filename());
  }
  return names;
}

// Whether a log of RocksDB is in one, and not in the other.
bool lost_log(const std::set<std::string>& before, const std::set<std::string>& after) {
  return std::any_of(before.begin(), before.end(), [&](const std::string& name) {
    return name.ends_with(".log") && !after.contains(name);
  });
}

}  // namespace

// The process that writes may take files away between our reading of what there is and our reading of
// them. A table or a log that is missed fails the opening, and the names have changed. A log that
// vanished before RocksDB looked for logs does not: it was in tables by then, but in none that we know
// of. So all logs from before must be there afterwards; those that are newer hold what is newer.
Result<std::unique_ptr<Store>> Store::open_read_only(const StoreOptions& options) {
  if (auto ours = DataDirectory::look(options.path); !ours) return ours.error();
  const std::string database = options.path + "/rocksdb";
  rocksdb::Status status;
  for (int attempt = 0; attempt < kReadOnlyAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kReadOnlyPause);
    auto impl = std::make_unique<Impl>();
    if (auto prepared = impl->prepare(options); !prepared) return prepared.error();
    rocksdb::DBOptions read = db_options(options, impl->stalls);
    read.create_if_missing = false;
    read.create_missing_column_families = false;
    read.info_log = std::make_shared<NoLogger>();
    read.max_open_files = -1;  // all at once: what is open cannot be taken away
    const std::set<std::string> before = file_names(database);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    status = rocksdb::DB::OpenForReadOnly(read, database,
                                          impl->descriptors(options, /*read_only=*/true), &handles,
                                          &db);
    const std::set<std::string> after = file_names(database);
    if (!status.ok() && before == after) break;
    if (!status.ok()) continue;
    impl->take(db, handles);
    if (lost_log(before, after)) {
      status = rocksdb::Status::IOError("log files vanish as they are read");
      continue;
    }
    status = db->Get({}, slice(kSecretKey), &impl->secret);
    if (status.ok()) return std::unique_ptr<Store>(new Store(std::move(impl)));
  }
  return translate(status, "opening the store in " + options.path + " to read it");
}

// RocksDB may take writes again after one failed for want of space, and then asserts that nobody
// appends to, syncs or flushes past a log that an append failed on: ours end at the first failure.
Result<void> Store::Impl::log_result(const rocksdb::Status& status, std::string_view doing) {
  if (!status.ok()) log_failed = true;
  return check(status, doing);
}

Result<void> Store::Impl::check_log() const {
  if (!log_failed) return {};
  return Error{ErrorCode::kIoError, "the store takes no more writes: an earlier one failed"};
}

Result<void> Store::write(WriteSet& set, Durability durability) {
  if (auto usable = impl_->check_log(); !usable) return usable;
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kSynced;
  return impl_->log_result(impl_->db->Write(options, &set.impl_->batch), "writing to the store");
}

Result<void> Store::sync() {
  if (auto usable = impl_->check_log(); !usable) return usable;
  return impl_->log_result(impl_->db->SyncWAL(), "syncing the store's log");
}

Result<std::optional<std::string>> Store::Impl::get(const rocksdb::ReadOptions& options,
                                                    Family from, std::string_view key) const {
  std::string value;
  const rocksdb::Status status = db->Get(options, family(from), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return translate(status, "reading the store");
  return std::optional<std::string>(std::move(value));
}

Result<std::optional<std::string>> Store::get(Family family, std::string_view key) const {
  return impl_->get({}, family, key);
}

std::unique_ptr<View> Store::view() const {
  return std::unique_ptr<View>(new View(*this, impl_->db->GetSnapshot()));
}

Result<void> Store::flush() {
  if (auto usable = impl_->check_log(); !usable) return usable;
  const std::vector<rocksdb::ColumnFamilyHandle*> all(impl_->families.begin(),
                                                      impl_->families.end());
  // At once. By default it waits until one more table would delay no writer, which may be as long as a
  // large compaction takes; and who flushes here writes nothing meanwhile.
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  return check(impl_->db->Flush(options, all), "flushing the store");
}

Result<void> Store::compact() {
  if (auto flushed = flush(); !flushed) return flushed;
  for (auto* family : impl_->families) {
    auto done = check(impl_->db->CompactRange({}, family, nullptr, nullptr), "compacting");
    if (!done) return done;
  }
  return {};
}

Result<std::uint64_t> Store::last_commit() const {
  const auto value = get(Family::kMeta, kCommitKey);
  if (!value) return value.error();
  if (!value->has_value()) return std::uint64_t{0};
  ByteReader in(**value);
  const std::uint64_t sequence = in.fixed64();
  in.fixed64();
  if (!in.done()) {
    return Error{ErrorCode::kCorruption, "the record of the last commit is not 16 bytes long"};
  }
  return sequence;
}

void Store::mark_commit(std::uint64_t sequence, WriteSet& set) const {
  std::string mark;
  put_fixed64(mark, sequence);
  put_fixed64(mark, impl_->epoch);
  set.put(Family::kMeta, kCommitKey, mark);
}

std::uint64_t Store::acknowledged() const {
  return impl_->watermark ? impl_->watermark->sequence() : 0;
}

Result<void> Store::acknowledge(std::uint64_t sequence) {
  return impl_->watermark->advance(sequence);
}

StoreGauges Store::gauges() const {
  using P = rocksdb::DB::Properties;
  const auto sum = [&](const std::string& property) {
    std::uint64_t value = 0;
    impl_->db->GetAggregatedIntProperty(property, &value);
    return value;
  };
  const auto one = [&](const std::string& property) {
    std::uint64_t value = 0;
    impl_->db->GetIntProperty(property, &value);
    return value;
  };
  StoreGauges g;
  g.memtable_bytes = sum(P::kSizeAllMemTables);
  g.block_cache_bytes = impl_->cache->GetUsage();
  g.sst_bytes = sum(P::kTotalSstFilesSize);
  g.pending_compaction_bytes = sum(P::kEstimatePendingCompactionBytes);
  g.running_flushes = one(P::kNumRunningFlushes);
  g.running_compactions = one(P::kNumRunningCompactions);
  g.write_stopped = one(P::kIsWriteStopped) != 0;
  g.stall_micros = impl_->stalls->stall_micros();
  rocksdb::VectorLogPtr logs;
  if (impl_->db->GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) g.wal_bytes += log->SizeFileBytes();
  }
  for (std::size_t i = 0; i < kFamilies; ++i) g.families[i] = size_of(static_cast<Family>(i));
  return g;
}

std::uint64_t Store::Impl::property(Family of, const std::string& name) const {
  std::uint64_t value = 0;
  db->GetIntProperty(family(of), name, &value);
  return value;
}

FamilySize Store::size_of(Family family) const {
  using P = rocksdb::DB::Properties;
  return {impl_->property(family, P::kLiveSstFilesSize),
          impl_->property(family, P::kEstimateNumKeys)};
}

MemtableSize Store::memtables_of(Family family) const {
  using P = rocksdb::DB::Properties;
  MemtableSize size;
  size.entries = impl_->property(family, P::kNumEntriesActiveMemTable) +
                 impl_->property(family, P::kNumEntriesImmMemTables);
  if (size.entries == 0) return size;
  // Of an estimated part of the entries, but what they come to on average is known.
  static const std::string kAfterAllKeys(kAfterAllKeysBytes, '\xFF');
  std::uint64_t counted = 0;
  impl_->db->GetApproximateMemTableStats(impl_->family(family), {rocksdb::Slice(), kAfterAllKeys},
                                         &counted, &size.bytes);
  if (counted == 0) {
    size.bytes = impl_->property(family, P::kCurSizeAllMemTables);
  } else {
    size.bytes = size.bytes / counted * size.entries;
  }
  return size;
}

Result<std::vector<std::uint64_t>> Store::approximate_bytes(
    Family family, std::span<const KeyRange> ranges) const {
  std::vector<rocksdb::Range> wanted;
  for (const KeyRange& range : ranges) wanted.emplace_back(slice(range.begin), slice(range.end));
  std::vector<std::uint64_t> bytes(ranges.size());
  rocksdb::SizeApproximationOptions both;
  both.include_memtables = true;
  both.include_files = true;
  const auto status =
      impl_->db->GetApproximateSizes(both, impl_->family(family), wanted.data(),
                                     static_cast<int>(wanted.size()), bytes.data());
  if (!status.ok()) return translate(status, "estimating sizes in the store");
  return bytes;
}

std::uint64_t Store::epoch() const { return impl_->epoch; }
std::string_view Store::secret() const { return impl_->secret; }

}  // namespace minuted
