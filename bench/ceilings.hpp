// What this machine does at best with each part of an event's way, in the same run as the daemon's
// rows, so that a row can be read as a share of it and two machines can be compared:
//
//   extract   simdjson takes the fields out of the bodies, on one core
//   group     the same, and sums by (repo, bucket, minute) in a hash table
//   loopback  the bodies through a TCP connection to ourselves, a byte back for each
//   sync      a batch a synced append
//   keys      a key a group, written to RocksDB in sorted batches that are not synced
//
// The daemon does all of it and more: decoding checks everything, chunks are encoded, minutes are
// folded. One thread, `loopback` two.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "figures.hpp"
#include "load/bodies.hpp"
#include "minuted/result.hpp"

namespace minuted::bench {

// Independent of the batches.
struct DiskCeilings {
  double sync_p50_ms = 0;  // of an append of 16 KiB
  double us_per_key = 0;
};
// Below `directory`, in a place that is removed afterwards.
Result<DiskCeilings> measure_disk(const std::string& directory);

struct Ceilings {
  std::uint64_t batch_events = 0;
  double keys_per_event = 0;  // groups a batch has, an event
  // Events a second:
  double extract = 0;
  double group = 0;
  double loopback = 0;
  double sync = 0;
  double keys = 0;
};
// kInvalidArgument if the bodies do not fit into the memory ceilings may take, kIoError if a socket
// fails.
Result<Ceilings> measure_ceilings(std::uint64_t batch_events, const DiskCeilings& disk);

void print_ceilings(const Ceilings& ceilings, const DiskCeilings& disk, Table& table);

// Its parts, a file each.
Result<double> loopback_events_per_second(const std::vector<load::Body>& bodies);
struct Extraction {
  double extract = 0;  // events a second
  double group = 0;
  double keys_per_event = 0;
};
Result<Extraction> measure_extraction(const std::vector<load::Body>& bodies);

}  // namespace minuted::bench
