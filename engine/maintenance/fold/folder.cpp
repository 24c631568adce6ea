#include "maintenance/fold/folder.hpp"

#include <algorithm>
#include <chrono>

#include "chunk/chunk_codec.hpp"
#include "chunk/raw_commit.hpp"
#include "minuted/event.hpp"
#include "schema/keys.hpp"
#include "store/fold_progress.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted {

namespace {

// Operands that wait at most to be added up by whoever reads an hour, a day or a total.
constexpr std::uint64_t kFoldsPerSum = 32;

// Of a raw value. What cannot be read counts as well, for whoever reads it to report.
RawSize size_of(std::string_view value) { return {count_chunks(value).value_or(1), value.size()}; }

}  // namespace

Result<void> load_unfolded(const Store& store, RawTable& table, std::int64_t steady_ms,
                           Counter* loaded) {
  const auto view = store.view();
  const auto progress = FoldProgress::read(*view);
  if (!progress) return progress.error();
  const auto last_commit = store.last_commit();
  if (!last_commit) return last_commit.error();
  // Two generations at most: the rest of the one that a fold was cut short in, whose mark is by its
  // commits, and all that came after.
  const std::uint64_t newer_begin = std::max(progress->floor(), progress->last_commit() + 1);
  const auto take = [&](RawSize size) {
    if (loaded != nullptr) *loaded += size.chunks;
  };
  const auto read = for_each_unreadable(*view, [&](std::string_view key, std::string_view value) {
    const std::string_view prefix = key.substr(0, key.size() - kMinuteKeyBytes);
    const RawSize size = size_of(value);
    table.load_unreadable({prefix, read_minute(key.substr(prefix.size())), value}, size, steady_ms);
    take(size);
  });
  if (!read) return read;
  const auto cursor = view->cursor(Family::kRaw, raw_key(progress->floor(), 0), {});
  for (; cursor->valid(); cursor->next()) {
    const auto commit = commit_of_raw_key(cursor->key());
    if (!commit) {
      return Error{ErrorCode::kCorruption,
                   "a key of raw events is damaged: " + shorten(cursor->key())};
    }
    const bool newer = *commit >= newer_begin;
    const std::uint64_t first = newer ? newer_begin : progress->first_commit();
    const std::uint64_t last = newer ? *last_commit : progress->last_commit();
    RawCommitReader in(cursor->value());
    while (in.next()) {
      if (progress->is_folded(*commit, in.prefix(), in.minute())) continue;
      const RawSize size = size_of(in.raw_value());
      table.load(first, last, {in.prefix(), in.minute(), in.raw_value()}, size, steady_ms);
      take(size);
    }
    if (!in.ok()) {
      return Error{ErrorCode::kCorruption,
                   "the raw events of commit " + std::to_string(*commit) + " are damaged"};
    }
  }
  table.loaded();
  return cursor->status();
}

Folder::Folder(Store& store, RawTable& table, RepoRowsBegin& repo_rows_begin,
               FoldCounters& counters, Options options)
    : store_(store),
      table_(table),
      repo_rows_begin_(repo_rows_begin),
      counters_(counters),
      options_(std::move(options)) {}

Result<void> Folder::fold() {
  if (table_.size().chunks == 0) return {};
  const auto start = std::chrono::steady_clock::now();
  auto folded = fold_all();
  ++counters_.folds;
  counters_.micros += static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                            start)
          .count());
  if (!folded) {
    counters_.last_error.set(folded.error().message);
    ++counters_.failures;
  }
  return folded;
}

Result<void> Folder::fold_all() {
  ++folds_;
  for (auto& generation : table_.close()) {
    if (auto folded = fold_generation(generation); !folded) return folded;
    if (stopping_) return {};
    table_.finish(generation);
    generation.reset();  // its memory is needed no more, unless by readers
  }
  return report_unreadable();
}

// Those of earlier folds too: they stay until somebody does something about them.
Result<void> Folder::report_unreadable() const {
  const auto unreadable = table_.unreadable();
  if (!unreadable) return {};
  std::uint64_t entries = 0;
  std::string first;
  for (auto place = unreadable->seek({}); place; place = unreadable->after(*place), ++entries) {
    if (entries != 0) continue;
    first = place->prefix;
    append_minute(first, place->entry.minute);
  }
  return Error{ErrorCode::kCorruption, std::to_string(entries) +
                                           " minutes of raw events cannot be read, the first is " +
                                           shorten(first)};
}

// From where an earlier fold was cut short, if one was.
Result<void> Folder::fold_generation(const std::shared_ptr<RawGeneration>& generation) {
  RawCursor at({generation}, UINT64_MAX, folded_);
  // Nobody moves them while a fold runs.
  auto boundaries = read_roll_boundaries(store_);
  if (!boundaries) return boundaries.error();
  FoldBatch batch(store_, std::move(*boundaries), {options_.archive, folds_ % kFoldsPerSum == 1});
  for (at.seek({}); at.valid(); at.next()) {
    // A cursor shows what was set aside before, wherever the mark is.
    if (generation->number() == folded_.generation && at.key() <= folded_.key) continue;
    if (!batch.add(*generation, at)) {
      const std::string_view prefix = at.key().substr(0, at.key().size() - kMinuteKeyBytes);
      generation->mark_damaged(prefix, read_minute(at.key().substr(prefix.size())));
      batch.set_aside(*generation, at);
    }
    if (batch.bytes() < options_.batch_bytes) continue;
    if (auto written = write_batch(batch); !written) return written;
    if (stopping_) return {};
  }
  batch.end_generation(*generation);
  return write_batch(batch);
}

Result<void> Folder::write_batch(FoldBatch& batch) {
  batch.finish();
  if (batch.set().empty()) return {};
  repo_rows_begin_.lower(batch.oldest(), batch.set());
  auto written = store_.write(batch.set(), Durability::kBuffered);
  if (!written) {
    options_.on_write_failure(written.error());
    return written;
  }
  folded_ = batch.mark();
  options_.on_rows(batch.oldest(), batch.newest());
  table_.removed(batch.removed());
  counters_.chunks += batch.removed().chunks;
  counters_.events += batch.events();
  batch.clear();
  return {};
}

}  // namespace minuted
