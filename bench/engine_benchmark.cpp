// The engine without the server: synced appends, folds and scans in a directory on the real disk
// ($TMPDIR, else /tmp).
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <semaphore>
#include <stdexcept>
#include <vector>

#include "minuted/engine.hpp"
#include "workload.hpp"

namespace minuted {
namespace {

class OpenEngine {
 public:
  explicit OpenEngine(std::int64_t fold_interval_ms = 0) {
    const char* parent = std::getenv("TMPDIR");
    std::string name = std::string(parent ? parent : "/tmp") + "/minuted-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    directory_ = name;
    Options options;
    options.path = directory_ + "/store";
    options.fold_interval_ms = fold_interval_ms;
    auto opened = Engine::open(options);
    if (!opened) throw std::runtime_error(opened.error().message);
    engine_ = std::move(*opened);
  }
  ~OpenEngine() {
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Engine* operator->() { return engine_.get(); }

 private:
  std::string directory_;
  std::unique_ptr<Engine> engine_;
};

AppendRequest request_of(bench::Workload& workload, std::int64_t events) {
  AppendRequest request;
  for (std::int64_t i = 0; i < events; ++i) request.batch.add(workload.next());
  request.batch.group();
  return request;
}

// One batch at a time, each waited for: the cost of a commit with its sync.
void BM_AppendSynced(benchmark::State& state) {
  OpenEngine engine;
  bench::Workload workload(5'000'000);
  for (auto _ : state) {
    state.PauseTiming();
    AppendRequest request = request_of(workload, state.range(0));
    state.ResumeTiming();
    const auto receipt = engine->append_and_wait(std::move(request));
    if (!receipt) state.SkipWithError(receipt.error().message.c_str());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  const EngineStats stats = engine->stats();
  state.counters["chunk_bytes_per_event"] =
      static_cast<double>(stats.chunk_bytes_written) / static_cast<double>(stats.events_committed);
  state.counters["events_per_chunk"] =
      static_cast<double>(stats.events_committed) / static_cast<double>(stats.chunks_written);
}
BENCHMARK(BM_AppendSynced)->Arg(1'000)->Arg(10'000)->UseRealTime()->MinTime(0.5);

// A stream of grouped batches with so many of them waiting at any time, folded every two seconds and
// once more at the end: what the engine costs when decoding is free. The workload's hour passes
// within the run. Processor time is that of all threads.
void BM_IngestStream(benchmark::State& state) {
  const auto batch_events = state.range(0);
  const auto waiting_max = static_cast<std::ptrdiff_t>(state.range(1));
  constexpr std::int64_t kEvents = 2'000'000;
  OpenEngine engine(2'000);
  bench::Workload workload(kEvents);
  std::vector<AppendRequest> requests;
  for (std::int64_t i = 0; i < kEvents / batch_events; ++i) {
    requests.push_back(request_of(workload, batch_events));
    requests.back().idempotency = IdempotencyKey{"bench", std::to_string(i), {1, 1}};
  }
  for (auto _ : state) {
    std::counting_semaphore<> room(waiting_max);
    std::atomic<bool> failed = false;
    for (AppendRequest& request : requests) {
      room.acquire();
      engine->append(std::move(request), [&](const Result<Receipt>& receipt) {
        if (!receipt.ok()) failed = true;
        room.release();
      });
    }
    for (std::ptrdiff_t i = 0; i < waiting_max; ++i) room.acquire();
    if (failed || !engine->fold()) state.SkipWithError("append or fold");
  }
  state.SetItemsProcessed(kEvents);
  const EngineStats stats = engine->stats();
  state.counters["keys_per_event"] =
      static_cast<double>(stats.chunks_written) / static_cast<double>(stats.events_committed);
  state.counters["batches_per_sync"] =
      stats.batches_per_sync.sum / static_cast<double>(stats.batches_per_sync.count);
  state.counters["folds"] = static_cast<double>(stats.folds);
}
BENCHMARK(BM_IngestStream)
    ->ArgNames({"batch", "waiting"})
    ->Args({1'000, 4})
    ->Args({1'000, 64})
    ->Args({10'000, 4})
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Folding what 50 batches of 1,000 left.
void BM_Fold(benchmark::State& state) {
  OpenEngine engine;
  bench::Workload workload(5'000'000);
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < 50; ++i) {
      if (!engine->append_and_wait(request_of(workload, 1000))) state.SkipWithError("append");
    }
    state.ResumeTiming();
    if (!engine->fold()) state.SkipWithError("fold");
  }
  state.SetItemsProcessed(state.iterations() * 50'000);
}
BENCHMARK(BM_Fold)->UseRealTime()->MinTime(0.5);

// One bucket's day, folded: 1,440 minutes × 2 hosts among 20 buckets.
void BM_ScanBucketDay(benchmark::State& state) {
  OpenEngine engine;
  constexpr int kMinutes = 1440;
  const std::vector<std::string> hosts = {"node-1", "node-2"};
  AppendRequest request;
  for (int bucket = 0; bucket < 20; ++bucket) {
    const std::string id = "bucket-" + std::to_string(bucket);
    for (int m = 0; m < kMinutes; ++m) {
      for (const std::string& host : hosts) {
        EventView e;
        e.repo = "repo";
        e.bucket = id;
        e.host = host;
        e.timestamp = Millis{bench::Workload::kStartMs + m * 60'000};
        e.dwl_bytes = static_cast<std::uint64_t>(m) * 1000;
        e.latency_us = 1000;
        request.batch.add(e);
      }
    }
  }
  if (!engine->append_and_wait(std::move(request)) || (state.range(0) && !engine->fold())) {
    state.SkipWithError("setting up");
  }
  QuerySpec spec;
  const Minute first = minute_of(Millis{bench::Workload::kStartMs});
  spec.range = {first, {first.value + kMinutes}};
  spec.repos = {"repo"};
  spec.buckets = {"bucket-7"};
  std::int64_t rows = 0;
  for (auto _ : state) {
    auto cursor = engine->query(spec);
    Row row;
    for (;;) {
      const auto more = (*cursor)->next(row);
      if (!more) state.SkipWithError(more.error().message.c_str());
      if (!more.ok() || !*more) break;
      ++rows;
    }
  }
  state.SetItemsProcessed(rows);
}
BENCHMARK(BM_ScanBucketDay)->ArgName("folded")->Arg(1)->Arg(0);

}  // namespace
}  // namespace minuted
