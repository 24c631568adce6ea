#include "watch/watcher.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "minuted/time.hpp"
#include "render/error_mapping.hpp"

namespace minuted::watch {
namespace {

// Why pushes are refused now. The engine checks the reserve at each write and keeps no failure for it.
std::optional<Error> refusal_of(const Observation& now) {
  if (now.write_error) return now.write_error;
  const EngineStats& stats = now.stats;
  if (stats.disk_free_bytes >= stats.disk_reserve_bytes) return std::nullopt;
  return Error{ErrorCode::kDiskFull,
               "only " + std::to_string(stats.disk_free_bytes) +
                   " bytes are free on the disk of the data, fewer than the reserve of " +
                   std::to_string(stats.disk_reserve_bytes) + "; make room, or lower the reserve"};
}

// `minute 2024-02-01T10:15:00.000Z, day 2024-01-01T00:00:00.000Z`: the tiers that are limited, each with
// the first time that is kept.
std::string kept_from(const Observation& now) {
  std::string text;
  for (const auto& [tier, from] : {std::pair{"minute ", now.minutes_from},
                                   std::pair{"hour ", now.hours_from},
                                   std::pair{"day ", now.days_from}}) {
    if (from == Minute{0}) continue;
    if (!text.empty()) text += ", ";
    text += tier + format_iso8601(start_of(from));
  }
  return text;
}

}  // namespace

Observation observe(const Engine& engine) {
  return {.write_error = engine.failure(),
          .clock_error = engine.clock_error(),
          .stats = engine.stats(),
          .minutes_from = engine.horizon(Span::kMinute),
          .hours_from = engine.horizon(Span::kHour),
          .days_from = engine.horizon(Span::kDay)};
}

// An engine that was reopened may count from 0 again.
void Watcher::Repeated::count(std::uint64_t counter) {
  unwritten += counter >= seen ? counter - seen : counter;
  seen = counter;
}

bool Watcher::Repeated::due(std::int64_t now_ms) const {
  return unwritten != 0 && (!written_at_ms || now_ms - *written_at_ms >= kRepeatMs);
}

void Watcher::look(const Observation& now, std::int64_t now_ms) {
  look_at_writes(now, now_ms);
  look_at_clock(now);
  look_at_retention(now, now_ms);
  look_at_failures(now, now_ms);
}

void Watcher::look_at_writes(const Observation& now, std::int64_t now_ms) {
  const std::optional<Error> refusal = refusal_of(now);
  if (!refusal && !stopped_) return;
  if (!refusal) {
    const auto stopped_ms = static_cast<double>(now_ms - stopped_at_ms_);
    log_.warn("writes resumed", {{"stopped_seconds", stopped_ms / 1e3}});
    stopped_.reset();
    return;
  }
  // The same code with other words is the same reason: the words may have figures in them.
  if (stopped_ == refusal->code) return;
  const std::string reason = render::message_of(*refusal);
  log_.error(stopped_ ? "writes are still stopped" : "writes stopped",
             {{"code", std::string_view(to_string(refusal->code))},
              {"reason", std::string_view(reason)}});
  if (!stopped_) stopped_at_ms_ = now_ms;
  stopped_ = refusal->code;
}

void Watcher::look_at_clock(const Observation& now) {
  if (now.clock_error.has_value() == clock_in_doubt_) return;
  clock_in_doubt_ = now.clock_error.has_value();
  if (clock_in_doubt_) {
    const std::string reason = render::message_of(*now.clock_error);
    log_.error("the clock is not believed", {{"reason", std::string_view(reason)}});
  } else {
    log_.warn("the clock is believed again");
  }
}

void Watcher::look_at_retention(const Observation& now, std::int64_t now_ms) {
  const EngineStats& stats = now.stats;
  if (stats.retention_paused != retention_paused_) {
    retention_paused_ = stats.retention_paused;
    if (retention_paused_) {
      const std::string reason =
          now.clock_error ? render::message_of(*now.clock_error)
                          : "the clock is more than a day past the newest event and the last "
                            "time on record; nothing is deleted until an event confirms the "
                            "time, or a restart with --accept-clock does";
      log_.warn("retention paused", {{"reason", std::string_view(reason)}});
    } else {
      log_.warn("retention resumed");
    }
  }
  const std::uint64_t before = deleted_.unwritten;
  deleted_.count(stats.keys_pruned);
  if (deleted_.unwritten != before) kept_from_ = kept_from(now);
  if (before == 0) {
    deleting_since_ms_ = now_ms;
    passes_before_ = passes_seen_;
  }
  passes_seen_ = stats.prune_passes;
  // A pass deletes in steps: one line counts all of them, unless the pass takes long.
  const bool pass_ended = stats.prune_passes != passes_before_;
  if (!deleted_.due(now_ms) || !(pass_ended || now_ms - deleting_since_ms_ >= kRepeatMs)) return;
  write_deleted();
  deleted_.written_at_ms = now_ms;
}

void Watcher::write_deleted() {
  log_.info("retention deleted expired data",
            {{"keys", deleted_.unwritten}, {"kept_from", std::string_view(kept_from_)}});
  deleted_.unwritten = 0;
}

void Watcher::look_at_failures(const Observation& now, std::int64_t now_ms) {
  const EngineStats& stats = now.stats;
  prune_failures_.count(stats.prune_failures);
  fold_failures_.count(stats.fold_failures);
  roll_failures_.count(stats.roll_failures);
  seal_failures_.count(stats.seal_failures);
  prune_error_ = stats.prune_error;
  fold_error_ = stats.fold_error;
  roll_error_ = stats.roll_error;
  seal_error_ = stats.seal_error;
  const auto write_if_due = [&](std::string_view what, Repeated& failures, std::string_view reason) {
    if (!failures.due(now_ms)) return;
    write_failed(what, failures, reason);
    failures.written_at_ms = now_ms;
  };
  write_if_due("retention failed", prune_failures_, prune_error_);
  write_if_due("folding failed", fold_failures_, fold_error_);
  write_if_due("writing hours and days failed", roll_failures_, roll_error_);
  write_if_due("sealing failed", seal_failures_, seal_error_);
}

void Watcher::write_failed(std::string_view what, Repeated& failures, std::string_view reason) {
  log_.error(what, {{"failures", failures.unwritten}, {"reason", reason}});
  failures.unwritten = 0;
}

void Watcher::finish() {
  if (deleted_.unwritten != 0) write_deleted();
  if (prune_failures_.unwritten != 0) write_failed("retention failed", prune_failures_, prune_error_);
  if (fold_failures_.unwritten != 0) write_failed("folding failed", fold_failures_, fold_error_);
  if (roll_failures_.unwritten != 0) {
    write_failed("writing hours and days failed", roll_failures_, roll_error_);
  }
  if (seal_failures_.unwritten != 0) write_failed("sealing failed", seal_failures_, seal_error_);
}

}  // namespace minuted::watch
