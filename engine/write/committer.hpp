// The commit queue and the one thread that empties it: everything that waits becomes one synced
// write, then every waiter gets its answer. One thread, because RocksDB groups commits only among
// writers that happen to wait at once; here the batches that came during one sync share the next.
// Third stop of an event's journey, between the decoder and the fold.
// submit() is safe from any thread; answers come on the commit thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "chunk/raw_commit.hpp"
#include "write/series_limiter.hpp"
#include "minuted/append.hpp"
#include "minuted/nodes.hpp"
#include "minuted/options.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/catalog.hpp"
#include "store/disk_guard.hpp"
#include "store/event_ids.hpp"
#include "store/idempotency.hpp"
#include "store/node_book.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"

namespace minuted {

class Committer {
 public:
  // What it works with. Borrowed, all of it.
  struct Parts {
    Store& store;
    RawTable& table;
    CommitCounters& counters;
    DiskGuard& disk;
    BelievedClock& clock;
    const Options& options;
    std::function<void()> fold_soon;  // much is unfolded; called on the commit thread
    // Called once, when nothing is committed any more; any thread. May be null.
    std::function<void(const Error&)> on_failure = nullptr;
  };

  // `sequence` is the last commit's number.
  Committer(const Parts& parts, std::uint64_t sequence);
  ~Committer();

  // Reads what it must know of the store and starts the thread; before anything else.
  Result<void> start();

  // Commits what is queued, answers it, ends the thread; nothing is committed after.
  void stop();

  // See Engine::append.
  void submit(AppendRequest request, AppendDone done);

  // See Engine::tell_node.
  void submit_node(NodeUpdate update, NodeDone done);

  // Takes the series of which `has_rows` says no out of those that are known, unless events of them
  // wait to be folded: those of the repo, of all repos if it is empty, from the record `from` on, a
  // slice of them, so that no commit waits long. With a series goes what is kept of its host in its pair,
  // and with the last series of a host its heartbeats as a node. The index of a bucket's repos keeps pairs
  // that have a total. Waits for the commit thread, which does it; no fold may run meanwhile. Durable with
  // the next sync. Returns where the next slice begins; empty: that was all.
  using HasRows = std::function<Result<bool>(std::string_view prefix, std::string_view host)>;
  Result<std::string> forget_series(std::string_view repo, std::string_view from,
                                    const HasRows& has_rows);

  // Why nothing is committed any more, if so.
  std::optional<Error> failure() const;

  // Another thread's write failed: stop acknowledging.
  void fail(const Error& error);

 private:
  // An event that has an id: its place among its batch's rows.
  struct NamedRow {
    std::uint32_t place;
    EventIdKey key;
  };
  struct Waiting {
    AppendRequest request;
    std::vector<SeriesCatalog::Name> series;  // as in its batch's series()
    std::vector<NamedRow> ids;
    AppendDone done;
    std::size_t bytes;        // that count in the queue's
    std::size_t memory;       // of its batch
    std::int64_t latest_ms;  // by the steady clock: it waits for room until then
  };
  // What somebody tells of a node.
  struct WaitingNode {
    NodeUpdate update;
    NodeDone done;
    std::size_t bytes;
    std::optional<Result<NodeFacts>> result = std::nullopt;
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

  // Something else for the commit thread to do.
  struct Task {
    std::string repo;
    std::string from;
    const HasRows* has_rows;
    std::promise<Result<std::string>> done;
  };

  void run();
  std::optional<Error> refuse(std::size_t bytes) const;
  Error no_room() const;
  std::size_t count_admitted() const;
  void take_admitted(std::vector<Waiting>& admitted, std::vector<Waiting>& expired);
  void leave_queue(std::size_t bytes);
  Result<std::string> forget(const Task& task);
  void commit(std::vector<Waiting>& waiting, std::vector<WaitingNode>& nodes);
  Answer admit(Waiting& waiting);
  Answer admit_keyed(Waiting& waiting);
  Result<void> admit_series(Waiting& waiting);
  std::vector<NamedRow> name_ids(const EventBatch& batch) const;
  Result<Receipt> admit_events(Waiting& waiting);
  Result<std::vector<std::uint32_t>> admit_ids(const std::vector<NamedRow>& ids);
  Result<NodeFacts> admit_node(const NodeUpdate& update);
  std::vector<EventError> series_errors(const EventBatch& batch) const;
  void reject_refused(AppendRequest& request);
  Error refuse_strict(AppendRequest& request);
  void add_chunks();
  Result<void> write(std::size_t batches);
  void publish();

  Store& store_;
  RawTable& table_;
  CommitCounters& counters_;
  DiskGuard& disk_;
  BelievedClock& clock_;
  const Options& options_;
  const std::function<void()> fold_soon_;
  const std::function<void(const Error&)> on_failure_;

  // The commit thread's own.
  SeriesCatalog catalog_;
  SeriesLimiter limiter_;
  EventIds event_ids_;
  NodeBook nodes_;
  ChunkEncoder encoder_;
  WriteSet set_;
  BelievedClock::Reading time_{};  // of the commit at hand
  bool confirmed_ = false;         // an event of it confirms a time that was not
  std::uint64_t sequence_;
  std::unordered_map<std::string, Fresh> fresh_keys_;
  std::vector<const EventBatch*> batches_;
  RawCommitEncoder raw_;
  std::vector<RawTable::Addition> additions_;  // bytes: in raw_
  RawSize added_;
  std::vector<std::size_t> new_places_;      // in a batch's series()
  std::vector<std::size_t> refused_places_;  // same

  mutable std::mutex mutex_;  // guards the queues, its bytes, stopping and failure
  std::condition_variable wake_;
  std::vector<Waiting> queue_;
  std::vector<WaitingNode> node_queue_;
  std::size_t queue_bytes_ = 0;
  std::vector<Task> tasks_;
  bool stopping_ = false;
  std::optional<Error> failure_;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace minuted
