#include "maintenance/collect/series_slice.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "minuted/event.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// Series looked at in one slice, about: some ten milliseconds.
constexpr std::uint64_t kSeriesPerSlice = 2'000;

}  // namespace

Result<void> SeriesSlice::drop(const Snapshot& at, std::string_view repo, std::string& from,
                               const RemoveKept& remove_kept) const {
  SeriesToDrop drop;
  drop.folded_generations = at.folded_generations;
  const std::string lower = series_key(repo.empty() ? "" : repo_prefix(repo), {});
  const auto series = at.view->cursor(Family::kCatalog, std::max(lower, from),
                                   repo.empty() ? series_end() : after_prefix(lower));
  std::uint64_t looked_at = 0;
  while (series->valid() && looked_at < kSeriesPerSlice) {
    const auto pair = split_pair(series->key().substr(1));
    if (!pair) {
      return Error{ErrorCode::kCorruption, "a series names no pair: " + shorten(series->key())};
    }
    const std::string prefix(pair->prefix);
    Hosts hosts;
    for (; series->valid() && series->key().substr(1).starts_with(prefix); series->next()) {
      ++looked_at;
      hosts.emplace(series->key().substr(1 + prefix.size()));
    }
    // Whose host the unfolded events are is not known yet.
    if (table.may_have_since(prefix, drop.folded_generations)) continue;
    if (auto removed = remove_kept(prefix, hosts); !removed) return removed;
    if (hosts.empty()) continue;
    drop.pairs.push_back({prefix, {hosts.begin(), hosts.end()}});
    std::sort(drop.pairs.back().hosts.begin(), drop.pairs.back().hosts.end());
  }
  std::string next = series->valid() ? std::string(series->key()) : std::string();
  if (auto status = series->status(); !status) return status;
  if (!drop.pairs.empty()) {
    const auto dropped = writes.drop_series(drop);
    if (!dropped) return dropped.error();
    if (dropped->pairs < drop.pairs.size()) {
      next = series_key(drop.pairs[dropped->pairs].prefix, {});
    }
  }
  from = std::move(next);
  return {};
}

}  // namespace minuted
