#include "minuted/process.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace minuted {
namespace {

constexpr mode_t kWithheldRights = 027;

bool is_closed(int fd) { return ::fcntl(fd, F_GETFD) < 0 && errno == EBADF; }

// Opens something harmless at the lowest free number. Where there is no /dev/null, the root directory
// occupies the number: it can be neither read nor written through such a descriptor.
int open_harmless() {
  const int fd = ::open("/dev/null", O_RDWR);
  return fd >= 0 ? fd : ::open("/", O_PATH | O_DIRECTORY);
}

}  // namespace

// In ascending order, so that the lowest free number is the one at hand.
void open_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (is_closed(fd) && open_harmless() != fd) ::_exit(1);
  }
}

void restrict_new_files() {
  const mode_t given = ::umask(kWithheldRights);
  ::umask(given | kWithheldRights);
}

}  // namespace minuted
