// Keys: made and taken apart.
#include <benchmark/benchmark.h>

#include "schema/keys.hpp"

namespace minuted {
namespace {

void BM_KeyEncode(benchmark::State& state) {
  std::string key;
  std::uint64_t sequence = 0;
  for (auto _ : state) {
    key = "repo-117";
    key.push_back('\0');
    key += "bucket-3";
    key.push_back('\0');
    append_minute(key, Minute{28'333'333});
    append_sequence(key, ++sequence);
    benchmark::DoNotOptimize(key.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_KeyEncode);

void BM_KeySplit(benchmark::State& state) {
  std::string key = pair_prefix("repo-117", "bucket-3");
  append_minute(key, Minute{28'333'333});
  append_sequence(key, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.data());
    const auto pair = split_pair(key);
    benchmark::DoNotOptimize(pair);
    benchmark::DoNotOptimize(read_minute(std::string_view(key).substr(pair->prefix.size())));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_KeySplit);

}  // namespace
}  // namespace minuted
