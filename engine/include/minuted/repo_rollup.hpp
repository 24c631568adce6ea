// The small sum: what a repo, a workspace, a bucket or the whole store did, without hosts, classes or
// sketch. Merging is exact, associative and commutative. Pure values; any thread.
#pragma once

#include <cstdint>

#include "minuted/rollup.hpp"

namespace minuted {

struct RepoRollup {
  std::uint64_t requests = 0;
  UInt128 upl_bytes = 0;
  UInt128 dwl_bytes = 0;
  Int128 size_change = 0;
  std::uint64_t latency_count = 0;  // events that carried a latency
  UInt128 latency_sum_us = 0;

  void add(const Rollup& rollup);
  void merge(const RepoRollup& other);
  // Undoes merge(part).
  void take_out(const RepoRollup& part);

  // Mean latency of those that carried one, microseconds rounded half up; 0 if none did.
  std::uint64_t latency_mean_us() const;

  friend bool operator==(const RepoRollup&, const RepoRollup&) = default;
};

}  // namespace minuted
