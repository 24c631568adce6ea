#include "support/allocations.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local minuted::test::Allocations counted;
}  // namespace

namespace minuted::test {
Allocations allocations() { return counted; }
}  // namespace minuted::test

// The array forms call the plain ones.
void* operator new(std::size_t bytes) {
  ++counted.calls;
  counted.bytes += bytes;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++counted.calls;
  counted.bytes += bytes;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
