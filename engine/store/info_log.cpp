#include "store/info_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <mutex>

namespace minuted {
namespace {

constexpr std::size_t kLineBytesMax = 1024;
constexpr mode_t kFileMode = 0640;

class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(const std::string& directory)
      : Logger(rocksdb::WARN_LEVEL), path_(directory + "/LOG"), old_path_(directory + "/LOG.old") {}
  ~InfoLog() override {
    if (fd_ >= 0) ::close(fd_);
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char line[kLineBytesMax];
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm utc{};
    ::gmtime_r(&now.tv_sec, &utc);
    std::size_t length = std::strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ ", &utc);
    const int more = std::vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    if (more < 0) return;
    length = std::min(length + static_cast<std::size_t>(more), sizeof line - 2);
    if (line[length - 1] != '\n') line[length++] = '\n';
    const std::lock_guard lock(mutex_);
    append(line, length);
  }

 private:
  void append(const char* line, std::size_t length) {
    if (fd_ >= 0 && bytes_ > kInfoLogBytesMax) {
      ::close(fd_);
      fd_ = -1;
      (void)::rename(path_.c_str(), old_path_.c_str());
    }
    if (fd_ < 0) {
      fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kFileMode);
      struct stat status {};
      bytes_ = fd_ >= 0 && ::fstat(fd_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
    }
    if (fd_ < 0) return;
    const ssize_t written = ::write(fd_, line, length);
    if (written > 0) bytes_ += static_cast<std::uint64_t>(written);
  }

  const std::string path_;
  const std::string old_path_;
  std::mutex mutex_;  // guards what follows
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_info_log(const std::string& directory) {
  return std::make_shared<InfoLog>(directory);
}

}  // namespace minuted
