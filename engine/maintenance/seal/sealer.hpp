// Seals: moves the rows of closed spans into pages (schema/tiers.hpp), so that history takes a few
// bytes a row and is read a page at a time. A pass walks the rows once, pair by pair; rows of a span
// that has a page already, left by late events, are added to it. Each step writes one atomic batch of
// bounded size: a row is in its page or still by itself, never both and never neither, wherever a
// pass is cut short. Nothing else may write rows while a step runs: the caller sees to it.
// One thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/tiers.hpp"
#include "stats/counters.hpp"
#include "store/store.hpp"

namespace minuted {

// A span of more rows than this, hosts times minutes, is not sealed: it would not be read in pieces of
// bounded memory.
inline constexpr std::size_t kPageRowsMax = 50'000;

class Sealer {
 public:
  struct Options {
    const Clock* clock;
    std::int64_t after_ms;     // a span is closed when it ended so long ago
    std::int64_t interval_ms;  // between two passes, at least
    std::size_t batch_bytes;   // of one step's writes, about
    std::function<void(const Error&)> on_write_failure;  // called once a write failed
  };

  // Borrows both.
  Sealer(Store& store, SealCounters& counters, Options options);

  // Rows as old as `oldest` were written.
  void note_rows(Minute oldest) { oldest_written_ = std::min(oldest_written_, oldest); }
  // Whether it is time for another pass, and there may be something to seal.
  bool due() const;
  // Begins a pass, from the first pair of the first tier.
  void begin();
  bool is_under_way() const { return passing_; }
  // Does the pass's next batch. True while there is more to do; false when no pass is under way.
  // After kCorruption the pass goes on behind what cannot be read, which stays as it is.
  Result<bool> step();

 private:
  using Slots = std::map<std::uint32_t, HostRollups>;

  Minute closed_before(const SealedTier& tier) const;
  Result<bool> step_in(const SealedTier& tier);
  Result<bool> take_rows(const SealedTier& tier, Minute first, StoreCursor& rows);
  Result<bool> take_page(const SealedTier& tier, const View& view);
  void put_page(const SealedTier& tier);
  Result<void> write();

  Store& store_;
  SealCounters& counters_;
  const Options options_;

  std::int64_t next_pass_ms_;
  Minute oldest_written_{0};  // since the last pass began; before the first, who knows
  Minute closed_{0};          // minutes before it were closed at the last pass

  // The pass under way.
  bool passing_ = false;
  std::size_t tier_ = 0;
  std::string position_;  // where in the tier's rows

  // The step at hand.
  WriteSet set_;
  std::uint64_t rows_ = 0;
  std::uint64_t pages_ = 0;
  std::string prefix_;
  std::string page_key_;
  Slots slots_;
  std::size_t slot_rows_ = 0;
  std::vector<std::string> row_keys_;
};

}  // namespace minuted
