// The ceilings of the disk: how long a synced append takes, and what a key costs in RocksDB when
// keys come in sorted batches and nothing waits for the disk. See ceilings.hpp.
#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>

#include "ceilings.hpp"

namespace minuted::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAppendBytes = 16 << 10;
constexpr std::size_t kAppendsMax = 2'000;
constexpr auto kAppending = std::chrono::milliseconds(1500);
// As a batch of 1,000 events has them, of 200 repos × 5 buckets, a minute after the other.
constexpr std::uint64_t kPrefixes = 1'000;
constexpr std::size_t kKeysPerBatch = 280;
constexpr std::size_t kBatches = 1'500;
constexpr std::size_t kBatchesPerMinute = 80;
constexpr std::size_t kValueBytes = 100;
constexpr std::size_t kMemtableBytes = 32 << 20;

// A directory that goes with the object; empty path: it could not be made.
class Scratch {
 public:
  explicit Scratch(const std::string& parent) : path_(parent + "/minuted-ceilings-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Error failed(const std::string& what) {
  return Error{ErrorCode::kIoError, what + ": " + std::strerror(errno)};
}

Result<double> sync_p50_ms(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return failed("opening " + path);
  const std::string block(kAppendBytes, 'x');
  std::vector<double> times_ms;
  const auto started = Clock::now();
  bool good = true;
  while (good && times_ms.size() < kAppendsMax && Clock::now() - started < kAppending) {
    const auto begin = Clock::now();
    good = ::write(fd, block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
           ::fdatasync(fd) == 0;
    times_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  const Error error = failed("appending to " + path);
  ::close(fd);
  if (!good) return error;
  return median_of(std::move(times_ms));
}

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  constexpr int kByteBits = 8;
  while (bytes-- > 0) out += static_cast<char>(value >> (bytes * kByteBits));
}

// Keys of (prefix, minute, sequence) in order.
void fill(rocksdb::WriteBatch& batch, std::mt19937_64& random, std::size_t sequence,
          const std::string& value) {
  std::array<std::uint64_t, kKeysPerBatch> prefixes;
  for (std::uint64_t& prefix : prefixes) prefix = random() % kPrefixes;
  std::sort(prefixes.begin(), prefixes.end());
  std::string key;
  for (const std::uint64_t prefix : prefixes) {
    key.clear();
    append_big_endian(key, prefix, sizeof prefix);
    append_big_endian(key, sequence / kBatchesPerMinute, 4);
    append_big_endian(key, sequence, sizeof sequence);
    batch.Put(key, value);
  }
}

Result<double> us_per_key(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = kMemtableBytes;
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(options, path, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  const std::string value(kValueBytes, 'v');
  std::mt19937_64 random(1);
  std::chrono::duration<double, std::micro> writing{};
  for (std::size_t i = 0; status.ok() && i < kBatches; ++i) {
    rocksdb::WriteBatch batch;
    fill(batch, random, i, value);
    const auto begin = Clock::now();
    status = db->Write({}, &batch);
    writing += Clock::now() - begin;
  }
  if (!status.ok()) return Error{ErrorCode::kIoError, "RocksDB's ceiling: " + status.ToString()};
  return writing.count() / static_cast<double>(kBatches * kKeysPerBatch);
}

}  // namespace

Result<DiskCeilings> measure_disk(const std::string& directory) {
  const Scratch scratch(directory);
  if (scratch.path().empty()) return failed("no directory can be made below " + directory);
  const auto sync = sync_p50_ms(scratch.path() + "/appends");
  if (!sync) return sync.error();
  const auto key = us_per_key(scratch.path() + "/rocksdb");
  if (!key) return key.error();
  return DiskCeilings{*sync, *key};
}

}  // namespace minuted::bench
