#include "handlers/opening.hpp"

#include <string>

namespace minuted::http {
namespace {

constexpr std::uint32_t kRetrySeconds = 1;

std::string progress_text(const OpeningProgress& opening) {
  switch (opening.stage) {
    case OpeningStage::kChecking:
      return "checking the store, whose log has " + std::to_string(opening.log_bytes) + " bytes";
    case OpeningStage::kReplaying:
      return "replaying the log, " + std::to_string(opening.log_bytes_replayed) + " of " +
             std::to_string(opening.log_bytes) + " bytes";
    case OpeningStage::kLoading:
      return "loading the events that are not folded yet, " +
             std::to_string(opening.chunks_loaded) + " chunks so far";
    case OpeningStage::kStarting:
      return "starting, " + std::to_string(opening.chunks_loaded) + " chunks loaded";
  }
  return "starting";
}

}  // namespace

Response opening_response(const EngineStatus& status) {
  return retry_response(503, "starting",
                        "the daemon is opening its data: " + progress_text(status.opening) +
                            "; try again soon",
                        kRetrySeconds);
}

}  // namespace minuted::http
