#include "write/committer.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>

#include "codec/bytes.hpp"
#include "write/leaving_hosts.hpp"
#include "minuted/event.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

// How many series ahead of the one at hand the catalog is told of.
constexpr std::size_t kSeriesAhead = 8;
// While batches wait for room among the unfolded events it is looked for so often.
constexpr auto kRoomPoll = std::chrono::milliseconds(2);
// The share of the memory for unfolded events at which a fold begins: there is room for as much again
// and for what comes while it runs.
constexpr std::size_t kFoldAtPart = 3;
// Series looked at in one slice of forgetting them: some ten milliseconds.
constexpr std::uint64_t kSeriesPerSlice = 2'000;
// What a slice writes, about: nodes take the days of their heartbeats with them.
constexpr std::size_t kSliceBytesMax = 4U << 20;
// What a queued request weighs beside its batch: its strings, its callback, its place.
constexpr std::size_t kRequestBytes = 512;

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
      catalog_(parts.store),
      limiter_(parts.options.series),
      event_ids_(parts.store, parts.options.idempotency_window_ms),
      nodes_(parts.store, parts.options.nodes_max),
      set_(parts.store),
      sequence_(sequence) {}

Result<void> Committer::start() {
  if (auto opened = catalog_.open(); !opened) return opened;
  if (auto opened = nodes_.open(); !opened) return opened;
  limiter_.set_total(catalog_.total());
  counters_.series_total = catalog_.total();
  for (const auto& [repo, max] : options_.series.repo_total_max) {
    const auto count = catalog_.count_of_repo(repo);
    if (!count) return count.error();
    limiter_.set_repo_total(repo, *count);
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

Committer::~Committer() { stop(); }

void Committer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (!thread_.joinable()) return;
  thread_.join();
}

void Committer::submit(AppendRequest request, AppendDone done) {
  // All that needs no order is done here, by as many threads as there are.
  request.batch.group();
  std::vector<SeriesCatalog::Name> series;
  for (const auto& [prefix, host] : request.batch.series()) {
    series.push_back(catalog_.name(prefix, host));
  }
  std::vector<NamedRow> ids = name_ids(request.batch);
  const std::size_t memory = request.batch.memory_bytes() +
                             series.capacity() * sizeof(SeriesCatalog::Name) +
                             ids.capacity() * sizeof(NamedRow);
  const std::size_t bytes = memory - std::min(memory, request.bytes_accounted) + kRequestBytes;
  std::optional<Error> refusal;
  {
    const std::lock_guard lock(mutex_);
    refusal = refuse(bytes);
    if (!refusal) {
      queue_bytes_ += bytes;
      counters_.queue_bytes = queue_bytes_;
      queue_.push_back({std::move(request), std::move(series), std::move(ids), std::move(done), bytes, memory,
                        options_.clock->steady_ms() + options_.append_wait_ms_max});
    }
  }
  if (!refusal) {
    wake_.notify_one();
    return;
  }
  if (refusal->code == ErrorCode::kOverloaded) ++counters_.overloaded;
  done(std::move(*refusal));
}

void Committer::submit_node(NodeUpdate update, NodeDone done) {
  constexpr std::size_t kBytes = kRequestBytes + 5 * kNodeFactBytesMax;
  std::optional<Error> refusal;
  {
    const std::lock_guard lock(mutex_);
    refusal = refuse(kBytes);
    if (!refusal) {
      queue_bytes_ += kBytes;
      counters_.queue_bytes = queue_bytes_;
      node_queue_.push_back({std::move(update), std::move(done), kBytes});
    }
  }
  if (!refusal) {
    wake_.notify_one();
    return;
  }
  done(std::move(*refusal));
}

// Why so many bytes more cannot wait; under the mutex.
std::optional<Error> Committer::refuse(std::size_t bytes) const {
  if (failure_) {
    return Error{ErrorCode::kUnavailable, "writes are stopped: " + failure_->message};
  }
  if (stopping_) return Error{ErrorCode::kUnavailable, "the engine is closing"};
  if (options_.append_wait_ms_max == 0 && table_.memory_bytes() > options_.unfolded_bytes_max) {
    return no_room();
  }
  if (queue_bytes_ != 0 && queue_bytes_ + bytes > options_.commit_queue_bytes_max) {
    return Error{ErrorCode::kOverloaded,
                 "the commit queue holds " + std::to_string(queue_bytes_) + " of " +
                     std::to_string(options_.commit_queue_bytes_max) +
                     " bytes; send the batch again soon, with the same key"};
  }
  return std::nullopt;
}

Error Committer::no_room() const {
  return {ErrorCode::kOverloaded,
          "the events that are not folded yet take " + std::to_string(table_.memory_bytes()) +
              " bytes of memory, " + std::to_string(options_.unfolded_bytes_max) +
              " may be, and there was no room within " +
              std::to_string(options_.append_wait_ms_max) +
              " ms; send the batch again soon, with the same key"};
}

// How many requests from the front of the queue may be committed now: those that the unfolded events have
// room for, each taken for the memory of its batch, which is more than it will be. One may pass the bound.
// Under the mutex.
std::size_t Committer::count_admitted() const {
  if (stopping_ || failure_ || options_.append_wait_ms_max == 0) return queue_.size();
  const std::size_t used = table_.memory_bytes();
  if (used > options_.unfolded_bytes_max) {
    // Folds wait for the disk: the refusal must name that.
    return disk_.check() ? 0 : queue_.size();
  }
  std::size_t room = options_.unfolded_bytes_max - used;
  std::size_t count = 0;
  while (count < queue_.size() && (count == 0 || queue_[count].memory <= room)) {
    room -= std::min(room, queue_[count++].memory);
  }
  return count;
}

// Under the mutex.
void Committer::take_admitted(std::vector<Waiting>& admitted, std::vector<Waiting>& expired) {
  const std::size_t count = count_admitted();
  if (count == queue_.size()) {
    admitted.swap(queue_);
    return;
  }
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::move(queue_.begin(), end, std::back_inserter(admitted));
  queue_.erase(queue_.begin(), end);
  // They came in the order in which their time ends.
  const std::int64_t now = options_.clock->steady_ms();
  const auto waits = std::find_if(queue_.begin(), queue_.end(),
                                  [now](const Waiting& w) { return w.latest_ms > now; });
  std::move(queue_.begin(), waits, std::back_inserter(expired));
  queue_.erase(queue_.begin(), waits);
}

void Committer::leave_queue(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  queue_bytes_ -= bytes;
  counters_.queue_bytes = queue_bytes_;
}

std::optional<Error> Committer::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Committer::fail(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return;
    failure_ = error;
  }
  if (on_failure_) on_failure_(error);
}

Result<std::string> Committer::forget_series(std::string_view repo, std::string_view from,
                                             const HasRows& has_rows) {
  Task task{std::string(repo), std::string(from), &has_rows, {}};
  auto done = task.done.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Error{ErrorCode::kUnavailable, "the engine is closing"};
    if (failure_) {
      return Error{ErrorCode::kUnavailable, "writes are stopped: " + failure_->message};
    }
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return done.get();
}

// In the order of the records: those of a pair lie side by side, and its index goes with the last.
Result<std::string> Committer::forget(const Task& task) {
  const std::string lower = series_key(task.repo.empty() ? "" : repo_prefix(task.repo), {});
  const auto view = store_.view();
  const auto series = view->cursor(Family::kCatalog, std::max(lower, task.from),
                                   task.repo.empty() ? series_end() : after_prefix(lower));
  WriteSet set(store_);
  LeavingHosts leaving;
  std::uint64_t forgotten = 0;
  std::uint64_t looked_at = 0;
  std::string next;
  while (series->valid() && next.empty()) {
    const auto pair = split_pair(series->key().substr(1));
    if (!pair) {
      return Error{ErrorCode::kCorruption, "a series names no pair: " + shorten(series->key())};
    }
    const std::string prefix(pair->prefix);
    const bool held = table_.holds(prefix);  // events wait, and whose host they are, nobody knows yet
    bool kept = held;
    std::vector<std::string> gone;
    for (; series->valid() && series->key().substr(1).starts_with(prefix); series->next()) {
      ++looked_at;
      if (held) continue;
      const auto has_rows = (*task.has_rows)(prefix, series->key().substr(1 + prefix.size()));
      if (!has_rows) return has_rows.error();
      kept |= *has_rows;
      if (!*has_rows) gone.emplace_back(series->key());
    }
    if (!kept && !gone.empty()) {
      const auto total = view->get(Family::kTotal, prefix);
      if (!total) return total.error();
      kept = total->has_value();
    }
    for (std::size_t i = 0; i < gone.size(); ++i) {
      catalog_.remove(gone[i], !kept && i + 1 == gone.size(), set);
    }
    if (auto ended = leaving.add(*view, prefix, gone, nodes_, set); !ended) return ended.error();
    forgotten += gone.size();
    const bool enough = looked_at >= kSeriesPerSlice || set.bytes() >= kSliceBytesMax;
    if (enough && series->valid()) next = series->key();
  }
  if (auto status = series->status(); !status) return status.error();
  if (forgotten == 0) return next;
  catalog_.finish(set);
  if (auto written = store_.write(set, Durability::kBuffered); !written) {
    fail(written.error());
    return written.error();
  }
  catalog_.written();
  limiter_.set_total(catalog_.total());
  counters_.series_total = catalog_.total();
  for (const auto& [repo, max] : options_.series.repo_total_max) {
    if (const auto count = catalog_.count_of_repo(repo)) limiter_.set_repo_total(repo, *count);
  }
  return next;
}

void Committer::run() {
  ::pthread_setname_np(::pthread_self(), "commit");
  std::vector<Waiting> waiting;
  std::vector<Waiting> expired;
  std::vector<WaitingNode> nodes;
  std::vector<Task> tasks;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto nothing = [this] {
        return queue_.empty() && node_queue_.empty() && tasks_.empty();
      };
      wake_.wait(lock, [&] { return stopping_ || !nothing(); });
      if (nothing()) return;  // stopping
      take_admitted(waiting, expired);
      nodes.swap(node_queue_);
      tasks.swap(tasks_);
      if (waiting.empty() && expired.empty() && nodes.empty() && tasks.empty()) {
        wake_.wait_for(lock, kRoomPoll, [this] {
          return stopping_ || !node_queue_.empty() || !tasks_.empty();
        });
        continue;
      }
    }
    for (Task& task : tasks) task.done.set_value(forget(task));
    tasks.clear();
    std::size_t bytes = 0;
    for (Waiting& w : expired) {
      bytes += w.bytes;
      ++counters_.overloaded;
      w.done(no_room());
    }
    expired.clear();
    if (!waiting.empty() || !nodes.empty()) commit(waiting, nodes);
    for (const Waiting& w : waiting) bytes += w.bytes;
    for (const WaitingNode& n : nodes) bytes += n.bytes;
    waiting.clear();
    nodes.clear();
    leave_queue(bytes);
  }
}

void Committer::commit(std::vector<Waiting>& waiting, std::vector<WaitingNode>& nodes) {
  set_.clear();
  nodes_.clear();
  fresh_keys_.clear();
  event_ids_.clear();
  batches_.clear();
  time_ = clock_.read();
  confirmed_ = false;
  std::vector<Answer> answers;
  answers.reserve(waiting.size());
  std::optional<Error> refusal;
  if (const auto stopped = failure()) {
    refusal = Error{ErrorCode::kUnavailable, "writes are stopped: " + stopped->message};
  } else if (auto room = disk_.check(); !room) {
    refusal = room.error();
    counters_.disk_full += waiting.size();
  }
  std::size_t to_write = 0;
  for (Waiting& w : waiting) {
    answers.push_back(refusal ? Answer{*refusal} : admit(w));
    if (answers.back().needs_write) ++to_write;
  }
  std::size_t nodes_to_write = 0;
  for (WaitingNode& n : nodes) {
    n.result = refusal ? Result<NodeFacts>(*refusal) : admit_node(n.update);
    if (n.result->ok()) ++nodes_to_write;
  }
  Result<void> written;
  if (to_write + nodes_to_write != 0) {
    const auto hold = table_.hold();
    event_ids_.put(time_.machine, sequence_ + 1, set_);
    add_chunks();
    catalog_.finish(set_);
    clock_.put_commit(time_, confirmed_, set_);
    written = write(to_write);
    if (written) {
      clock_.committed(time_, confirmed_);
      publish();
    } else {
      fail(written.error());
    }
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    Answer& answer = answers[i];
    // The outcome of a failed write is unknown to whoever depends on it.
    if (answer.needs_write && !written) answer.result.emplace(written.error());
    waiting[i].done(std::move(*answer.result));
  }
  for (WaitingNode& n : nodes) {
    if (n.result->ok() && !written) n.result.emplace(written.error());
    n.done(std::move(*n.result));
  }
  if (auto noted = store_.acknowledge(); !noted) fail(noted.error());
}

Committer::Answer Committer::admit(Waiting& waiting) {
  AppendRequest& request = waiting.request;
  if (request.idempotency) return admit_keyed(waiting);
  if (request.only_if_known) {
    return {Error{ErrorCode::kInvalidArgument, "a request without a key cannot be known"}};
  }
  const bool has_events = !request.batch.empty();
  auto receipt = admit_events(waiting);
  if (!receipt) return {receipt.error()};
  // Also if all of them are duplicates: of events in this very commit, perhaps.
  return {std::move(*receipt), has_events};
}

// Lets a batch's series and events in. An error is for this batch alone: nothing of it is stored.
Result<Receipt> Committer::admit_events(Waiting& waiting) {
  AppendRequest& request = waiting.request;
  if (auto refusal = clock_.refusal(time_, request.batch)) return *refusal;
  if (auto admitted = admit_series(waiting); !admitted) return admitted.error();
  auto duplicates = admit_ids(waiting.ids);
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

// The places of the events that are counted already. The ids of the others are put down only when all
// of them have been looked up: an id without its event would make a duplicate of what is sent again.
Result<std::vector<std::uint32_t>> Committer::admit_ids(const std::vector<NamedRow>& ids) {
  std::vector<std::uint32_t> duplicates;
  std::vector<const NamedRow*> unknown;
  for (const NamedRow& named : ids) {
    const auto known = event_ids_.knows(named.key, time_.expiry);
    if (!known) {
      fail(known.error());
      return known.error();
    }
    if (*known) {
      duplicates.push_back(named.place);
    } else {
      unknown.push_back(&named);
    }
  }
  for (const NamedRow* named : unknown) {
    if (!event_ids_.add(named->key)) duplicates.push_back(named->place);
  }
  return duplicates;
}

// What is told of a node does not depend on the time, but a heartbeat is counted at the time of its
// commit.
Result<NodeFacts> Committer::admit_node(const NodeUpdate& update) {
  if (update.heartbeat) {
    if (auto behind = clock_.error(time_)) return *behind;
    if (auto unconfirmed = clock_.doubt(time_)) return *unconfirmed;
  }
  return nodes_.apply(update, time_.machine, set_);
}

std::vector<Committer::NamedRow> Committer::name_ids(const EventBatch& batch) const {
  std::vector<NamedRow> named;
  if (!batch.has_ids()) return named;
  std::uint32_t place = 0;
  std::string_view prefix;
  EventIdPair pair{};
  for (const EventBatch::Group& group : batch.groups()) {
    if (group.prefix != prefix) pair = event_ids_.pair_of(prefix = group.prefix);
    for (const EventBatch::Row& row : group.rows) {
      if (row.id_bytes != 0) {
        named.push_back(
            {place, event_ids_.key_of(pair, {batch.host(row.host), group.minute, batch.id(row)})});
      }
      ++place;
    }
  }
  return named;
}

// Lets the batch's new series in, takes out the events of those that are too many. A strict batch with a
// rejected event is refused before any of its series is let in.
Result<void> Committer::admit_series(Waiting& waiting) {
  const std::vector<SeriesCatalog::Name>& series = waiting.series;
  new_places_.clear();
  refused_places_.clear();
  limiter_.begin();
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (i + kSeriesAhead < series.size()) catalog_.expect(series[i + kSeriesAhead]);
    const auto known = catalog_.knows(series[i]);
    if (!known) {
      fail(known.error());
      return known.error();
    }
    if (*known) continue;
    auto& places = limiter_.reserve(split_pair(series[i].prefix)->repo) ? new_places_ : refused_places_;
    places.push_back(i);
  }
  if (waiting.request.strict && (waiting.request.rejected != 0 || !refused_places_.empty())) {
    return refuse_strict(waiting.request);
  }
  if (const auto bound = limiter_.admit(options_.clock->steady_ms())) {
    ++counters_.rate_limited;
    return Error{ErrorCode::kTooManyNewSeries, *bound + "; send the batch again later"};
  }
  for (const std::size_t i : new_places_) catalog_.add(series[i], set_);
  counters_.series += new_places_.size();
  counters_.series_total = catalog_.total();
  if (!refused_places_.empty()) {
    reject_refused(waiting.request);
    waiting.ids = name_ids(waiting.request.batch);  // their places are others now
  }
  return {};
}

// Why the first kReceiptErrorsMax events of the refused series are rejected, ascending by index.
std::vector<EventError> Committer::series_errors(const EventBatch& batch) const {
  const std::vector<EventBatch::Series> series = batch.series();
  std::set<std::pair<std::string_view, std::string_view>> refused;
  for (const std::size_t place : refused_places_) {
    refused.emplace(series[place].prefix, series[place].host);
  }
  struct Event {
    std::uint32_t index;
    std::string_view prefix;
    std::string_view host;
  };
  std::vector<Event> events;
  for (const EventBatch::Group& group : batch.groups()) {
    for (const EventBatch::Row& row : group.rows) {
      const std::string_view host = batch.host(row.host);
      if (refused.contains({group.prefix, host})) events.push_back({row.index, group.prefix, host});
    }
  }
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.index < b.index; });
  if (events.size() > kReceiptErrorsMax) events.resize(kReceiptErrorsMax);
  std::vector<EventError> errors;
  for (const Event& event : events) {
    const auto pair = split_pair(event.prefix);
    errors.push_back({event.index, "host",
                      "host " + shorten(event.host) + " of repoId " + shorten(pair->repo) +
                          " and bucketId " + shorten(pair->bucket) + " would be a new series, and " +
                          limiter_.bound_of(pair->repo) +
                          "; delete repos that are not needed any more, or raise the setting"});
  }
  return errors;
}

void Committer::reject_refused(AppendRequest& request) {
  std::vector<EventError> errors = series_errors(request.batch);
  const std::vector<std::uint32_t> indexes = request.batch.remove_series(refused_places_);
  counters_.events_over_series_max += indexes.size();
  request.rejected += indexes.size();
  std::move(errors.begin(), errors.end(), std::back_inserter(request.errors));
  std::sort(request.errors.begin(), request.errors.end(),
            [](const EventError& a, const EventError& b) { return a.index < b.index; });
  if (request.errors.size() > kReceiptErrorsMax) request.errors.resize(kReceiptErrorsMax);
}

// The series reserved for it are let go by the next batch's SeriesLimiter::begin().
Error Committer::refuse_strict(AppendRequest& request) {
  if (!refused_places_.empty()) reject_refused(request);
  const EventError first = request.errors.empty() ? EventError{} : request.errors.front();
  return {ErrorCode::kEventRejected, strict_rejection(request.rejected, first)};
}

Committer::Answer Committer::admit_keyed(Waiting& waiting) {
  AppendRequest& request = waiting.request;
  const IdempotencyKey& key = *request.idempotency;
  const std::string record_name = record_key(store_.secret(), key);
  const auto replay = [&](const Fingerprint& body, Receipt receipt, bool needs_write) -> Answer {
    if (body != key.body) {
      return {Error{ErrorCode::kKeyReused,
                    "the idempotency key " + shorten(key.key) +
                        " was used before with another body, or another ?strict; send that again "
                        "as it was, or this with a new key"},
              needs_write};
    }
    receipt.replayed = true;
    ++counters_.replayed;
    return {std::move(receipt), needs_write};
  };

  // A repeat of a key that this very commit brings waits for it, and shares its fate.
  if (const auto at = fresh_keys_.find(record_name); at != fresh_keys_.end()) {
    return replay(at->second.body, at->second.receipt, true);
  }
  const auto stored = store_.get(Family::kIdempotency, record_name);
  if (!stored) return {stored.error()};
  if (stored->has_value()) {
    auto record = decode_record(**stored);
    if (!record) {
      return {Error{ErrorCode::kCorruption, "the record of an idempotency key is damaged"}};
    }
    if (record->committed_at.value + options_.idempotency_window_ms >= time_.expiry.value) {
      return replay(record->body, std::move(record->receipt), false);
    }
  }
  if (request.only_if_known) {
    return {Error{ErrorCode::kInvalidArgument, "the idempotency key is not known"}};
  }
  auto receipt = admit_events(waiting);
  if (!receipt) return {receipt.error()};
  set_.put(Family::kIdempotency, record_name, encode_record({time_.machine, key.body, *receipt}));
  fresh_keys_.emplace(record_name, Fresh{key.body, *receipt});
  return {std::move(*receipt), true};
}

// One chunk for each (repo, bucket, minute) of everything at hand: a key costs more than the events
// below it.
void Committer::add_chunks() {
  struct Part {
    const EventBatch::Group* group;
    const EventBatch* batch;
  };
  std::vector<Part> parts;
  for (const EventBatch* batch : batches_) {
    for (const EventBatch::Group& group : batch->groups()) parts.push_back({&group, batch});
  }
  const auto before = [](const Part& a, const Part& b) {
    const int order = a.group->prefix.compare(b.group->prefix);
    return order != 0 ? order < 0 : a.group->minute < b.group->minute;
  };
  if (batches_.size() > 1) std::stable_sort(parts.begin(), parts.end(), before);

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
  catalog_.written();
  return written;
}

}  // namespace minuted
