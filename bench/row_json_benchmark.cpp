// Rows to text: the CPU of a read once the rows are there. Bytes per second are of text written.
//
//   BM_RowJson/one_bucket    one bucket's minutes, two hosts: the commonest read
//   BM_RowJson/many_buckets  the bucket changes with every row: nothing can be kept between rows
//   BM_RowJson/nasty_ids     ids full of quotes and backslashes
//   BM_RowCsv, BM_RowNdjson  one_bucket in other forms
//   BM_RowJsonStrings        integers=string
//   BM_RowJsonCounts         the ten fields that count
//   BM_RowJsonAll            all fields, of ten latencies a row, each in a bucket of its own
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "render/row_writer.hpp"
#include "row_rows.hpp"

namespace minuted::render {
namespace {

using bench::BenchRows;
using bench::kRows;
using bench::RowShape;

constexpr std::size_t kBufferBytes = 64 << 10;  // emptied when full, as a socket would

void run(benchmark::State& state, const RowShape& shape, RowFormat format = RowFormat::kJson,
         const RowColumns& columns = {}) {
  const BenchRows rows(shape);
  RowWriter writer(format, columns);
  std::string out;
  out.reserve(2 * kBufferBytes);
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (const Row& row : rows.all()) {
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

RowColumns counts() {
  RowColumns columns;
  for (std::size_t i = 0; i <= field_named("others")->index(); ++i) columns.fields.add(Field(i));
  return columns;
}

BENCHMARK_CAPTURE(run, one_bucket, RowShape{1, ""})->Name("BM_RowJson/one_bucket");
BENCHMARK_CAPTURE(run, many_buckets, RowShape{1000, ""})->Name("BM_RowJson/many_buckets");
BENCHMARK_CAPTURE(run, nasty_ids, RowShape{1, R"(-"\"\"\"\")"})->Name("BM_RowJson/nasty_ids");
BENCHMARK_CAPTURE(run, csv, RowShape{1, ""}, RowFormat::kCsv)->Name("BM_RowCsv");
BENCHMARK_CAPTURE(run, ndjson, RowShape{1, ""}, RowFormat::kNdjson)->Name("BM_RowNdjson");
BENCHMARK_CAPTURE(run, strings, RowShape{1, ""}, RowFormat::kJson, RowColumns{.quoted_bytes = true})
    ->Name("BM_RowJsonStrings");
BENCHMARK_CAPTURE(run, counts, RowShape{1, "", 10}, RowFormat::kJson, counts())->Name("BM_RowJsonCounts");
BENCHMARK_CAPTURE(run, all, RowShape{1, "", 10}, RowFormat::kJson, RowColumns{.fields = FieldSet::all()})
    ->Name("BM_RowJsonAll");

}  // namespace
}  // namespace minuted::render
