#include "store/repo_facts.hpp"

#include <optional>
#include <utility>

#include "codec/bytes.hpp"
#include "minuted/event.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

constexpr char kVersion = 1;
// Records of other repos passed over one by one before the next is sought.
constexpr int kStepsBeforeSeek = 4;

Result<RepoFacts> decode(std::string_view bytes, std::string_view repo) {
  RepoFacts facts;
  ByteReader in(bytes);
  const bool known = in.byte() == kVersion;
  facts.workspace = in.string(kIdBytesMax);
  facts.provider = in.string(kIdBytesMax);
  if (known && in.done()) return facts;
  return Error{ErrorCode::kCorruption, "what was told of repo " + shorten(repo) + " cannot be read"};
}

Result<RepoFacts> decode(const Result<std::optional<std::string>>& stored, std::string_view repo) {
  if (!stored) return stored.error();
  if (!stored->has_value()) return RepoFacts{};
  return decode(std::string_view(**stored), repo);
}

}  // namespace

Result<RepoFacts> RepoFactsReader::of(std::string_view repo) {
  const std::string key = repo_metadata_key(repo);
  if (!cursor_) {
    cursor_ = view_.cursor(Family::kCatalog, key, kRepoMetadataEnd);
  } else if (key < key_) {
    cursor_->seek(key);
  } else {
    // It stands on the first record from key_ on.
    for (int steps = 0; cursor_->valid() && cursor_->key() < key; ++steps) {
      if (steps == kStepsBeforeSeek) {
        cursor_->seek(key);
        break;
      }
      cursor_->next();
    }
  }
  key_ = key;
  if (cursor_->valid() && cursor_->key() == key) return decode(cursor_->value(), repo);
  if (auto status = cursor_->status(); !status) return status.error();
  return RepoFacts{};
}

Result<std::vector<std::string>> repos_of_workspace(const View& view, std::string_view workspace,
                                                    std::size_t repos_max) {
  const std::string prefix = workspace_index_prefix(workspace);
  std::vector<std::string> repos;
  const auto cursor = view.cursor(Family::kCatalog, prefix, after_prefix(prefix));
  for (; cursor->valid(); cursor->next()) {
    if (repos.size() == repos_max) {
      return Error{ErrorCode::kTooManyGroups, "workspace " + shorten(workspace) + " has more than " +
                                                  std::to_string(repos_max) +
                                                  " repos, as many as are allowed; "
                                                  "ask for one repo at a time",
                   DecidingOption::kGroupsMax};
    }
    repos.emplace_back(cursor->key().substr(prefix.size()));
  }
  if (auto status = cursor->status(); !status) return status.error();
  return repos;
}

Result<RepoFacts> RepoFactsTable::apply(const std::string& repo, const RepoFactsChange& change,
                                        WriteSet& set) {
  const auto fresh = fresh_.find(repo);
  const auto before = fresh != fresh_.end()
                          ? Result<RepoFacts>(fresh->second)
                          : decode(store_.get(Family::kCatalog, repo_metadata_key(repo)), repo);
  if (!before) return before;
  const RepoFacts after{change.workspace.value_or(before->workspace),
                        change.provider.value_or(before->provider)};
  if (after == *before) return after;
  put(repo, *before, after, set);
  return fresh_[repo] = after;
}

void RepoFactsTable::put(std::string_view repo, const RepoFacts& before, const RepoFacts& after,
                         WriteSet& set) {
  const std::string key = repo_metadata_key(repo);
  if (after == RepoFacts{}) {
    set.remove(Family::kCatalog, key);
  } else {
    std::string value(1, kVersion);
    put_string(value, after.workspace);
    put_string(value, after.provider);
    set.put(Family::kCatalog, key, value);
  }
  if (before.workspace == after.workspace) return;
  const auto index_key = [&](const RepoFacts& facts) {
    return workspace_index_key(facts.workspace, repo);
  };
  if (!before.workspace.empty()) set.remove(Family::kCatalog, index_key(before));
  if (!after.workspace.empty()) {
    set.put(Family::kCatalog, index_key(after), std::string(1, kVersion));
  }
}

}  // namespace minuted
