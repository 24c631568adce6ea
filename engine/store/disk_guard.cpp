#include "store/disk_guard.hpp"

#include <algorithm>
#include <string>

namespace minuted {

DiskGuard::DiskGuard(const Options& options)
    : path_(options.path),
      reserve_bytes_min_(options.disk_reserve_bytes),
      reserve_percent_(options.disk_reserve_percent),
      probe_(options.disk_probe),
      clock_(*options.clock) {}

Result<void> DiskGuard::check() {
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = clock_.steady_ms();
    if (!probed_at_ms_ || now - *probed_at_ms_ >= kProbeEveryMs) {
      probed_at_ms_ = now;
      // A system that does not tell is taken to have room: the write itself will say otherwise.
      if (const auto space = probe_(path_)) {
        free_bytes_ = space->free_bytes;
        reserve_bytes_ =
            std::max(reserve_bytes_min_, space->total_bytes / 100 * reserve_percent_);
      }
    }
  }
  const std::uint64_t free = free_bytes_;
  const std::uint64_t reserve = reserve_bytes_;
  if (free >= reserve) return {};
  return Error{ErrorCode::kDiskFull, "only " + std::to_string(free) +
                                         " bytes are free on the disk of the data, fewer than the "
                                         "reserve of " + std::to_string(reserve) +
                                         "; make room, or lower the reserve"};
}

}  // namespace minuted
