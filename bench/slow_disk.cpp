// A disk that stops answering, for the trial `stall`: a library loaded before a program's own ones,
// whose fsync and fdatasync wait as long as the file named by MINUTED_SLOW_DISK exists, and then do
// what they are for. It is the program that is slowed, not the disk, and at its syncs only: what it
// waits for at each acknowledgement. Any thread.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

constexpr long kPollNanos = 1'000'000;
constexpr int kPollsMax = 60'000;  // a minute: a trial that died leaves nobody waiting for good

void wait_while_slow() {
  const char* const file = std::getenv("MINUTED_SLOW_DISK");
  for (int polls = 0; file != nullptr && polls < kPollsMax; ++polls) {
    if (::access(file, F_OK) != 0) return;
    const timespec pause{0, kPollNanos};
    ::nanosleep(&pause, nullptr);
  }
}

int synced(long call, int fd) {
  wait_while_slow();
  return static_cast<int>(::syscall(call, fd));
}

}  // namespace

extern "C" int fsync(int fd) { return synced(SYS_fsync, fd); }
extern "C" int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }
