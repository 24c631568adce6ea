// Promise: the limit of the container that the daemon runs in is found, of either version of control
// groups, whichever part of their tree the container sees. Over trees of files that stand for the system's.
#include "settings/memory_limit.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.hpp"

namespace minuted::settings {
namespace {

using minuted::test::TempDir;

class MemoryLimitTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root() + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::string root() const { return directory_ / "root"; }
  std::optional<MemoryLimit> limit() const { return memory_limit(root()); }

  static constexpr const char* kVersion2 =
      "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
  static constexpr const char* kVersion1 =
      "30 22 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
      "31 22 0:27 /docker/abc /sys/fs/cgroup/memory ro master:1 - cgroup cgroup rw,memory\n";

  TempDir directory_;
};

TEST_F(MemoryLimitTest, NoGroupsAreNoLimit) { EXPECT_EQ(limit(), std::nullopt); }

TEST_F(MemoryLimitTest, OfVersion2TheLeastOfTheGroupAndThoseAboveIt) {
  write("/proc/self/mountinfo", kVersion2);
  write("/proc/self/cgroup", "0::/system.slice/minuted.service\n");
  write("/sys/fs/cgroup/system.slice/minuted.service/memory.max", "max\n");
  EXPECT_EQ(limit(), std::nullopt);
  write("/sys/fs/cgroup/system.slice/memory.max", "300000000\n");
  EXPECT_EQ(limit(), (MemoryLimit{300'000'000, "/sys/fs/cgroup/system.slice/memory.max"}));
  write("/sys/fs/cgroup/system.slice/minuted.service/memory.max", "400000000\n");
  EXPECT_EQ(limit()->bytes, 300'000'000U);
  write("/sys/fs/cgroup/system.slice/minuted.service/memory.max", "200000000\n");
  EXPECT_EQ(limit(), (MemoryLimit{
                         200'000'000, "/sys/fs/cgroup/system.slice/minuted.service/memory.max"}));
}

TEST_F(MemoryLimitTest, OfAContainerWithNamesOfItsOwnTheRoots) {
  write("/proc/self/mountinfo", kVersion2);
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/memory.max", "134217728\n");
  EXPECT_EQ(limit(), (MemoryLimit{134'217'728, "/sys/fs/cgroup/memory.max"}));
}

TEST_F(MemoryLimitTest, OfAContainerThatSeesTheHostsNamesWhatItIsShown) {
  write("/proc/self/mountinfo", kVersion1);
  write("/proc/self/cgroup", "5:cpu:/docker/abc\n4:memory:/docker/abc\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
  EXPECT_EQ(limit(), (MemoryLimit{268'435'456, "/sys/fs/cgroup/memory/memory.limit_in_bytes"}));
  write("/proc/self/cgroup", "4:hugetlb,memory:/docker/abc/inner\n");
  write("/sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "200000000\n");
  EXPECT_EQ(limit(), (MemoryLimit{200'000'000, "/sys/fs/cgroup/memory/inner/memory.limit_in_bytes"}));
}

TEST_F(MemoryLimitTest, Version1SaysNoLimitByALargeNumber) {
  write("/proc/self/mountinfo", kVersion1);
  write("/proc/self/cgroup", "4:memory:/\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(MemoryLimitTest, WhatCannotBeReadIsNoLimit) {
  write("/proc/self/mountinfo", "31 22\n" + std::string(kVersion2) + "garbage - cgroup2\n");
  write("/proc/self/cgroup", "no colons\n0::/../..\n");
  write("/sys/fs/cgroup/memory.max", "-5 or so\n");
  EXPECT_EQ(limit(), std::nullopt);
}

}  // namespace
}  // namespace minuted::settings
