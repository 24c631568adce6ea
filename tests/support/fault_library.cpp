// A library to be preloaded into the daemon: makes calls that change files below a directory fail or
// take long, as a file tells it. For tests where no file system can be mounted.
//
//   MINUTED_FAULT_ROOT   the directory, an absolute path without links
//   MINUTED_FAULT_FILE   read at every such call; one word and, for some, a number:
//
//     ok            nothing (as is an absent or empty file)
//     full          ENOSPC: what writes, makes or allocates
//     read_only     EROFS: what changes anything
//     sync_fails    EIO: fsync and fdatasync
//     write_fails   EIO: what writes
//     slow MS       writes and syncs take that long, then fail with EIO
//     hang          writes and syncs wait until the word changes
//     hold_current  opening the file CURRENT to read it waits until the word changes
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum class Kind { kWrite, kSync, kMake, kChange, kReadCurrent };

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

// Not through the functions below.
void read_word(char (&word)[32], long& number) {
  word[0] = '\0';
  number = 0;
  static const char* const path = std::getenv("MINUTED_FAULT_FILE");
  if (path == nullptr) return;
  static const auto open_file = real<int (*)(const char*, int, ...)>("open");
  const int fd = open_file(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char text[64] = {};
  const ssize_t bytes = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (bytes > 0) (void)std::sscanf(text, "%31s %ld", word, &number);
}

bool is_below_root(const char* path) {
  static const char* const root = std::getenv("MINUTED_FAULT_ROOT");
  return root != nullptr && path != nullptr && std::strncmp(path, root, std::strlen(root)) == 0;
}

bool is_below_root(int fd) {
  char link[64];
  char path[512];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t bytes = ::readlink(link, path, sizeof path - 1);
  if (bytes <= 0) return false;
  path[bytes] = '\0';
  return is_below_root(path);
}

// The errno the call fails with, 0 for none.
int fault_of(Kind kind) {
  constexpr useconds_t kLookMicros = 2'000;
  for (;;) {
    char word[32];
    long number = 0;
    read_word(word, number);
    const auto is = [&](const char* name) { return std::strcmp(word, name) == 0; };
    const bool writes = kind == Kind::kWrite || kind == Kind::kSync;
    if (kind == Kind::kReadCurrent) {
      if (!is("hold_current")) return 0;
    } else if (is("full")) {
      return kind == Kind::kWrite || kind == Kind::kMake ? ENOSPC : 0;
    } else if (is("read_only")) {
      return EROFS;
    } else if (is("sync_fails")) {
      return kind == Kind::kSync ? EIO : 0;
    } else if (is("write_fails")) {
      return kind == Kind::kWrite ? EIO : 0;
    } else if (is("slow") && writes) {
      ::usleep(static_cast<useconds_t>(number) * 1'000);
      return EIO;
    } else if (!is("hang") || !writes) {
      return 0;
    }
    ::usleep(kLookMicros);
  }
}

template <class Where>
bool fails(Kind kind, Where where) {
  const int error = is_below_root(where) ? fault_of(kind) : 0;
  if (error != 0) errno = error;
  return error != 0;
}

bool open_fails(const char* path, int flags) {
  if ((flags & O_CREAT) != 0) return fails(Kind::kMake, path);
  if ((flags & O_ACCMODE) != O_RDONLY) return fails(Kind::kChange, path);
  const char* const name = path == nullptr ? nullptr : std::strrchr(path, '/');
  return name != nullptr && std::strcmp(name, "/CURRENT") == 0 && fails(Kind::kReadCurrent, path);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = static_cast<mode_t>(va_arg(more, int));
  va_end(more);
  static const auto next = real<int (*)(const char*, int, ...)>("open");
  return open_fails(path, flags) ? -1 : next(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = static_cast<mode_t>(va_arg(more, int));
  va_end(more);
  static const auto next = real<int (*)(const char*, int, ...)>("open64");
  return open_fails(path, flags) ? -1 : next(path, flags, mode);
}
FILE* fopen(const char* path, const char* mode) {
  static const auto next = real<FILE* (*)(const char*, const char*)>("fopen");
  return open_fails(path, mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT) ? nullptr : next(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  static const auto next = real<FILE* (*)(const char*, const char*)>("fopen64");
  return open_fails(path, mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT) ? nullptr : next(path, mode);
}
ssize_t write(int fd, const void* bytes, size_t count) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t)>("write");
  return fails(Kind::kWrite, fd) ? -1 : next(fd, bytes, count);
}
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return fails(Kind::kWrite, fd) ? -1 : next(fd, bytes, count, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return fails(Kind::kWrite, fd) ? -1 : next(fd, bytes, count, at);
}
int fsync(int fd) {
  static const auto next = real<int (*)(int)>("fsync");
  return fails(Kind::kSync, fd) ? -1 : next(fd);
}
int fdatasync(int fd) {
  static const auto next = real<int (*)(int)>("fdatasync");
  return fails(Kind::kSync, fd) ? -1 : next(fd);
}
int fallocate(int fd, int mode, off_t at, off_t count) {
  static const auto next = real<int (*)(int, int, off_t, off_t)>("fallocate");
  return fails(Kind::kMake, fd) ? -1 : next(fd, mode, at, count);
}
int fallocate64(int fd, int mode, off64_t at, off64_t count) {
  static const auto next = real<int (*)(int, int, off64_t, off64_t)>("fallocate64");
  return fails(Kind::kMake, fd) ? -1 : next(fd, mode, at, count);
}
int rename(const char* from, const char* to) {
  static const auto next = real<int (*)(const char*, const char*)>("rename");
  return fails(Kind::kMake, from) ? -1 : next(from, to);
}
int unlink(const char* path) {
  static const auto next = real<int (*)(const char*)>("unlink");
  return fails(Kind::kChange, path) ? -1 : next(path);
}
int mkdir(const char* path, mode_t mode) {
  static const auto next = real<int (*)(const char*, mode_t)>("mkdir");
  return fails(Kind::kMake, path) ? -1 : next(path, mode);
}
int ftruncate(int fd, off_t size) {
  static const auto next = real<int (*)(int, off_t)>("ftruncate");
  return fails(Kind::kChange, fd) ? -1 : next(fd, size);
}
int ftruncate64(int fd, off64_t size) {
  static const auto next = real<int (*)(int, off64_t)>("ftruncate64");
  return fails(Kind::kChange, fd) ? -1 : next(fd, size);
}

}  // extern "C"
