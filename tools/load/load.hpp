// A whole load: what is pushed, over how many connections, how fast, and what came of it. START
// READING HERE. prepare() makes the bodies, run() pushes them; only run() is worth timing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "load/bodies.hpp"
#include "load/latencies.hpp"
#include "load/workload.hpp"
#include "minuted/result.hpp"

namespace minuted::load {

struct LoadOptions {
  WorkloadOptions workload;
  BodyOptions bodies;
  std::uint16_t port = 3000;  // of a daemon on 127.0.0.1
  std::uint32_t connections = 4;
  // A run ends with whichever comes first; at least one is set.
  std::uint64_t events = 5'000'000;  // rounded up to whole batches; 0: as many as there is time for
  std::int64_t duration_ms = 0;      // 0: until all events are through
  // Events a second, whose batches are due at even times however slow the answers are. 0: a
  // connection sends its next batch when it has the answer to the last.
  std::uint64_t rate = 0;
  bool keys = true;   // an Idempotency-Key a batch; without, what is sent again may count twice
  std::string run;    // keys begin with it; empty: one that no other run has
  std::string token;  // empty: none
  std::uint32_t attempts_max = 100;         // of a batch; then the run ends
  std::int64_t answer_timeout_ms = 60'000;  // then the batch is sent again on a new connection
};

struct LoadResult {
  double seconds = 0;  // from the start to the last acknowledgement
  double client_cpu_seconds = 0;
  std::uint64_t requests = 0;  // sent, each attempt counted
  // Of batches that were acknowledged:
  std::uint64_t batches = 0;
  std::uint64_t replayed = 0;  // those answered from the record of an earlier attempt or run
  std::uint64_t events_accepted = 0;
  std::uint64_t events_rejected = 0;
  std::uint64_t plain_bytes = 0;
  std::uint64_t sent_bytes = 0;  // of bodies, compressed if they were
  EventSums sums;                // of all their events, accepted or not
  Latencies
      latencies;  // from the first attempt, or from when the batch was due, to the acknowledgement
  // What went wrong:
  std::map<unsigned, std::uint64_t> retries;  // by status: 408, 429 and 5xx are sent again
  std::uint64_t broken = 0;     // connections that failed; their batches are sent again
  std::uint64_t timeouts = 0;   // answers not waited for any longer; the same
  std::uint64_t refused = 0;    // batches with any other answer
  std::uint64_t given_up = 0;   // batches after too many attempts, which end the run
  std::uint64_t abandoned = 0;  // batches without an answer, or to be sent again, when time was up
  std::string first_refusal;    // status and body

  bool complete() const { return refused == 0 && given_up == 0 && events_rejected == 0; }
};

struct PreparedLoad {
  std::vector<Body> bodies;
  std::uint64_t batches = 0;  // to be sent, the bodies over and over if need be; 0: no bound
};

// How far a run is, for whoever watches.
struct Progress {
  double seconds;
  std::uint64_t events_accepted;
  std::uint64_t retries;
  const Latencies& lately;  // of what was acknowledged since the last call
};
using OnProgress = std::function<void(const Progress&)>;

// kInvalidArgument, naming the option, for what cannot be run.
Result<PreparedLoad> prepare(const LoadOptions& options);

// Pushes it. `prepared` serves one run at a time; a live one has its timestamps written into it.
// `on_progress` is called once a second. kUnavailable if nothing listens at the port.
Result<LoadResult> run(const LoadOptions& options, PreparedLoad& prepared,
                       const OnProgress& on_progress = {});

Result<LoadResult> run_load(const LoadOptions& options);

}  // namespace minuted::load
