// The events that benchmarks measure with: 200 repos × 5 buckets, skewed as Zipf 1.1, 16 hosts mixed,
// time running through 60 minutes with up to 3 s of disorder. The same events for the same seed on
// every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "minuted/event.hpp"

namespace minuted::bench {

class Workload {
 public:
  // `events_total` events fill `minutes` minutes.
  explicit Workload(std::uint64_t events_total, std::uint64_t minutes = 60,
                    std::uint64_t seed = 1)
      : events_total_(events_total), span_ms_(minutes * 60'000), random_(seed) {
    for (int repo = 0; repo < kRepos; ++repo) repos_.push_back("repo-" + std::to_string(repo));
    for (int b = 0; b < kBuckets; ++b) buckets_.push_back("bucket-" + std::to_string(b));
    for (int h = 0; h < kHosts; ++h) hosts_.push_back("storage-node-" + std::to_string(h));
    double sum = 0;
    for (int rank = 1; rank <= kRepos * kBuckets; ++rank) {
      sum += std::pow(rank, -1.1);
      cumulative_.push_back(sum);
    }
  }

  // The views stay valid as long as the workload.
  EventView next() {
    const double u = static_cast<double>(random_() >> 11) * 0x1p-53 * cumulative_.back();
    const auto rank = static_cast<std::size_t>(
        std::lower_bound(cumulative_.begin(), cumulative_.end(), u) - cumulative_.begin());
    // Neighbours in rank lie in different repos.
    EventView e;
    e.repo = repos_[rank % kRepos];
    e.bucket = buckets_[rank / kRepos];
    e.host = hosts_[random_() % kHosts];
    const std::uint64_t due = made_++ % events_total_ * span_ms_ / events_total_;
    const std::uint64_t early = std::min<std::uint64_t>(random_() % 3000, due);
    e.timestamp = Millis{kStartMs + static_cast<std::int64_t>(due - early)};
    e.op = random_() % 3 == 0 ? OpClass::kPut : OpClass::kGet;
    e.status = random_() % 50 == 0 ? 404 : 200;
    const std::uint64_t bytes = 1024 + random_() % (1U << 20);
    if (e.op == OpClass::kPut) {
      e.upl_bytes = bytes;
      e.size_change = static_cast<std::int64_t>(bytes);
    } else {
      e.dwl_bytes = bytes;
    }
    e.latency_us = 500 + random_() % 50'000;
    return e;
  }

  static constexpr std::int64_t kStartMs = 1'700'000'000'000 / 60'000 * 60'000;

 private:
  static constexpr int kRepos = 200;
  static constexpr int kBuckets = 5;
  static constexpr int kHosts = 16;
  std::uint64_t events_total_;
  std::uint64_t span_ms_;
  std::uint64_t made_ = 0;
  std::mt19937_64 random_;
  std::vector<std::string> repos_;
  std::vector<std::string> buckets_;
  std::vector<std::string> hosts_;
  std::vector<double> cumulative_;
};

}  // namespace minuted::bench
