// Rows for the benchmarks of what is written: few enough for their rollups to stay in the cache.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "minuted/query.hpp"

namespace minuted::bench {

inline constexpr std::size_t kRows = 4096;

struct RowShape {
  std::size_t buckets;
  std::string id_suffix;
  unsigned latencies = 0;  // of each row in its sketch
};

class BenchRows {
 public:
  explicit BenchRows(const RowShape& shape) : rollups_(kRows) {
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < shape.buckets; ++i) {
      buckets_.push_back("bucket-" + std::to_string(1000 + i) + shape.id_suffix);
    }
    for (std::size_t i = 0; i < 2; ++i) {
      hosts_.push_back("node-" + std::to_string(10 + i) + ".example.net" + shape.id_suffix);
    }
    repo_ = "repo-0001" + shape.id_suffix;
    for (std::size_t i = 0; i < kRows; ++i) {
      Rollup& rollup = rollups_[i];
      rollup.upl_bytes = random() >> 30;
      rollup.dwl_bytes = random() >> 30;
      rollup.size_change = static_cast<std::int64_t>(random()) >> 30;
      rollup.latency_count = 1 + random() % 100;
      rollup.latency_sum_us = rollup.latency_count * (random() % 1'000'000);
      if (shape.latencies != 0) add_events(shape.latencies, random, rollup);
      const Minute minute{static_cast<std::uint32_t>(28'333'333 + i / 2)};
      rows_.push_back({repo_, buckets_[i % buckets_.size()], hosts_[i % 2], minute, &rollup});
    }
  }

  const std::vector<Row>& all() const { return rows_; }

 private:
  static void add_events(unsigned count, std::mt19937_64& random, Rollup& rollup) {
    rollup.latency_count = 0;
    rollup.latency_sum_us = 0;
    for (unsigned i = 0; i < count; ++i) {
      EventView event;
      event.op = static_cast<OpClass>(random() % kOpClasses);
      event.status = random() % 10 == 0 ? 404 : 200;
      event.latency_us = random() % (1 << 24);
      rollup.add(event);
    }
  }

  std::string repo_;
  std::vector<std::string> buckets_;
  std::vector<std::string> hosts_;
  std::vector<Rollup> rollups_;
  std::vector<Row> rows_;
};

}  // namespace minuted::bench
