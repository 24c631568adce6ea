// Which series are known, how many may be new, and how they leave. New ones go into the write set
// of the commit of their events. Used by the commit thread, but for names_of().
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "minuted/append.hpp"
#include "minuted/options.hpp"
#include "stats/counters.hpp"
#include "store/catalog.hpp"
#include "store/node_book.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"
#include "write/request.hpp"
#include "write/series_limiter.hpp"

namespace minuted {

class SeriesRegistry {
 public:
  // Borrows all three. `on_failure` is called when the store cannot tell whether a series is known,
  // or a write of drop() fails: nothing can be committed then.
  SeriesRegistry(Store& store, CommitCounters& counters, const Options& options,
                 std::function<void(const Error&)> on_failure)
      : store_(store),
        counters_(counters),
        options_(options),
        on_failure_(std::move(on_failure)),
        catalog_(store),
        limiter_(options.series) {}

  // Reads how many are known; before anything else.
  Result<void> open();

  // A grouped batch's series, as in its series(). Any thread.
  std::vector<SeriesCatalog::Name> names_of(const EventBatch& batch) const;

  // Whether the series of the request may all be. Adds the new ones, and removes the events of
  // those that would be too many for ever from the batch: true if it did, and its rows have other
  // places now. An error is for this batch alone, of which nothing is stored: kTooManyNewSeries;
  // kEventRejected of a strict batch with a rejected event, before any of its series is added.
  Result<bool> admit(Append& append, WriteSet& set);
  // Adds what goes with the new series; before the set is written, and once it is.
  void finish(WriteSet& set) { catalog_.finish(set); }
  void written() { catalog_.written(); }

  // See Committer::drop_series. Writes it; some pairs at a time, so that no commit waits long.
  Result<SeriesDropped> drop(const SeriesToDrop& request, const RawTable& table, NodeBook& nodes);

 private:
  struct Known {
    std::vector<std::string> keys;  // of the records of series
    bool has_others = false;
  };
  static Result<Known> find(const View& view, const SeriesToDrop::Pair& pair);
  void count_again();
  std::vector<EventError> errors_of_rejected(const EventBatch& batch) const;
  void reject_events(AppendRequest& request);
  Error reject_strict(AppendRequest& request);

  Store& store_;
  CommitCounters& counters_;
  const Options& options_;
  const std::function<void(const Error&)> on_failure_;
  SeriesCatalog catalog_;
  SeriesLimiter limiter_;
  // Places in a batch's series().
  std::vector<std::size_t> new_places_;
  std::vector<std::size_t> rejected_places_;
};

}  // namespace minuted
