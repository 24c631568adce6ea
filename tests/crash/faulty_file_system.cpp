#include "crash/faulty_file_system.hpp"

#include <algorithm>
#include <filesystem>

namespace minuted::test {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

bool is_log(const std::string& path) {
  return path.ends_with(".log") || file_name(path) == "acknowledged";
}

class SequentialFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialFile(FaultyFileSystem& files, std::string path,
                 std::unique_ptr<rocksdb::FSSequentialFile> target)
      : FSSequentialFileOwnerWrapper(std::move(target)), files_(files), path_(std::move(path)) {}

  IOStatus Read(std::size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    IOStatus status = files_.enter(Call::kRead, path_).status;
    return status.ok() ? target()->Read(n, options, result, scratch, debug) : status;
  }

 private:
  FaultyFileSystem& files_;
  const std::string path_;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomAccessFile(FaultyFileSystem& files, std::string path,
                   std::unique_ptr<rocksdb::FSRandomAccessFile> target)
      : FSRandomAccessFileOwnerWrapper(std::move(target)), files_(files), path_(std::move(path)) {}

  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* debug) const override {
    IOStatus status = files_.enter(Call::kRead, path_).status;
    return status.ok() ? target()->Read(offset, n, options, result, scratch, debug) : status;
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    IOStatus status = files_.enter(Call::kRead, path_).status;
    return status.ok() ? target()->MultiRead(requests, count, options, debug) : status;
  }

 private:
  FaultyFileSystem& files_;
  const std::string path_;
};

class WritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(FaultyFileSystem& files, std::string path, DiskModel::NodePtr node,
               std::unique_ptr<rocksdb::FSWritableFile> target)
      : FSWritableFileOwnerWrapper(std::move(target)),
        files_(files),
        path_(std::move(path)),
        node_(std::move(node)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return files_.write(
        path_, data, [&](const Slice& bytes) { return target()->Append(bytes, options, debug); },
        [&](const Slice& bytes) { files_.disk().append(*node_, bytes.ToStringView()); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return files_.write(
        path_, data,
        [&](const Slice& bytes) {
          return target()->PositionedAppend(bytes, offset, options, debug);
        },
        [&](const Slice& bytes) { files_.disk().write(*node_, offset, bytes.ToStringView()); });
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            const rocksdb::DataVerificationInfo&, IODebugContext* debug) override {
    return PositionedAppend(data, offset, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return files_.change(
        Call::kTruncate, path_, [&] { return target()->Truncate(size, options, debug); },
        [&] { files_.disk().truncate(*node_, size); });
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return files_.sync(path_, *node_); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return files_.sync(path_, *node_); }
  // Starts writing back but promises nothing.
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  // Preallocation happens below this wrapper, out of its sight: leave it out.
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}
  IOStatus Allocate(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  FaultyFileSystem& files_;
  const std::string path_;
  const DiskModel::NodePtr node_;
};

class RandomRWFile final : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  RandomRWFile(FaultyFileSystem& files, std::string path, DiskModel::NodePtr node,
               std::unique_ptr<rocksdb::FSRandomRWFile> target)
      : FSRandomRWFileOwnerWrapper(std::move(target)),
        files_(files),
        path_(std::move(path)),
        node_(std::move(node)) {}

  IOStatus Write(std::uint64_t offset, const Slice& data, const IOOptions& options,
                 IODebugContext* debug) override {
    return files_.write(
        path_, data,
        [&](const Slice& bytes) { return target()->Write(offset, bytes, options, debug); },
        [&](const Slice& bytes) { files_.disk().write(*node_, offset, bytes.ToStringView()); });
  }
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* debug) const override {
    IOStatus status = files_.enter(Call::kRead, path_).status;
    return status.ok() ? target()->Read(offset, n, options, result, scratch, debug) : status;
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return files_.sync(path_, *node_); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return files_.sync(path_, *node_); }

 private:
  FaultyFileSystem& files_;
  const std::string path_;
  const DiskModel::NodePtr node_;
};

class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(FaultyFileSystem& files, std::string path, std::unique_ptr<rocksdb::FSDirectory> target)
      : FSDirectoryWrapper(std::move(target)), files_(files), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return sync(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*,
                               const rocksdb::DirFsyncOptions&) override {
    return sync();
  }

 private:
  IOStatus sync() {
    IOStatus status = files_.enter(Call::kSyncDirectory, path_).status;
    if (status.ok()) files_.disk().sync_directory(path_);
    return status;
  }

  FaultyFileSystem& files_;
  const std::string path_;
};

// RocksDB sleeps for a second after each failure in the background, lest it spin: far too long
// here.
class ImpatientEnv final : public rocksdb::EnvWrapper {
 public:
  explicit ImpatientEnv(const std::shared_ptr<FaultyFileSystem>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;  // the base would reach it through the older interface
  }
  void SleepForMicroseconds(int micros) override {
    target()->SleepForMicroseconds(std::min(micros, kSleepMicrosMax));
  }

 private:
  static constexpr int kSleepMicrosMax = 1'000;
};

// Opens for reading `*file` with `open`, then wraps it as a Wrapped.
template <class Wrapped, class File, class Open>
IOStatus open_wrapped(FaultyFileSystem& files, const std::string& path, Open open,
                      std::unique_ptr<File>* file) {
  IOStatus status = files.enter(Call::kRead, path).status;
  if (status.ok()) status = open();
  if (status.ok()) *file = std::make_unique<Wrapped>(files, path, std::move(*file));
  return status;
}

}  // namespace

const char* to_string(Fault fault) {
  switch (fault) {
    case Fault::kPowerCut:
      return "power cut";
    case Fault::kIoError:
      return "EIO";
    case Fault::kNoSpace:
      return "ENOSPC";
    case Fault::kShortWrite:
      return "short write";
    case Fault::kSyncFails:
      return "failed sync";
    case Fault::kReadOnly:
      return "EROFS";
  }
  return "?";
}

bool applies(Fault fault, Call call) {
  const bool is_sync = call == Call::kSync || call == Call::kSyncDirectory;
  switch (fault) {
    case Fault::kPowerCut:
    case Fault::kIoError:
      return true;
    case Fault::kNoSpace:
      return call == Call::kWrite || call == Call::kMakeEntry || call == Call::kRename;
    case Fault::kShortWrite:
      return call == Call::kWrite;
    case Fault::kSyncFails:
      return is_sync;
    case Fault::kReadOnly:
      return call != Call::kRead;
  }
  return false;
}

FaultyDisk::FaultyDisk(const std::string& root, const FaultPlan& plan)
    : files(std::make_shared<FaultyFileSystem>(root, plan)),
      env(std::make_unique<ImpatientEnv>(files)) {}

FaultyFileSystem::FaultyFileSystem(const std::string& root, const FaultPlan& plan)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(root), plan_(plan) {}

std::vector<MadeCall> FaultyFileSystem::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

bool FaultyFileSystem::hit() const {
  const std::lock_guard lock(mutex_);
  return hit_;
}

std::uint64_t FaultyFileSystem::failed_log_syncs() const {
  const std::lock_guard lock(mutex_);
  return failed_log_syncs_;
}

void FaultyFileSystem::break_down(Fault fault) {
  const std::lock_guard lock(mutex_);
  broken_ = fault;
}

void FaultyFileSystem::repair() {
  const std::lock_guard lock(mutex_);
  broken_.reset();
  repaired_ = true;
}

void FaultyFileSystem::stall() {
  const std::lock_guard lock(mutex_);
  stalled_ = true;
}

void FaultyFileSystem::resume() {
  {
    const std::lock_guard lock(mutex_);
    stalled_ = false;
  }
  resumed_.notify_all();
}

bool FaultyFileSystem::counts(Call call) const { return plan_.counts_reads || call != Call::kRead; }

FaultyFileSystem::Verdict FaultyFileSystem::enter(Call call, const std::string& path) {
  std::unique_lock lock(mutex_);
  if (!DiskModel::is_modelled(path)) return {};
  if (call != Call::kRead) resumed_.wait(lock, [this] { return !stalled_; });
  const bool cut = plan_.at != 0 && plan_.fault == Fault::kPowerCut;
  if (hit_ && cut) return {IOStatus::IOError("the power is off", path)};
  if (!counts(call)) return {};
  calls_.push_back({call, is_log(path)});
  const bool now = plan_.at != 0 && calls_.size() == plan_.at;
  const bool planned = !repaired_ && (now || (hit_ && plan_.for_good));
  const Fault fault = broken_.value_or(plan_.fault);
  if (!planned && !broken_) return {};
  if (!applies(fault, call)) return {};
  hit_ = true;
  if (cut) return {IOStatus::IOError("the power goes", path), true};
  const bool syncs = call == Call::kSync || call == Call::kSyncDirectory;
  if (syncs && is_log(path)) ++failed_log_syncs_;
  if (fault == Fault::kNoSpace) return {IOStatus::NoSpace("planned ENOSPC", path)};
  if (fault == Fault::kShortWrite) {
    return {IOStatus::NoSpace("planned short write", path), false, true};
  }
  return {IOStatus::IOError(fault == Fault::kReadOnly ? "planned EROFS" : "planned EIO", path)};
}

IOStatus FaultyFileSystem::sync(const std::string& path, DiskModel::Node& node) {
  const Verdict verdict = enter(Call::kSync, path);
  if (verdict.status.ok()) {
    disk_.sync(node);
  } else if (!verdict.under_way) {
    disk_.fail_sync(node);
  }
  return verdict.status;
}

IOStatus FaultyFileSystem::NewSequentialFile(const std::string& path, const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                             IODebugContext* debug) {
  return open_wrapped<SequentialFile>(
      *this, path, [&] { return target()->NewSequentialFile(path, options, file, debug); }, file);
}

IOStatus FaultyFileSystem::NewRandomAccessFile(const std::string& path, const FileOptions& options,
                                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                               IODebugContext* debug) {
  return open_wrapped<RandomAccessFile>(
      *this, path, [&] { return target()->NewRandomAccessFile(path, options, file, debug); }, file);
}

IOStatus FaultyFileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                                        IODebugContext* debug) {
  return open_wrapped<Directory>(
      *this, path, [&] { return target()->NewDirectory(path, options, directory, debug); },
      directory);
}

IOStatus FaultyFileSystem::open_writable(const std::string& path, bool emptied,
                                         const OpenWritable& open,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file) {
  DiskModel::NodePtr node;
  std::unique_ptr<rocksdb::FSWritableFile> opened;
  IOStatus status = change(
      Call::kMakeEntry, path, [&] { return open(&opened); },
      [&] { node = disk_.open(path, emptied); });
  if (status.ok()) {
    *file = std::make_unique<WritableFile>(*this, path, std::move(node), std::move(opened));
  }
  return status;
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           IODebugContext* debug) {
  return open_writable(
      path, true, [&](auto* out) { return target()->NewWritableFile(path, options, out, debug); },
      file);
}

IOStatus FaultyFileSystem::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                                              IODebugContext* debug) {
  return open_writable(
      path, false,
      [&](auto* out) { return target()->ReopenWritableFile(path, options, out, debug); }, file);
}

// Recycled logs: off in our store, for their tails look like data.
IOStatus FaultyFileSystem::ReuseWritableFile(const std::string& path, const std::string&,
                                             const FileOptions&,
                                             std::unique_ptr<rocksdb::FSWritableFile>*,
                                             IODebugContext*) {
  return IOStatus::NotSupported("the disk model knows no recycled files", path);
}

IOStatus FaultyFileSystem::NewRandomRWFile(const std::string& path, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                           IODebugContext* debug) {
  DiskModel::NodePtr node;
  std::unique_ptr<rocksdb::FSRandomRWFile> opened;
  IOStatus status = change(
      Call::kMakeEntry, path,
      [&] { return target()->NewRandomRWFile(path, options, &opened, debug); },
      [&] { node = disk_.open(path, false); });
  if (status.ok()) {
    *file = std::make_unique<RandomRWFile>(*this, path, std::move(node), std::move(opened));
  }
  return status;
}

IOStatus FaultyFileSystem::FileExists(const std::string& path, const IOOptions& options,
                                      IODebugContext* debug) {
  IOStatus status = enter(Call::kRead, path).status;
  return status.ok() ? target()->FileExists(path, options, debug) : status;
}

IOStatus FaultyFileSystem::GetChildren(const std::string& path, const IOOptions& options,
                                       std::vector<std::string>* names, IODebugContext* debug) {
  IOStatus status = enter(Call::kRead, path).status;
  return status.ok() ? target()->GetChildren(path, options, names, debug) : status;
}

IOStatus FaultyFileSystem::GetFileSize(const std::string& path, const IOOptions& options,
                                       std::uint64_t* size, IODebugContext* debug) {
  IOStatus status = enter(Call::kRead, path).status;
  return status.ok() ? target()->GetFileSize(path, options, size, debug) : status;
}

IOStatus FaultyFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                      IODebugContext* debug) {
  return change(
      Call::kRemove, path, [&] { return target()->DeleteFile(path, options, debug); },
      [&] { disk_.remove(path); });
}

IOStatus FaultyFileSystem::DeleteDir(const std::string& path, const IOOptions& options,
                                     IODebugContext* debug) {
  return change(
      Call::kRemove, path, [&] { return target()->DeleteDir(path, options, debug); },
      [&] { disk_.remove(path); });
}

IOStatus FaultyFileSystem::make_directory(const std::string& path,
                                          const std::function<IOStatus()>& real) {
  return change(Call::kMakeEntry, path, real, [&] { disk_.make_directory(path); });
}

IOStatus FaultyFileSystem::CreateDir(const std::string& path, const IOOptions& options,
                                     IODebugContext* debug) {
  return make_directory(path, [&] { return target()->CreateDir(path, options, debug); });
}

IOStatus FaultyFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                              IODebugContext* debug) {
  return make_directory(path, [&] { return target()->CreateDirIfMissing(path, options, debug); });
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                      const IOOptions& options, IODebugContext* debug) {
  return change(
      Call::kRename, to, [&] { return target()->RenameFile(from, to, options, debug); },
      [&] { disk_.rename(from, to); });
}

IOStatus FaultyFileSystem::LinkFile(const std::string& from, const std::string& to,
                                    const IOOptions& options, IODebugContext* debug) {
  return change(
      Call::kMakeEntry, to, [&] { return target()->LinkFile(from, to, options, debug); },
      [&] { disk_.link(from, to); });
}

IOStatus FaultyFileSystem::Truncate(const std::string& path, std::size_t size,
                                    const IOOptions& options, IODebugContext* debug) {
  return change(
      Call::kTruncate, path, [&] { return target()->Truncate(path, size, options, debug); },
      [&] { disk_.truncate(*disk_.open(path, false), size); });
}

}  // namespace minuted::test
