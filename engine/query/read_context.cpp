#include "query/read_context.hpp"

#include <string>
#include <utility>

#include "minuted/event.hpp"
#include "store/fold_progress.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted {

Result<std::shared_ptr<ReadContext>> ReadContext::open(RawView view, const Store& store,
                                                       std::shared_ptr<const void> owner,
                                                       const Options& options,
                                                       ReadCounters& counters) {
  FoldMark mark;
  if (!view.generations.empty()) {
    auto read = read_mark(store, *view.store);
    if (!read) return read.error();
    mark = std::move(*read);
  }
  return std::make_shared<ReadContext>(std::move(view), std::move(mark), std::move(owner), options,
                                       counters);
}

ReadContext::ReadContext(RawView view, FoldMark mark, std::shared_ptr<const void> owner,
                         const Options& options, ReadCounters& counters)
    : options_(options),
      counters_(counters),
      owner_(std::move(owner)),
      view_(std::move(view)),
      mark_(std::move(mark)),
      deadline_(*options.clock, options.lifetime_ms, options.steps_per_clock_check, counters,
                view_.began),
      rows_(counters.rows) {
  ++counters_.queries;
  ++counters_.open;
}

ReadContext::~ReadContext() {
  release();
  --counters_.open;
}

std::unique_ptr<RawCursor> ReadContext::unfolded() const {
  if (view_.generations.empty()) return nullptr;
  return std::make_unique<RawCursor>(view_.generations, view_.last_commit, mark_);
}

Result<std::unique_ptr<OpenRows>> ReadContext::open_rows(Span tier, const MinuteRange& minutes) {
  // Minutes have no finer tier. Of minutes that were rolled long ago the record need not be read.
  const Minute rolled = tier == Span::kHour ? view_.rolled.hours : view_.rolled.days;
  if (tier == Span::kMinute || minutes.end <= rolled) return std::unique_ptr<OpenRows>();
  if (!boundaries_) {
    auto read = read_roll_boundaries(view());
    if (!read) return read.error();
    boundaries_ = std::move(*read);
  }
  return std::make_unique<OpenRows>(view(), *boundaries_, tier);
}

void ReadContext::release() {
  rows_.tell();
  view_.generations.clear();
  view_.store.reset();
  owner_.reset();
}

Error cannot_be_read(std::string_view what, std::string_view key) {
  return {ErrorCode::kCorruption, std::string(what) + " cannot be read: " + shorten(key)};
}

}  // namespace minuted
