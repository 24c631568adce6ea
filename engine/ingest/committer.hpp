// The commit queue and the one thread that empties it: everything that waits becomes one synced
// write, then every waiter gets its answer. One thread, because RocksDB groups commits only among
// writers that happen to wait at once; here the batches that came during one sync share the next.
// Third stop of an event's journey, between the decoder and the fold.
// submit() is safe from any thread; answers come on the commit thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "ingest/series_limiter.hpp"
#include "minuted/engine.hpp"
#include "stats/counters.hpp"
#include "store/catalog.hpp"
#include "store/disk_guard.hpp"
#include "store/idempotency.hpp"
#include "store/raw_backlog.hpp"
#include "store/raw_generation.hpp"
#include "store/store.hpp"

namespace minuted {

class Committer {
 public:
  // What it works with. Borrowed, all of it.
  struct Parts {
    Store& store;
    RawBacklog& backlog;
    RawGeneration& generation;
    CommitCounters& counters;
    DiskGuard& disk;
    const Options& options;
  };

  // `sequence` is the last commit's number.
  Committer(const Parts& parts, std::uint64_t sequence);
  // Commits what is queued, answers it, stops.
  ~Committer();

  // Reads what it must know of the store and starts the thread; before anything else.
  Result<void> start();

  // See Engine::append.
  void submit(AppendRequest request, AppendDone done);

  // Why nothing is committed any more, if so.
  std::optional<Error> failure() const;

  // Another thread's write failed: stop acknowledging.
  void fail(const Error& error);

 private:
  struct Waiting {
    AppendRequest request;
    AppendDone done;
    std::size_t bytes;
  };
  // What one waiter of the commit at hand will be told, unless the write fails.
  struct Answer {
    std::optional<Result<Receipt>> result;
    bool needs_write = false;
  };
  // A key first seen in this commit, for the repeats that follow it in the queue.
  struct Fresh {
    Fingerprint body;
    Receipt receipt;
  };

  void run();
  void commit(std::vector<Waiting>& waiting);
  Answer admit(AppendRequest& request);
  Answer admit_keyed(AppendRequest& request);
  Result<void> admit_series(AppendRequest& request);
  void reject_refused(AppendRequest& request);
  Result<void> add_chunks(RawBacklog::Size& added);
  Result<void> write(RawBacklog::Size added, std::size_t batches);
  void acknowledge_now_and_then();

  Store& store_;
  RawBacklog& backlog_;
  RawGeneration& generation_;
  CommitCounters& counters_;
  DiskGuard& disk_;
  const Options& options_;

  // The commit thread's own.
  SeriesCatalog catalog_;
  SeriesLimiter limiter_;
  ChunkEncoder encoder_;
  WriteSet set_;
  std::uint64_t sequence_;
  std::int64_t acknowledge_at_ms_ = INT64_MIN;
  std::unordered_map<std::string, Fresh> fresh_keys_;
  std::vector<const EventBatch*> batches_;
  std::vector<std::size_t> new_places_;      // in a batch's series()
  std::vector<std::size_t> refused_places_;  // same

  mutable std::mutex mutex_;  // guards the queue, its bytes, stopping and failure
  std::condition_variable wake_;
  std::vector<Waiting> queue_;
  std::size_t queue_bytes_ = 0;
  bool stopping_ = false;
  std::optional<Error> failure_;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace minuted
