#include "inspect/repo_sizes.hpp"

#include <algorithm>
#include <utility>

#include "minuted/event.hpp"
#include "rollup/rollup_codec.hpp"
#include "store/key_codec.hpp"

namespace minuted {
namespace {

// Families whose keys begin with the repo. What requests and events left behind, and the index from
// buckets to repos, is nobody's alone.
constexpr Family kOfRepos[] = {
    Family::kRaw,  Family::kMinute,     Family::kMinutePage,    Family::kMinuteSketches,
    Family::kHour, Family::kHourPage,   Family::kHourSketches,  Family::kDay,
    Family::kTotal, Family::kRepo,
};

bool is_larger(const RepoInspection& a, const RepoInspection& b) {
  return a.bytes != b.bytes ? a.bytes > b.bytes : a.repo < b.repo;
}

// What of its total is shown.
Result<void> read_total(const View& view, RepoInspection& repo) {
  const auto value = view.get(Family::kRepo, repo_key(repo.repo, RepoSpan::kTotal, {0}));
  if (!value) return value.error();
  RepoRollup total;
  // Absent until its first fold. One that is damaged is counted with its tier.
  if (!value->has_value() || !merge_encoded_repo(**value, total)) return {};
  repo.requests = total.requests;
  repo.upl_bytes = total.upl_bytes;
  repo.dwl_bytes = total.dwl_bytes;
  return {};
}

}  // namespace

Result<void> RepoSizes::weigh_batch() {
  std::vector<KeyRange> ranges;
  std::vector<KeyRange> series;
  for (const RepoInspection& repo : batch_) {
    const std::string prefix = repo_prefix(repo.repo);
    ranges.push_back({prefix, after_prefix(prefix)});
    const std::string series_prefix = series_key(prefix, {});
    series.push_back({series_prefix, after_prefix(series_prefix)});
  }
  const auto add = [&](Family family, const std::vector<KeyRange>& of) -> Result<void> {
    const auto bytes = store_.approximate_bytes(family, of);
    if (!bytes) return bytes.error();
    for (std::size_t i = 0; i < batch_.size(); ++i) batch_[i].bytes += (*bytes)[i];
    return {};
  };
  for (const Family family : kOfRepos) {
    if (auto added = add(family, ranges); !added) return added;
  }
  if (auto added = add(Family::kCatalog, series); !added) return added;
  std::move(batch_.begin(), batch_.end(), std::back_inserter(largest_));
  batch_.clear();
  std::sort(largest_.begin(), largest_.end(), is_larger);
  if (largest_.size() > repos_max_) largest_.resize(repos_max_);
  return {};
}

Result<void> RepoSizes::run(Inspection& found) {
  const auto cursor = view_.cursor(Family::kCatalog, series_key({}, {}), series_end());
  while (cursor->valid()) {
    const auto pair = split_pair(cursor->key().substr(1));
    if (!pair) {
      return Error{ErrorCode::kCorruption,
                   "a key of the index of series is damaged: " + shorten(cursor->key())};
    }
    if (batch_.empty() || batch_.back().repo != pair->repo) {
      if (batch_.size() == kBatch && repos_max_ > 0) {
        if (auto weighed = weigh_batch(); !weighed) return weighed;
      }
      if (repos_max_ == 0) batch_.clear();
      batch_.push_back({.repo = std::string(pair->repo)});
      ++found.repos;
    }
    ++batch_.back().buckets;
    ++found.buckets;
    cursor->seek(after_prefix(series_key(pair->prefix, {})));
  }
  if (auto status = cursor->status(); !status) return status;
  if (repos_max_ == 0) return {};
  if (auto weighed = weigh_batch(); !weighed) return weighed;
  for (RepoInspection& repo : largest_) {
    if (auto read = read_total(view_, repo); !read) return read;
  }
  found.largest_repos = std::move(largest_);
  return {};
}

}  // namespace minuted
