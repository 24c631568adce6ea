#include "store/raw_filter.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "schema/keys.hpp"

namespace minuted {
namespace {

class RawFilter final : public rocksdb::CompactionFilter {
 public:
  explicit RawFilter(std::uint64_t floor) { append_sequence(floor_key_, floor); }

  // All that is below the floor at once, without reading it. A key is written once, so no older value
  // can come to light; and no snapshot needs what a fold has counted, for readers use the RawTable.
  Decision FilterV2(int, const rocksdb::Slice& key, ValueType type, const rocksdb::Slice&, std::string*,
                    std::string* skip_until) const override {
    if (type != ValueType::kValue) return Decision::kKeep;
    if (std::string_view(key.data(), key.size()) >= floor_key_) return Decision::kKeep;
    *skip_until = floor_key_;
    return Decision::kRemoveAndSkipUntil;
  }

  const char* Name() const override { return "minuted.raw.1"; }

 private:
  std::string floor_key_;  // before all keys of the floor's commit
};

class RawFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit RawFilterFactory(std::shared_ptr<const RawFloors> floors) : floors_(std::move(floors)) {}

  // Not while the log is replayed, when no floor is known yet.
  bool ShouldFilterTableFileCreation(rocksdb::TableFileCreationReason reason) const override {
    return reason == rocksdb::TableFileCreationReason::kFlush ||
           reason == rocksdb::TableFileCreationReason::kCompaction;
  }

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override {
    const bool flush = context.reason == rocksdb::TableFileCreationReason::kFlush;
    return std::make_unique<RawFilter>(flush ? floors_->of_flush() : floors_->of_tables());
  }

  const char* Name() const override { return "minuted.raw.1"; }

 private:
  const std::shared_ptr<const RawFloors> floors_;
};

class FloorListener final : public rocksdb::EventListener {
 public:
  FloorListener(std::shared_ptr<RawFloors> floors, std::string meta_family)
      : floors_(std::move(floors)), meta_family_(std::move(meta_family)) {}

  // No write is under way when it is called.
  void OnMemTableSealed(const rocksdb::MemTableInfo& table) override {
    if (table.cf_name == meta_family_) floors_->sealed(table.first_seqno);
  }
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& job) override {
    if (job.cf_name == meta_family_) floors_->flushed(job.largest_seqno);
  }

 private:
  const std::shared_ptr<RawFloors> floors_;
  const std::string meta_family_;
};

}  // namespace

void RawFloors::opened(std::uint64_t floor) {
  const std::lock_guard lock(mutex_);
  written_ = in_tables_ = floor;
  sealed_.clear();
}

void RawFloors::written(std::uint64_t floor) {
  const std::lock_guard lock(mutex_);
  written_ = std::max(written_, floor);
}

void RawFloors::sealed(std::uint64_t first_sequence) {
  const std::lock_guard lock(mutex_);
  sealed_.push_back({first_sequence, written_});
}

void RawFloors::flushed(std::uint64_t last_sequence) {
  const std::lock_guard lock(mutex_);
  while (!sealed_.empty() && sealed_.front().first_sequence <= last_sequence) {
    in_tables_ = sealed_.front().floor;
    sealed_.pop_front();
  }
}

std::uint64_t RawFloors::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

std::uint64_t RawFloors::of_flush() const {
  const std::lock_guard lock(mutex_);
  return sealed_.empty() ? in_tables_ : sealed_.front().floor;
}

std::uint64_t RawFloors::of_tables() const {
  const std::lock_guard lock(mutex_);
  return in_tables_;
}

std::shared_ptr<rocksdb::CompactionFilterFactory> make_raw_filter(
    std::shared_ptr<const RawFloors> floors) {
  return std::make_shared<RawFilterFactory>(std::move(floors));
}

std::shared_ptr<rocksdb::EventListener> make_floor_listener(std::shared_ptr<RawFloors> floors,
                                                            std::string meta_family) {
  return std::make_shared<FloorListener>(std::move(floors), std::move(meta_family));
}

}  // namespace minuted
