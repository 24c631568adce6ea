#include "store/fold_progress.hpp"

#include <utility>

#include "minuted/event.hpp"
#include "schema/keys.hpp"
#include "store/meta.hpp"

namespace minuted {

void put_mark(const Store& store, const FoldMark& mark, WriteSet& set) {
  put_meta(FoldMarkRecord{store.epoch(), mark}, set);
}

Result<FoldMark> read_mark(const Store& store, const View& view) {
  auto stored = read_meta<FoldMarkRecord>(view);
  if (!stored) return stored.error();
  if (!stored->has_value() || (*stored)->epoch != store.epoch()) return FoldMark{};
  return std::move((*stored)->mark);
}

Result<FoldProgress> FoldProgress::read(const View& view) {
  const auto floor = view.raw_floor();
  if (!floor) return floor.error();
  auto stored = read_meta<FoldMarkRecord>(view);
  if (!stored) return stored.error();
  FoldProgress progress;
  progress.floor_ = *floor;
  if (stored->has_value()) progress.mark_ = std::move((*stored)->mark);
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
  set.put(Family::kMeta, UnreadableKey{key, first_commit}.encode(), raw_value);
}

Result<void> for_each_unreadable(
    const View& view,
    const std::function<void(std::string_view key, std::string_view raw_value)>& take) {
  const auto cursor = view.cursor(Family::kMeta, UnreadableKey::kPrefix, UnreadableKey::kEnd);
  for (; cursor->valid(); cursor->next()) {
    const auto key = UnreadableKey::decode(cursor->key());
    if (!key) {
      return Error{ErrorCode::kCorruption,
                   "a key of raw events is damaged: " + shorten(cursor->key())};
    }
    take(key->raw_key, cursor->value());
  }
  return cursor->status();
}

}  // namespace minuted
