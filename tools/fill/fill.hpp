// Fills a store with a fleet's minutes through the engine's face: appends, folds, seals. START
// READING HERE; fleet.hpp has what the data are. The store may hold other data already; a fleet
// that is filled in twice counts twice. One thread, which makes the batches; the engine's own
// commit and fold.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "fill/fleet.hpp"
#include "minuted/engine.hpp"
#include "minuted/result.hpp"

namespace minuted::fill {

struct FillResult {
  std::uint64_t rows = 0;  // (repo, bucket, host, minute)
  std::uint64_t events = 0;
  double seconds = 0;
};

struct Progress {
  double share;  // of the batches
  double seconds;
  std::uint64_t rows;
};
using OnProgress = std::function<void(const Progress&)>;  // about twice a second

// What an engine to be filled is opened with: no bounds on new series, nothing sealed but when
// asked.
Options engine_options(const std::string& path);

// Appends all of the fleet's batches, folds, and seals what spans are closed unless told not to;
// all is durable when it returns. The engine's errors as they are, kTooManyNewSeries if it was not
// opened with engine_options().
Result<FillResult> fill(Engine& engine, const Fleet& fleet, bool seal,
                        const OnProgress& on_progress = {});

// Of all files below a directory.
std::uint64_t bytes_below(const std::string& directory);

}  // namespace minuted::fill
