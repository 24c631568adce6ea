#include "store/write_guard.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace minuted {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

thread_local int write_scopes = 0;

constexpr char kProbeName[] = "minuted.probe";
constexpr std::size_t kProbeBytes = 4096;

bool is_log(const std::string& path) { return path.ends_with(".log"); }

Error error_of(const IOStatus& status, const std::string& doing) {
  const std::string text = status.ToString();
  // RocksDB marks ENOSPC; a quota that is used up is the same to whoever must make room.
  const bool full = status.subcode() == IOStatus::SubCode::kNoSpace ||
                    text.find("Disk quota exceeded") != std::string::npos;
  return {full ? ErrorCode::kDiskFull : ErrorCode::kIoError, doing + ": " + text};
}

IOStatus closed_status() {
  return IOStatus::IOError("the store takes no more writes: an earlier one failed");
}

// Makes a changing call unless the guard is closed; closes it when the call fails.
template <class Make>
IOStatus guarded(WriteGuard& guard, const char* doing, const std::string& path, Make make) {
  if (!guard.enter()) return closed_status();
  IOStatus status = make();
  // Before leave(): whoever sees the guard quiet and closed sees this call's end.
  if (!status.ok() && !status.IsNotSupported()) {
    guard.close(error_of(status, std::string(doing) + " " + path));
  }
  guard.leave();
  return status;
}

class WritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::shared_ptr<WriteGuard> guard, std::string path,
               std::unique_ptr<rocksdb::FSWritableFile> target)
      : FSWritableFileOwnerWrapper(std::move(target)),
        guard_(std::move(guard)),
        path_(std::move(path)),
        is_log_(is_log(path_)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return guarded(*guard_, "writing to", path_,
                   [&] { return target()->Append(data, options, debug); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    return guarded(*guard_, "writing to", path_,
                   [&] { return target()->Append(data, options, info, debug); });
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return guarded(*guard_, "writing to", path_,
                   [&] { return target()->PositionedAppend(data, offset, options, debug); });
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            const rocksdb::DataVerificationInfo& info,
                            IODebugContext* debug) override {
    return guarded(*guard_, "writing to", path_,
                   [&] { return target()->PositionedAppend(data, offset, options, info, debug); });
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return guarded(*guard_, "truncating", path_,
                   [&] { return target()->Truncate(size, options, debug); });
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return guarded(*guard_, "flushing", path_, [&] { return target()->Flush(options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return synced([&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return synced([&] { return target()->Fsync(options, debug); });
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t bytes, const IOOptions& options,
                     IODebugContext* debug) override {
    return guarded(*guard_, "syncing", path_,
                   [&] { return target()->RangeSync(offset, bytes, options, debug); });
  }
  // Closing changes no more than the size that was allocated ahead; a descriptor must not leak.
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    const bool entered = guard_->enter();
    IOStatus status = target()->Close(options, debug);
    if (entered) {
      if (!status.ok()) guard_->close(error_of(status, "closing " + path_));
      guard_->leave();
    }
    return status;
  }
  // Space allocated ahead is a courtesy: RocksDB ignores its failures, and the write itself will tell.
  void PrepareWrite(std::size_t offset, std::size_t length, const IOOptions& options,
                    IODebugContext* debug) override {
    if (!guard_->enter()) return;
    target()->PrepareWrite(offset, length, options, debug);
    guard_->leave();
  }
  IOStatus Allocate(std::uint64_t offset, std::uint64_t length, const IOOptions& options,
                    IODebugContext* debug) override {
    if (!guard_->enter()) return closed_status();
    IOStatus status = target()->Allocate(offset, length, options, debug);
    guard_->leave();
    return status;
  }

 private:
  // RocksDB's background threads do not learn of a log whose sync failed: see the header. Nothing rests
  // on it, since the guard is closed before this returns.
  template <class Make>
  IOStatus synced(Make make) {
    IOStatus status = guarded(*guard_, "syncing", path_, make);
    if (!status.ok() && is_log_ && write_scopes == 0) return IOStatus::OK();
    return status;
  }

  const std::shared_ptr<WriteGuard> guard_;
  const std::string path_;
  const bool is_log_;
};

class RandomRWFile final : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  RandomRWFile(std::shared_ptr<WriteGuard> guard, std::string path,
               std::unique_ptr<rocksdb::FSRandomRWFile> target)
      : FSRandomRWFileOwnerWrapper(std::move(target)),
        guard_(std::move(guard)),
        path_(std::move(path)) {}

  IOStatus Write(std::uint64_t offset, const Slice& data, const IOOptions& options,
                 IODebugContext* debug) override {
    return guarded(*guard_, "writing to", path_,
                   [&] { return target()->Write(offset, data, options, debug); });
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return guarded(*guard_, "flushing", path_, [&] { return target()->Flush(options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return guarded(*guard_, "syncing", path_, [&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return guarded(*guard_, "syncing", path_, [&] { return target()->Fsync(options, debug); });
  }

 private:
  const std::shared_ptr<WriteGuard> guard_;
  const std::string path_;
};

class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::shared_ptr<WriteGuard> guard, std::string path,
            std::unique_ptr<rocksdb::FSDirectory> target)
      : FSDirectoryWrapper(target.get()),
        guard_(std::move(guard)),
        path_(std::move(path)),
        target_(std::move(target)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return guarded(*guard_, "syncing the directory", path_,
                   [&] { return target_->Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& how) override {
    return guarded(*guard_, "syncing the directory", path_,
                   [&] { return target_->FsyncWithDirOptions(options, debug, how); });
  }

 private:
  const std::shared_ptr<WriteGuard> guard_;
  const std::string path_;
  const std::unique_ptr<rocksdb::FSDirectory> target_;
};

// Counts what is read of a log.
class LogFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  LogFile(std::shared_ptr<WriteGuard> guard, std::unique_ptr<rocksdb::FSSequentialFile> target)
      : FSSequentialFileOwnerWrapper(std::move(target)), guard_(std::move(guard)) {}

  IOStatus Read(std::size_t bytes, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    IOStatus status = target()->Read(bytes, options, result, scratch, debug);
    if (status.ok()) guard_->note_log_read(result->size());
    return status;
  }

 private:
  const std::shared_ptr<WriteGuard> guard_;
};

// The lock files this process holds. RocksDB takes a database's once in a process; an old and a new
// opening of one store, of which only the new one can write, hold it together.
class SharedLocks {
 public:
  static SharedLocks& instance() {
    static SharedLocks* const locks = new SharedLocks;  // RocksDB's threads may outlive statics
    return *locks;
  }

  IOStatus lock(rocksdb::FileSystem& files, const std::string& path, const IOOptions& options,
                rocksdb::FileLock** held, IODebugContext* debug) {
    const std::lock_guard guard(mutex_);
    Lock& lock = locks_[path];
    if (lock.holders == 0) {
      if (IOStatus status = files.LockFile(path, options, &lock.real, debug); !status.ok()) {
        locks_.erase(path);
        return status;
      }
    }
    ++lock.holders;
    *held = new Held(path);
    return IOStatus::OK();
  }

  IOStatus unlock(rocksdb::FileSystem& files, rocksdb::FileLock* held, const IOOptions& options,
                  IODebugContext* debug) {
    const std::unique_ptr<Held> mine(static_cast<Held*>(held));
    const std::lock_guard guard(mutex_);
    const auto at = locks_.find(mine->path);
    if (at == locks_.end() || --at->second.holders != 0) return IOStatus::OK();
    rocksdb::FileLock* const real = at->second.real;
    locks_.erase(at);
    return files.UnlockFile(real, options, debug);
  }

 private:
  struct Held final : rocksdb::FileLock {
    explicit Held(std::string p) : path(std::move(p)) {}
    const std::string path;
  };
  struct Lock {
    rocksdb::FileLock* real = nullptr;
    int holders = 0;
  };
  std::mutex mutex_;  // guards locks_
  std::map<std::string, Lock> locks_;
};

class GuardedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  GuardedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base,
                    std::shared_ptr<WriteGuard> guard)
      : FileSystemWrapper(base), guard_(std::move(guard)) {}

  const char* Name() const override { return "minuted.guarded"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             IODebugContext* debug) override {
    IOStatus status = target()->NewSequentialFile(path, options, file, debug);
    if (status.ok() && is_log(path)) *file = std::make_unique<LogFile>(guard_, std::move(*file));
    return status;
  }
  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = guarded(*guard_, "making", path, [&] {
      return target()->NewWritableFile(path, options, file, debug);
    });
    return wrap(path, std::move(status), file);
  }
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                              IODebugContext* debug) override {
    IOStatus status = guarded(*guard_, "opening", path, [&] {
      return target()->ReopenWritableFile(path, options, file, debug);
    });
    return wrap(path, std::move(status), file);
  }
  IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                             const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                             IODebugContext* debug) override {
    IOStatus status = guarded(*guard_, "opening", path, [&] {
      return target()->ReuseWritableFile(path, old_path, options, file, debug);
    });
    return wrap(path, std::move(status), file);
  }
  IOStatus NewRandomRWFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = guarded(*guard_, "opening", path, [&] {
      return target()->NewRandomRWFile(path, options, file, debug);
    });
    if (status.ok()) *file = std::make_unique<RandomRWFile>(guard_, path, std::move(*file));
    return status;
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        IODebugContext* debug) override {
    IOStatus status = target()->NewDirectory(path, options, directory, debug);
    if (status.ok()) {
      *directory = std::make_unique<Directory>(guard_, path, std::move(*directory));
    }
    return status;
  }
  // What cannot be removed stays a while; nothing rests on it.
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    if (!guard_->enter()) return closed_status();
    IOStatus status = target()->DeleteFile(path, options, debug);
    guard_->leave();
    return status;
  }
  IOStatus Truncate(const std::string& path, std::size_t size, const IOOptions& options,
                    IODebugContext* debug) override {
    return guarded(*guard_, "truncating", path,
                   [&] { return target()->Truncate(path, size, options, debug); });
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return guarded(*guard_, "renaming", from,
                   [&] { return target()->RenameFile(from, to, options, debug); });
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override {
    return guarded(*guard_, "linking", from,
                   [&] { return target()->LinkFile(from, to, options, debug); });
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& options,
                     IODebugContext* debug) override {
    return guarded(*guard_, "making the directory", path,
                   [&] { return target()->CreateDir(path, options, debug); });
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options,
                              IODebugContext* debug) override {
    return guarded(*guard_, "making the directory", path,
                   [&] { return target()->CreateDirIfMissing(path, options, debug); });
  }
  IOStatus LockFile(const std::string& path, const IOOptions& options, rocksdb::FileLock** lock,
                    IODebugContext* debug) override {
    return SharedLocks::instance().lock(*target(), path, options, lock, debug);
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions& options,
                      IODebugContext* debug) override {
    return SharedLocks::instance().unlock(*target(), lock, options, debug);
  }

 private:
  IOStatus wrap(const std::string& path, IOStatus status,
                std::unique_ptr<rocksdb::FSWritableFile>* file) {
    if (status.ok()) *file = std::make_unique<WritableFile>(guard_, path, std::move(*file));
    return status;
  }

  const std::shared_ptr<WriteGuard> guard_;
};

// Time and threads are the base's.
class GuardedEnv final : public rocksdb::EnvWrapper {
 public:
  GuardedEnv(rocksdb::Env* base, const std::shared_ptr<rocksdb::FileSystem>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)), base_(base) {
    file_system_ = files;  // the target would reach it through the older interface
  }
  void SleepForMicroseconds(int micros) override { base_->SleepForMicroseconds(micros); }

 private:
  rocksdb::Env* const base_;
};

rocksdb::Env* or_default(rocksdb::Env* env) {
  return env != nullptr ? env : rocksdb::Env::Default();
}

}  // namespace

bool WriteGuard::enter() {
  calls_.fetch_add(1);
  if (!closed_.load()) return true;
  calls_.fetch_sub(1);
  return false;
}

void WriteGuard::close(const Error& failure) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return;
    failure_ = failure;
    closed_.store(true);
  }
  if (on_failure_) on_failure_(failure);
}

std::optional<Error> WriteGuard::failure() const {
  if (!closed()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return failure_;
}

WriteScope::WriteScope() { ++write_scopes; }
WriteScope::~WriteScope() { --write_scopes; }

std::unique_ptr<rocksdb::Env> guarded_env(rocksdb::Env* base, std::shared_ptr<WriteGuard> guard) {
  base = or_default(base);
  auto files = std::make_shared<GuardedFileSystem>(base->GetFileSystem(), std::move(guard));
  return std::make_unique<GuardedEnv>(base, files);
}

Result<void> probe_directory(rocksdb::Env* env, const std::string& directory,
                             std::uint64_t bytes) {
  const auto& files = or_default(env)->GetFileSystem();
  const std::string path = directory + "/" + kProbeName;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = files->NewWritableFile(path, FileOptions(), &file, nullptr);
  if (status.ok()) {
    status = file->Append(std::string(kProbeBytes, 'x'), IOOptions(), nullptr);
    if (status.ok() && bytes > 0) {
      status = file->Allocate(0, bytes, IOOptions(), nullptr);
      if (status.subcode() != IOStatus::SubCode::kNoSpace) status = IOStatus::OK();
    }
    if (status.ok()) status = file->Sync(IOOptions(), nullptr);
    IOStatus closed = file->Close(IOOptions(), nullptr);
    if (status.ok()) status = std::move(closed);
    IOStatus removed = files->DeleteFile(path, IOOptions(), nullptr);
    if (status.ok()) status = std::move(removed);
  }
  if (status.ok()) return {};
  return error_of(status, "the data directory takes no writes");
}

std::uint64_t log_bytes_in(rocksdb::Env* env, const std::string& database) {
  const auto& files = or_default(env)->GetFileSystem();
  std::vector<std::string> names;
  if (!files->GetChildren(database, IOOptions(), &names, nullptr).ok()) return 0;
  std::uint64_t bytes = 0;
  for (const std::string& name : names) {
    std::uint64_t size = 0;
    if (is_log(name) && files->GetFileSize(database + "/" + name, IOOptions(), &size, nullptr).ok()) {
      bytes += size;
    }
  }
  return bytes;
}

}  // namespace minuted
