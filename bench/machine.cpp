#include "machine.hpp"

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>

namespace minuted::bench {
namespace {

// What stands behind the colon of the first line that begins with `name`.
std::string processor_field(const std::string& name) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with(name) && colon != line.npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string file_system_of(const std::string& directory) {
  struct statfs system {};
  if (::statfs(directory.c_str(), &system) != 0) return "unknown";
  // Kinds by their numbers in linux/magic.h.
  constexpr std::uint32_t kExt = 0xEF53;
  constexpr std::uint32_t kXfs = 0x58465342;
  constexpr std::uint32_t kBtrfs = 0x9123683E;
  constexpr std::uint32_t kOverlay = 0x794C7630;
  constexpr std::uint32_t kTmpfs = 0x01021994;
  switch (static_cast<std::uint32_t>(system.f_type)) {
    case kExt:
      return "ext4";
    case kXfs:
      return "xfs";
    case kBtrfs:
      return "btrfs";
    case kOverlay:
      return "overlay";
    case kTmpfs:
      return "tmpfs, which never syncs";
    default:
      break;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "kind 0x%x", static_cast<unsigned>(system.f_type));
  return text.data();
}

}  // namespace

std::string describe_machine(const std::string& directory) {
  utsname kernel{};
  ::uname(&kernel);
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  std::array<char, 32> memory{};
  std::snprintf(memory.data(), memory.size(), "%.1f GB",
                static_cast<double>(pages) * static_cast<double>(page_bytes) / 1e9);
  return "processor: " + processor_field("model name") +
         "\ncores: " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) +
         "\nmemory: " + memory.data() + "\nkernel: " + kernel.sysname + " " + kernel.release +
         "\nfile system: " + file_system_of(directory);
}

double busy_seconds() {
  std::ifstream in("/proc/stat");
  std::string name;
  double user = 0;
  double nice = 0;
  double system = 0;
  double idle = 0;
  double disk = 0;
  double interrupts = 0;
  double soft_interrupts = 0;
  double stolen = 0;
  in >> name >> user >> nice >> system >> idle >> disk >> interrupts >> soft_interrupts >> stolen;
  return (user + nice + system + interrupts + soft_interrupts + stolen) /
         static_cast<double>(::sysconf(_SC_CLK_TCK));
}

bool drop_page_cache() {
  ::sync();
  const int fd = ::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool dropped = ::write(fd, "3", 1) == 1;
  ::close(fd);
  return dropped;
}

}  // namespace minuted::bench
