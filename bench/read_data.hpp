// The read benchmark's data, made by the same library as minuted-fill's, compacted, so that what
// they take at rest is known; and what this machine does at best with each part of a read of them:
//
//   json      rows to JSON text, the rows at hand
//   steps     steps of a RocksDB iterator over small values, all in its cache
//   page      rows decoded from sealed pages at hand, all columns; page_sums: those a read needs
//   cursor    rows handed out by the engine for a bucket's day each: no JSON, no HTTP
//
// All on one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fill/fleet.hpp"
#include "minuted/result.hpp"

namespace minuted::bench {

// One family's keys and values before RocksDB packs them.
struct FamilyAtRest {
  std::string name;
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
};

struct AtRest {
  std::uint64_t rows = 0;
  std::uint64_t table_bytes = 0;       // RocksDB's tables: all tiers, all families
  std::uint64_t bytes = 0;             // the whole directory
  double fill_rows_per_second = 0;     // 0: it was there already
  std::vector<FamilyAtRest> families;  // that have any
};

struct ReadCeilings {
  double json_rows_per_second = 0;
  double json_bytes_per_second = 0;
  double steps_per_second = 0;
  double page_rows_per_second = 0;
  double page_sums_rows_per_second = 0;
  double cursor_rows_per_second = 0;
};

struct ReadData {
  AtRest at_rest;
  ReadCeilings ceilings;
};

// Makes the fleet's data in `directory`, or takes those of the same fleet that it made there
// before, and measures the ceilings if asked. kInvalidArgument if something else lies there.
Result<ReadData> make_read_data(const std::string& directory, const fill::FleetOptions& fleet,
                                bool ceilings);
// Of RocksDB's tables below a directory.
std::uint64_t table_bytes_below(const std::string& directory);
// Where the store is then.
std::string store_in(const std::string& directory);

}  // namespace minuted::bench
