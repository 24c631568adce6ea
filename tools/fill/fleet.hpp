// The minutes of a storage fleet that never was: what a data set holds, and its events, batch by
// batch. A batch is made from its number and the options alone, so the same options make the same
// data on every machine, and a batch that was refused can be made again. Values; any thread.
//
// Time goes in rounds of a day at most, from the oldest on; a round has batches of many minutes of
// one dense bucket each, then batches of many sparse buckets.
#pragma once

#include <cstdint>
#include <string>

#include "minuted/event_batch.hpp"
#include "minuted/time.hpp"

namespace minuted::fill {

inline constexpr std::uint32_t kIdsMax = 100'000;  // repos, buckets of a repo
inline constexpr std::uint32_t kHostsMax = 1'000;
inline constexpr std::uint32_t kEventsMax = 1'000;
inline constexpr double kDaysMax = 3'660;

struct FleetOptions {
  std::uint32_t repos = 200;
  std::uint32_t buckets_per_repo = 5;
  std::uint32_t hosts = 2;       // of each bucket
  MinuteRange range;             // aligned or not
  double density = 1;            // the share of a host's minutes that have events, above 0
  std::uint32_t events_min = 1;  // of a row, evenly
  std::uint32_t events_max = 3;
  // The hardest data: every number drawn evenly, some 22 bytes of information an event (sums of
  // bytes and size change of 48 bits, latencies of 24). Otherwise sizes repeat and have a heavy
  // tail, latencies cluster, and nights are quiet.
  bool uniform = false;
  // Buckets of one host each beside those, with so many rows a day.
  std::uint32_t sparse_series = 0;
  std::uint32_t sparse_rows = 1;
  std::uint64_t seed = 1;
};

class Fleet {
 public:
  explicit Fleet(const FleetOptions& options);

  const FleetOptions& options() const { return options_; }
  static std::string repo(std::uint32_t number);
  static std::string bucket(std::uint32_t number);  // within each repo
  static std::string host(std::uint32_t number);

  std::uint64_t batches() const { return rounds_ * batches_per_round_; }
  std::uint64_t batches_per_round() const { return batches_per_round_; }
  // Adds the events of a batch, below batches(), to `batch` and groups it. How many rows, (repo,
  // bucket, host, minute), they are; no other batch has events of these.
  std::uint64_t make(std::uint64_t number, EventBatch& batch) const;

 private:
  class Random;
  MinuteRange round_range(std::uint64_t round) const;
  std::uint64_t make_dense(std::uint64_t place, MinuteRange round, Random& random,
                           EventBatch& batch) const;
  std::uint64_t make_sparse(std::uint64_t place, MinuteRange round, Random& random,
                            EventBatch& batch) const;
  void add_row(EventView& event, Minute minute, std::uint64_t kind, Random& random,
               EventBatch& batch) const;

  FleetOptions options_;
  std::uint64_t rounds_;
  std::uint32_t piece_minutes_;  // of a dense batch
  std::uint64_t pieces_;         // a pair and round
  std::uint64_t dense_batches_;  // a round
  std::uint32_t sparse_series_a_batch_;
  std::uint64_t batches_per_round_;
};

}  // namespace minuted::fill
