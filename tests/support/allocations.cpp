#include "support/allocations.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local minuted::test::Allocations counted;
}  // namespace

namespace minuted::test {
Allocations allocations() { return counted; }
}  // namespace minuted::test

// The array and no-throw forms call these two.
void* operator new(std::size_t bytes) {
  ++counted.calls;
  counted.bytes += bytes;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
