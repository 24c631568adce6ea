// Takes minutes out of what is kept of the hosts of a pair: their signs of life by day, and when they
// were seen first and last. Nothing else may write either meanwhile. One thread at a time.
#pragma once

#include <string_view>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "maintenance/prune/horizons.hpp"
#include "store/store.hpp"

namespace minuted {

// Of the day that begins at `day`, under `key`. kCorruption if it cannot be read.
Result<void> take_from_signs(const View& view, std::string_view key, Minute day,
                             const MinuteRange& minutes, WriteSet& set);

// Once the days' signs and the rows are without `minutes`: a host whose first or last event was in them
// was seen first and last on the minutes that remain, the last at its beginning, and if its last latency
// was in them, it is the mean of the last row that remains and has one, since of what happened within a
// minute no more is kept. Latencies of rows past retention are not known. A host of which no minute
// remains is gone.
Result<void> take_from_states(const View& view, std::string_view prefix,
                              const MinuteRange& minutes, const Horizons& horizons,
                              WriteSet& set);

}  // namespace minuted
