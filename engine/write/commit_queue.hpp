// The only queue of writes from outside, and who may enter and leave it. Requests leave in the
// order in which they came, but for appends while the memory for unfolded events is full: they wait
// for room, first come first served, and whatever else is queued passes them, since it needs no
// such room. push(), stop(), fail(): any thread. take(), release(): the commit thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "minuted/options.hpp"
#include "minuted/result.hpp"
#include "stats/counters.hpp"
#include "store/disk_guard.hpp"
#include "store/raw_table.hpp"
#include "write/request.hpp"

namespace minuted {

class CommitQueue {
 public:
  // Borrows all four.
  CommitQueue(const RawTable& table, DiskGuard& disk, CommitCounters& counters,
              const Options& options)
      : table_(table), disk_(disk), counters_(counters), options_(options) {}

  // Queues the request; nullopt if it did. Otherwise why not, and the request is as it was:
  // kUnavailable once writes are stopped or the queue is closed, kOverloaded without room.
  std::optional<Error> push(WriteRequest&& request);

  // Waits until something can be done, and adds to `admitted` what may be written now and to
  // `expired` the appends that found no room in time. Adds neither now and then. False: closed, and
  // empty.
  bool take(std::vector<WriteRequest>& admitted, std::vector<WriteRequest>& expired);
  // Requests of so many bytes that were taken are done with.
  void release(std::size_t bytes);

  // What expired appends are told.
  Error no_room() const;

  // Takes no more requests. Those that are queued are handed out all the same, at once.
  void close();

  // Writes are stopped for this reason, unless they were; false if they were.
  bool fail(const Error& error);
  std::optional<Error> failure() const;

 private:
  // Room for appends among the unfolded events.
  struct Room {
    bool for_all = false;
    bool for_any = true;  // one may pass the bound
    std::size_t bytes = 0;
  };

  std::optional<Error> rejection(const WriteRequest& request) const;
  Room room() const;

  const RawTable& table_;
  DiskGuard& disk_;
  CommitCounters& counters_;
  const Options& options_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::vector<WriteRequest> queue_;
  std::size_t others_ = 0;  // requests queued that are no appends
  std::size_t bytes_ = 0;   // of what is queued, and of what was taken and not released
  bool closed_ = false;
  std::optional<Error> failure_;
};

}  // namespace minuted
