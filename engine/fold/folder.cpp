#include "fold/folder.hpp"

#include <pthread.h>

#include <chrono>

#include "chunk/chunk_codec.hpp"

namespace minuted {

Result<RawBacklog::Size> count_backlog(const Store& store) {
  RawBacklog::Size size;
  const auto view = store.view();
  const auto cursor = view->cursor(Family::kRaw, {}, {});
  for (; cursor->valid(); cursor->next()) {
    // What cannot be read waits as well, for whoever reads it to report.
    size.chunks += count_chunks(cursor->value()).value_or(1);
    size.bytes += cursor->value().size();
  }
  if (auto status = cursor->status(); !status) return status.error();
  return size;
}

Folder::Folder(Store& store, RawBacklog& backlog, RawGeneration& generation,
               FoldCounters& counters, DiskGuard& disk, Options options)
    : store_(store),
      backlog_(backlog),
      generation_(generation),
      counters_(counters),
      disk_(disk),
      options_(std::move(options)) {
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

void Folder::run() {
  ::pthread_setname_np(::pthread_self(), "fold");
  const auto interval = std::chrono::milliseconds(options_.interval_ms);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    // Failures are counted, and reported by whoever writes or reads next.
    (void)fold(Durability::kBuffered);
    lock.lock();
  }
}

Result<void> Folder::fold(Durability durability) {
  const std::lock_guard lock(fold_mutex_);
  if (auto room = disk_.check(); !room) return room;
  Result<void> folded;
  if (backlog_.size().chunks != 0) {
    const auto start = std::chrono::steady_clock::now();
    backlog_.begin_fold();
    folded = fold_view(*generation_.close(store_));
    backlog_.end_fold(folded.ok());
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

Result<void> Folder::fold_view(const View& view) {
  const auto cursor = view.cursor(Family::kRaw, {}, {});
  FoldBatch batch(store_);
  std::uint64_t unreadable = 0;
  std::string first_unreadable;
  for (; cursor->valid(); cursor->next()) {
    if (!batch.add(cursor->key(), cursor->value())) {
      if (unreadable++ == 0) first_unreadable = shorten(cursor->key());
    }
    if (batch.bytes() < options_.batch_bytes) continue;
    if (auto written = write_batch(batch); !written) return written;
    const std::lock_guard lock(mutex_);
    if (stopping_) return {};
  }
  if (auto status = cursor->status(); !status) return status;
  if (auto written = write_batch(batch); !written) return written;
  if (unreadable == 0) return {};
  return Error{ErrorCode::kCorruption, std::to_string(unreadable) +
                                           " chunks of raw events cannot be read, the first is " +
                                           first_unreadable};
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
  backlog_.remove(batch.removed());
  counters_.chunks += batch.removed().chunks;
  counters_.events += batch.events();
  batch.clear();
  return {};
}

}  // namespace minuted
