// A day of minutes both ways: one value a minute, and sealed as one page. What they take at rest and
// what reading them costs. The rows are those of the read workload: two hosts, each number drawn
// evenly from its range, which is the hardest case there is; real rows repeat and take less.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "page/page_codec.hpp"
#include "rollup/rollup_codec.hpp"

namespace minuted {
namespace {

constexpr std::uint32_t kMinutes = 1440;
constexpr std::uint64_t kBytesBound = 1U << 30;
constexpr std::uint64_t kLatencyBoundUs = 200'000;

// `events` events a row, each with a latency.
std::vector<HostRollups> day_of_minutes(int events) {
  std::mt19937_64 random(1);
  std::vector<HostRollups> day(kMinutes);
  for (HostRollups& minute : day) {
    for (const char* host : {"storage-node-1", "storage-node-2"}) {
      Rollup& rollup = minute.of(host);
      for (int i = 0; i < events; ++i) {
        EventView event;
        event.op = i % 3 == 0 ? OpClass::kPut : OpClass::kGet;
        event.upl_bytes = random() % kBytesBound;
        event.dwl_bytes = random() % kBytesBound;
        event.size_change = static_cast<std::int64_t>(random() % kBytesBound) - kBytesBound / 2;
        event.latency_us = random() % kLatencyBoundUs;
        rollup.add(event);
      }
    }
  }
  return day;
}

struct Sealed {
  std::string page;
  std::string sketches;
};

Sealed seal(const std::vector<HostRollups>& day) {
  std::vector<PageRow> rows;
  for (std::uint32_t slot = 0; slot < kMinutes; ++slot) {
    for (const auto& entry : day[slot].entries()) rows.push_back({slot, entry.host, &entry.rollup});
  }
  Sealed sealed;
  encode_page(rows, sealed.page, sealed.sketches);
  return sealed;
}

void count_rows(benchmark::State& state, std::size_t bytes, std::size_t sketch_bytes) {
  state.SetItemsProcessed(state.iterations() * kMinutes * 2);
  state.counters["bytes_per_row"] = static_cast<double>(bytes) / (kMinutes * 2);
  state.counters["sketch_bytes_per_row"] = static_cast<double>(sketch_bytes) / (kMinutes * 2);
}

void BM_MinuteValuesRead(benchmark::State& state) {
  const auto day = day_of_minutes(static_cast<int>(state.range(0)));
  std::vector<std::string> values(kMinutes);
  std::size_t bytes = 0;
  std::string sketches;
  for (std::uint32_t slot = 0; slot < kMinutes; ++slot) {
    encode_hosts(day[slot], values[slot]);
    bytes += values[slot].size();
    for (const auto& entry : day[slot].entries()) {
      if (entry.rollup.latency_count >= 3) encode_sketch(entry.rollup.sketch, sketches);
    }
  }
  Rollup rollup;
  std::string_view host;
  for (auto _ : state) {
    for (const std::string& value : values) {
      HostsReader reader(value);
      while (reader.next(host, rollup)) benchmark::DoNotOptimize(rollup);
    }
  }
  count_rows(state, bytes - sketches.size(), sketches.size());
}
BENCHMARK(BM_MinuteValuesRead)->ArgName("events")->Arg(1)->Arg(10);

void BM_PageRead(benchmark::State& state) {
  const Sealed sealed = seal(day_of_minutes(static_cast<int>(state.range(0))));
  PagePart part;
  part.sums_only = state.range(1) != 0;
  PageReader reader;
  Rollup rollup;
  std::string_view host;
  std::uint32_t slot = 0;
  for (auto _ : state) {
    if (!reader.open(sealed.page, part)) state.SkipWithError("not a page");
    while (reader.next(slot, host, rollup)) benchmark::DoNotOptimize(rollup);
  }
  count_rows(state, sealed.page.size(), sealed.sketches.size());
}
BENCHMARK(BM_PageRead)->ArgNames({"events", "sums"})->Args({1, 0})->Args({10, 0})->Args({10, 1});

// What percentiles are read from.
void BM_PageReadSketches(benchmark::State& state) {
  const Sealed sealed = seal(day_of_minutes(static_cast<int>(state.range(0))));
  PagePart part;
  part.sketches = true;
  PageReader reader;
  Rollup rollup;
  std::string_view host;
  std::uint32_t slot = 0;
  for (auto _ : state) {
    if (!reader.open(sealed.page, part) || !reader.open_sketches(sealed.sketches)) {
      state.SkipWithError("not a page");
    }
    while (reader.next(slot, host, rollup)) benchmark::DoNotOptimize(rollup);
  }
  count_rows(state, sealed.page.size(), sealed.sketches.size());
}
BENCHMARK(BM_PageReadSketches)->ArgName("events")->Arg(3)->Arg(10)->Arg(1000);

void BM_PageEncode(benchmark::State& state) {
  const auto day = day_of_minutes(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(seal(day));
  const Sealed sealed = seal(day);
  count_rows(state, sealed.page.size(), sealed.sketches.size());
}
BENCHMARK(BM_PageEncode)->ArgName("events")->Arg(1)->Arg(10)->Arg(1000);

}  // namespace
}  // namespace minuted
