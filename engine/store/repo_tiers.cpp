#include "store/repo_tiers.hpp"

#include <string>

namespace minuted {
namespace {

constexpr std::string_view kKey = "repo rows";

Result<RepoRowsBegin> decode(const Result<std::optional<std::string>>& stored) {
  if (!stored) return stored.error();
  RepoRowsBegin begin;
  if (!stored->has_value()) return begin;
  const std::string_view bytes = **stored;
  if (bytes.size() != begin.first.size() * kMinuteKeyBytes) {
    return Error{ErrorCode::kCorruption, "the record of where the repos' rows begin is damaged"};
  }
  for (std::size_t i = 0; i < begin.first.size(); ++i) {
    begin.first[i] = read_minute(bytes.substr(i * kMinuteKeyBytes));
  }
  return begin;
}

}  // namespace

void RepoRowsBegin::lower(Minute minute, WriteSet& set) {
  bool lowered = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const Minute slot = floor_to(minute, kRepoTiers[i].slot_minutes);
    if (slot >= first[i]) continue;
    first[i] = slot;
    lowered = true;
  }
  if (lowered) put(set);
}

void RepoRowsBegin::put(WriteSet& set) const {
  std::string bytes;
  for (const Minute minute : first) append_minute(bytes, minute);
  set.put(Family::kMeta, kKey, bytes);
}

Result<RepoRowsBegin> read_repo_rows_begin(const Store& store) {
  return decode(store.get(Family::kMeta, kKey));
}
Result<RepoRowsBegin> read_repo_rows_begin(const View& view) {
  return decode(view.get(Family::kMeta, kKey));
}

}  // namespace minuted
