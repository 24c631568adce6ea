// Reads RocksDB's write-ahead logs before RocksDB does, without changing anything, to tell a log that
// simply ends (a crash cut off its last, unsynced records) from one that has lost records which were
// synced. RocksDB cannot tell these apart: it recovers what stands before the first damage, writes that
// out as tables, and deletes the log with everything behind the damage.
//
// Evidence: every write of ours begins with a note (WriteSet): the newest sequence number that was synced
// before it, and the number of the first log of the opening that it belongs to. A whole record behind a
// damage whose note covers the damaged range proves that the range was on disk once. Unsynced blocks may
// reach a disk in any order, so a record behind a damage proves nothing by itself. An opening writes what
// older logs hold out as tables before it writes its own, so its records prove that older logs are not
// needed, although they may come back when a power cut undoes their deletion.
//
// The format is that of RocksDB's log_format.h: blocks of 32 KiB; in each, fragments of
//   u32 masked CRC-32C of type and payload | u16 length | u8 type (1 whole, 2 first, 3 middle, 4 last)
// and fewer than 7 bytes of padding. A record is a write batch:
//   u64 sequence number of its first write | u32 number of writes | writes
//
// Pure but for reading files. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/result.hpp"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace minuted {

// Consecutive records without damage between them.
struct LogRun {
  std::uint64_t log = 0;     // number of the file
  std::uint64_t offset = 0;  // of its first record in the file
  std::uint64_t first = 0;   // sequence number of its first write
  std::uint64_t last = 0;    // of its last
  std::uint64_t synced = 0;  // the newest sequence number that its notes say was synced
  std::uint64_t synced_before = 0;  // what the note of its first record says
  std::uint64_t opening_log = 0;    // the first log of the opening, as its last note says
  friend bool operator==(const LogRun&, const LogRun&) = default;
};

struct ScannedLog {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::vector<LogRun> runs;  // in the order of the file
  // Offset of the first byte that belongs to no whole record, if there is one; an incomplete record at
  // the end counts.
  std::optional<std::uint64_t> damaged_at;
};

// The note that is the first thing in a write batch of ours.
std::string log_note(std::uint64_t synced, std::uint64_t opening_log);

// Reads one log from its bytes.
ScannedLog scan_log(std::uint64_t number, std::string_view bytes);

// The same format without batches in the records (RocksDB's MANIFEST): the offset of the first byte that
// belongs to no whole record.
std::optional<std::uint64_t> first_damage(std::string_view bytes);

// Reads all logs of a database, oldest first. kIoError.
Result<std::vector<ScannedLog>> scan_logs(rocksdb::Env& env, const std::string& database);

// What the logs say together.
struct LogEvidence {
  std::uint64_t reached = 0;  // sequence number up to which records follow each other without a gap
  std::uint64_t synced = 0;   // the newest that any record says was synced
  bool has_records = false;
  // Where the first gap or damage is, in words; empty if there is none.
  std::string damage;
};

// Of the logs numbered `first_needed` or higher; older ones are in tables already.
LogEvidence judge_logs(const std::vector<ScannedLog>& logs, std::uint64_t first_needed);

}  // namespace minuted
