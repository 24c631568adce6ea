#include "inspect/repos.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "minuted/event.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// Calls `look` with each pair that has a series, [lower, upper) of the index.
template <class Look>
Result<void> for_each_pair(const View& view, const std::string& lower, const std::string& upper,
                           Look look) {
  const auto cursor = view.cursor(Family::kCatalog, lower, upper);
  while (cursor->valid()) {
    const auto pair = split_pair(cursor->key().substr(1));
    if (!pair) {
      return Error{ErrorCode::kCorruption,
                   "a key of the index of series is damaged: " + shorten(cursor->key())};
    }
    if (auto looked = look(*pair); !looked) return looked;
    cursor->seek(after_prefix(series_key(pair->prefix, {})));
  }
  return cursor->status();
}

}  // namespace

StoredKeys& keys_of(Inspection& found, Family family) {
  const FamilyInfo& info = info_of(family);
  TierInspection& tier = found.tier(info.tier);
  switch (info.part) {
    case TierPart::kSingle: return tier.single;
    case TierPart::kPages: return tier.pages;
    case TierPart::kSketches: return tier.sketches;
  }
  return tier.single;
}

bool is_larger(const RepoInspection& a, const RepoInspection& b) {
  return a.bytes != b.bytes ? a.bytes > b.bytes : a.repo < b.repo;
}

Result<void> describe(const View& view, RepoInspection& repo) {
  const auto value = view.get(Family::kRepo, repo_key(repo.repo, RepoSpan::kTotal, {0}));
  if (!value) return value.error();
  RepoRollup total;
  // Absent until its first fold. One that is damaged is counted with its tier.
  if (value->has_value() && merge_encoded_repo(**value, total)) {
    repo.requests = total.requests;
    repo.upl_bytes = total.upl_bytes;
    repo.dwl_bytes = total.dwl_bytes;
  }
  repo.buckets = 0;
  const std::string lower = series_key(repo_prefix(repo.repo), {});
  return for_each_pair(view, lower, after_prefix(lower), [&](const PairView&) -> Result<void> {
    ++repo.buckets;
    return {};
  });
}

Result<void> EstimatedRepos::weigh_batch() {
  std::vector<KeyRange> ranges;
  for (const RepoInspection& repo : batch_) {
    const std::string prefix = repo_prefix(repo.repo);
    ranges.push_back({prefix, after_prefix(prefix)});
  }
  for (const Family family : kRepoFamilies) {
    const auto bytes = store_.approximate_bytes(family, ranges);
    if (!bytes) return bytes.error();
    for (std::size_t i = 0; i < batch_.size(); ++i) batch_[i].bytes += (*bytes)[i];
  }
  std::move(batch_.begin(), batch_.end(), std::back_inserter(largest_));
  batch_.clear();
  std::sort(largest_.begin(), largest_.end(), is_larger);
  if (largest_.size() > repos_max_) largest_.resize(repos_max_);
  return {};
}

Result<void> EstimatedRepos::run(Inspection& found) {
  std::string repo;
  const auto look = [&](const PairView& pair) -> Result<void> {
    ++found.buckets;
    if (pair.repo == repo) return {};
    repo = pair.repo;
    ++found.repos;
    if (repos_max_ == 0) return {};
    batch_.push_back({.repo = repo});
    if (batch_.size() < kBatch) return {};
    return weigh_batch();
  };
  auto looked = for_each_pair(view_, series_key({}, {}), series_end(), look);
  if (!looked) return looked;
  if (auto weighed = weigh_batch(); !weighed) return weighed;
  for (RepoInspection& large : largest_) {
    if (auto described = describe(view_, large); !described) return described;
  }
  found.largest_repos = std::move(largest_);
  return {};
}

}  // namespace minuted
