#include "core/check_options.hpp"

#include <string>

#include "core/arguments.hpp"
#include "query/group_scan.hpp"

namespace minuted {

std::optional<Error> check_options(const Options& options) {
  const auto wrong = [](const std::string& what) {
    return Error{ErrorCode::kInvalidArgument, what};
  };
  if (options.clock == nullptr) return wrong("Options::clock is null");
  if (options.fold_interval_ms < 0) {
    return wrong("Options::fold_interval_ms is " + std::to_string(options.fold_interval_ms) +
                 "; 0 or more is accepted");
  }
  if (options.seal_after_ms < 0 || options.seal_interval_ms < 0) {
    return wrong("Options::seal_after_ms and seal_interval_ms must be 0 or more");
  }
  const Retention& kept = options.retention;
  // A minute that is kept is in an hour that is kept, and so on.
  const auto shorter = [](std::int64_t coarse, std::int64_t fine) {
    return coarse != 0 && (fine == 0 || coarse < fine);
  };
  if (shorter(kept.hour_ms, kept.minute_ms) || shorter(kept.day_ms, kept.hour_ms)) {
    return wrong("hours must be kept at least as long as minutes, and days as long as hours");
  }
  if (kept.minute_ms < 0 || kept.hour_ms < 0 || kept.day_ms < 0 || kept.raw_ms < 0 || options.prune_interval_ms < 0) {
    return wrong("Options::retention and prune_interval_ms must be 0 or more");
  }
  if (options.idempotency_window_ms <= 0 || options.snapshot_ms_max <= 0) {
    return wrong("Options::idempotency_window_ms and snapshot_ms_max must be above 0");
  }
  if (options.reopen_pause_ms_min <= 0 ||
      options.reopen_pause_ms_max < options.reopen_pause_ms_min) {
    return wrong("Options::reopen_pause_ms_min must be above 0, and reopen_pause_ms_max at least as much");
  }
  if (options.groups_max == 0 || options.groups_max > kGroupsMaxMax) {
    return wrong("Options::groups_max is " + std::to_string(options.groups_max) + "; 1 to " +
                 std::to_string(kGroupsMaxMax) + " is accepted");
  }
  if (options.disk_reserve_percent > 100 || !options.disk_probe) {
    return wrong("Options::disk_reserve_percent is " +
                 std::to_string(options.disk_reserve_percent) +
                 "; 0 to 100 is accepted, and a disk_probe is needed");
  }
  if (auto error = check_arguments(options.series)) return error;
  if (options.fold_batch_bytes == 0 || options.commit_queue_bytes_max == 0 ||
      options.unfolded_bytes_max == 0 || options.memtable_bytes < (1U << 20)) {
    return wrong(
        "Options::fold_batch_bytes, commit_queue_bytes_max and unfolded_bytes_max must be above "
        "0, and memtable_bytes at least 1048576");
  }
  return std::nullopt;
}

}  // namespace minuted
