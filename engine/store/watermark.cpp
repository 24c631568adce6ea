#include "store/watermark.hpp"

#include <rocksdb/env.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec/bytes.hpp"

namespace minuted {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kSlots = 2;
constexpr std::size_t kSlotStride = 4096;  // no two slots in one disk block
constexpr std::size_t kSlotBytes = 24;

Error io_error(const rocksdb::Status& status) {
  return {ErrorCode::kIoError, "the file of the last acknowledged commit: " + status.ToString()};
}

std::string encode_slot(std::uint64_t sequence) {
  std::string slot;
  put_fixed64(slot, kVersion);
  put_fixed64(slot, sequence);
  put_fixed64(slot, XXH3_64bits(slot.data(), slot.size()));
  return slot;
}

rocksdb::Status make_file(rocksdb::Env& env, const std::string& directory,
                          const std::string& path) {
  const std::string empty(kSlots * kSlotStride, '\0');
  auto status = rocksdb::WriteStringToFile(&env, empty, path, /*should_sync=*/true);
  if (!status.ok()) return status;
  std::unique_ptr<rocksdb::Directory> entry;
  status = env.NewDirectory(directory, &entry);
  return status.ok() ? entry->Fsync() : status;
}

}  // namespace

Watermark::Watermark(std::unique_ptr<rocksdb::RandomRWFile> file) : file_(std::move(file)) {}
Watermark::~Watermark() = default;

Result<std::unique_ptr<Watermark>> Watermark::open(rocksdb::Env& env,
                                                   const std::string& directory) {
  const std::string path = directory + "/acknowledged";
  rocksdb::Status status = env.FileExists(path);
  if (status.IsNotFound()) status = make_file(env, directory, path);
  if (!status.ok()) return io_error(status);
  std::unique_ptr<rocksdb::RandomRWFile> file;
  status = env.NewRandomRWFile(path, &file, rocksdb::EnvOptions());
  if (!status.ok()) return io_error(status);
  std::unique_ptr<Watermark> watermark(new Watermark(std::move(file)));
  if (auto read = watermark->read(); !read) return read.error();
  return watermark;
}

// The newer of the slots that are whole. One torn slot is a crash's doing; the other then counts.
Result<void> Watermark::read() {
  for (std::size_t i = 0; i < kSlots; ++i) {
    char bytes[kSlotBytes];
    rocksdb::Slice slot;
    const auto status = file_->Read(i * kSlotStride, kSlotBytes, &slot, bytes);
    if (!status.ok()) return io_error(status);
    ByteReader in({slot.data(), slot.size()});
    const std::uint64_t version = in.fixed64();
    const std::uint64_t sequence = in.fixed64();
    const std::uint64_t sum = in.fixed64();
    if (!in.done() || sum != XXH3_64bits(slot.data(), kSlotBytes - sizeof sum)) continue;
    if (version != kVersion) {
      return Error{ErrorCode::kUnsupportedFormat, "the file of the last acknowledged commit is of "
                                                  "version " + std::to_string(version)};
    }
    if (sequence < sequence_) continue;
    sequence_ = sequence;
    next_slot_ = (i + 1) % kSlots;
  }
  return {};
}

Result<void> Watermark::advance(std::uint64_t sequence) {
  auto status = file_->Write(next_slot_ * kSlotStride, encode_slot(sequence));
  if (status.ok()) status = file_->Sync();
  if (!status.ok()) return io_error(status);
  next_slot_ = (next_slot_ + 1) % kSlots;
  sequence_ = sequence;
  return {};
}

}  // namespace minuted
