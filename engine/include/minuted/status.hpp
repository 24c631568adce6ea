// What an engine does at this moment: whether it serves reads and writes, why not, and how far it is.
#pragma once

#include <cstdint>
#include <optional>

#include "minuted/result.hpp"

namespace minuted {

enum class EngineState : std::uint8_t {
  kOpening,   // neither reads nor writes are served yet
  kWritable,  // both are
  kReadOnly,  // reads are; the directory took no writes when the engine was opened
  kStopped,   // reads are; a write failed, and the store is opened again once its directory takes writes
  kRefused,   // the store cannot be opened; nothing is served, and nothing changes that
};
// The state's stable name in lower_snake_case.
const char* to_string(EngineState state);

enum class OpeningStage : std::uint8_t {
  kChecking,   // the directory, and that nothing that was acknowledged is missing
  kReplaying,  // the log
  kLoading,    // what is not folded yet
  kStarting,   // reading what is known of series and nodes, ending a removal that was cut short
};
const char* to_string(OpeningStage stage);

// Of kOpening; of kReadOnly and kStopped while the store is opened again.
struct OpeningProgress {
  OpeningStage stage = OpeningStage::kChecking;
  std::uint64_t log_bytes = 0;           // to be replayed in all
  std::uint64_t log_bytes_replayed = 0;  // at most log_bytes
  std::uint64_t chunks_loaded = 0;       // not folded yet, found so far
};

struct EngineStatus {
  EngineState state = EngineState::kOpening;
  std::optional<Error> reason;  // of kReadOnly, kStopped and kRefused; one sentence
  OpeningProgress opening;
};

}  // namespace minuted
