// Preloaded into the daemon: shifts its wall clock by as many milliseconds as the file named by
// MINUTED_TEST_CLOCK says (8 bytes in the machine's order), which a test may change at any moment. Monotonic
// clocks are as they are. See shifted_clock.hpp.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kNanosPerMilli = 1'000'000;

std::int64_t kNoShift = 0;

std::int64_t* map_shift() {
  const char* const path = std::getenv("MINUTED_TEST_CLOCK");
  if (path == nullptr) return &kNoShift;
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) std::abort();
  void* const mapped = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (mapped == MAP_FAILED) std::abort();
  return static_cast<std::int64_t*>(mapped);
}

std::int64_t shift_ms() {
  // Two threads may map it twice, which does no harm.
  static std::atomic<std::int64_t*> shift{nullptr};
  std::int64_t* mapped = shift.load();
  if (mapped == nullptr) shift.store(mapped = map_shift());
  return __atomic_load_n(mapped, __ATOMIC_RELAXED);
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, out);
  if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) {
    return static_cast<int>(result);
  }
  std::int64_t nanos = out->tv_nsec + shift_ms() % 1000 * kNanosPerMilli;
  out->tv_sec += shift_ms() / 1000;
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    --out->tv_sec;
  }
  out->tv_sec += nanos / kNanosPerSecond;
  out->tv_nsec = nanos % kNanosPerSecond;
  return 0;
}

extern "C" int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

extern "C" time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
