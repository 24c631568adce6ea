// What is known to be on disk, kept outside RocksDB: the last commit that was acknowledged, the newest
// sequence number that was synced, and how long RocksDB's MANIFEST was. A log or a MANIFEST that has lost
// its end is noticed by it at the next start, where RocksDB would take a file that simply ends. It may lag
// behind by a second; it never runs ahead of what is synced. The file is made when a new store is complete:
// a store without it was never finished, and holds nothing that was acknowledged.
//
// File `acknowledged`: two slots, at bytes 0 and 4096, written in turn, so that a torn write leaves
// the other whole. Numbers little-endian.
//
//   u64 version (2) | u64 number of the writing, from 1 | u64 commit | u64 synced
//                   | u64 MANIFEST number | u64 MANIFEST bytes | u64 XXH3-64 of the bytes before
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

struct Mark {
  std::uint64_t commit = 0;          // the last that was acknowledged
  std::uint64_t synced = 0;          // RocksDB's sequence number: every write up to it was synced
  std::uint64_t manifest = 0;        // number of the MANIFEST
  std::uint64_t manifest_bytes = 0;  // that were synced of it
  friend bool operator==(const Mark&, const Mark&) = default;
};

class Watermark {
 public:
  // Whether `directory` has the file. kIoError.
  static Result<bool> exists(rocksdb::Env& env, const std::string& directory);
  // Makes the file, durably, wholly or not at all. kIoError.
  static Result<void> create(rocksdb::Env& env, const std::string& directory, const Mark& mark);
  // What the file says, without opening it to write. Same errors as open().
  static Result<Mark> look(rocksdb::Env& env, const std::string& directory);
  // Opens the file. `env` is borrowed. kCorruption (no slot is whole), kUnsupportedFormat, kIoError.
  static Result<std::unique_ptr<Watermark>> open(rocksdb::Env& env, const std::string& directory);
  ~Watermark();

  // As last written.
  const Mark& mark() const { return mark_; }

  // Durable when it returns.
  Result<void> write(const Mark& mark);

 private:
  explicit Watermark(std::unique_ptr<rocksdb::RandomRWFile> file);
  // Takes over what the file says, of which these are the bytes.
  Result<void> read(std::string_view bytes);

  std::unique_ptr<rocksdb::RandomRWFile> file_;
  Mark mark_;
  std::uint64_t written_ = 0;  // the number of the writing that made it
  std::size_t next_slot_ = 0;
};

}  // namespace minuted
