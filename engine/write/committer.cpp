#include "write/committer.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "minuted/event.hpp"
#include "schema/keys.hpp"
#include "store/meta.hpp"

namespace minuted {
namespace {

// The share of the memory for unfolded events at which a fold begins: there is room for as much
// again and for what comes while it runs.
constexpr std::size_t kFoldAtPart = 3;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Receipt receipt_of(AppendRequest& request) {
  Receipt receipt;
  receipt.accepted = request.batch.size();
  receipt.rejected = request.rejected;
  receipt.errors = std::move(request.errors);
  return receipt;
}

}  // namespace

Committer::Committer(const Parts& parts, std::uint64_t sequence)
    : store_(parts.store),
      table_(parts.table),
      counters_(parts.counters),
      disk_(parts.disk),
      clock_(parts.clock),
      options_(parts.options),
      fold_soon_(parts.fold_soon),
      on_failure_(parts.on_failure),
      queue_(parts.table, parts.disk, parts.counters, parts.options),
      series_(parts.store, parts.counters, parts.options, [this](const Error& e) { fail(e); }),
      dedup_(parts.store, parts.counters, parts.options.idempotency_window_ms,
             [this](const Error& e) { fail(e); }),
      nodes_(parts.store, parts.options.nodes_max),
      repos_(parts.store),
      set_(parts.store),
      sequence_(sequence) {}

Result<void> Committer::start() {
  if (auto opened = series_.open(); !opened) return opened;
  if (auto opened = nodes_.open(); !opened) return opened;
  thread_ = std::thread([this] { run(); });
  return {};
}

Committer::~Committer() { stop(); }

void Committer::stop() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

void Committer::submit(AppendRequest request, AppendDone done) {
  // All that needs no order is done here, by as many threads as there are.
  request.batch.group();
  std::vector<SeriesCatalog::Name> series = series_.names_of(request.batch);
  std::vector<NamedRow> ids = dedup_.name_ids(request.batch);
  const std::size_t memory = request.batch.memory_bytes() +
                             series.capacity() * sizeof(SeriesCatalog::Name) +
                             ids.capacity() * sizeof(NamedRow);
  const std::size_t bytes = memory - std::min(memory, request.bytes_accounted) + kRequestBytes;
  const std::int64_t latest_ms = options_.clock->steady_ms() + options_.append_wait_ms_max;
  WriteRequest queued{Append{std::move(request), std::move(series), std::move(ids), std::move(done),
                             memory, latest_ms},
                      bytes};
  auto rejected = queue_.push(std::move(queued));
  if (!rejected) return;
  if (rejected->code == ErrorCode::kOverloaded) ++counters_.overloaded;
  std::get<Append>(queued.what).done(std::move(*rejected));
}

void Committer::submit_node(NodeUpdate update, NodeDone done) {
  WriteRequest queued{UpdateNode{std::move(update), std::move(done)},
                      kRequestBytes + 5 * kNodeFactBytesMax};
  auto rejected = queue_.push(std::move(queued));
  if (rejected) std::get<UpdateNode>(queued.what).done(std::move(*rejected));
}

Result<RepoFacts> Committer::update_repo(const std::string& repo, const RepoFactsChange& change) {
  UpdateRepo update{repo, change, {}};
  auto done = update.done.get_future();
  if (auto rejected = queue_.push({std::move(update), kRequestBytes + 4 * kIdBytesMax})) {
    return *rejected;
  }
  return done.get();
}

void Committer::fail(const Error& error) {
  if (queue_.fail(error) && on_failure_) on_failure_(error);
}

Result<SeriesDropped> Committer::drop_series(const SeriesToDrop& series) {
  DropSeries drop{&series, {}};
  auto done = drop.done.get_future();
  if (auto rejected = queue_.push({std::move(drop), kRequestBytes})) return *rejected;
  return done.get();
}

Result<RemovalRecord> Committer::begin_removal(const RemovalRecord& record) {
  BeginRemoval begin{record, {}};
  auto done = begin.done.get_future();
  if (auto rejected = queue_.push({std::move(begin), kRequestBytes})) return *rejected;
  return done.get();
}

void Committer::run() {
  ::pthread_setname_np(::pthread_self(), "commit");
  std::vector<WriteRequest> admitted;
  std::vector<WriteRequest> expired;
  while (queue_.take(admitted, expired)) {
    std::size_t bytes = 0;
    for (WriteRequest& request : expired) {
      bytes += request.bytes;
      ++counters_.overloaded;
      std::get<Append>(request.what).done(queue_.no_room());
    }
    expired.clear();
    bool has_commit = false;
    for (WriteRequest& request : admitted) {
      bytes += request.bytes;
      // Before the events of the lot, which are of new series then.
      if (auto* const drop = std::get_if<DropSeries>(&request.what)) {
        drop->done.set_value(series_.drop(*drop->series, table_, nodes_));
      } else {
        has_commit = true;
      }
    }
    if (has_commit) commit(admitted);
    admitted.clear();
    queue_.release(bytes);
  }
}

// Everything that is admitted, in the order of the queue, as one synced write.
void Committer::commit(std::vector<WriteRequest>& requests) {
  begin_commit();
  std::vector<Answer> answers;
  answers.reserve(requests.size());
  std::optional<Error> refusal;
  if (const auto stopped = failure()) {
    refusal = Error{ErrorCode::kUnavailable, "writes are stopped: " + stopped->message};
  } else if (auto room = disk_.check(); !room) {
    refusal = room.error();
  }
  std::size_t batches = 0;
  bool has_writes = false;
  for (WriteRequest& request : requests) {
    answers.push_back(admit(request, refusal));
    if (!answers.back().needs_write) continue;
    has_writes = true;
    if (std::holds_alternative<Append>(request.what)) ++batches;
  }
  Result<void> written;
  if (has_writes) written = write_commit(batches);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    // The outcome of a failed write is unknown to whoever depends on it.
    const bool failed = answers[i].needs_write && !written;
    answer(requests[i], answers[i], failed ? &written.error() : nullptr);
  }
  if (auto noted = store_.acknowledge(); !noted) fail(noted.error());
}

void Committer::begin_commit() {
  set_.clear();
  nodes_.clear();
  repos_.clear();
  dedup_.begin();
  batches_.clear();
  time_ = clock_.read();
  confirmed_ = false;
}

// What one request will be told, unless the write fails. `refusal`: why nothing new is written, if
// so.
Committer::Answer Committer::admit(WriteRequest& request, const std::optional<Error>& refusal) {
  if (auto* const append = std::get_if<Append>(&request.what)) {
    if (!refusal) return admit_append(*append);
    if (refusal->code == ErrorCode::kDiskFull) ++counters_.disk_full;
    return {Result<Receipt>(*refusal)};
  }
  if (const auto* const node = std::get_if<UpdateNode>(&request.what)) {
    auto result = refusal ? Result<NodeFacts>(*refusal) : admit_node(node->update);
    const bool needs_write = result.ok();
    return {std::move(result), needs_write};
  }
  if (const auto* const update = std::get_if<UpdateRepo>(&request.what)) {
    auto result = refusal ? Result<RepoFacts>(*refusal)
                          : repos_.apply(update->repo, update->change, set_);
    // Also if it changes nothing: what is there may have been written by one that was never
    // answered.
    const bool needs_write = result.ok();
    return {std::move(result), needs_write};
  }
  if (const auto* const begin = std::get_if<BeginRemoval>(&request.what)) {
    // It makes room.
    const bool is_rejected = refusal && refusal->code != ErrorCode::kDiskFull;
    auto result = is_rejected ? Result<RemovalRecord>(*refusal) : admit_removal(begin->record);
    return {std::move(result), !is_rejected};
  }
  return {};
}

void Committer::answer(WriteRequest& request, Answer& answer, const Error* failed) {
  const auto result = [&]<class R>(std::type_identity<R>) -> R {
    return failed != nullptr ? R(*failed) : std::move(std::get<R>(answer.result));
  };
  if (auto* const append = std::get_if<Append>(&request.what)) {
    append->done(result(std::type_identity<Result<Receipt>>{}));
  } else if (auto* const node = std::get_if<UpdateNode>(&request.what)) {
    node->done(result(std::type_identity<Result<NodeFacts>>{}));
  } else if (auto* const repo = std::get_if<UpdateRepo>(&request.what)) {
    repo->done.set_value(result(std::type_identity<Result<RepoFacts>>{}));
  } else if (auto* const begin = std::get_if<BeginRemoval>(&request.what)) {
    begin->done.set_value(result(std::type_identity<Result<RemovalRecord>>{}));
  }
}

Result<void> Committer::write_commit(std::size_t batches) {
  const auto hold = table_.hold();
  dedup_.put_ids(time_.machine, sequence_ + 1, set_);
  add_chunks();
  series_.finish(set_);
  clock_.put_commit(time_, confirmed_, set_);
  auto written = write(batches);
  if (written) {
    clock_.committed(time_, confirmed_);
    publish();
  } else {
    fail(written.error());
  }
  return written;
}

Committer::Answer Committer::admit_append(Append& append) {
  AppendRequest& request = append.request;
  if (request.idempotency) {
    if (auto known = dedup_.find_key(*request.idempotency, time_)) {
      return {std::move(known->result), known->needs_write};
    }
  }
  if (request.only_if_known) {
    const char* const why = request.idempotency ? "the idempotency key is not known"
                                                : "a request without a key cannot be known";
    return {Result<Receipt>(Error{ErrorCode::kInvalidArgument, why})};
  }
  const bool has_events = !request.batch.empty();
  auto receipt = admit_events(append);
  if (!receipt) return {std::move(receipt)};
  if (request.idempotency) dedup_.put_key(*request.idempotency, *receipt, time_, set_);
  // Also if all of them are duplicates: of events in this very commit, perhaps.
  return {std::move(receipt), has_events || request.idempotency};
}

// Admits a batch's series and events. An error is for this batch alone: nothing of it is stored.
Result<Receipt> Committer::admit_events(Append& append) {
  AppendRequest& request = append.request;
  if (auto refusal = clock_.refusal(time_, request.batch)) return *refusal;
  const auto removed = series_.admit(append, set_);
  if (!removed) return removed.error();
  if (*removed) append.ids = dedup_.name_ids(request.batch);
  auto duplicates = dedup_.find_duplicates(append.ids, time_.expiry);
  if (!duplicates) return duplicates.error();
  if (!duplicates->empty()) request.batch.remove_rows(*duplicates);
  counters_.duplicates += duplicates->size();
  if (!request.batch.empty()) batches_.push_back(&request.batch);
  if (time_.state == BelievedClock::State::kUnconfirmed && !confirmed_) {
    confirmed_ = BelievedClock::confirms(time_, request.batch);
  }
  Receipt receipt = receipt_of(request);
  receipt.duplicates = duplicates->size();
  return receipt;
}

// The metadata of a node does not depend on the time, but a heartbeat is counted at the time of its
// commit.
Result<NodeFacts> Committer::admit_node(const NodeUpdate& update) {
  if (update.heartbeat) {
    if (auto behind = clock_.error(time_)) return *behind;
    if (auto unconfirmed = clock_.doubt(time_)) return *unconfirmed;
  }
  return nodes_.apply(update, time_.machine, set_);
}

Result<RemovalRecord> Committer::admit_removal(RemovalRecord record) {
  // The events of the commit at hand are to stay.
  record.commits_end = table_.first_open_commit().value_or(sequence_ + 1);
  put_meta(record, set_);
  return record;
}

// One chunk for each (repo, bucket, minute) of everything at hand: a key costs more than the events
// below it.
void Committer::add_chunks() {
  struct Part {
    const EventBatch::Group* group;
    const EventBatch* batch;
  };
  std::vector<Part> parts;
  std::vector<std::size_t> runs{0};  // where each batch's parts begin, and the end
  for (const EventBatch* batch : batches_) {
    for (const EventBatch::Group& group : batch->groups()) parts.push_back({&group, batch});
    runs.push_back(parts.size());
  }
  const auto before = [](const Part& a, const Part& b) {
    const int order = a.group->prefix.compare(b.group->prefix);
    return order != 0 ? order < 0 : a.group->minute < b.group->minute;
  };
  // The groups of each batch ascend already: neighbouring runs are merged until one is left.
  const auto at = [&](std::size_t run) {
    return parts.begin() + static_cast<std::ptrdiff_t>(runs[std::min(run, runs.size() - 1)]);
  };
  for (std::size_t width = 1; width + 1 < runs.size(); width *= 2) {
    for (std::size_t run = 0; run + width + 1 < runs.size(); run += 2 * width) {
      std::inplace_merge(at(run), at(run + width), at(run + 2 * width), before);
    }
  }

  const ChunkHeader header{store_.epoch(), ++sequence_};
  raw_.clear();
  additions_.clear();
  added_ = {};
  std::string chunk;
  std::vector<ChunkSource> sources;
  std::uint64_t events = 0;
  for (std::size_t i = 0; i < parts.size();) {
    const std::size_t first = i;
    sources.clear();
    for (; i < parts.size() && !before(parts[first], parts[i]); ++i) {
      sources.push_back({parts[i].batch, parts[i].group->rows});
      events += parts[i].group->rows.size();
    }
    chunk.clear();
    encoder_.encode(header, sources, chunk);
    raw_.add(parts[first].group->prefix, parts[first].group->minute, chunk);
    additions_.push_back({parts[first].group->prefix, parts[first].group->minute, {}});
    ++added_.chunks;
  }
  for (std::size_t i = 0; i < additions_.size(); ++i) {
    additions_[i].bytes = raw_.raw_value(i);
    added_.bytes += additions_[i].bytes.size();
  }
  for (std::uint32_t part = 0; part < raw_.parts(); ++part) {
    set_.put(Family::kRaw, raw_key(header.sequence, part), raw_.part(part));
  }
  counters_.chunks += added_.chunks;
  counters_.chunk_bytes += added_.bytes;
  counters_.events += events;

  store_.mark_commit(header.sequence, set_);
}

// Once durable, before anybody is answered.
void Committer::publish() {
  table_.publish(sequence_, additions_, added_, options_.clock->steady_ms());
  if (table_.open_memory_bytes() >= options_.unfolded_bytes_max / kFoldAtPart) fold_soon_();
}

Result<void> Committer::write(std::size_t batches) {
  const auto start = std::chrono::steady_clock::now();
  auto written = store_.write(set_, Durability::kSynced);
  if (!written) return written;
  counters_.sync_seconds.record(seconds_since(start));
  if (batches != 0) counters_.batches_per_sync.record(static_cast<double>(batches));
  counters_.batches += batches;
  series_.written();
  return written;
}

}  // namespace minuted
