#include "maintenance/maintenance.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "store/roll_boundaries.hpp"

namespace minuted {
namespace {

// How long no history must have been pushed before hours behind it are rolled, if nothing is
// sealed.
constexpr std::int64_t kQuietMs = 10 * kMillisPerMinute;

}  // namespace

Maintenance::Maintenance(const Parts& parts)
    : parts_(parts),
      on_write_failure_([&writes = parts.writes](const Error& error) { writes.fail(error); }),
      folder_(parts.store, parts.table, repo_rows_begin_, parts.counters.fold,
              {parts.options.fold_batch_bytes, parts.options.retention.raw_ms != 0,
               on_write_failure_,
               [this](Minute oldest, Minute newest) {
                 sealer_.note_rows(oldest);
                 roller_.note_rows(newest);
               }}),
      roller_(parts.store, parts.counters.roll,
              {parts.options.clock, std::min(kRollAfterMs, parts.options.seal_after_ms),
               parts.options.seal_interval_ms > 0 ? parts.options.seal_interval_ms : kQuietMs,
               parts.options.fold_batch_bytes, on_write_failure_, &parts.clock}),
      sealer_(parts.store, parts.counters.seal,
              {parts.options.clock, parts.options.seal_after_ms, parts.options.seal_interval_ms,
               parts.options.fold_batch_bytes, on_write_failure_}),
      repo_sealer_(parts.store, repo_rows_begin_, parts.counters.seal,
                   {parts.options.clock, parts.options.seal_interval_ms, on_write_failure_}),
      pruner_(parts.store, parts.horizons, parts.counters.prune,
              {parts.options.clock, parts.options.prune_interval_ms,
               parts.options.fold_batch_bytes, on_write_failure_}),
      remover_(parts.store, parts.table, parts.horizons, parts.writes,
               {parts.options.fold_batch_bytes, on_write_failure_}),
      kept_memory_(parts.store, parts.table, parts.recall),
      fold_job_(folder_, kept_memory_),
      seal_job_(repo_sealer_, sealer_, parts.options.seal_interval_ms > 0),
      collect_job_({parts.store, parts.table, parts.writes}, parts.horizons,
                   parts.counters.prune.passes),
      scheduler_(fold_job_, {&roller_, &pruner_, &collect_job_, &seal_job_, &remover_},
                 scheduler_options()) {}

Scheduler::Options Maintenance::scheduler_options() {
  Scheduler::Options options;
  options.fold_interval = std::chrono::milliseconds(parts_.options.fold_interval_ms);
  options.check_room = [this] { return parts_.disk.check(); };
  options.sync = [this] { return sync(); };
  options.after_fold = [this] { after_fold(); };
  return options;
}

Result<void> Maintenance::start() {
  const auto begin = read_repo_rows_begin(parts_.store);
  if (!begin) return begin.error();
  repo_rows_begin_ = *begin;
  if (auto opened = roller_.open(); !opened) return opened;
  if (auto resumed = remover_.resume(); !resumed) return resumed;
  if (auto kept = keep_time(); !kept) return kept;
  scheduler_.start();
  return {};
}

Maintenance::~Maintenance() { stop(); }

Result<void> Maintenance::fold() { return scheduler_.ask({{{&fold_job_}}}).get(); }

Result<void> Maintenance::seal() {
  return scheduler_.ask({{{&roller_}, {&seal_job_}}}).get();
}

Result<void> Maintenance::prune() {
  Scheduler::Request request;
  if (!parts_.horizons.paused()) {
    Scheduler::Stage roll{&roller_};
    roll.passed_when_full = true;
    request.stages.push_back(std::move(roll));
  }
  request.stages.push_back({&pruner_});
  request.stages.push_back({&collect_job_});
  return scheduler_.ask(std::move(request)).get();
}

// What is acknowledged while the removal runs stays raw, and is all that stays.
Result<void> Maintenance::remove(const Removal& removal) {
  Scheduler::Stage fold{&fold_job_};
  fold.checks_room = false;
  Scheduler::Stage remove{&remover_};
  remove.demand.removal = removal;
  return scheduler_.ask({{std::move(fold), std::move(remove)}}).get();
}

// Failures are counted, and reported by whoever writes or reads next.
void Maintenance::after_fold() {
  (void)keep_time();
  kept_memory_.check();
  (void)parts_.store.drop_folded_raw(parts_.options.clock->steady_ms());
  (void)parts_.store.flush_deletions(parts_.options.clock->steady_ms());
}

Result<void> Maintenance::keep_time() {
  WriteSet set(parts_.store);
  // A commit's own record of the time must not be overwritten by an older one.
  const auto no_commit = parts_.table.hold();
  if (!parts_.clock.keep(set)) return {};
  auto written = parts_.store.write(set, Durability::kBuffered);
  if (!written) on_write_failure_(written.error());
  return written;
}

Result<void> Maintenance::sync() {
  auto synced = parts_.store.sync();
  if (!synced) on_write_failure_(synced.error());
  return synced;
}

}  // namespace minuted
