// Rollups: counting events in, encoding, and the merge that folds and compactions spend their time in.
#include <benchmark/benchmark.h>

#include "rollup/rollup_codec.hpp"
#include "store/rollup_merge.hpp"
#include "workload.hpp"

namespace minuted {
namespace {

// A minute of one bucket: `hosts` hosts with `events` events each.
HostRollups minute_of_hosts(int hosts, int events, std::uint64_t seed) {
  bench::Workload workload(1'000'000, 60, seed);
  HostRollups minute;
  for (int h = 0; h < hosts; ++h) {
    Rollup& rollup = minute.of("storage-node-" + std::to_string(h));
    for (int i = 0; i < events; ++i) rollup.add(workload.next());
  }
  return minute;
}

void BM_RollupAdd(benchmark::State& state) {
  bench::Workload workload(1'000'000);
  std::vector<EventView> events;
  for (int i = 0; i < 1000; ++i) events.push_back(workload.next());
  Rollup rollup;
  for (auto _ : state) {
    rollup.clear();
    for (const EventView& e : events) rollup.add(e);
    benchmark::DoNotOptimize(rollup);
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_RollupAdd);

// Arguments: hosts, events of each.
void BM_HostsEncode(benchmark::State& state) {
  const auto minute = minute_of_hosts(static_cast<int>(state.range(0)),
                                      static_cast<int>(state.range(1)), 1);
  std::string out;
  for (auto _ : state) {
    out.clear();
    encode_hosts(minute, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_per_row"] =
      static_cast<double>(out.size()) / static_cast<double>(state.range(0));
}
BENCHMARK(BM_HostsEncode)->Args({2, 1})->Args({2, 50})->Args({16, 10});

void BM_HostsRead(benchmark::State& state) {
  std::string value;
  encode_hosts(minute_of_hosts(static_cast<int>(state.range(0)),
                               static_cast<int>(state.range(1)), 1),
               value);
  Rollup rollup;
  std::string_view host;
  for (auto _ : state) {
    HostsReader reader(value);
    while (reader.next(host, rollup)) benchmark::DoNotOptimize(rollup);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_HostsRead)->Args({2, 1})->Args({2, 50})->Args({16, 10});

// Arguments: operands, hosts of each (10 events a host). Items are rows of operands.
void BM_MergeOperands(benchmark::State& state) {
  std::vector<std::string> values;
  for (int i = 0; i < state.range(0); ++i) {
    encode_hosts(minute_of_hosts(static_cast<int>(state.range(1)), 10,
                                 static_cast<std::uint64_t>(i)),
                 values.emplace_back());
  }
  const std::vector<std::string_view> operands(values.begin(), values.end());
  for (auto _ : state) benchmark::DoNotOptimize(merge_rollups(operands));
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(BM_MergeOperands)->Args({2, 2})->Args({60, 2})->Args({60, 16});

}  // namespace
}  // namespace minuted
