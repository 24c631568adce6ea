// A client of a fleet that follows a script: it sends batches, has them folded, sealed, flushed, compacted
// and read, and reopens the store now and then, one thing at a time, so that the file system sees
// the same calls each time. It remembers what was acknowledged, and after whatever happened to the
// disk it says which promise was broken, if any: acknowledged batches are there, the others are
// there wholly or not at all, everything once, in every tier, and resending is harmless. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crash/faulty_file_system.hpp"
#include "minuted/engine.hpp"
#include "support/manual_clock.hpp"
#include "support/random.hpp"

namespace minuted::test {

struct Batch {
  IdempotencyKey key;
  std::vector<Event> events;  // one of them in a series of the batch's own, to know it again by
  std::uint64_t rejected = 0;
  std::vector<EventError> errors;
  std::string marker;  // the bucket of that series
};

// What became of each batch: its receipt, or nothing if it was never acknowledged.
using Receipts = std::vector<std::optional<Receipt>>;
// One sentence for each broken promise.
using Violations = std::vector<std::string>;

// The batches that the script sends.
std::vector<Batch> make_batches(Random& random);

class ScriptedRun {
 public:
  // Borrows all of them. The store is at `path`, or will be.
  ScriptedRun(const std::string& path, const std::vector<Batch>& batches, FaultyDisk& disk,
              ManualClock& clock);
  ~ScriptedRun();

  // From opening to closing; goes on after failures, as a client would.
  void run();

  const Receipts& receipts() const { return receipts_; }
  const Violations& violations() const { return violations_; }

 private:
  void open();
  void append(std::size_t first, std::size_t count);
  void fold();
  void seal();
  void compact();
  void read();
  void reopen();
  void wait_for_commit_thread();
  void note(const char* step, const std::optional<Error>& error);

  const std::string path_;
  const std::vector<Batch>& batches_;
  FaultyDisk& disk_;
  ManualClock& clock_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t failed_syncs_at_open_ = 0;
  Receipts receipts_;
  Violations violations_;
};

// Opens the store that a run left at `path`, over a disk without faults, and tests every promise;
// sends all the batches again, folds, and tests once more.
Violations check_recovered(const std::string& path, const std::vector<Batch>& batches,
                           const Receipts& receipts, ManualClock& clock);

// How the engine of a scripted run is opened.
Options script_options(const std::string& path, const Clock& clock);

}  // namespace minuted::test
