#include "settings/memory_limit.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace minuted::settings {
namespace {

// Version 1 writes "no limit" as the largest multiple of a page; no machine has an exbibyte.
constexpr std::uint64_t kNoLimitFrom = std::uint64_t{1} << 60;
// Groups above the process's own that are looked at.
constexpr int kLevelsMax = 64;

// A file system of control groups that bounds memory.
struct Mount {
  std::string group;  // the group that it shows as its root
  std::string path;
  bool version_2;
};

bool is_in_list(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    if (one == name) return true;
    list.remove_prefix(std::min(list.size(), one.size() + 1));
  }
  return false;
}

// /proc/self/mountinfo: `36 35 0:29 /group /path options - type source options`, with further fields
// before the dash.
std::vector<Mount> mounts(const std::string& root) {
  std::vector<Mount> found;
  std::ifstream in(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string skipped;
    Mount mount{};
    fields >> skipped >> skipped >> skipped >> mount.group >> mount.path;
    while (fields >> skipped && skipped != "-") {
    }
    std::string type;
    std::string source;
    std::string options;
    fields >> type >> source >> options;
    mount.version_2 = type == "cgroup2";
    if (mount.version_2 || (type == "cgroup" && is_in_list(options, "memory"))) {
      found.push_back(std::move(mount));
    }
  }
  return found;
}

// /proc/self/cgroup: `0::/group` of version 2, `4:memory:/group` of version 1.
std::string group_of_process(const std::string& root, bool version_2) {
  std::ifstream in(root + "/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const bool ours = version_2 ? controllers.empty() : is_in_list(controllers, "memory");
    if (ours) return line.substr(second + 1);
  }
  return "/";
}

std::optional<std::uint64_t> read_limit(const std::string& file) {
  std::ifstream in(file);
  std::string text;
  if (!(in >> text)) return std::nullopt;
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;  // "max"
  if (bytes >= kNoLimitFrom) return std::nullopt;
  return bytes;
}

// The folder of the process's group below the mount. What the mount shows as its root may be the group
// itself, or, in a container that sees the host's names, a group that is not shown at all.
std::string folder_of(const std::string& root, const Mount& mount) {
  std::string group = group_of_process(root, mount.version_2);
  if (mount.group != "/" && group.starts_with(mount.group)) group.erase(0, mount.group.size());
  if (group == "/" || group.empty()) return {};
  std::error_code ignored;
  if (!std::filesystem::is_directory(root + mount.path + group, ignored)) return {};
  return group;
}

}  // namespace

std::optional<MemoryLimit> memory_limit(const std::string& root) {
  std::optional<MemoryLimit> least;
  for (const Mount& mount : mounts(root)) {
    const char* const name = mount.version_2 ? "/memory.max" : "/memory.limit_in_bytes";
    std::string folder = folder_of(root, mount);
    for (int level = 0; level < kLevelsMax; ++level) {
      const std::string file = mount.path + folder + name;
      const auto bytes = read_limit(root + file);
      if (bytes && (!least || *bytes < least->bytes)) least = {*bytes, file};
      if (folder.empty()) break;
      folder.erase(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
    }
  }
  return least;
}

}  // namespace minuted::settings
