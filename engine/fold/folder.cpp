#include "fold/folder.hpp"

#include <pthread.h>

#include <chrono>

#include "chunk/chunk_codec.hpp"
#include "store/key_codec.hpp"

namespace minuted {

Result<void> load_unfolded(const Store& store, RawTable& table, std::int64_t steady_ms) {
  const auto view = store.view();
  const auto cursor = view->cursor(Family::kRaw, {}, {});
  for (; cursor->valid(); cursor->next()) {
    const std::string_view key = cursor->key();
    const auto pair = split_pair(key);
    if (!pair || key.size() != pair->prefix.size() + kMinuteKeyBytes + kSequenceKeyBytes) {
      return Error{ErrorCode::kCorruption, "a key of raw events is damaged: " + shorten(key)};
    }
    const std::string_view numbers = key.substr(pair->prefix.size());
    // What cannot be read waits as well, for whoever reads it to report.
    const RawSize size{count_chunks(cursor->value()).value_or(1), cursor->value().size()};
    table.load(read_sequence(numbers.substr(kMinuteKeyBytes)),
               {pair->prefix, read_minute(numbers), cursor->value()}, size, steady_ms);
  }
  table.loaded();
  return cursor->status();
}

Folder::Folder(const Parts& parts, Options options)
    : store_(parts.store),
      table_(parts.table),
      counters_(parts.fold_counters),
      disk_(parts.disk),
      options_(std::move(options)),
      sealer_(parts.store, parts.seal_counters,
              {options_.clock, options_.seal_after_ms, options_.seal_interval_ms,
               options_.batch_bytes, options_.on_write_failure}) {
  if (options_.interval_ms > 0) thread_ = std::thread([this] { run(); });
}

Folder::~Folder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Folder::hurry() {
  {
    const std::lock_guard lock(mutex_);
    hurry_ = true;
  }
  wake_.notify_all();
}

void Folder::run() {
  ::pthread_setname_np(::pthread_self(), "fold");
  const auto interval = std::chrono::milliseconds(options_.interval_ms);
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_for(lock, interval, [this] { return stopping_ || hurry_; });
    if (stopping_) return;
    hurry_ = false;
    lock.unlock();
    // Failures are counted, and reported by whoever writes or reads next.
    (void)fold(Durability::kBuffered);
    if (options_.seal_interval_ms > 0) seal_for_a_while();
    lock.lock();
  }
}

// Half of the time between two folds, at most.
void Folder::seal_for_a_while() {
  {
    const std::lock_guard rows(rows_mutex_);
    if (sealer_.due()) sealer_.begin();
  }
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.interval_ms) / 2;
  do {
    const auto more = seal_step();
    if (more.ok() ? !*more : more.error().code != ErrorCode::kCorruption) return;
    const std::lock_guard lock(mutex_);
    if (stopping_ || hurry_) return;
  } while (std::chrono::steady_clock::now() < end);
}

Result<bool> Folder::seal_step() {
  const std::lock_guard rows(rows_mutex_);
  if (auto room = disk_.check(); !room) return room.error();
  return sealer_.step();
}

Result<void> Folder::seal(Durability durability) {
  {
    const std::lock_guard rows(rows_mutex_);
    sealer_.begin();
  }
  Result<void> sealed;
  for (;;) {
    const auto more = seal_step();
    if (more.ok() && !*more) break;
    if (more.ok()) continue;
    if (sealed.ok()) sealed = more.error();
    if (more.error().code != ErrorCode::kCorruption) break;
  }
  if (!sealed || durability == Durability::kBuffered) return sealed;
  return sync();
}

Result<void> Folder::sync() {
  const std::lock_guard rows(rows_mutex_);
  auto synced = store_.sync();
  if (!synced) options_.on_write_failure(synced.error());
  return synced;
}

Result<void> Folder::fold(Durability durability) {
  const std::lock_guard rows(rows_mutex_);
  if (auto room = disk_.check(); !room) return room;
  Result<void> folded;
  if (table_.size().chunks != 0) {
    const auto start = std::chrono::steady_clock::now();
    folded = fold_all();
    ++counters_.folds;
    counters_.micros += static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                              start)
            .count());
    if (!folded) ++counters_.failures;
  }
  if (folded && durability == Durability::kSynced) {
    // Earlier folds may have been buffered only.
    folded = store_.sync();
    if (!folded) options_.on_write_failure(folded.error());
  }
  return folded;
}

Result<void> Folder::fold_all() {
  Unreadable unreadable;
  for (const auto& generation : table_.close()) {
    if (auto folded = fold_generation(generation, unreadable); !folded) return folded;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return {};
    }
    table_.finish(generation);
  }
  if (unreadable.entries == 0) return {};
  return Error{ErrorCode::kCorruption, std::to_string(unreadable.entries) +
                                           " minutes of raw events cannot be read, the first is " +
                                           unreadable.first};
}

// From where an earlier fold was cut short, if one was.
Result<void> Folder::fold_generation(const std::shared_ptr<RawGeneration>& generation,
                                     Unreadable& unreadable) {
  RawCursor at({generation}, UINT64_MAX, folded_);
  FoldBatch batch(store_);
  for (at.seek({}); at.valid(); at.next()) {
    if (!batch.add(*generation, at)) {
      const std::string_view prefix = at.key().substr(0, at.key().size() - kMinuteKeyBytes);
      generation->mark_damaged(prefix, read_minute(at.key().substr(prefix.size())));
      if (unreadable.entries++ == 0) unreadable.first = shorten(at.key());
    }
    if (batch.bytes() < options_.batch_bytes) continue;
    if (auto written = write_batch(batch); !written) return written;
    const std::lock_guard lock(mutex_);
    if (stopping_) return {};
  }
  return write_batch(batch);
}

Result<void> Folder::write_batch(FoldBatch& batch) {
  batch.finish();
  if (batch.set().empty()) return {};
  // Buffered: if it is lost in a crash, the raw chunks it removed are back as well.
  auto written = store_.write(batch.set(), Durability::kBuffered);
  if (!written) {
    options_.on_write_failure(written.error());
    return written;
  }
  folded_ = batch.mark();
  sealer_.note_rows(batch.oldest());
  table_.removed(batch.removed());
  counters_.chunks += batch.removed().chunks;
  counters_.events += batch.events();
  batch.clear();
  return {};
}

}  // namespace minuted
