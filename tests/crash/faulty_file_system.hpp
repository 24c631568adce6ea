// A file system under RocksDB that numbers its calls, fails or cuts the power at the one it is
// told, holds its writes up while it is told to, and tells a DiskModel what was changed and what was synced. Real files hold the data
// meanwhile, so that all reads are real; nothing is really synced, for the model is the disk. Safe
// from any thread.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <compare>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "crash/disk_model.hpp"

namespace minuted::test {

enum class Call : std::uint8_t {
  kRead,       // a file's bytes, a size, a listing; opening to read
  kMakeEntry,  // a file made or opened to write, a directory made, a link
  kRename,
  kRemove,
  kWrite,
  kTruncate,
  kSync,           // a file
  kSyncDirectory,  // its names
};

// A call that was made. `on_log`: on a log or the watermark, upon which acknowledgements rest.
struct MadeCall {
  Call call;
  bool on_log;
  friend auto operator<=>(const MadeCall&, const MadeCall&) = default;
};

enum class Fault : std::uint8_t {
  kPowerCut,    // this call and every later one fail; this one may have reached the disk
  kIoError,     // EIO
  kNoSpace,     // ENOSPC, of what needs space
  kShortWrite,  // half of the bytes, then ENOSPC
  kSyncFails,   // EIO, of syncs only
  kReadOnly,    // EROFS, of all that changes something, as after a file system met an error
};
const char* to_string(Fault fault);

// Whether `fault` can happen to `call`.
bool applies(Fault fault, Call call);

struct FaultPlan {
  std::uint64_t at = 0;  // number of the call that fails, from 1; 0 = none
  Fault fault = Fault::kPowerCut;
  bool for_good = false;     // so does every later call that the fault applies to
  bool counts_reads = true;  // or number only the calls that change something
};

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  // `root` is where the store is or will be; all in it is durable now.
  FaultyFileSystem(const std::string& root, const FaultPlan& plan);

  const char* Name() const override { return "minuted.test.faulty"; }

  // The numbered calls so far, in order.
  std::vector<MadeCall> calls() const;
  // Whether the planned call was reached.
  bool hit() const;
  // How many syncs of logs and of the watermark were made to fail.
  std::uint64_t failed_log_syncs() const;

  // From now on every call that `fault` applies to fails.
  void break_down(Fault fault);
  // From now on no call fails, whatever was planned or has happened.
  void repair();

  // Writes and syncs wait, from now until resume(); reads go on.
  void stall();
  void resume();

  const DiskModel& disk() const { return disk_; }

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& path, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options,
                                std::uint64_t* size, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Truncate(const std::string& path, std::size_t size,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;

  // For the files below.

  // Counts the call and decides: does it fail, and with what effect all the same?
  struct Verdict {
    rocksdb::IOStatus status;  // not ok: return it
    bool under_way = false;    // the power went during the call: the disk may have seen it
    bool half = false;         // a write: half of it is done
  };
  Verdict enter(Call call, const std::string& path);

  // One change: counted, done, and told to the model.
  template <class Real, class Modelled>
  rocksdb::IOStatus change(Call call, const std::string& path, Real real, Modelled modelled) {
    const Verdict verdict = enter(call, path);
    if (verdict.under_way) modelled();
    if (!verdict.status.ok()) return verdict.status;
    rocksdb::IOStatus status = real();
    if (status.ok()) modelled();
    return status;
  }
  // `real` and `modelled` take the bytes to write, which may be half of `data`.
  template <class Real, class Modelled>
  rocksdb::IOStatus write(const std::string& path, const rocksdb::Slice& data, Real real,
                          Modelled modelled) {
    const Verdict verdict = enter(Call::kWrite, path);
    const rocksdb::Slice bytes(data.data(), verdict.half ? data.size() / 2 : data.size());
    if (verdict.under_way) modelled(bytes);
    if (!verdict.status.ok() && !verdict.half) return verdict.status;
    rocksdb::IOStatus status = real(bytes);
    if (status.ok()) modelled(bytes);
    return status.ok() ? verdict.status : status;
  }
  rocksdb::IOStatus sync(const std::string& path, DiskModel::Node& node);
  DiskModel& disk() { return disk_; }

 private:
  using OpenWritable = std::function<rocksdb::IOStatus(std::unique_ptr<rocksdb::FSWritableFile>*)>;
  rocksdb::IOStatus open_writable(const std::string& path, bool emptied, const OpenWritable& open,
                                  std::unique_ptr<rocksdb::FSWritableFile>* file);
  rocksdb::IOStatus make_directory(const std::string& path,
                                   const std::function<rocksdb::IOStatus()>& real);
  bool counts(Call call) const;

  DiskModel disk_;
  const FaultPlan plan_;
  mutable std::mutex mutex_;  // guards everything below
  std::vector<MadeCall> calls_;
  bool hit_ = false;
  std::uint64_t failed_log_syncs_ = 0;
  bool stalled_ = false;
  std::optional<Fault> broken_;
  bool repaired_ = false;
  std::condition_variable resumed_;
};

// A FaultyFileSystem and the Env that RocksDB takes. Must outlive the engine over it.
struct FaultyDisk {
  FaultyDisk(const std::string& root, const FaultPlan& plan);

  std::shared_ptr<FaultyFileSystem> files;  // shared with `env`
  std::unique_ptr<rocksdb::Env> env;
};

}  // namespace minuted::test
