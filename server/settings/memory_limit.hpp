// The memory that the process's control groups (version 1 or 2) allow it, as in a container. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace minuted::settings {

struct MemoryLimit {
  std::uint64_t bytes = 0;
  std::string file;  // that says so
  friend bool operator==(const MemoryLimit&, const MemoryLimit&) = default;
};

// The least limit of the process's group and of the groups above it, as far as they can be seen from
// here; nullopt if there is none. `root` stands before every path that is read, for tests.
std::optional<MemoryLimit> memory_limit(const std::string& root = {});

}  // namespace minuted::settings
