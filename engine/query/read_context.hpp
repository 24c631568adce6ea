// The state that every read has, whichever rows it returns: the store and its unfolded events at one moment,
// how far folds and rolls had come at that moment, the horizons, the deadline, the memory that the read
// holds, and the counters. A cursor of the engine takes one context and sets up none of this by itself;
// the iterators and groups that the cursor is made of borrow the context.
//
// One thread at a time. Test: tests/engine/query/read_context_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "minuted/query.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "query/deadline.hpp"
#include "query/row_count.hpp"
#include "stats/counters.hpp"
#include "stats/query_memory.hpp"
#include "store/open_rows.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

inline constexpr MinuteRange kEveryMinute{{0}, {kMinuteMax.value + 1}};

// The memory of a cursor besides what it decodes: iterators, and the blocks that they pin.
inline constexpr std::size_t kCursorBytes = 96U << 10;

class ReadContext {
 public:
  // How many checks go by between two looks at the clock. One look costs more than a row or an event, so
  // that cursors of these look more seldom than those whose steps are seeks.
  static constexpr std::uint32_t kRowSteps = 256;
  static constexpr std::uint32_t kSeekSteps = 64;

  struct Options {
    const Clock* clock = nullptr;              // borrowed; the deadline goes by its steady time
    std::int64_t lifetime_ms = 0;              // of the view, from now on
    std::uint32_t steps_per_clock_check = kRowSteps;
    std::array<Minute, 3> horizons{};          // by Span: earlier rows are not visible
    Minute archive_begin{0};                   // earlier raw events are not visible
    Millis now{0};                             // as far as the clock is believed
    std::size_t groups_max = SIZE_MAX;         // of one read
  };

  // Takes over the view, and reads the fold's mark from it; `store` is the one that the view is of.
  // `owner` is kept until the view is released, and may be null. The counters are borrowed.
  // kCorruption, kIoError.
  static Result<std::shared_ptr<ReadContext>> open(RawView view, const Store& store,
                                                   std::shared_ptr<const void> owner,
                                                   const Options& options, ReadCounters& counters);

  // The same with a mark that has been read. A view without a store is that of a read that gets its rows
  // from somewhere else.
  ReadContext(RawView view, FoldMark mark, std::shared_ptr<const void> owner,
              const Options& options, ReadCounters& counters);
  ~ReadContext();
  ReadContext(const ReadContext&) = delete;
  ReadContext& operator=(const ReadContext&) = delete;

  // Until release().
  const View& view() const { return *view_.store; }

  // A new cursor over the events of the view that are not folded in it; null if all are.
  std::unique_ptr<RawCursor> unfolded() const;

  // The rows of finer tiers whose events the rows of `tier` do not have yet; see OpenRows. Null if the
  // rows of `tier` have all events of `minutes`. kCorruption, kIoError.
  Result<std::unique_ptr<OpenRows>> open_rows(Span tier, const MinuteRange& minutes = kEveryMinute);

  // To be called at every step. kExpired once the time is up, kOverloaded once the read is recalled.
  Result<void> check() { return deadline_.check(); }

  // Counts an item that the read returns. ReadCounters::rows lags behind by a stride until release().
  void count_row() { ++rows_; }

  // Gives the view back, whose cursors must be gone, before the context is. A read that has ended does so
  // at once: its caller may keep the cursor for long.
  void release();

  Minute horizon(Span span) const { return options_.horizons[static_cast<std::size_t>(span)]; }
  const std::array<Minute, 3>& horizons() const { return options_.horizons; }
  Minute archive_begin() const { return options_.archive_begin; }
  Millis now() const { return options_.now; }
  std::size_t groups_max() const { return options_.groups_max; }
  // The most memory that one read may hold.
  std::size_t memory_bytes_max() const { return counters_.memory.share_bytes_max(); }

 private:
  friend class ReadMemory;

  const Options options_;
  ReadCounters& counters_;
  std::shared_ptr<const void> owner_;  // outlives the view
  RawView view_;
  const FoldMark mark_;
  std::optional<RollBoundaries> boundaries_;  // once they have been read
  Deadline deadline_;
  RowCount rows_;
  std::size_t held_bytes_ = 0;  // by all ReadMemory of this read
};

// The memory that one part of a read holds: its rows, say, or the groups that they are added to. The parts of a
// read share the bound on one read. Borrows the context.
class ReadMemory {
 public:
  explicit ReadMemory(ReadContext& context)
      : context_(context), share_(context.counters_.memory) {}
  ~ReadMemory() { release(); }
  ReadMemory(const ReadMemory&) = delete;
  ReadMemory& operator=(const ReadMemory&) = delete;

  // Accounts for at least `bytes` in all; see QueryShare::hold(). kQueryTooLarge, kOverloaded.
  Result<void> hold(std::size_t bytes) {
    const std::size_t before = share_.bytes();
    auto held = share_.hold(bytes, context_.held_bytes_ - before);
    context_.held_bytes_ += share_.bytes() - before;
    return held;
  }
  void release() {
    context_.held_bytes_ -= share_.bytes();
    share_.release();
  }

 private:
  ReadContext& context_;
  QueryShare share_;
};

// The error for stored bytes that cannot be read. `what` names them, and `key` is where they lie.
Error cannot_be_read(std::string_view what, std::string_view key);

}  // namespace minuted
