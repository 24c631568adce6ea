// Walks what some repos, or all of them together, have of some minutes in one tier of repo values, from
// one view: their pages, the rows beside them, and the raw events that are not folded yet. Parts of one
// slot come apart, for the caller to add up; within each kind they come by time, then by repo. Keys that
// are wanted lie far apart or close together: a few steps, and then a seek.
//
// One thread at a time. Test: tests/engine/query/repo_walk_test.cpp, against a model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "minuted/repo_rollup.hpp"
#include "minuted/result.hpp"
#include "page/repo_page_codec.hpp"
#include "query/read_context.hpp"
#include "store/raw_table.hpp"
#include "store/repo_tiers.hpp"
#include "store/store.hpp"

namespace minuted {

// Whose values.
struct WantedRepos {
  enum class Kind : std::uint8_t {
    kSum,     // of all repos, as if it were one
    kEach,    // every repo
    kListed,
  };
  Kind kind = Kind::kEach;
  std::vector<std::string> listed = {};  // ascending, each once
};

// A part of what a repo has. Views die at the walk's next step.
struct RepoPart {
  std::string_view repo;                 // of the sum: any
  const RepoPageReader* page = nullptr;  // null: one slot
  SlotRange slots;                       // of the page
  Minute first;                          // of the page's span, or of the slot
  RepoRollup sums;                       // of the slot
};

// What raw events add up to.
RepoRollup sum_of(const std::vector<ChunkEvent>& events);

class RepoWalk {
 public:
  // `minutes`: whole slots. Borrows the context, whose deadline is asked before each step.
  RepoWalk(ReadContext& context, const RepoTier& tier, const MinuteRange& minutes,
           WantedRepos wanted);

  Result<bool> next(RepoPart& part);

 private:
  enum class Stage : std::uint8_t { kPages, kRows, kRaw, kEnd };

  Result<bool> next_key();
  Result<bool> next_page(RepoPart& part);
  Result<bool> next_row(RepoPart& part);
  Result<bool> next_raw(RepoPart& part);
  Result<bool> at_wanted_raw();

  ReadContext& context_;
  const std::unique_ptr<RawCursor> raw_;  // null: all is folded
  const RepoTier& tier_;
  const MinuteRange minutes_;
  const bool each_;
  const bool all_raw_;
  const std::vector<std::string> listed_;  // of keys; of the sum, its own

  Stage stage_ = Stage::kPages;
  std::unique_ptr<StoreCursor> keys_;  // of pages, then of rows
  bool begun_ = false;                 // the stage
  std::uint32_t key_minutes_ = 0;
  std::optional<Minute> segment_;      // the first minute of the keys at hand
  std::size_t next_listed_ = 0;        // the next wanted of them
  RepoPageReader page_;
  std::vector<ChunkEvent> events_;
};

}  // namespace minuted
