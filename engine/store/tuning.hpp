// How RocksDB is set up: options of the database and of each family, each with its reason, and the
// parts of ours that it calls: merge operators, the filter of expired records.
// For store.cpp alone. RocksDB calls the parts from any thread.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <memory>
#include <optional>
#include <string_view>

#include "store/store.hpp"

namespace minuted {

inline rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view view_of(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

// Drops records of keys and ids past their window. It may ignore snapshots, since a lookup judges the
// age itself: a record it drops is one no lookup would have honoured.
class ExpiredRecords final : public rocksdb::CompactionFilter {
 public:
  using TimeOf = std::optional<Millis> (*)(std::string_view record);
  ExpiredRecords(const Clock& clock, std::int64_t window_ms, TimeOf time_of)
      : clock_(clock), window_ms_(window_ms), time_of_(time_of) {}
  bool Filter(int, const rocksdb::Slice&, const rocksdb::Slice& value, std::string*,
              bool*) const override {
    const auto committed = time_of_(view_of(value));
    return committed && committed->value + window_ms_ < clock_.now().value;
  }
  const char* Name() const override { return "minuted.idempotency.1"; }

 private:
  const Clock& clock_;
  std::int64_t window_ms_;
  TimeOf time_of_;
};

rocksdb::DBOptions db_options(const StoreOptions& options);

// `expired` is borrowed, and null where nothing expires. `read_only`: nothing will be written.
rocksdb::ColumnFamilyOptions family_options(const FamilyInfo& info, const StoreOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            const ExpiredRecords* expired, bool read_only);

}  // namespace minuted
