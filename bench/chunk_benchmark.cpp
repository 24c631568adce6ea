// From validated events to chunks and back: grouping, encoding, decoding; bytes an event.
#include <benchmark/benchmark.h>

#include "chunk/chunk_codec.hpp"
#include "workload.hpp"

namespace minuted {
namespace {

std::vector<EventView> events_of(bench::Workload& workload, std::int64_t count) {
  std::vector<EventView> events;
  for (std::int64_t i = 0; i < count; ++i) events.push_back(workload.next());
  return events;
}

// As the whole run of 5 M events spreads them: 1,000 events span 0.7 s.
constexpr std::uint64_t kRunEvents = 5'000'000;

void BM_BatchAddAndGroup(benchmark::State& state) {
  bench::Workload workload(kRunEvents);
  const auto events = events_of(workload, state.range(0));
  EventBatch batch;
  for (auto _ : state) {
    batch.clear();
    for (const EventView& e : events) batch.add(e);
    batch.group();
    benchmark::DoNotOptimize(batch.groups().data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["groups"] = static_cast<double>(batch.groups().size());
}
BENCHMARK(BM_BatchAddAndGroup)->Arg(1'000)->Arg(10'000)->Arg(100'000);

void BM_ChunkEncode(benchmark::State& state) {
  bench::Workload workload(kRunEvents);
  EventBatch batch;
  for (const EventView& e : events_of(workload, state.range(0))) batch.add(e);
  batch.group();
  ChunkEncoder encoder;
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const EventBatch::Group& group : batch.groups()) {
      const ChunkSource source{&batch, group.rows};
      encoder.encode({1, 2}, {&source, 1}, out);
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_per_event"] =
      static_cast<double>(out.size()) / static_cast<double>(state.range(0));
}
BENCHMARK(BM_ChunkEncode)->Arg(1'000)->Arg(10'000)->Arg(100'000);

void BM_ChunkDecode(benchmark::State& state) {
  bench::Workload workload(kRunEvents);
  EventBatch batch;
  for (const EventView& e : events_of(workload, state.range(0))) batch.add(e);
  batch.group();
  ChunkEncoder encoder;
  std::vector<std::string> chunks;
  for (const EventBatch::Group& group : batch.groups()) {
    const ChunkSource source{&batch, group.rows};
    encoder.encode({1, 2}, {&source, 1}, chunks.emplace_back());
  }
  ChunkHeader header;
  std::vector<ChunkEvent> events;
  for (auto _ : state) {
    for (const std::string& chunk : chunks) {
      if (!decode_chunk(chunk, header, events)) state.SkipWithError("chunk does not decode");
      benchmark::DoNotOptimize(events.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ChunkDecode)->Arg(1'000)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace minuted
