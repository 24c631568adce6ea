// Which commits a table of the raw family is about: the property that lets the next start pass by the
// tables whose events are all folded. They hold little but deletions by then, millions after hours of
// ingest, each of which an iterator would step over. RocksDB calls it from any thread.
#pragma once

#include <rocksdb/table_properties.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace minuted {

// For the raw family: notes the newest generation that a table has a key of, deletions included.
std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> raw_generations_noted();

// For a read of the raw family: false of a table whose generations are all older than the one whose
// keys end with `first_commit`. What such a table deletes is older, too.
std::function<bool(const rocksdb::TableProperties&)> has_generations_from(
    std::uint64_t first_commit);

}  // namespace minuted
