// Moves the rows of repo values whose slots are closed into their repos' pages (store/repo_tiers.hpp), so
// that a window of any length is a few keys a repo. A pass goes tier by tier, page's span by page's span,
// and through the repos in lots; each step writes one atomic batch of a lot: a value is in its page or still
// a row, never both and never neither, wherever a pass is cut short. Nothing else may write rows while a
// step runs: the caller sees to it. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "page/repo_page_codec.hpp"
#include "stats/counters.hpp"
#include "store/repo_tiers.hpp"
#include "store/store.hpp"

namespace minuted {

class RepoSealer {
 public:
  // Repos of one step: what their slots take in memory, and their pages in a batch, is bounded by it.
  static constexpr std::size_t kReposPerStep = 64;

  struct Options {
    const Clock* clock;
    std::int64_t interval_ms;  // between two passes, at least
    std::function<void(const Error&)> on_write_failure;  // called once a write failed
  };

  // Borrows all three.
  RepoSealer(Store& store, RepoRowsBegin& rows_begin, SealCounters& counters, Options options);

  // Whether it is time for another pass.
  bool due() const;
  // Begins a pass, from the first row of the first tier.
  void begin();
  bool is_under_way() const { return passing_; }
  // Does the pass's next batch. True while there is more to do; false when no pass is under way.
  // After kCorruption the pass goes on behind what cannot be read, which stays as it is.
  Result<bool> step();

 private:
  // What the rows of a lot of repos hold, ascending by slot.
  using Lot = std::map<std::string, std::vector<RepoSlot>, std::less<>>;

  Result<bool> step_in(std::size_t tier);
  Result<void> end_tier(std::size_t tier, Minute closed, const View& view);
  std::optional<std::string> take_rows(const RepoTier& tier, StoreCursor& rows, Lot& lot);
  void put_page(const RepoTier& tier, const View& view, const std::string& repo,
                std::vector<RepoSlot>& slots);
  Result<void> write();
  void note_damage(std::string what);

  Store& store_;
  RepoRowsBegin& rows_begin_;
  SealCounters& counters_;
  const Options options_;
  std::int64_t next_pass_ms_;

  // The pass under way.
  bool passing_ = false;
  std::size_t tier_ = 0;
  bool in_tier_ = false;
  Minute page_{};     // the page's span at hand
  std::string from_;  // the first repo of the next lot

  // The step at hand.
  WriteSet set_;
  std::optional<Error> damage_;
};

}  // namespace minuted
