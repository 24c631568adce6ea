// The last commit that was acknowledged, kept outside RocksDB: so that a log which lost its tail, and
// which RocksDB takes for one that simply ends there, is noticed at the next start. It is written at
// most once a second, so it may lag; it never runs ahead of what is synced.
//
// File `acknowledged`: two slots, at bytes 0 and 4096, written in turn, so that a torn write leaves
// the other whole. Numbers little-endian.
//
//   u64 version (1) | u64 sequence | u64 XXH3-64 of the 16 bytes before
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "minuted/result.hpp"

namespace rocksdb {
class Env;
class RandomRWFile;
}  // namespace rocksdb

namespace minuted {

class Watermark {
 public:
  // Opens or makes the file in `directory`. `env` is borrowed. kUnsupportedFormat, kIoError.
  static Result<std::unique_ptr<Watermark>> open(rocksdb::Env& env, const std::string& directory);
  ~Watermark();

  // As last written, 0 in a new store.
  std::uint64_t sequence() const { return sequence_; }

  // Durable when it returns. `sequence` has been synced and acknowledged.
  Result<void> advance(std::uint64_t sequence);

 private:
  explicit Watermark(std::unique_ptr<rocksdb::RandomRWFile> file);
  Result<void> read();

  std::unique_ptr<rocksdb::RandomRWFile> file_;
  std::uint64_t sequence_ = 0;
  std::size_t next_slot_ = 0;
};

}  // namespace minuted
