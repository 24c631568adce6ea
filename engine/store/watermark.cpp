#include "store/watermark.hpp"

#include <rocksdb/env.h>

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec/bytes.hpp"

namespace minuted {
namespace {

constexpr std::uint64_t kVersion = 2;
constexpr std::size_t kSlots = 2;
constexpr std::size_t kSlotStride = 4096;  // no two slots in one disk block
constexpr std::size_t kSlotBytes = 56;
constexpr std::size_t kFileBytes = kSlots * kSlotStride;

Error io_error(const rocksdb::Status& status) {
  return {ErrorCode::kIoError, "the file of the last acknowledged commit: " + status.ToString()};
}

std::string path_in(const std::string& directory) { return directory + "/acknowledged"; }

std::string encode_slot(std::uint64_t number, const Mark& mark) {
  std::string slot;
  put_fixed64(slot, kVersion);
  put_fixed64(slot, number);
  put_fixed64(slot, mark.commit);
  put_fixed64(slot, mark.synced);
  put_fixed64(slot, mark.manifest);
  put_fixed64(slot, mark.manifest_bytes);
  put_fixed64(slot, XXH3_64bits(slot.data(), slot.size()));
  return slot;
}

}  // namespace

Watermark::Watermark(std::unique_ptr<rocksdb::RandomRWFile> file) : file_(std::move(file)) {}
Watermark::~Watermark() = default;

Result<bool> Watermark::exists(rocksdb::Env& env, const std::string& directory) {
  const auto status = env.FileExists(path_in(directory));
  if (status.IsNotFound()) return false;
  if (!status.ok()) return io_error(status);
  return true;
}

Result<void> Watermark::create(rocksdb::Env& env, const std::string& directory, const Mark& mark) {
  std::string text(kFileBytes, '\0');
  const std::string slot = encode_slot(1, mark);
  text.replace(0, slot.size(), slot);
  const std::string unfinished = path_in(directory) + ".new";
  auto status = rocksdb::WriteStringToFile(&env, text, unfinished, /*should_sync=*/true);
  if (status.ok()) status = env.RenameFile(unfinished, path_in(directory));
  std::unique_ptr<rocksdb::Directory> entry;
  if (status.ok()) status = env.NewDirectory(directory, &entry);
  if (status.ok()) status = entry->Fsync();
  if (!status.ok()) return io_error(status);
  return {};
}

Result<std::unique_ptr<Watermark>> Watermark::open(rocksdb::Env& env,
                                                   const std::string& directory) {
  std::unique_ptr<rocksdb::RandomRWFile> file;
  const auto status = env.NewRandomRWFile(path_in(directory), &file, rocksdb::EnvOptions());
  if (!status.ok()) return io_error(status);
  std::unique_ptr<Watermark> watermark(new Watermark(std::move(file)));
  std::string bytes(kFileBytes, '\0');
  rocksdb::Slice read;
  if (const auto done = watermark->file_->Read(0, bytes.size(), &read, bytes.data()); !done.ok()) {
    return io_error(done);
  }
  if (auto taken = watermark->read({read.data(), read.size()}); !taken) return taken.error();
  return watermark;
}

Result<Mark> Watermark::look(rocksdb::Env& env, const std::string& directory) {
  std::string bytes;
  const auto status = rocksdb::ReadFileToString(&env, path_in(directory), &bytes);
  if (!status.ok()) return io_error(status);
  Watermark watermark(nullptr);
  if (auto taken = watermark.read(bytes); !taken) return taken.error();
  return watermark.mark();
}

// The newer of the slots that are whole. A crash tears one at most; the other then counts.
Result<void> Watermark::read(std::string_view bytes) {
  bool found = false;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::string_view slot =
        bytes.substr(std::min(i * kSlotStride, bytes.size()), kSlotBytes);
    ByteReader in(slot);
    const std::uint64_t version = in.fixed64();
    const std::uint64_t number = in.fixed64();
    Mark mark;
    mark.commit = in.fixed64();
    mark.synced = in.fixed64();
    mark.manifest = in.fixed64();
    mark.manifest_bytes = in.fixed64();
    const std::uint64_t sum = in.fixed64();
    if (!in.done() || sum != XXH3_64bits(slot.data(), kSlotBytes - sizeof sum)) continue;
    if (version != kVersion) {
      return Error{ErrorCode::kUnsupportedFormat, "the file of the last acknowledged commit is of "
                                                  "version " + std::to_string(version)};
    }
    if (found && number < written_) continue;
    found = true;
    written_ = number;
    mark_ = mark;
    next_slot_ = (i + 1) % kSlots;
  }
  if (found) return {};
  return Error{ErrorCode::kCorruption,
               "the file `acknowledged` in the data directory holds no whole record of the last "
               "acknowledged commit; restore it from a copy"};
}

Result<void> Watermark::write(const Mark& mark) {
  auto status = file_->Write(next_slot_ * kSlotStride, encode_slot(written_ + 1, mark));
  if (status.ok()) status = file_->Sync();
  if (!status.ok()) return io_error(status);
  ++written_;
  next_slot_ = (next_slot_ + 1) % kSlots;
  mark_ = mark;
  return {};
}

}  // namespace minuted
