// Whether the disk has room for more: less than the reserve free and nothing new is written, so that
// what RocksDB must still write (a MANIFEST it cannot finish may leave the store unopenable) finds
// space. Asks the system at most every kProbeEveryMs. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "minuted/options.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"

namespace minuted {

class DiskGuard {
 public:
  static constexpr std::int64_t kProbeEveryMs = 250;

  // Borrows the options' clock.
  explicit DiskGuard(const Options& options);

  // kDiskFull while too little is free.
  Result<void> check();

  // As last seen.
  std::uint64_t free_bytes() const { return free_bytes_.load(); }
  std::uint64_t reserve_bytes() const { return reserve_bytes_.load(); }

 private:
  const std::string path_;
  const std::uint64_t reserve_bytes_min_;
  const std::uint32_t reserve_percent_;
  const DiskProbe probe_;
  const Clock& clock_;
  std::mutex mutex_;  // guards probed_at_ms_, and that one probe runs at a time
  std::optional<std::int64_t> probed_at_ms_;
  std::atomic<std::uint64_t> free_bytes_{UINT64_MAX};
  std::atomic<std::uint64_t> reserve_bytes_{0};
};

}  // namespace minuted
