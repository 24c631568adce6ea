// What the maintenance thread does, in steps of bounded length: the interface that the scheduler
// knows of fold, roll, seal, prune, collect and delete. A job is used by one thread, but for
// stop(). It writes rows, and nothing else may while it steps: the scheduler runs one step at a
// time.
#pragma once

#include <optional>

#include "minuted/delete.hpp"
#include "minuted/result.hpp"

namespace minuted {

// Why a pass begins.
struct Demand {
  bool all = false;                // somebody asked: everything that can be done now
  std::optional<Removal> removal;  // of a delete: what
};

class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;

  // Whether it is time for a pass that nobody asked for.
  virtual bool due() const = 0;
  // Begins a pass, or continues one that was cut short. False if there is nothing to do.
  virtual Result<bool> begin(const Demand& demand) = 0;
  // Whether a pass is under way.
  virtual bool is_under_way() const = 0;
  // Does the next piece of the pass. True while there is more; false when no pass is under way.
  // After kCorruption what cannot be read has been passed over, and the next step goes on behind
  // it; after any other error the pass has ended.
  virtual Result<bool> step() = 0;

  // Whether it waits while the disk is full. One that deletes does not.
  virtual bool needs_room() const { return true; }
  // Whether no fold may run between its begin() and its last step.
  virtual bool is_exclusive() const { return false; }
  // Ends a long step soon, for good. Any thread.
  virtual void stop() {}
};

}  // namespace minuted
