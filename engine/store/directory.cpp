#include "store/directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
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
// Nobody but the owner writes, and strangers read nothing, however little the umask takes away.
constexpr ::mode_t kDirectoryMode = 0750;
constexpr ::mode_t kFileMode = 0640;

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
  struct stat made {};
  if (::stat(path.c_str(), &made) != 0 ||
      ::chmod(path.c_str(), made.st_mode & kDirectoryMode) != 0) {
    return io_error("cannot set the mode of the data directory", path, errno);
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

std::string marker_line() {
  return std::string(kMarkerHead) + std::to_string(kFormatVersion) + "\n";
}

// Whether it is, byte for byte, what this build writes; or else what is wrong with it.
Result<void> check_marker(std::string_view marker, const std::string& path) {
  if (marker == marker_line()) return {};
  std::uint32_t version = 0;
  if (marker.starts_with(kMarkerHead) && marker.ends_with('\n')) {
    const char* const end = marker.data() + marker.size() - 1;
    const auto [after, error] = std::from_chars(marker.data() + kMarkerHead.size(), end, version);
    if (error == std::errc{} && after == end && version != kFormatVersion) {
      return Error{ErrorCode::kUnsupportedFormat,
                   "the data directory is of format " + std::to_string(version) +
                       ", this build reads and writes format " + std::to_string(kFormatVersion) +
                       " only; start with an empty directory, or use the build that wrote it"};
    }
  }
  const std::string line = marker_line();
  return Error{ErrorCode::kCorruption,
               path + " has been emptied or altered; it should hold the line \"" +
                   line.substr(0, line.size() - 1) + "\", if that is the format of the store"};
}

// Entries that file systems and their tools put into a directory by themselves.
bool made_by_the_system(const std::string& name) {
  return name == "lost+found" || name == ".snapshot" || name == ".snapshots" || name == ".zfs" ||
         name == "System Volume Information" || name.starts_with(".nfs");
}

// Whether a store may be made here: the directory holds nothing but a marker that is not written yet.
Result<bool> is_vacant(const std::string& path) {
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (name != kMarkerName && !made_by_the_system(name)) return false;
  }
  if (error) return io_error("cannot list the data directory", path, error.value());
  return true;
}

// Whether a marker is the beginning of a whole one, or blocks that were never written.
bool is_unfinished(const std::string& marker) {
  const std::string line = marker_line();
  return (marker.size() < line.size() && line.starts_with(marker)) ||
         marker.find_first_not_of('\0') == std::string::npos;
}

Result<void> write_marker(int fd, const std::string& path) {
  const std::string line = marker_line();
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
  const auto vacant = is_vacant(path);
  if (!vacant) return vacant.error();
  if (!fs::exists(marker, error)) {
    if (!*vacant) {
      return Error{ErrorCode::kInvalidArgument,
                   "the directory " + path + " holds files but no " + kMarkerName +
                       "; give minuted an empty or absent directory, or one it made"};
    }
    if (!create_if_missing) {
      return Error{ErrorCode::kInvalidArgument, "there is no store in " + path};
    }
  }
  const int fd = ::open(marker.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return io_error("cannot open", marker, errno);
  // From here on the object closes the file, and so gives the lock up, on every way out.
  std::unique_ptr<DataDirectory> directory(new DataDirectory(path, fd));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error("cannot lock", marker, errno);
    return Error{ErrorCode::kLocked,
                 "another process has the data directory " + path + " open"};
  }
  const auto text = read_marker(fd, marker);
  if (!text) return text.error();
  // In an otherwise empty directory it may be one whose making was cut short.
  if (*vacant && create_if_missing && is_unfinished(*text)) {
    if (auto written = write_marker(fd, marker); !written) return written.error();
    if (auto synced = sync_directory(path); !synced) return synced.error();
    return directory;
  }
  if (auto ours = check_marker(*text, marker); !ours) return ours.error();
  return directory;
}

DataDirectory::~DataDirectory() { ::close(lock_fd_); }

}  // namespace minuted
