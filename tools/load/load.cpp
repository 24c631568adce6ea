#include "load/load.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "load/sender.hpp"

namespace minuted::load {
namespace {

// Without a number of events, about so many are made and sent over and over.
constexpr std::uint64_t kOpenEndedEvents = 5'000'000;

Error refused(std::string message) {
  return Error{ErrorCode::kInvalidArgument, std::move(message)};
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t batches_for(std::uint64_t events, const LoadOptions& options) {
  return (events + options.bodies.batch_events - 1) / options.bodies.batch_events;
}

// Events that a run of unknown number needs at hand.
std::uint64_t events_at_hand(const LoadOptions& options) {
  if (options.rate == 0) return kOpenEndedEvents;
  const double due = static_cast<double>(options.rate) * static_cast<double>(options.duration_ms) /
                     static_cast<double>(kMillisPerSecond);
  return static_cast<std::uint64_t>(std::clamp(std::ceil(due), 1.0, 1e15));
}

}  // namespace

Result<PreparedLoad> prepare(const LoadOptions& options) {
  if (options.events == 0 && options.duration_ms == 0) {
    return refused("a load without an end is not run; give a number of events or a duration");
  }
  const std::uint64_t pairs =
      std::uint64_t{options.workload.repos} * options.workload.buckets_per_repo;
  if (pairs > kPairsMax) {
    return refused(std::to_string(pairs) + " buckets in all repos are too many; give at most " +
                   std::to_string(kPairsMax));
  }
  PreparedLoad prepared;
  prepared.batches = batches_for(options.events, options);
  std::uint64_t wanted = prepared.batches;
  if (wanted == 0) {
    wanted =
        std::max<std::uint64_t>(batches_for(events_at_hand(options), options), options.connections);
  }
  auto bodies = make_bodies(options.workload, options.bodies,
                            {std::min<std::uint64_t>(options.connections, wanted), wanted});
  if (!bodies) return bodies.error();
  const bool repeats = prepared.batches == 0 || bodies->size() < prepared.batches;
  if (options.workload.ids && repeats) {
    return refused(
        "ids would come again, since bodies for all events are not at hand; give a number "
        "of events and memory for them, or leave out the ids");
  }
  prepared.bodies = std::move(*bodies);
  return prepared;
}

Result<LoadResult> run(const LoadOptions& options, PreparedLoad& prepared,
                       const OnProgress& on_progress) {
  const double before = cpu_seconds();
  auto result = send_all(options, prepared, on_progress);
  if (result) result->client_cpu_seconds = cpu_seconds() - before;
  return result;
}

Result<LoadResult> run_load(const LoadOptions& options) {
  auto prepared = prepare(options);
  if (!prepared) return prepared.error();
  return run(options, *prepared);
}

}  // namespace minuted::load
