#include "store/directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "store/store.hpp"

namespace minuted {
namespace {

namespace fs = std::filesystem;

constexpr char kMarkerName[] = "minuted.store";
constexpr std::string_view kMarkerHead = "minuted store, format ";

Error io_error(const std::string& what, const std::string& path, int error) {
  return {ErrorCode::kIoError, what + " " + path + ": " + std::strerror(error)};
}

// Makes what was created in `path` survive a power cut.
Result<void> sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io_error("cannot open directory", path, errno);
  const int failed = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (failed) return io_error("cannot sync directory", path, error);
  return {};
}

Result<void> make_directory(const std::string& path, bool create_if_missing) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  if (fs::exists(path, error)) {
    return Error{ErrorCode::kInvalidArgument, "the data path " + path + " is not a directory"};
  }
  if (!create_if_missing) {
    return Error{ErrorCode::kInvalidArgument, "the data directory " + path + " does not exist"};
  }
  if (!fs::create_directories(path, error) && error) {
    return io_error("cannot make the data directory", path, error.value());
  }
  const fs::path parent = fs::absolute(path).lexically_normal().parent_path();
  return sync_directory(parent.string());
}

Result<std::string> read_marker(int fd, const std::string& path) {
  char text[128];
  const ssize_t bytes = ::pread(fd, text, sizeof text, 0);
  if (bytes < 0) return io_error("cannot read", path, errno);
  return std::string(text, static_cast<std::size_t>(bytes));
}

// Whether it names the format of this build.
Result<void> check_marker(std::string_view marker, const std::string& path) {
  std::uint32_t version = 0;
  const bool ours = marker.starts_with(kMarkerHead);
  const char* const begin = marker.data() + (ours ? kMarkerHead.size() : 0);
  const auto [end, parse_error] = std::from_chars(begin, marker.data() + marker.size(), version);
  if (!ours || parse_error != std::errc{}) {
    return Error{ErrorCode::kCorruption, path + " does not name a format; it should read \"" +
                                             std::string(kMarkerHead) +
                                             std::to_string(kFormatVersion) + "\""};
  }
  if (version != kFormatVersion) {
    return Error{ErrorCode::kUnsupportedFormat,
                 "the data directory is of format " + std::to_string(version) +
                     ", this build reads and writes format " + std::to_string(kFormatVersion) +
                     " only; start with an empty directory, or use the build that wrote it"};
  }
  return {};
}

// An empty marker is one whose making was cut short; it is written anew.
Result<void> read_or_write_marker(int fd, const std::string& path, bool may_write) {
  const auto marker = read_marker(fd, path);
  if (!marker) return marker.error();
  if (!marker->empty() || !may_write) return check_marker(*marker, path);
  std::string line(kMarkerHead);
  line += std::to_string(kFormatVersion) + "\n";
  if (::pwrite(fd, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()) ||
      ::fsync(fd) != 0) {
    return io_error("cannot write", path, errno);
  }
  return {};
}

Error no_name() { return {ErrorCode::kInvalidArgument, "the data directory has no name"}; }

}  // namespace

Result<void> DataDirectory::look(const std::string& path) {
  if (path.empty()) return no_name();
  if (auto there = make_directory(path, /*create_if_missing=*/false); !there) return there;
  const std::string marker = path + "/" + kMarkerName;
  const int fd = ::open(marker.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    return Error{ErrorCode::kInvalidArgument,
                 "there is no store in " + path + ": it holds no " + kMarkerName +
                     "; give the directory that minuted has as its data"};
  }
  if (fd < 0) return io_error("cannot open", marker, errno);
  const auto text = read_marker(fd, marker);
  ::close(fd);
  if (!text) return text.error();
  return check_marker(*text, marker);
}

Result<std::unique_ptr<DataDirectory>> DataDirectory::take(const std::string& path,
                                                           bool create_if_missing) {
  if (path.empty()) return no_name();
  if (auto made = make_directory(path, create_if_missing); !made) return made.error();

  const std::string marker = path + "/" + kMarkerName;
  std::error_code error;
  const bool fresh = !fs::exists(marker, error);
  if (fresh && !fs::is_empty(path, error)) {
    return Error{ErrorCode::kInvalidArgument,
                 "the directory " + path + " holds files but no " + kMarkerName +
                     "; give minuted an empty or absent directory, or one it made"};
  }
  if (fresh && !create_if_missing) {
    return Error{ErrorCode::kInvalidArgument, "there is no store in " + path};
  }
  const int fd = ::open(marker.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return io_error("cannot open", marker, errno);
  // From here on the object closes the file, and so gives the lock up, on every way out.
  std::unique_ptr<DataDirectory> directory(new DataDirectory(path, fd));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error("cannot lock", marker, errno);
    return Error{ErrorCode::kLocked,
                 "another process has the data directory " + path + " open"};
  }
  if (auto read = read_or_write_marker(fd, marker, create_if_missing); !read) return read.error();
  if (auto synced = sync_directory(path); !synced) return synced.error();
  return directory;
}

DataDirectory::~DataDirectory() { ::close(lock_fd_); }

}  // namespace minuted
