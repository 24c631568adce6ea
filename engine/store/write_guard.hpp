// The file system that RocksDB gets, with a guard before every call that changes a file. The first such
// call that fails closes the guard for good: from then on no call of this opening of the store reaches
// the disk, whatever RocksDB still attempts. This has two reasons.
//
//   - Debian's RocksDB 7.8.3 is built with assertions, and aborts the process when a log is synced or
//     appended to after an earlier call on it failed. A background thread that syncs a closed log and a
//     commit that waits for it get there. The guard reports the failure of such a background sync to the
//     engine only; RocksDB meets the closed guard at its next call, at which it expects an error.
//   - A new opening of the same directory may begin while readers still use the old one: the old one
//     can change nothing any more.
//
// WriteGuard: any thread. It lives as long as the last of RocksDB's files.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "minuted/result.hpp"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace minuted {

class WriteGuard {
 public:
  // `on_failure` is called once, when the guard closes, on whichever thread found the failure and
  // perhaps inside RocksDB: it must be short and must not use the store. May be null.
  explicit WriteGuard(std::function<void(const Error&)> on_failure)
      : on_failure_(std::move(on_failure)) {}

  // Closes the guard. Only the first failure counts.
  void close(const Error& failure);

  bool closed() const { return closed_.load(std::memory_order_acquire); }
  // Why it is closed, if it is.
  std::optional<Error> failure() const;

  // Whether no changing call is inside the operating system. Once the guard is closed this stays true
  // after it was true for the first time.
  bool quiet() const { return calls_.load() == 0; }

  // The progress of an opening: whether the log is being replayed by now, and bytes read of it so far.
  bool replaying() const { return replaying_.load(std::memory_order_relaxed); }
  std::uint64_t log_bytes_read() const { return log_bytes_read_.load(std::memory_order_relaxed); }
  void note_replay() {
    log_bytes_read_.store(0, std::memory_order_relaxed);
    replaying_.store(true, std::memory_order_relaxed);
  }
  void note_log_read(std::uint64_t bytes) {
    log_bytes_read_.fetch_add(bytes, std::memory_order_relaxed);
  }

  // For the file system: a changing call begins and ends. False: the guard is closed, do not make it.
  bool enter();
  void leave() { calls_.fetch_sub(1); }

 private:
  const std::function<void(const Error&)> on_failure_;
  std::atomic<bool> closed_{false};
  std::atomic<std::uint32_t> calls_{0};
  std::atomic<bool> replaying_{false};
  std::atomic<std::uint64_t> log_bytes_read_{0};
  mutable std::mutex mutex_;  // guards failure_
  std::optional<Error> failure_;
};

// Whether the calling thread is one of ours inside a write to the store. RocksDB handles the failure of a
// log's sync properly only there.
class WriteScope {
 public:
  WriteScope();
  ~WriteScope();
  WriteScope(const WriteScope&) = delete;
  WriteScope& operator=(const WriteScope&) = delete;
};

// An Env whose files go through the guard. `base` (null: the operating system's) is borrowed. Several
// such Envs of one process may hold the lock of one database at the same time.
std::unique_ptr<rocksdb::Env> guarded_env(rocksdb::Env* base, std::shared_ptr<WriteGuard> guard);

// Whether new files can be written in the directory: makes, fills, syncs and removes a small one.
// `bytes` more must be free. kDiskFull, kIoError. `env` null: the operating system's.
Result<void> probe_directory(rocksdb::Env* env, const std::string& directory, std::uint64_t bytes);

// Bytes of the logs in a database's directory, which an opening replays. 0 if they cannot be listed.
std::uint64_t log_bytes_in(rocksdb::Env* env, const std::string& database);

}  // namespace minuted
