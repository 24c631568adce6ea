// Writers and readers at the same time, with folds as fast as they go, and a ledger that judges every
// read. Each batch adds one to every row of its group, rows that lie far apart in key order, so that a
// row's value is the number of batches it has counted. A read is right if
//
//   acknowledged before it began <= value <= sent before it ended,
//   value >= what any read that had ended before it began had seen,
//   every row of a group has the same value: a batch is seen whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "minuted/query.hpp"

namespace minuted::test {

inline constexpr std::size_t kGroups = 4;
inline constexpr std::size_t kRowsPerGroup = 6;

// One event of a batch, and the row it is counted in. Every event uploads one byte.
struct Place {
  std::string repo;
  std::string bucket;  // the group's own
  std::string host;
  std::int64_t minute;
  friend bool operator==(const Place&, const Place&) = default;
};
Place place_of(std::size_t group, std::size_t row);

// Which rows are asked for: all, those of a group, or one.
struct Question {
  std::optional<std::size_t> group;
  std::optional<std::size_t> row;  // only with a group
  Span span = Span::kMinute;
};

struct SeenRow {
  Place place;  // its minute the span's first
  std::uint64_t uploaded = 0;
};

// A way to minuted. An object for each thread.
class Target {
 public:
  virtual ~Target() = default;
  // Sends a batch of `group`, waits for the acknowledgement; whether it was given.
  virtual bool push(std::size_t group, const std::string& key) = 0;
  // nullopt if there was no whole answer.
  virtual std::optional<std::vector<SeenRow>> read(const Question& question) = 0;
  virtual bool fold() = 0;
};

struct CheckOptions {
  std::size_t writers = 3;
  std::size_t readers = 3;
  std::int64_t duration_ms = 4'000;
  bool rows_only = false;  // every question is for one row: short reads, and so many of them
  std::function<void()> upkeep;  // called by the thread that folds, every few folds, if given
};

struct Checked {
  std::uint64_t reads = 0;
  std::uint64_t batches = 0;
  std::uint64_t resent = 0;
  std::uint64_t folds = 0;
  std::uint64_t violations = 0;
  std::vector<std::string> first_violations;  // a sentence each
};

// `make_target` is called on the thread that will use the target.
Checked check_consistency(const std::function<std::unique_ptr<Target>()>& make_target,
                          const CheckOptions& options);

// Prints the figures and fails the test if there were violations or too little happened.
void expect_consistent(const Checked& checked, const char* what);

// How long to check: a few seconds, or with MINUTED_TEST_LONG=1 ten minutes.
std::int64_t check_duration_ms();

}  // namespace minuted::test
