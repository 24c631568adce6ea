// Reading and writing the records of schema/meta_records.hpp in the meta family. `From` is a Store
// or a View. Safe from any thread, as what they are given is.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "minuted/result.hpp"
#include "schema/meta_records.hpp"
#include "store/store.hpp"

namespace minuted {

template <class Record>
void put_meta(const Record& record, WriteSet& set) {
  set.put(Family::kMeta, Record::kKey, record.encode());
}

template <class Record>
void remove_meta(WriteSet& set) {
  set.remove(Family::kMeta, Record::kKey);
}

// The record of what was read under its key; nullopt if there is none. kCorruption, and the error
// of the read.
template <class Record>
Result<std::optional<Record>> decode_meta(const Result<std::optional<std::string>>& stored) {
  if (!stored) return stored.error();
  if (!stored->has_value()) return std::optional<Record>();
  auto record = Record::decode(**stored);
  if (record) return record;
  return Error{ErrorCode::kCorruption, std::string(Record::kMeaning) + " cannot be read; it has " +
                                           std::to_string((*stored)->size()) + " bytes"};
}

// kCorruption, kIoError.
template <class Record, class From>
Result<std::optional<Record>> read_meta(const From& from) {
  return decode_meta<Record>(from.get(Family::kMeta, Record::kKey));
}

}  // namespace minuted
