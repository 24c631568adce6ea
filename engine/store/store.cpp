#include "store/store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/write_batch.h>
#include <pthread.h>
#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "schema/keys.hpp"
#include "store/directory.hpp"
#include "store/event_ids.hpp"
#include "store/idempotency.hpp"
#include "store/log_scan.hpp"
#include "store/meta.hpp"
#include "store/raw_filter.hpp"
#include "store/tuning.hpp"
#include "store/watermark.hpp"
#include "store/write_guard.hpp"

namespace minuted {
namespace {

// A corruption of a key or value between us and the log is caught by this many checksum bytes.
constexpr std::size_t kProtectionBytes = 8;
// A block larger than a shard is never kept: few shards, so that the largest index fits.
constexpr int kCacheShardBitsMax = 4;
constexpr std::size_t kCacheShardBytesMin = 2U << 20;
// Longer than any run of 0xFF that a key may begin with: hashes are 16 bytes, ids hold no 0xFF.
constexpr std::size_t kAfterAllKeysBytes = 17;
// A store is opened beside a process that writes it as often as files vanish meanwhile, which they do
// after a flush or a compaction only.
constexpr int kReadOnlyAttempts = 100;
constexpr std::chrono::milliseconds kReadOnlyPause{20};
// How long a flush may take, and how often its end is looked for.
constexpr std::chrono::seconds kFlushPatience{60};
constexpr std::chrono::milliseconds kFlushPause{1};
// What the cache of a store keeps that only the last readers of an earlier opening use.
constexpr std::size_t kShrunkCacheBytes = 1U << 20;

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

// Wakes whoever records the MANIFEST's length when tables were added to it.
class FlushListener final : public rocksdb::EventListener {
 public:
  explicit FlushListener(std::function<void()> flushed) : flushed_(std::move(flushed)) {}
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { flushed_(); }

 private:
  const std::function<void()> flushed_;
};

// What a look at a store without opening it for writing shows.
struct Recoverable {
  std::uint64_t commit = 0;        // the last
  std::uint64_t sequence = 0;      // RocksDB's newest
  std::uint64_t first_log = 0;     // the oldest log that is not in tables
};

// Acknowledged commits that a store no longer has.
struct Loss {
  std::string what;               // in words
  std::uint64_t last_commit = 0;  // that it has
};

struct Store::Impl {
  std::shared_ptr<DataDirectory> directory;  // shared with the engine, for the next opening
  std::shared_ptr<WriteGuard> guard;         // shared with the files
  std::unique_ptr<rocksdb::Env> own_env;     // guarded; outlives the database
  std::shared_ptr<rocksdb::Cache> cache;
  std::atomic<std::uint64_t> stall_nanos = 0;  // that writes were held back
  std::unique_ptr<ExpiredRecords> expired_keys;
  std::unique_ptr<ExpiredRecords> expired_ids;
  // Null if it was opened to read only.
  std::shared_ptr<RawFloors> raw_floors;
  // Since when folded raw events have lain in tables; -1: they do not. Of drop_folded_raw().
  std::int64_t folded_raw_since_ms = -1;
  std::int64_t deletions_since_ms = -1;  // the memtables have held so many
  std::unique_ptr<Watermark> watermark;
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families{};
  std::uint64_t epoch = 0;
  std::string secret;
  std::vector<std::string> notes;
  std::atomic<std::uint64_t> flushes{0};  // of memtables, by this opening

  // One write at a time, so that what a sync covered is known exactly.
  std::mutex write_mutex;
  // RocksDB's sequence number up to which all is synced.
  std::atomic<std::uint64_t> synced{0};
  std::uint64_t opening_log = 0;        // the number of this opening's first log
  std::atomic<std::uint64_t> synced_commit{0};  // the last commit of which that is true

  // The record of what was acknowledged. With an interval a thread of its own writes it.
  std::int64_t mark_interval_ms = 0;
  std::atomic<std::uint64_t> acknowledged{0};
  std::mutex mark_mutex;  // guards all below but the thread
  std::condition_variable mark_wake;
  bool mark_due = false;      // there is something new to record
  bool mark_at_once = false;  // without waiting for the interval
  bool mark_stop = false;
  std::thread mark_thread;

  ~Impl() {
    stop_marking();
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
  // The options with the guard before the files.
  StoreOptions guarded(const StoreOptions& options);
  // What every way of opening needs; and the options of the families then.
  Result<void> prepare(const StoreOptions& options);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors(const StoreOptions& options,
                                                           bool read_only) const;
  void take(rocksdb::DB* opened, const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  Result<void> write(const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch,
                     std::string_view doing);
  Result<std::uint64_t> last_commit() const;
  Result<std::uint64_t> raw_floor(const rocksdb::ReadOptions& options) const;
  // The tables of raw events that are all below `floor`, and their bytes.
  std::pair<std::vector<std::string>, std::uint64_t> raw_tables_below(std::uint64_t floor) const;

  // Opens RocksDB to read; changes nothing.
  rocksdb::Status open_to_read(const StoreOptions& options);
  static Result<Recoverable> look(const StoreOptions& options);
  static Result<std::optional<Loss>> find_loss(rocksdb::Env& env, const StoreOptions& options,
                                               const Mark& mark);
  static Result<std::optional<Loss>> examine(rocksdb::Env& env, const StoreOptions& options,
                                             const Mark& mark);
  static Result<void> check_unused(const StoreOptions& options);
  Result<void> open_database(const StoreOptions& options, bool is_new);

  Result<void> write_mark();
  void start_marking();
  void stop_marking();
  void mark_now_and_then();
};

struct WriteSet::Impl {
  const Store::Impl& store;
  rocksdb::WriteBatch batch{0, 0, kProtectionBytes, 0};
  std::uint64_t commit = 0;     // that it is marked with; 0 = none
  std::uint64_t raw_floor = 0;  // the same
};

// A write into memory fails only for reasons that are ours: a family of another store, say.
static void must(const rocksdb::Status& status) {
  if (!status.ok()) std::abort();
}

// Every set begins with a note for the log: what was synced before it. See log_scan.hpp.
WriteSet::WriteSet(const Store& store) : impl_(new Impl{*store.impl_}) { clear(); }
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
void WriteSet::raise_raw_floor(std::uint64_t first_commit) {
  put_meta(RawFloorRecord{first_commit}, *this);
  impl_->raw_floor = first_commit;
}
bool WriteSet::empty() const { return impl_->batch.Count() == 0; }
std::size_t WriteSet::bytes() const { return impl_->batch.GetDataSize(); }
void WriteSet::clear() {
  impl_->batch.Clear();
  impl_->commit = 0;
  impl_->raw_floor = 0;
  must(impl_->batch.PutLogData(log_note(impl_->store.synced, impl_->store.opening_log)));
}

StoreCursor::StoreCursor(const View& view, Family family, std::string_view upper)
    : view_(view),
      family_(family),
      upper_bytes_(upper),
      upper_(std::make_unique<rocksdb::Slice>(slice(upper_bytes_))) {
  make_iterator();
}
StoreCursor::~StoreCursor() = default;

bool StoreCursor::outdated() const {
  return flushes_ != view_.store_.impl_->flushes.load(std::memory_order_acquire);
}

void StoreCursor::make_iterator() {
  const Store::Impl& store = *view_.store_.impl_;
  rocksdb::ReadOptions read;
  read.snapshot = static_cast<const rocksdb::Snapshot*>(view_.snapshot_);
  if (!upper_bytes_.empty()) read.iterate_upper_bound = upper_.get();
  // One that is flushed between the two is kept until the next flush.
  flushes_ = store.flushes.load(std::memory_order_acquire);
  iterator_.reset();  // before the next one takes memory
  iterator_.reset(store.db->NewIterator(read, store.family(family_)));
}

void StoreCursor::seek(std::string_view key) {
  if (outdated()) {
    const std::string wanted(key);  // may be a view of where the iterator stands
    make_iterator();
    iterator_->Seek(slice(wanted));
    return;
  }
  iterator_->Seek(slice(key));
}
void StoreCursor::seek_below(std::string_view key, std::string_view upper) {
  // The iterator reads the bound through the slice each time it seeks.
  upper_bytes_.assign(upper);
  *upper_ = slice(upper_bytes_);
  seek(key);
}
void StoreCursor::next() {
  if (outdated() && iterator_->Valid()) {
    const std::string here = iterator_->key().ToString();
    make_iterator();
    iterator_->Seek(slice(here));
    // It stands there again, unless that was a raw key that is folded, which a flush may drop.
    if (!iterator_->Valid() || view_of(iterator_->key()) != here) return;
  }
  iterator_->Next();
}
bool StoreCursor::valid() const { return iterator_->Valid(); }
std::string_view StoreCursor::key() const { return view_of(iterator_->key()); }
std::string_view StoreCursor::value() const { return view_of(iterator_->value()); }
Result<void> StoreCursor::status() const { return check(iterator_->status(), "reading the store"); }

View::~View() {
  store_.impl_->db->ReleaseSnapshot(static_cast<const rocksdb::Snapshot*>(snapshot_));
}

std::unique_ptr<StoreCursor> View::cursor(Family family, std::string_view lower,
                                          std::string_view upper) const {
  std::unique_ptr<StoreCursor> cursor(new StoreCursor(*this, family, upper));
  cursor->seek(lower);
  return cursor;
}

Result<std::uint64_t> View::raw_floor() const {
  rocksdb::ReadOptions read;
  read.snapshot = static_cast<const rocksdb::Snapshot*>(snapshot_);
  return store_.impl_->raw_floor(read);
}

std::unique_ptr<StoreCursor> View::moving_cursor(Family family) const {
  // Below what no id begins with.
  return std::unique_ptr<StoreCursor>(new StoreCursor(*this, family, "\xFF"));
}

Result<std::optional<std::string>> View::get(Family family, std::string_view key) const {
  rocksdb::ReadOptions read;
  read.snapshot = static_cast<const rocksdb::Snapshot*>(snapshot_);
  return store_.impl_->get(read, family, key);
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

namespace {

Result<void> load_secret(rocksdb::DB& db, bool is_new, std::string& secret) {
  rocksdb::Status status = db.Get({}, slice(SecretRecord::kKey), &secret);
  if (status.ok()) {
    const auto record = decode_meta<SecretRecord>(std::optional(secret));
    return record ? Result<void>() : record.error();
  }
  if (!status.IsNotFound()) return translate(status, "reading the store's secret");
  if (!is_new) return Error{ErrorCode::kCorruption, "the store's secret is missing"};
  secret.resize(SecretRecord::kBytes);
  if (auto filled = fill_random(secret.data(), secret.size()); !filled) return filled;
  rocksdb::WriteOptions write;
  write.sync = true;
  return check(db.Put(write, slice(SecretRecord::kKey), secret), "writing the store's secret");
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

StoreOptions Store::Impl::guarded(const StoreOptions& options) {
  StoreOptions with_guard = options;
  if (!with_guard.guard) with_guard.guard = std::make_shared<WriteGuard>(options.on_write_failure);
  guard = with_guard.guard;
  own_env = guarded_env(options.env, guard);
  with_guard.env = own_env.get();
  return with_guard;
}

Result<void> Store::Impl::prepare(const StoreOptions& options) {
  int shard_bits = kCacheShardBitsMax;
  while (shard_bits > 0 && options.block_cache_bytes >> shard_bits < kCacheShardBytesMin) --shard_bits;
  cache = rocksdb::NewLRUCache(options.block_cache_bytes, shard_bits);
  expired_keys = std::make_unique<ExpiredRecords>(*options.clock, options.idempotency_window_ms,
                                                  &record_time);
  expired_ids = std::make_unique<ExpiredRecords>(*options.clock, options.idempotency_window_ms,
                                                 &event_id_time);
  return fill_random(&epoch, sizeof epoch);
}

std::vector<rocksdb::ColumnFamilyDescriptor> Store::Impl::descriptors(const StoreOptions& options,
                                                                      bool read_only) const {
  std::vector<rocksdb::ColumnFamilyDescriptor> all;
  for (const FamilyInfo& info : kFamilyTable) {
    const auto& expired = info.family == Family::kEventId ? expired_ids : expired_keys;
    all.emplace_back(info.disk_name, family_options(info, options, cache, expired.get(), read_only));
    if (info.expiry == Expiry::kFolded && !read_only) {
      all.back().options.compaction_filter_factory = make_raw_filter(raw_floors);
    }
  }
  return all;
}

void Store::Impl::take(rocksdb::DB* opened,
                       const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  db.reset(opened);
  std::copy(handles.begin(), handles.end(), families.begin());
}

namespace {

// The number in "MANIFEST-000123", which the file CURRENT names.
Result<std::uint64_t> current_manifest(rocksdb::Env& env, const std::string& database) {
  constexpr std::string_view kPrefix = "MANIFEST-";
  std::string text;
  const auto status = rocksdb::ReadFileToString(&env, database + "/CURRENT", &text);
  if (!status.ok()) return translate(status, "reading " + database + "/CURRENT");
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const char* const digits = text.data() + std::min(kPrefix.size(), text.size());
  const auto [after, error] = std::from_chars(digits, end, number);
  const bool whole = error == std::errc{} && after + 1 == end && *after == '\n';
  if (text.starts_with(kPrefix) && whole) return number;
  return Error{ErrorCode::kCorruption, database + "/CURRENT names no MANIFEST"};
}

// Whether the MANIFEST has all that is known to have been synced of it. RocksDB takes one that ends early
// for the state of an earlier moment, and deletes the tables it does not name.
// `accept_older`: it may be that of an older copy of the whole store.
Result<void> check_manifest(rocksdb::Env& env, const std::string& database, const Mark& mark,
                            bool accept_older) {
  const auto number = current_manifest(env, database);
  if (!number) return number.error();
  if (*number > mark.manifest) return {};
  const auto damaged = [&](const std::string& what) {
    return Error{ErrorCode::kCorruption, "the list of the store's tables is damaged: " + what +
                                             "; restore the files in " + database +
                                             " from a copy. Nothing was changed"};
  };
  if (*number < mark.manifest) {
    if (accept_older) return {};
    return Error{ErrorCode::kCommitsLost,
                 "the store is an older one than the commits up to number " +
                     std::to_string(mark.commit) +
                     ", which were acknowledged: its list of tables is MANIFEST " +
                     std::to_string(*number) + ", but number " + std::to_string(mark.manifest) +
                     " was in use. Nothing was changed: restore the files in " + database +
                     " from a newer copy, or accept the loss of the commits since",
                 DecidingOption::kAcceptLostCommits};
  }
  std::string digits = std::to_string(*number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  const std::string name = "MANIFEST-" + digits;
  std::string text;
  const auto status = rocksdb::ReadFileToString(&env, database + "/" + name, &text);
  if (!status.ok()) return translate(status, "reading " + database + "/" + name);
  const auto damage = first_damage(text);
  const std::uint64_t whole = damage ? *damage : text.size();
  if (whole >= mark.manifest_bytes) return {};
  return damaged(name + " is whole up to byte " + std::to_string(whole) + ", but " +
                 std::to_string(mark.manifest_bytes) + " bytes of it were synced");
}

}  // namespace

rocksdb::Status Store::Impl::open_to_read(const StoreOptions& options) {
  rocksdb::DBOptions read = db_options(options);
  read.create_if_missing = false;
  read.create_missing_column_families = false;
  read.info_log = std::make_shared<NoLogger>();
  read.max_open_files = -1;  // all at once: what is open cannot be taken away
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(read, options.path + "/rocksdb",
                                   descriptors(options, /*read_only=*/true), &handles, &opened);
  if (status.ok()) take(opened, handles);
  return status;
}

Result<Recoverable> Store::Impl::look(const StoreOptions& options) {
  Impl impl;
  if (auto prepared = impl.prepare(options); !prepared) return prepared.error();
  const rocksdb::Status status = impl.open_to_read(options);
  if (!status.ok()) return translate(status, "reading the store in " + options.path);
  Recoverable found;
  const auto commit = impl.last_commit();
  if (!commit) return commit.error();
  found.commit = *commit;
  found.sequence = impl.db->GetLatestSequenceNumber();
  if (!impl.db->GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &found.first_log)) {
    return Error{ErrorCode::kIoError, "RocksDB does not say which of its logs it needs"};
  }
  return found;
}

namespace {

std::string commits_lost(std::uint64_t last, std::uint64_t acknowledged) {
  if (last >= acknowledged) {
    return last == 0 ? "every commit" : "commits after number " + std::to_string(last);
  }
  if (last + 1 == acknowledged) return "commit " + std::to_string(acknowledged);
  return "commits " + std::to_string(last + 1) + " to " + std::to_string(acknowledged);
}

}  // namespace

// Compares what the logs hold with what is known to have been synced, before RocksDB recovers from them and
// deletes them.
Result<std::optional<Loss>> Store::Impl::find_loss(rocksdb::Env& env, const StoreOptions& options,
                                                   const Mark& mark) {
  const auto logs = scan_logs(env, options.path + "/rocksdb");
  if (!logs) return logs.error();
  LogEvidence evidence = judge_logs(*logs, 0);
  const bool whole =
      evidence.has_records && evidence.reached >= std::max(evidence.synced, mark.synced);
  if (whole) return std::optional<Loss>();
  // Either there is nothing in the logs, or something is missing: what is in tables decides.
  const auto rest = look(options);
  if (!rest) return rest.error();
  evidence = judge_logs(*logs, rest->first_log);
  const std::uint64_t reached =
      evidence.has_records ? std::min(evidence.reached, rest->sequence) : rest->sequence;
  const bool all_there = reached >= std::max(evidence.synced, mark.synced);
  if (all_there && rest->commit >= mark.commit) return std::optional<Loss>();
  if (evidence.damage.empty()) evidence.damage = "the log ends early";
  return std::optional<Loss>(Loss{"the store has lost " + commits_lost(rest->commit, mark.commit) +
                                      ", which were acknowledged: " + evidence.damage,
                                  rest->commit});
}

// Whether the store may be opened, and with what loss. Changes nothing.
Result<std::optional<Loss>> Store::Impl::examine(rocksdb::Env& env, const StoreOptions& options,
                                                 const Mark& mark) {
  const std::string database = options.path + "/rocksdb";
  auto sound = check_manifest(env, database, mark, options.accept_lost_commits);
  if (!sound) return sound.error();
  auto loss = find_loss(env, options, mark);
  if (!loss || !*loss || options.accept_lost_commits) return loss;
  return Error{ErrorCode::kCommitsLost,
               (*loss)->what + ". Nothing was changed: restore the files in " + database +
                   " from a copy, or accept the loss of these commits",
               DecidingOption::kAcceptLostCommits};
}

// That a store without the file that says it is finished has no commits: otherwise somebody took the file away.
Result<void> Store::Impl::check_unused(const StoreOptions& options) {
  const auto rest = look(options);
  if (rest && rest->commit > 0) {
    return Error{ErrorCode::kCorruption,
                 "the file `acknowledged` is missing from " + options.path +
                     ", whose store has commits; restore it from a copy"};
  }
  return {};
}

Result<void> Store::Impl::open_database(const StoreOptions& options, bool is_new) {
  rocksdb::DBOptions open = db_options(options);
  open.create_if_missing = is_new;
  open.create_missing_column_families = is_new;
  open.listeners.push_back(
      make_floor_listener(raw_floors, info_of(Family::kMeta).disk_name));
  open.listeners.push_back(std::make_shared<FlushListener>([this] {
    flushes.fetch_add(1, std::memory_order_acq_rel);
    const std::lock_guard lock(mark_mutex);
    mark_due = mark_at_once = true;
    mark_wake.notify_one();
  }));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(open, options.path + "/rocksdb", descriptors(options, /*read_only=*/false),
                        &handles, &opened);
  if (!status.ok()) return translate(status, "opening the store in " + options.path);
  take(opened, handles);
  std::unique_ptr<rocksdb::LogFile> log;
  if (const auto told = db->GetCurrentWalFile(&log); !told.ok()) {
    return translate(told, "asking for the current log");
  }
  opening_log = log->LogNumber();
  auto loaded = load_secret(*db, is_new, secret);
  // Recovery wrote all it read out as tables.
  synced = db->GetLatestSequenceNumber();
  if (!loaded) return loaded;
  const auto floor = raw_floor({});
  if (!floor) return floor.error();
  raw_floors->opened(*floor);
  return {};
}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& given) {
  auto impl = std::make_unique<Impl>();
  const StoreOptions options = impl->guarded(given);
  impl->directory = options.directory;
  if (!impl->directory) {
    auto directory = DataDirectory::take(options.path, options.create_if_missing);
    if (!directory) return directory.error();
    impl->directory = std::move(*directory);
  }
  if (auto prepared = impl->prepare(options); !prepared) return prepared.error();
  impl->raw_floors = std::make_shared<RawFloors>();
  rocksdb::Env& env = options.env != nullptr ? *options.env : *rocksdb::Env::Default();

  const auto finished = Watermark::exists(env, options.path);
  if (!finished) return finished.error();
  std::optional<Loss> loss;
  if (*finished) {
    auto watermark = Watermark::open(env, options.path);
    if (!watermark) return watermark.error();
    impl->watermark = std::move(*watermark);
    auto examined = Impl::examine(env, options, impl->watermark->mark());
    if (!examined) return examined.error();
    loss = std::move(*examined);
  } else {
    // A store whose making was cut short is made anew.
    if (auto unused = Impl::check_unused(options); !unused) return unused.error();
    auto made = make_database_directory(env, options.path, options.path + "/rocksdb");
    if (!made) return made.error();
  }
  impl->guard->note_replay();
  if (auto opened = impl->open_database(options, !*finished); !opened) return opened.error();
  if (!*finished) {
    if (auto made = Watermark::create(env, options.path, {}); !made) return made.error();
    auto watermark = Watermark::open(env, options.path);
    if (!watermark) return watermark.error();
    impl->watermark = std::move(*watermark);
  }
  impl->acknowledged = impl->synced_commit = impl->watermark->mark().commit;
  impl->mark_interval_ms = options.mark_interval_ms;

  std::unique_ptr<Store> store(new Store(std::move(impl)));
  if (loss) {
    if (auto accepted = store->accept_loss(); !accepted) return accepted.error();
    store->impl_->notes.push_back(loss->what + ". The loss was accepted: the store goes on after commit " +
                                  std::to_string(loss->last_commit));
  }
  if (auto marked = store->impl_->write_mark(); !marked) return marked.error();
  store->impl_->start_marking();
  return store;
}

// Numbers are not given twice: the next commit follows the last one that was acknowledged.
Result<void> Store::accept_loss() {
  const auto last = last_commit();
  if (!last) return last.error();
  if (*last >= acknowledged()) return {};
  WriteSet set(*this);
  mark_commit(acknowledged(), set);
  return write(set, Durability::kSynced);
}

Result<void> Store::Impl::write_mark() {
  Mark mark;
  mark.commit = acknowledged;
  mark.synced = synced;
  std::vector<std::string> files;
  // Its length is that of what was synced, unlike the file's.
  const auto status = db->GetLiveFiles(files, &mark.manifest_bytes, /*flush_memtable=*/false);
  if (!status.ok()) return translate(status, "asking for the MANIFEST's length");
  for (const std::string& file : files) {
    constexpr std::string_view kPrefix = "/MANIFEST-";
    if (!file.starts_with(kPrefix)) continue;
    std::from_chars(file.data() + kPrefix.size(), file.data() + file.size(), mark.manifest);
  }
  if (mark == watermark->mark()) return {};
  return watermark->write(mark);
}

void Store::Impl::start_marking() {
  if (mark_interval_ms == 0) return;
  mark_thread = std::thread([this] { mark_now_and_then(); });
}

void Store::Impl::stop_marking() {
  {
    const std::lock_guard lock(mark_mutex);
    mark_stop = true;
  }
  mark_wake.notify_one();
  if (mark_thread.joinable()) mark_thread.join();
  // As good as it gets: the next start examines what is there.
  if (db && watermark && mark_interval_ms != 0 && !(guard && guard->closed())) (void)write_mark();
}

// The thread: at once when there is something to record, if nothing was recorded within the interval.
void Store::Impl::mark_now_and_then() {
  ::pthread_setname_np(::pthread_self(), "mark");
  const std::chrono::milliseconds interval(mark_interval_ms);
  auto next = std::chrono::steady_clock::now();
  std::unique_lock lock(mark_mutex);
  for (;;) {
    mark_wake.wait(lock, [this] { return mark_stop || mark_due; });
    mark_wake.wait_until(lock, next, [this] { return mark_stop || mark_at_once; });
    if (mark_stop) return;
    mark_due = mark_at_once = false;
    lock.unlock();
    next = std::chrono::steady_clock::now() + interval;
    if (!guard->closed()) {
      if (const auto marked = write_mark(); !marked) guard->close(marked.error());
    }
    lock.lock();
  }
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
  std::optional<Loss> loss;
  if (options.nobody_writes) {
    rocksdb::Env& env = options.env != nullptr ? *options.env : *rocksdb::Env::Default();
    const auto finished = Watermark::exists(env, options.path);
    if (!finished) return finished.error();
    if (!*finished) {
      if (auto unused = Impl::check_unused(options); !unused) return unused.error();
      return Error{ErrorCode::kInvalidArgument, options.path + " has no finished store"};
    }
    const auto mark = Watermark::look(env, options.path);
    if (!mark) return mark.error();
    auto examined = Impl::examine(env, options, *mark);
    if (!examined) return examined.error();
    loss = std::move(*examined);
  }
  const std::string database = options.path + "/rocksdb";
  rocksdb::Status status;
  for (int attempt = 0; attempt < kReadOnlyAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kReadOnlyPause);
    auto impl = std::make_unique<Impl>();
    if (auto prepared = impl->prepare(options); !prepared) return prepared.error();
    const std::set<std::string> before = file_names(database);
    status = impl->open_to_read(options);
    const std::set<std::string> after = file_names(database);
    if (!status.ok() && before == after) break;
    if (!status.ok()) continue;
    if (lost_log(before, after)) {
      status = rocksdb::Status::IOError("log files vanish as they are read");
      continue;
    }
    status = impl->db->Get({}, slice(SecretRecord::kKey), &impl->secret);
    if (!status.ok()) continue;
    if (loss) impl->notes.push_back(loss->what + ". The loss was accepted");
    return std::unique_ptr<Store>(new Store(std::move(impl)));
  }
  return translate(status, "opening the store in " + options.path + " to read it");
}

// One at a time. What is no failure of a file, a batch that does not match its checksum say, closes the
// guard as well.
Result<void> Store::Impl::write(const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch,
                                std::string_view doing) {
  if (guard == nullptr) return Error{ErrorCode::kUnavailable, "the store is open to read only"};
  if (auto failed = guard->failure()) {
    return Error{failed->code,
                 "the store takes no more writes, since an earlier one failed: " + failed->message};
  }
  const WriteScope scope;
  const rocksdb::Status status = db->Write(options, &batch);
  if (!status.ok()) {
    const Error error = translate(status, doing);
    guard->close(error);
    return error;
  }
  if (!options.sync) return {};
  // A sync that failed behind RocksDB's back, see write_guard.hpp. What became of this write is unknown.
  if (auto failed = guard->failure()) return Error{ErrorCode::kIoError, failed->message};
  synced = db->GetLatestSequenceNumber();
  return {};
}

Result<void> Store::write(WriteSet& set, Durability durability) {
  const std::lock_guard lock(impl_->write_mutex);
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kSynced;
  // RocksDB's listener is not told of every stall; what it notes for the thread that writes is true.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableTimeExceptForMutex);
  rocksdb::PerfContext& noted = *rocksdb::get_perf_context();
  noted.write_delay_time = 0;
  auto written = impl_->write(options, set.impl_->batch, "writing to the store");
  impl_->stall_nanos += noted.write_delay_time;
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  if (written && set.impl_->raw_floor != 0) impl_->raw_floors->written(set.impl_->raw_floor);
  if (written && options.sync && set.impl_->commit != 0) impl_->synced_commit = set.impl_->commit;
  return written;
}

// A synced write that changes nothing. DB::SyncWAL would sync the log beside the write of another thread,
// and RocksDB aborts when one of the two meets a failure of the other. An empty write would do, but a
// log that holds no other is taken for one that lost its records.
Result<void> Store::sync() {
  WriteSet set(*this);
  set.remove(Family::kMeta, kSyncKey);
  return write(set, Durability::kSynced);
}

std::optional<Error> Store::write_failure() const {
  return impl_->guard ? impl_->guard->failure() : std::nullopt;
}

void Store::stop_writes(const Error& reason) {
  if (impl_->guard) impl_->guard->close(reason);
}

bool Store::is_quiet() const { return !impl_->guard || impl_->guard->quiet(); }

void Store::keep_files(bool kept) {
  (void)(kept ? impl_->db->DisableFileDeletions() : impl_->db->EnableFileDeletions(/*force=*/false));
}

void Store::shrink_cache() { impl_->cache->SetCapacity(kShrunkCacheBytes); }

std::shared_ptr<DataDirectory> Store::directory() const { return impl_->directory; }

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
  if (!impl_->guard) {
    return Error{ErrorCode::kUnavailable, "the store is open to read only: nothing can be flushed"};
  }
  if (auto failed = write_failure()) return *failed;
  const std::vector<rocksdb::ColumnFamilyHandle*> all(impl_->families.begin(),
                                                      impl_->families.end());
  // At once. By default it waits until one more table would delay no writer, which may be as long as a
  // large compaction takes; and who flushes here writes nothing meanwhile.
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  // RocksDB may wait for ever for a flush that failed: the end is looked for here.
  options.wait = false;
  const std::uint64_t last = impl_->db->GetLatestSequenceNumber();
  if (auto begun = check(impl_->db->Flush(options, all), "flushing the store"); !begun) return begun;
  const auto give_up = std::chrono::steady_clock::now() + kFlushPatience;
  for (;;) {
    std::uint64_t waiting = 0;
    impl_->db->GetAggregatedIntProperty(rocksdb::DB::Properties::kNumImmutableMemTable, &waiting);
    if (waiting == 0) {
      // The listener is called a moment after the memtables are gone.
      if (impl_->raw_floors) impl_->raw_floors->flushed(last);
      return {};
    }
    if (auto failed = write_failure()) return *failed;
    if (std::chrono::steady_clock::now() > give_up) {
      return Error{ErrorCode::kIoError, "flushing the store takes too long"};
    }
    std::this_thread::sleep_for(kFlushPause);
  }
}

// Tables of the raw family stay at level 0, where they are in the order of their commits and none overlaps
// another. A compaction of those that are folded reads one key of each and writes nothing.
Result<void> Store::drop_folded_raw(std::int64_t steady_ms) {
  if (!impl_->raw_floors) return {};
  if (auto failed = write_failure()) return *failed;
  const std::uint64_t written = impl_->raw_floors->written();
  const auto [folded, bytes] = impl_->raw_tables_below(written);
  if (folded.empty()) {
    impl_->folded_raw_since_ms = -1;
    return {};
  }
  const auto [droppable, dropped_bytes] = impl_->raw_tables_below(impl_->raw_floors->of_tables());
  if (!droppable.empty()) {
    const auto status =
        impl_->db->CompactFiles({}, impl_->family(Family::kRaw), droppable, /*output_level=*/1);
    // Somebody else compacts them.
    if (status.IsAborted() || status.IsInvalidArgument()) return {};
    return check(status, "dropping raw events that are folded");
  }
  if (impl_->folded_raw_since_ms < 0) impl_->folded_raw_since_ms = steady_ms;
  const bool waited = steady_ms - impl_->folded_raw_since_ms >= kFoldedRawPatienceMs;
  if (bytes < kFoldedRawBytesMax || !waited) return {};
  return flush();
}

Result<void> Store::flush_deletions(std::int64_t steady_ms) {
  if (!impl_->guard) return {};
  std::uint64_t deletions = 0;
  impl_->db->GetAggregatedIntProperty(rocksdb::DB::Properties::kNumDeletesActiveMemTable, &deletions);
  if (deletions < kDeletionsFlushed) {
    impl_->deletions_since_ms = -1;
    return {};
  }
  if (impl_->deletions_since_ms < 0) impl_->deletions_since_ms = steady_ms;
  if (steady_ms - impl_->deletions_since_ms < kDeletionsPatienceMs) return {};
  impl_->deletions_since_ms = -1;
  return flush();
}

std::pair<std::vector<std::string>, std::uint64_t> Store::Impl::raw_tables_below(
    std::uint64_t floor) const {
  std::pair<std::vector<std::string>, std::uint64_t> found;
  rocksdb::ColumnFamilyMetaData raw;
  db->GetColumnFamilyMetaData(family(Family::kRaw), &raw);
  std::string floor_key;
  append_sequence(floor_key, floor);
  for (const rocksdb::LevelMetaData& level : raw.levels) {
    for (const rocksdb::SstFileMetaData& table : level.files) {
      if (table.largestkey >= floor_key || table.being_compacted) continue;
      found.first.push_back(table.name);
      found.second += table.size;
    }
  }
  return found;
}

Result<void> Store::compact() {
  if (auto flushed = flush(); !flushed) return flushed;
  for (auto* family : impl_->families) {
    auto done = check(impl_->db->CompactRange({}, family, nullptr, nullptr), "compacting");
    if (!done) return done;
  }
  return {};
}

Result<std::uint64_t> Store::last_commit() const { return impl_->last_commit(); }

Result<std::uint64_t> Store::Impl::raw_floor(const rocksdb::ReadOptions& options) const {
  const auto record = decode_meta<RawFloorRecord>(get(options, Family::kMeta, RawFloorRecord::kKey));
  if (!record) return record.error();
  return record->value_or(RawFloorRecord{}).first_commit;
}

Result<std::uint64_t> Store::Impl::last_commit() const {
  const auto record = decode_meta<CommitRecord>(get({}, Family::kMeta, CommitRecord::kKey));
  if (!record) return record.error();
  return record->value_or(CommitRecord{}).sequence;
}

void Store::mark_commit(std::uint64_t sequence, WriteSet& set) const {
  set.impl_->commit = sequence;
  put_meta(CommitRecord{sequence, impl_->epoch}, set);
}

std::uint64_t Store::acknowledged() const { return impl_->acknowledged; }

Result<void> Store::acknowledge() {
  const std::uint64_t commit = impl_->synced_commit;
  if (impl_->acknowledged.exchange(commit) == commit) return {};
  if (impl_->mark_interval_ms == 0) return impl_->write_mark();
  const std::lock_guard lock(impl_->mark_mutex);
  if (!impl_->mark_due) {
    impl_->mark_due = true;
    impl_->mark_wake.notify_one();
  }
  return {};
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
  g.stall_micros = impl_->stall_nanos / 1000;
  if (impl_->raw_floors) {
    g.folded_raw_bytes = impl_->raw_tables_below(impl_->raw_floors->written()).second;
  }
  // Not asked of RocksDB, which ends the process if its files cannot be looked at.
  g.wal_bytes = log_bytes_in(impl_->db->GetEnv(), impl_->db->GetName());
  for (std::size_t i = 0; i < kFamilies; ++i) g.families[i] = size_of(static_cast<Family>(i));
  return g;
}

std::uint64_t Store::flushes() const { return impl_->flushes.load(std::memory_order_acquire); }

std::uint64_t Store::kept_memtable_bytes() const {
  using P = rocksdb::DB::Properties;
  std::uint64_t all = 0;
  std::uint64_t needed = 0;
  // Whichever is read first, a flush between the two makes too little of it.
  impl_->db->GetAggregatedIntProperty(P::kCurSizeAllMemTables, &needed);
  impl_->db->GetAggregatedIntProperty(P::kSizeAllMemTables, &all);
  return all > needed ? all - needed : 0;
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

const std::vector<std::string>& Store::opening_notes() const { return impl_->notes; }

std::uint64_t Store::epoch() const { return impl_->epoch; }
std::string_view Store::secret() const { return impl_->secret; }

}  // namespace minuted
