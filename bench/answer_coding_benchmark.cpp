// An answer of rows compressed on its way, piece by piece: the CPU beside that of making it. Bytes per
// second are of plain text; `ratio` is plain to compressed.
//
//   BM_Answer/plain, gzip, zstd   JSON of one bucket's minutes, two hosts, made and compressed
//   BM_AnswerCsv/…                the same rows as CSV
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>

#include "http/answer_coding.hpp"
#include "render/row_writer.hpp"
#include "row_rows.hpp"

namespace minuted::http {
namespace {

class Rows final : public BodySource {
 public:
  Rows(const bench::BenchRows& rows, render::RowFormat format) : rows_(rows), writer_(format, {}) {}

  Result<bool> fill(std::string& out) override {
    while (out.size() < kPieceBytes) {
      if (next_ == rows_.all().size()) break;
      writer_.append(rows_.all()[next_++], out);
    }
    plain_bytes += out.size();
    return next_ != rows_.all().size();
  }

  static inline std::size_t plain_bytes = 0;

 private:
  const bench::BenchRows& rows_;
  render::RowWriter writer_;
  std::size_t next_ = 0;
};

void run(benchmark::State& state, render::RowFormat format, Coding coding) {
  const bench::BenchRows rows({1, ""});
  std::string out;
  out.reserve(2 * kPieceBytes);
  Rows::plain_bytes = 0;
  std::size_t sent = 0;
  for (auto _ : state) {
    std::unique_ptr<BodySource> source = std::make_unique<Rows>(rows, format);
    if (coding != Coding::kIdentity) source = compressed(std::move(source), coding);
    for (bool more = true; more; out.clear()) {
      more = *source->fill(out);
      sent += out.size();
      benchmark::DoNotOptimize(out.data());
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(Rows::plain_bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * bench::kRows));
  state.counters["ratio"] = static_cast<double>(Rows::plain_bytes) / static_cast<double>(sent);
}

using render::RowFormat;
BENCHMARK_CAPTURE(run, plain, RowFormat::kJson, Coding::kIdentity)->Name("BM_Answer/plain");
BENCHMARK_CAPTURE(run, gzip, RowFormat::kJson, Coding::kGzip)->Name("BM_Answer/gzip");
BENCHMARK_CAPTURE(run, zstd, RowFormat::kJson, Coding::kZstd)->Name("BM_Answer/zstd");
BENCHMARK_CAPTURE(run, csv_plain, RowFormat::kCsv, Coding::kIdentity)->Name("BM_AnswerCsv/plain");
BENCHMARK_CAPTURE(run, csv_gzip, RowFormat::kCsv, Coding::kGzip)->Name("BM_AnswerCsv/gzip");
BENCHMARK_CAPTURE(run, csv_zstd, RowFormat::kCsv, Coding::kZstd)->Name("BM_AnswerCsv/zstd");

}  // namespace
}  // namespace minuted::http
