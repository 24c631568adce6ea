// Rows to JSON text: the CPU of a read once the rows are there. Bytes per second are of JSON
// written.
//
//   BM_RowJson/one_bucket    one bucket's minutes, two hosts: the commonest read
//   BM_RowJson/many_buckets  the bucket changes with every row: nothing can be kept between rows
//   BM_RowJson/nasty_ids     ids full of quotes and backslashes
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "render/row_json.hpp"

namespace minuted::render {
namespace {

constexpr std::size_t kRows = 4096;             // few enough for their rollups to stay in the cache
constexpr std::size_t kBufferBytes = 64 << 10;  // emptied when full, as a socket would

struct Shape {
  std::size_t buckets;
  std::string id_suffix;
};

class Rows {
 public:
  explicit Rows(const Shape& shape) : rollups_(kRows) {
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
      const Minute minute{static_cast<std::uint32_t>(28'333'333 + i / 2)};
      rows_.push_back({repo_, buckets_[i % buckets_.size()], hosts_[i % 2], minute, &rollup});
    }
  }

  const std::vector<Row>& all() const { return rows_; }

 private:
  std::string repo_;
  std::vector<std::string> buckets_;
  std::vector<std::string> hosts_;
  std::vector<Rollup> rollups_;
  std::vector<Row> rows_;
};

void run(benchmark::State& state, const Shape& shape) {
  const Rows rows(shape);
  RowJsonWriter writer;
  std::string out;
  out.reserve(2 * kBufferBytes);
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (const Row& row : rows.all()) {
      if (!out.empty()) out += ',';
      writer.append(row, out);
      if (out.size() >= kBufferBytes) {
        bytes += out.size();
        benchmark::DoNotOptimize(out.data());
        out.clear();
      }
    }
  }
  bytes += out.size();
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kRows));
}

BENCHMARK_CAPTURE(run, one_bucket, Shape{1, ""})->Name("BM_RowJson/one_bucket");
BENCHMARK_CAPTURE(run, many_buckets, Shape{1000, ""})->Name("BM_RowJson/many_buckets");
BENCHMARK_CAPTURE(run, nasty_ids, Shape{1, R"(-"\"\"\"\")"})->Name("BM_RowJson/nasty_ids");

}  // namespace
}  // namespace minuted::render

