#include "store/fold_progress.hpp"

#include <utility>

#include "codec/bytes.hpp"
#include "minuted/event.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// Persisted, as all of the meta family's keys.
constexpr std::string_view kMarkKey = "folded";
constexpr std::string_view kUnreadablePrefix = "unreadable:";
constexpr std::string_view kUnreadableEnd = "unreadable;";
constexpr std::size_t kMarkNumbersBytes = 4 * 8;

struct StoredMark {
  std::uint64_t epoch = 0;
  FoldMark mark;
};

Result<StoredMark> read_stored_mark(const View& view) {
  const auto bytes = view.get(Family::kMeta, kMarkKey);
  if (!bytes) return bytes.error();
  StoredMark stored;
  if (!bytes->has_value()) return stored;
  if ((*bytes)->size() < kMarkNumbersBytes) {
    return Error{ErrorCode::kCorruption, "the record of how far folds came is " +
                                             std::to_string((*bytes)->size()) +
                                             " bytes long, not at least " +
                                             std::to_string(kMarkNumbersBytes)};
  }
  ByteReader in(**bytes);
  stored.epoch = in.fixed64();
  stored.mark.generation = in.fixed64();
  stored.mark.first_commit = in.fixed64();
  stored.mark.last_commit = in.fixed64();
  stored.mark.key = (*bytes)->substr(kMarkNumbersBytes);
  return stored;
}

}  // namespace

void put_mark(const Store& store, const FoldMark& mark, WriteSet& set) {
  std::string bytes;
  put_fixed64(bytes, store.epoch());
  put_fixed64(bytes, mark.generation);
  put_fixed64(bytes, mark.first_commit);
  put_fixed64(bytes, mark.last_commit);
  bytes += mark.key;
  set.put(Family::kMeta, kMarkKey, bytes);
}

Result<FoldMark> read_mark(const Store& store, const View& view) {
  auto stored = read_stored_mark(view);
  if (!stored) return stored.error();
  if (stored->epoch != store.epoch()) return FoldMark{};
  return std::move(stored->mark);
}

Result<FoldProgress> FoldProgress::read(const View& view) {
  const auto floor = view.raw_floor();
  if (!floor) return floor.error();
  auto stored = read_stored_mark(view);
  if (!stored) return stored.error();
  FoldProgress progress;
  progress.floor_ = *floor;
  progress.mark_ = std::move(stored->mark);
  return progress;
}

bool FoldProgress::is_folded(std::uint64_t commit, std::string_view prefix, Minute minute) const {
  if (commit < floor_ || commit < mark_.first_commit) return true;
  if (commit > mark_.last_commit) return false;
  std::string key(prefix);
  append_minute(key, minute);
  return key <= mark_.key;
}

void put_unreadable(std::string_view key, std::uint64_t first_commit, std::string_view raw_value,
                    WriteSet& set) {
  std::string record(kUnreadablePrefix);
  record += key;
  append_sequence(record, first_commit);
  set.put(Family::kMeta, record, raw_value);
}

Result<void> for_each_unreadable(
    const View& view,
    const std::function<void(std::string_view key, std::string_view raw_value)>& take) {
  const auto cursor = view.cursor(Family::kMeta, kUnreadablePrefix, kUnreadableEnd);
  for (; cursor->valid(); cursor->next()) {
    const std::string_view key = cursor->key().substr(kUnreadablePrefix.size());
    const auto pair = split_pair(key);
    if (!pair || key.size() != pair->prefix.size() + kMinuteKeyBytes + kSequenceKeyBytes) {
      return Error{ErrorCode::kCorruption,
                   "a key of raw events is damaged: " + shorten(cursor->key())};
    }
    take(key.substr(0, key.size() - kSequenceKeyBytes), cursor->value());
  }
  return cursor->status();
}

}  // namespace minuted
