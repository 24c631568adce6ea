// A load pushed at a daemon of our own, and what it cost: the load's outcome beside the daemon's
// processor time, memory, disk bytes and keys, until all it took is folded. What the programs here
// share. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "daemon_process.hpp"
#include "figures.hpp"
#include "load/load.hpp"
#include "minuted/result.hpp"

namespace minuted::bench {

inline constexpr double kMillion = 1e6;
// Exit codes of the programs here besides 0.
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

struct Measured {
  load::LoadResult load;
  double cpu_seconds = 0;         // of the daemon, while the load ran
  double cpu_seconds_folded = 0;  // and until all was folded
  double drain_seconds = 0;
  bool drained = false;
  ProcessUsage usage;  // at the end, less what was used before
  double keys = 0;     // written by this load: a key is a (repo, bucket, minute) of a commit
  double keys_per_event = 0;
  double batches_per_sync = 0;
};

// What a load is counted until.
enum class Until : std::uint8_t {
  kFolded,
  kSettled,  // and no flush or compaction has been under way for two seconds
};

// Pushes `prepared` at the daemon, whatever port the options name, and waits until it is folded, or
// settled as well.
Result<Measured> push(const DaemonProcess& daemon, load::LoadOptions options,
                      load::PreparedLoad& prepared, const load::OnProgress& on_progress = {},
                      Until until = Until::kFolded);

// Of events whose answer was a 200.
double events_of(const Measured& measured);
double events_per_second_of(const Measured& measured);
// 503s that were heeded.
double refusals_of(const load::LoadResult& result);
// Why a load is not whole: what was answered, or how batches were lost; empty if it is.
std::string fault_of(const load::LoadResult& result);

Figures figures_of(const Measured& measured);

}  // namespace minuted::bench
