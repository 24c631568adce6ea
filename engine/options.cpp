#include "minuted/options.hpp"

#include <sys/statvfs.h>

namespace minuted {

std::optional<DiskSpace> system_disk_space(const std::string& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return std::nullopt;
  return DiskSpace{std::uint64_t{info.f_bavail} * info.f_frsize,
                   std::uint64_t{info.f_blocks} * info.f_frsize};
}

}  // namespace minuted
