// RocksDB's own log lines, warnings and errors, in the file LOG beside its tables. Every failure to write
// one is swallowed: RocksDB's own logger aborts the process when two of its writes fail, which they do
// on a full disk. At most kInfoLogBytesMax are kept, and as many before them in LOG.old.
#pragma once

#include <rocksdb/env.h>

#include <cstdint>
#include <memory>
#include <string>

namespace minuted {

inline constexpr std::uint64_t kInfoLogBytesMax = 1U << 20;

// The file is made with the first line. Any thread.
std::shared_ptr<rocksdb::Logger> make_info_log(const std::string& directory);

}  // namespace minuted
