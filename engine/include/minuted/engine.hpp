// The engine's face. Start reading here.
//
// An Engine keeps one directory: open it, append batches of events, query minutes, close. An append
// is durable (synced) and counted exactly once before it is answered, and is in every query that
// starts after that. A fold thread turns raw events into rollups behind the scenes, and seals those of
// closed spans into pages; no answer shows whether it has run.
//
// Every method is safe from any thread while the engine lives. Callbacks run on the commit thread:
// they must be short, must not throw and must not call back into append's waiting forms.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/append.hpp"
#include "minuted/delete.hpp"
#include "minuted/fingerprint.hpp"
#include "minuted/nodes.hpp"
#include "minuted/options.hpp"
#include "minuted/query.hpp"
#include "minuted/result.hpp"
#include "minuted/series.hpp"
#include "minuted/stats.hpp"
#include "minuted/status.hpp"
#include "minuted/usage.hpp"

namespace minuted {

// What the clock says of events that arrive at a moment.
struct Arrival {
  Millis now;     // the time of receipt, which events without a timestamp get; see EventView::timed_on_receipt
  Millis oldest;  // events before it are past on arrival, and must not be appended
  Millis newest;  // events after it are too far in the future, and must not be appended
  // Why no event can be taken or rejected: see Engine::clock_error().
  std::optional<Error> error;
  // Why events without a timestamp, and those after `newest`, can neither be taken nor rejected: see
  // Engine::clock_doubt().
  std::optional<Error> doubt;
};

class Engine {
 public:
  // Opens or makes the store at options.path and starts its threads. kInvalidArgument, kLocked,
  // kUnsupportedFormat, kCorruption, kCommitsLost, kIoError, kDiskFull. A store that
  // is refused is as it was before.
  //
  // A store whose directory takes no writes (it is full, read-only or another user's) is opened to read
  // only: failure() says why. That is looked at again every few hundred milliseconds to two seconds, as
  // it is after a write failed, and once the directory takes writes the store is opened again and
  // writes are served, with nobody's help. Reads go on all the while; those begun before keep their view.
  static Result<std::unique_ptr<Engine>> open(const Options& options);

  // The same without waiting: the store is opened on a thread of the engine's own, and status() tells how
  // far it is. Until then reads, appends and all else fail with kUnavailable. kInvalidArgument: the
  // options themselves are wrong.
  static Result<std::unique_ptr<Engine>> begin_open(const Options& options);

  // Stops taking appends, commits those queued, stops the fold and closes. Cursors must be gone.
  virtual ~Engine() = default;

  // Queues the batch; `done` is called exactly once, on the commit thread or before append returns.
  // With a Receipt: the events and the key are on disk, synced, all or nothing. With kKeyReused,
  // kInvalidArgument or kEventRejected: nothing was stored. With kOverloaded, kTooManyNewSeries,
  // kClockNotBelieved or kDiskFull: nothing was stored, try again later. With kUnavailable or kIoError:
  // unknown; resend under the same key. While writes are stopped every append is refused: kDiskFull if for
  // want of space, else kUnavailable. Events of new series past their total are rejected in the receipt,
  // or refuse the whole batch if it is strict.
  virtual void append(AppendRequest request, AppendDone done) = 0;

  // append, waited for.
  virtual Result<Receipt> append_and_wait(AppendRequest request) = 0;

  // A cursor over the rows of `spec` as of now. kUnavailable while closing.
  virtual Result<std::unique_ptr<RowCursor>> query(const QuerySpec& spec) = 0;

  // A cursor over the raw events of `query` that are still held, as of now: those not folded yet, and
  // those younger than Retention::raw_ms. kInvalidArgument while that is 0: what is not folded yet is
  // there by chance.
  virtual Result<std::unique_ptr<EventCursor>> events(const EventQuery& query) = 0;

  // A cursor over totals, as of now. They outlive every retention.
  virtual Result<std::unique_ptr<TotalsCursor>> totals(const TotalsQuery& query) = 0;

  // Queues what is told of a node; `done` is called exactly once, on the commit thread or before
  // tell_node returns. With facts: what was told is on disk, synced. With kTooManyNodes, kOverloaded,
  // kClockNotBelieved (of a heartbeat) or kDiskFull: nothing was stored. With kUnavailable or kIoError: unknown.
  virtual void tell_node(NodeUpdate update, NodeDone done) = 0;

  // tell_node, waited for.
  virtual Result<NodeFacts> tell_node_and_wait(NodeUpdate update) = 0;

  // Cursors over nodes and over series, as of now.
  virtual Result<std::unique_ptr<NodeCursor>> nodes(const NodeQuery& query) = 0;
  virtual Result<std::unique_ptr<SeriesCursor>> series(const SeriesQuery& query) = 0;

  // A cursor over the usage of a time window, as of now, in total or grouped.
  virtual Result<std::unique_ptr<UsageCursor>> usage(const UsageQuery& query) = 0;

  // Changes what is told of a repo, which need not have any event, and returns what is told then; durable
  // when it returns. kDiskFull, kUnavailable, kIoError.
  virtual Result<RepoFacts> tell_repo(const std::string& repo, const RepoFactsChange& change) = 0;

  // Folds everything acknowledged before the call and returns when that is durable.
  virtual Result<void> fold() = 0;

  // Writes the hours, days and totals of all that is closed by now, seals every span that is closed, and returns
  // when that is durable. What is not folded yet is not sealed.
  virtual Result<void> seal() = 0;

  // Deletes what is named, from every tier and the totals, with the ids of its events, durably: nothing
  // acknowledged before the call is in any answer then, and what came later is kept. Without a range all
  // ids and the series go too; keys, and what was told of repos and nodes, stay. A range leaves sums past
  // every horizon in the totals, pruned or not; kInvalidArgument if it cuts an hour or day whose
  // minutes are past, with the nearest range that does not. Folds wait meanwhile.
  virtual Result<void> remove(const Removal& removal) = 0;

  // Deletes all that is past its horizon and returns when that is durable.
  virtual Result<void> prune() = 0;

  // The first minute that is kept of rows of such a span; 0 if all are. Queries see nothing before.
  virtual Minute horizon(Span span) const = 0;
  // Events before it are past on arrival, and must not be appended.
  virtual Millis oldest_event() const = 0;

  // The fingerprint of a request's body and of whether it was strict, keyed by this store's secret.
  virtual Fingerprint fingerprint(std::string_view body, bool strict) const = 0;

  // A key for `purpose`, derived from this store's secret: the same after every opening, and different for
  // other stores and other purposes. Keep it as secret as the store. Zeros until the store is open.
  virtual SecretKey derive_key(std::string_view purpose) const = 0;

  // Sentences about the opening that an operator should see, such as what was lost. Empty as a rule.
  virtual std::vector<std::string> opening_notes() const = 0;

  // nullopt while writes are taken, and while the store is being opened for the first time; else why
  // they are refused: kDiskFull for want of space, kIoError, kCorruption.
  virtual std::optional<Error> failure() const = 0;

  // The time as far as the engine believes the clock: while it does not, the last time that it believed
  // and the monotonic time since. What a reader is to take for now.
  virtual Millis now() const = 0;
  // All that is to be decided about events by the clock, at one moment. Anew for each batch.
  virtual Arrival arrival() const = 0;
  // nullopt while the clock is believed; else why it is not: it is before Options::clock_earliest, or more
  // than 10 minutes before the newest commit on record. No event or heartbeat is taken (kClockNotBelieved)
  // and nothing expires; reads go on. It ends when the clock is right again.
  virtual std::optional<Error> clock_error() const = 0;
  // nullopt while the time is confirmed; else why it is not: it is more than a day past the newest commit
  // on record, which monotonic time does not explain. Nothing expires, and only events with timestamps of
  // their own are taken. It ends when the clock is right again, when an event within 10 minutes of it is
  // committed, and when as much monotonic time has passed. Never together with clock_error().
  virtual std::optional<Error> clock_doubt() const = 0;

  // For who holds a cursor that nothing is asked of, because its client is slow, say: once recalled_before()
  // is above what read_moment() was before the cursor was made, the cursor would fail with kOverloaded, and
  // its memory is wanted back (Options::read_kept_bytes_max). It is then to be destroyed.
  virtual std::uint64_t read_moment() const = 0;
  virtual std::uint64_t recalled_before() const = 0;

  // What it does at this moment.
  virtual EngineStatus status() const = 0;

  // Counters since open and gauges of now. Cheap enough for once a second.
  virtual EngineStats stats() const = 0;
};

}  // namespace minuted
