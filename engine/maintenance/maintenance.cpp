#include "maintenance/maintenance.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "store/open_rows.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted {
namespace {

// How long no history must have been pushed before hours behind it are rolled, if nothing is sealed.
constexpr std::int64_t kQuietMs = 10 * kMillisPerMinute;

}  // namespace

Upkeep::Upkeep(const Parts& parts)
    : parts_(parts),
      folder_(parts.store, parts.table, repo_rows_begin_, parts.counters.fold,
              {parts.options.fold_batch_bytes, parts.options.retention.raw_ms != 0,
               parts.on_write_failure,
               [this](Minute oldest, Minute newest) {
                 sealer_.note_rows(oldest);
                 roller_.note_rows(newest);
               }}),
      roller_(parts.store, parts.counters.roll,
              {parts.options.clock, std::min(kRollAfterMs, parts.options.seal_after_ms),
               parts.options.seal_interval_ms > 0 ? parts.options.seal_interval_ms : kQuietMs,
               parts.options.fold_batch_bytes, parts.on_write_failure}),
      sealer_(parts.store, parts.counters.seal,
              {parts.options.clock, parts.options.seal_after_ms, parts.options.seal_interval_ms,
               parts.options.fold_batch_bytes, parts.on_write_failure}),
      repo_sealer_(parts.store, repo_rows_begin_, parts.counters.seal,
                   {parts.options.clock, parts.options.seal_interval_ms, parts.on_write_failure}),
      pruner_(parts.store, parts.horizons, parts.counters.prune,
              {parts.options.clock, parts.options.prune_interval_ms,
               parts.options.fold_batch_bytes, parts.on_write_failure}),
      remover_(parts.store, parts.table, parts.horizons,
               {parts.options.fold_batch_bytes,
                [this](const Removal& removal) { return forget_removed(removal); },
                parts.on_write_failure}),
      kept_memory_(parts.store, parts.table, parts.recall) {}

Result<void> Upkeep::start() {
  {
    const std::lock_guard rows(rows_mutex_);
    const auto begin = read_repo_rows_begin(parts_.store);
    if (!begin) return begin.error();
    repo_rows_begin_ = *begin;
    if (auto opened = roller_.open(); !opened) return opened;
    if (auto resumed = remover_.resume(); !resumed) return resumed;
  }
  if (auto kept = keep_time(); !kept) return kept;
  if (parts_.options.fold_interval_ms > 0) thread_ = std::thread([this] { run(); });
  return {};
}

Upkeep::~Upkeep() { stop(); }

void Upkeep::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  folder_.stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Upkeep::hurry() {
  {
    const std::lock_guard lock(mutex_);
    hurry_ = true;
  }
  wake_.notify_all();
}

void Upkeep::run() {
  ::pthread_setname_np(::pthread_self(), "fold");
  const auto interval = std::chrono::milliseconds(parts_.options.fold_interval_ms);
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_for(lock, interval, [this] { return stopping_ || hurry_; });
    if (stopping_) return;
    hurry_ = false;
    lock.unlock();
    // Failures are counted, and reported by whoever writes or reads next.
    (void)fold(Durability::kBuffered);
    (void)keep_time();
    tend();
    check_kept_memory();
    (void)parts_.store.drop_folded_raw(parts_.options.clock->steady_ms());
    lock.lock();
  }
}

// Half of the time between two folds, at most.
void Upkeep::tend() {
  const Options& options = parts_.options;
  {
    const std::lock_guard rows(rows_mutex_);
    // By a clock that is not believed nothing is closed.
    if (parts_.clock.believed() && roller_.due()) (void)roller_.begin(false);
    if (options.seal_interval_ms > 0 && sealer_.due()) sealer_.begin();
    if (options.seal_interval_ms > 0 && repo_sealer_.due()) repo_sealer_.begin();
    if (options.prune_interval_ms > 0 && pruner_.due()) pruner_.begin();
  }
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(options.fold_interval_ms) / 2;
  do {
    const auto rolled = roll_step();
    const auto pruned = prune_step();
    const auto sealed = seal_step();
    // What cannot be read was passed over.
    const bool more = (rolled.ok() && *rolled) || (pruned.ok() && *pruned) ||
                      (sealed.ok() ? *sealed : sealed.error().code == ErrorCode::kCorruption);
    if (!more || wanted_elsewhere()) return;
  } while (std::chrono::steady_clock::now() < end);
}

bool Upkeep::wanted_elsewhere() {
  const std::lock_guard lock(mutex_);
  return stopping_ || hurry_;
}

Result<void> Upkeep::fold(Durability durability) {
  {
    const std::lock_guard rows(rows_mutex_);
    if (auto room = parts_.disk.check(); !room) return room;
    auto folded = folder_.fold();
    kept_memory_.check();
    if (!folded) return folded;
  }
  // Earlier folds may have been buffered only.
  if (durability == Durability::kBuffered) return {};
  return sync();
}

// All that is closed; first what an earlier pass was cut short in.
Result<void> Upkeep::roll() {
  for (;;) {
    {
      const std::lock_guard rows(rows_mutex_);
      const auto begun = roller_.begin(true);
      if (!begun) return begun.error();
      if (!*begun) return {};
    }
    for (;;) {
      const auto more = roll_step();
      if (!more) return more.error();
      if (!*more) break;
    }
  }
}

Result<void> Upkeep::seal() {
  if (auto rolled = roll(); !rolled) return rolled;
  {
    const std::lock_guard rows(rows_mutex_);
    sealer_.begin();
    repo_sealer_.begin();
  }
  Result<void> sealed;
  for (;;) {
    const auto more = seal_step();
    if (more.ok() && !*more) break;
    if (more.ok()) continue;
    if (sealed.ok()) sealed = more.error();
    if (more.error().code != ErrorCode::kCorruption) break;
  }
  if (!sealed) return sealed;
  return sync();
}

Result<void> Upkeep::prune() {
  if (!parts_.horizons.paused()) {
    if (auto rolled = roll(); !rolled && rolled.error().code != ErrorCode::kDiskFull) return rolled;
  }
  {
    const std::lock_guard rows(rows_mutex_);
    pruner_.begin();
  }
  for (;;) {
    const auto more = prune_step();
    if (!more) return more.error();
    if (!*more) return sync();
  }
}

// No fold runs from the first to the last moment of it: what is acknowledged meanwhile stays raw, and
// is all that stays.
Result<void> Upkeep::remove(const Removal& removal) {
  {
    const std::lock_guard rows(rows_mutex_);
    if (auto checked = remover_.check(removal); !checked) return checked;
    if (auto folded = folder_.fold(); !folded) return folded;
    if (auto removed = remover_.remove(removal); !removed) return removed;
  }
  return sync();
}

Result<void> Upkeep::forget_removed(const Removal& removal) {
  const std::string prefix =
      removal.bucket ? pair_prefix(removal.repo, *removal.bucket) : std::string();
  const HasRows has_rows = [&](std::string_view pair, std::string_view) {
    return Result<bool>(!prefix.empty() && pair != prefix);
  };
  std::string from;
  do {
    auto next = parts_.forget_series(removal.repo, from, has_rows);
    if (!next) return next.error();
    from = std::move(*next);
  } while (!from.empty());
  return {};
}

// The next slice of the series: those go that are in no day that is kept, for every minute and hour that
// is kept lies in one, unless raw events of their pair are held. While some tier is for ever there is no
// such series. True if there is more.
Result<bool> Upkeep::forget_past() {
  const Horizons& horizons = parts_.horizons;
  if (horizons.paused()) return false;
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    if (!horizons.limits(span)) return false;
  }
  std::string at;
  std::vector<std::string> hosts;  // of the pair at hand
  bool archived = false;           // it has raw events
  const auto view = parts_.store.view();
  auto boundaries = read_roll_boundaries(*view);
  if (!boundaries) return boundaries.error();
  OpenRows open(*view, std::move(*boundaries), Span::kDay);
  const auto add_hosts = [&hosts](const auto& row) -> Result<void> {
    HostsReader reader(row.value());
    std::string_view name;
    Rollup rollup;
    while (reader.next(name, rollup)) hosts.emplace_back(name);
    if (reader.ok()) return {};
    return Error{ErrorCode::kCorruption, "a row cannot be read: " + shorten(row.key())};
  };
  const HasRows has_rows = [&](std::string_view pair, std::string_view host) -> Result<bool> {
    if (pair != at) {
      at = pair;
      hosts.clear();
      std::string lower(pair);
      append_minute(lower, horizons.of(Span::kDay));
      const auto days = view->cursor(Family::kDay, lower, after_prefix(pair));
      for (; days->valid(); days->next()) {
        if (auto added = add_hosts(*days); !added) return added.error();
      }
      if (auto status = days->status(); !status) return status.error();
      // Those that no day has yet, however old: a series that is forgotten must be in the pair's total.
      open.enter(pair, {{0}, {kMinuteMax.value + 1}});
      for (; open.valid(); open.next()) {
        if (auto added = add_hosts(open); !added) return added.error();
      }
      if (auto status = open.status(); !status) return status.error();
      lower.resize(pair.size());
      append_minute(lower, horizons.of_archive());
      const auto events = view->cursor(Family::kArchive, lower, after_prefix(pair));
      archived = events->valid();
      if (auto status = events->status(); !status) return status.error();
    }
    return archived || std::find(hosts.begin(), hosts.end(), host) != hosts.end();
  };
  auto next = parts_.forget_series({}, *forget_from_, has_rows);
  if (!next) return next.error();
  *forget_from_ = std::move(*next);
  return !forget_from_->empty();
}

Result<bool> Upkeep::roll_step() {
  const std::lock_guard rows(rows_mutex_);
  if (auto room = parts_.disk.check(); !room) return room.error();
  return roller_.step();
}

Result<bool> Upkeep::seal_step() {
  const std::lock_guard rows(rows_mutex_);
  if (auto room = parts_.disk.check(); !room) return room.error();
  auto more = repo_sealer_.step();
  if (!more.ok() || *more) return more;
  return sealer_.step();
}

// Also when the disk is full: it makes room. After a pass go the series that are past.
Result<bool> Upkeep::prune_step() {
  const std::lock_guard rows(rows_mutex_);
  if (forget_from_) {
    auto more = forget_past();
    if (!more.ok() || !*more) forget_from_.reset();
    return more;
  }
  const std::uint64_t passes = parts_.counters.prune.passes;
  auto more = pruner_.step();
  if (!more.ok() || *more || parts_.counters.prune.passes == passes) return more;
  forget_from_.emplace();
  return true;
}

Result<void> Upkeep::keep_time() {
  WriteSet set(parts_.store);
  const std::lock_guard rows(rows_mutex_);
  // A commit's own record of the time must not be overwritten by an older one.
  const auto no_commit = parts_.table.hold();
  if (!parts_.clock.keep(set)) return {};
  auto written = parts_.store.write(set, Durability::kBuffered);
  if (!written) parts_.on_write_failure(written.error());
  return written;
}

void Upkeep::check_kept_memory() {
  const std::lock_guard rows(rows_mutex_);
  kept_memory_.check();
}

Result<void> Upkeep::sync() {
  const std::lock_guard rows(rows_mutex_);
  auto synced = parts_.store.sync();
  if (!synced) parts_.on_write_failure(synced.error());
  return synced;
}

}  // namespace minuted
