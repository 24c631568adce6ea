// minuted_bench: Google Benchmark's own main, after the process is prepared for stores.
#include <benchmark/benchmark.h>

#include "minuted/process.hpp"

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  minuted::restrict_new_files();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
