// Changes of the engine's state that no request reports and an operator must know of: a line when writes
// stop and when they resume, when the clock is not believed and when it is again, when retention pauses,
// resumes, fails or deletes, and when folding or sealing fails. Compares each observation with the one
// before. No thread and no clock of its own: one thread calls look(), about once a second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "log/log.hpp"
#include "minuted/engine.hpp"

namespace minuted::watch {

// What is looked at.
struct Observation {
  std::optional<Error> write_error;  // Engine::failure(): why writes are refused
  std::optional<Error> clock_error;  // why the clock is not believed
  EngineStats stats;
  // Engine::horizon() of each tier; 0: everything is kept.
  Minute minutes_from;
  Minute hours_from;
  Minute days_from;
};

Observation observe(const Engine& engine);

class Watcher {
 public:
  // Between two lines about deletions, and between two about failures of one kind, at least,
  // milliseconds. What happens between is in the next line's counts.
  static constexpr std::int64_t kRepeatMs = 60'000;

  // Borrows the log. Before the first look() everything is taken to be well and all counters to be 0.
  explicit Watcher(const log::Log& log) : log_(log) {}

  // `now_ms` never goes back.
  void look(const Observation& now, std::int64_t now_ms);

  // Writes the lines that kRepeatMs has held back.
  void finish();

 private:
  // Something that is counted, and reported once in a while.
  struct Repeated {
    std::uint64_t seen = 0;      // the counter at the last look
    std::uint64_t unwritten = 0;
    std::optional<std::int64_t> written_at_ms;
    void count(std::uint64_t counter);
    bool due(std::int64_t now_ms) const;
  };

  void look_at_writes(const Observation& now, std::int64_t now_ms);
  void look_at_clock(const Observation& now);
  void look_at_retention(const Observation& now, std::int64_t now_ms);
  void look_at_failures(const Observation& now, std::int64_t now_ms);
  void write_deleted();
  void write_failed(std::string_view what, Repeated& failures, std::string_view reason);

  const log::Log& log_;
  std::optional<ErrorCode> stopped_;  // why writes are stopped
  std::int64_t stopped_at_ms_ = 0;
  bool clock_in_doubt_ = false;
  bool retention_paused_ = false;
  Repeated deleted_;
  std::int64_t deleting_since_ms_ = 0;  // when the first of what deleted_ holds was seen
  std::uint64_t passes_before_ = 0;     // of retention that had ended before that
  std::uint64_t passes_seen_ = 0;       // at the last look
  std::string kept_from_;     // as of the last look that saw something deleted
  Repeated prune_failures_;
  Repeated fold_failures_;
  Repeated roll_failures_;
  Repeated seal_failures_;
  std::string prune_error_;
  std::string fold_error_;
  std::string roll_error_;
  std::string seal_error_;
};

}  // namespace minuted::watch
