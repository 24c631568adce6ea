// The one thread that writes what comes from outside: everything that waits in the commit queue
// becomes one synced write, then every waiter gets its answer. One thread, because RocksDB groups
// commits only among writers that happen to wait at once; here the requests that came during one
// sync share the next. Third stop of an event's journey, between the decoder and the fold. submit()
// and its like are safe from any thread; answers come on the commit thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "chunk/raw_commit.hpp"
#include "minuted/append.hpp"
#include "minuted/nodes.hpp"
#include "minuted/options.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/disk_guard.hpp"
#include "store/node_book.hpp"
#include "store/raw_table.hpp"
#include "store/repo_facts.hpp"
#include "store/store.hpp"
#include "write/commit_queue.hpp"
#include "write/dedup.hpp"
#include "write/request.hpp"
#include "write/series_registry.hpp"

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

  // See Engine::tell_repo. Waits for the commit.
  Result<RepoFacts> update_repo(const std::string& repo, const RepoFactsChange& change);

  // Drops series, unless their pairs may have got rows since those were looked at, with what is
  // kept of their hosts in their pairs, and with the last series of a host its heartbeats as a
  // node. The index of a bucket's repos keeps pairs that have a total. Waits for the commit thread;
  // the one who asks writes no rows meanwhile. Durable with the next sync.
  Result<SeriesDropped> drop_series(const SeriesToDrop& series);

  // Puts a deletion on record, durably, with all that was written before, also while the disk is
  // full: returns the record, in which commits_end is the first commit whose events may be
  // unfolded. Waits for the commit; the one who asks closes no generation meanwhile.
  Result<RemovalRecord> begin_removal(const RemovalRecord& record);

  // Why nothing is committed any more, if so.
  std::optional<Error> failure() const { return queue_.failure(); }

  // Another thread's write failed: stop acknowledging.
  void fail(const Error& error);

 private:
  // What one request of the commit at hand will be told, unless the write fails.
  struct Answer {
    std::variant<std::monostate, Result<Receipt>, Result<NodeFacts>, Result<RepoFacts>,
                 Result<RemovalRecord>> result;
    bool needs_write = false;
  };

  void run();
  void commit(std::vector<WriteRequest>& requests);
  void begin_commit();
  Answer admit(WriteRequest& request, const std::optional<Error>& refusal);
  Answer admit_append(Append& append);
  Result<Receipt> admit_events(Append& append);
  Result<NodeFacts> admit_node(const NodeUpdate& update);
  Result<RemovalRecord> admit_removal(RemovalRecord record);
  void answer(WriteRequest& request, Answer& answer, const Error* failed);
  Result<void> write_commit(std::size_t batches);
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

  CommitQueue queue_;

  // The commit thread's own, but for what names the series and the ids of a batch.
  SeriesRegistry series_;
  Dedup dedup_;
  NodeBook nodes_;
  RepoFactsTable repos_;
  ChunkEncoder encoder_;
  WriteSet set_;
  BelievedClock::Reading time_{};  // of the commit at hand
  bool confirmed_ = false;         // an event of it confirms a time that was not
  std::uint64_t sequence_;
  std::vector<const EventBatch*> batches_;
  RawCommitEncoder raw_;
  std::vector<RawTable::Addition> additions_;  // bytes: in raw_
  RawSize added_;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace minuted
