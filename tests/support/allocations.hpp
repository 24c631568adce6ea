// Counts what a stretch of code asks of the heap. A test that uses it compiles allocations.cpp too,
// which replaces the global operator new of its executable. Counts are per thread.
#pragma once

#include <cstdint>

namespace minuted::test {

struct Allocations {
  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
};

// What this thread has asked for since it began.
Allocations allocations();

// What `work` asks for, on this thread.
template <class Work>
Allocations allocations_of(Work work) {
  const Allocations before = allocations();
  work();
  const Allocations after = allocations();
  return {after.calls - before.calls, after.bytes - before.bytes};
}

}  // namespace minuted::test
