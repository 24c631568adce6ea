#include "fold/folder.hpp"

#include <chrono>

#include "chunk/chunk_codec.hpp"
#include "store/key_codec.hpp"

namespace minuted {

namespace {

// Operands that wait at most to be added up by whoever reads an hour, a day or a total.
constexpr std::uint64_t kFoldsPerSum = 32;

}  // namespace

Result<void> load_unfolded(const Store& store, RawTable& table, std::int64_t steady_ms,
                           Counter* loaded) {
  const auto view = store.view();
  const auto floor = read_floor(*view);
  if (!floor) return floor.error();
  const auto cursor = view->raw_cursor(*floor);
  for (; cursor->valid(); cursor->next()) {
    const std::string_view key = cursor->key();
    const auto pair = split_pair(key);
    if (!pair || key.size() != pair->prefix.size() + kMinuteKeyBytes + kSequenceKeyBytes) {
      return Error{ErrorCode::kCorruption, "a key of raw events is damaged: " + shorten(key)};
    }
    const std::string_view numbers = key.substr(pair->prefix.size());
    const std::uint64_t first_commit = read_sequence(numbers.substr(kMinuteKeyBytes));
    if (first_commit < *floor) continue;
    // What cannot be read waits as well, for whoever reads it to report.
    const RawSize size{count_chunks(cursor->value()).value_or(1), cursor->value().size()};
    table.load(first_commit, {pair->prefix, read_minute(numbers), cursor->value()}, size, steady_ms);
    if (loaded != nullptr) *loaded += size.chunks;
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
  Unreadable unreadable;
  for (auto& generation : table_.close()) {
    if (auto folded = fold_generation(generation, unreadable); !folded) return folded;
    if (stopping_) return {};
    table_.finish(generation);
    generation.reset();  // its memory is needed no more, unless by readers
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
  FoldBatch batch(store_, {options_.archive, folds_ % kFoldsPerSum == 1});
  for (at.seek({}); at.valid(); at.next()) {
    if (!batch.add(*generation, at)) {
      const std::string_view prefix = at.key().substr(0, at.key().size() - kMinuteKeyBytes);
      generation->mark_damaged(prefix, read_minute(at.key().substr(prefix.size())));
      if (unreadable.entries++ == 0) unreadable.first = shorten(at.key());
    }
    if (batch.bytes() < options_.batch_bytes) continue;
    if (auto written = write_batch(batch); !written) return written;
    if (stopping_) return {};
  }
  // Of all before it nothing is left but what cannot be read, if that.
  if (unreadable.entries == 0) batch.end_generation(*generation);
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
  options_.on_rows(batch.oldest());
  table_.removed(batch.removed());
  counters_.chunks += batch.removed().chunks;
  counters_.events += batch.events();
  batch.clear();
  return {};
}

}  // namespace minuted
