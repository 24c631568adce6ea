// The repo values of a store, pages and rows together, for those who take something out of them. Nothing
// else may write rows meanwhile. One thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "minuted/repo_rollup.hpp"
#include "minuted/result.hpp"
#include "store/repo_tiers.hpp"
#include "store/store.hpp"

namespace minuted {

// Sums by where they are kept.
using RepoValues = std::map<std::pair<RepoSpan, Minute>, RepoRollup>;

// Takes the sums out of what the repo (kAllRepos: all together) has in those places; where it has
// nothing they are past, and pruned. `set` is what is written: nothing of the repo's may be in it yet.
// kCorruption if a value cannot be read.
Result<void> take_out_of_repo(const View& view, std::string_view repo, const RepoValues& gone,
                              WriteSet& set);

// Where one deletes all that a repo has, a piece at a time.
struct RepoPiece {
  const RepoTier* tier = nullptr;
  MinuteRange minutes;             // one page's span
};

// The first piece at or after `at` that the repo has anything of, in the tier; nullopt at the end.
Result<std::optional<RepoPiece>> next_piece(const View& view, std::string_view repo,
                                            const RepoTier& tier, Minute at);

// Deletes what the repo has of the piece, and adds it to `gone`.
Result<void> remove_piece(const View& view, std::string_view repo, const RepoPiece& piece,
                          RepoValues& gone, WriteSet& set);

}  // namespace minuted
