// minuted_read_trials, a trial a function: each makes stores of the size it is about, or takes
// those it made before, asks daemons over them, prints what it saw and says whether that is as it
// should be. One thread calls; a trial may start further ones, and ends them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon_process.hpp"
#include "minuted/result.hpp"

namespace minuted::bench {

// What all trials are told.
struct ReadTrialSetting {
  std::string daemon;     // the program
  std::string directory;  // where stores are made, and removed
  std::string keep;       // where they are made, and kept for another time; empty: not so
  std::vector<std::string> daemon_flags;
};

// Does a question about one bucket cost the same, however many series there are?
struct BySeries {
  std::vector<std::uint32_t> series{1'000, 100'000, 1'000'000};
  double seconds = 3;  // of asking a store a question
  double limit = 1.5;  // times the smallest store's p50
};
Result<bool> try_series(const ReadTrialSetting& setting, const BySeries& trial);

// And however many days are held?
struct ByDays {
  std::vector<std::uint32_t> days{1, 30, 365};  // of 20 dense buckets
  std::uint32_t series = 1'000'000;             // beside them, with a row each
  double seconds = 3;
  double limit = 1.5;
};
Result<bool> try_days(const ReadTrialSetting& setting, const ByDays& trial);

// Does an answer of any size stream in constant memory, and not hold up others when its reader is
// slow?
struct Wide {
  std::uint32_t series = 1'000'000;
  std::uint32_t rows = 1;  // of each in the hour
  bool sealed = true;
  std::uint32_t slow_readers = 1;
  std::uint32_t slow_bytes_per_second = 1U << 20;  // each
  double seconds = 5;                              // of asking beside them
  double growth_mib = 64;                          // of memory, at most
  double limit = 1.5;                              // times a question's p50 without them
};
Result<bool> try_wide(const ReadTrialSetting& setting, const Wide& trial);

// How soon does a daemon over a large store serve?
struct Start {
  double gigabytes = 2;
  std::uint32_t series = 100'000;  // beside the dense ones
  std::uint32_t times = 3;         // each way
  double load_seconds = 4;         // before it is killed
  double limit_seconds = 2;
  bool cold = false;
};
Result<bool> try_start(const ReadTrialSetting& setting, const Start& trial);

// What does sealing cost, and what does it give?
struct Seal {
  std::uint32_t repos = 200;
  std::uint32_t buckets = 5;
  std::uint32_t days = 1;
  std::uint32_t events = 1;  // of a row
  double seconds = 3;        // of asking
};
Result<bool> try_seal(const ReadTrialSetting& setting, const Seal& trial);

}  // namespace minuted::bench
