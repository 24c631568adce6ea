#include "store/log_scan.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>

#include <algorithm>
#include <charconv>

#include "codec/bytes.hpp"

namespace minuted {
namespace {

constexpr std::size_t kBlockBytes = 32'768;
constexpr std::size_t kHeaderBytes = 7;
constexpr std::uint32_t kMaskDelta = 0xa282ead8;
constexpr std::size_t kBatchHeaderBytes = 12;
// RocksDB's tag of data in a write batch that goes to the log only.
constexpr char kLogDataTag = 0x3;
constexpr std::size_t kNoteBytes = 16;
// What is needed of a record: its header and its note.
constexpr std::size_t kRecordHeadBytes = kBatchHeaderBytes + 2 + kNoteBytes;

enum FragmentType : std::uint8_t { kWhole = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

struct Fragment {
  FragmentType type;
  std::string_view payload;
};

std::uint32_t fixed32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

// The CRC-32C of the type and the payload, masked as RocksDB stores it. Its own implementation, through
// the door that its public headers have for it.
std::uint32_t masked_crc(std::string_view type_and_payload) {
  static const auto factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  const auto sum = factory->CreateFileChecksumGenerator({});
  sum->Update(type_and_payload.data(), type_and_payload.size());
  sum->Finalize();
  const std::string text = sum->GetChecksum();  // big-endian
  std::uint32_t crc = 0;
  for (const char byte : text) crc = crc << 8 | static_cast<std::uint8_t>(byte);
  return (crc >> 15 | crc << 17) + kMaskDelta;
}

// The fragment at the beginning of `bytes`, which end with the block or the file.
std::optional<Fragment> fragment_at(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  const auto type = static_cast<std::uint8_t>(bytes[6]);
  if (type < kWhole || type > kLast) return std::nullopt;
  const std::size_t length =
      static_cast<std::uint8_t>(bytes[4]) | std::size_t{static_cast<std::uint8_t>(bytes[5])} << 8;
  if (length > bytes.size() - kHeaderBytes) return std::nullopt;
  if (masked_crc(bytes.substr(6, 1 + length)) != fixed32(bytes)) return std::nullopt;
  return Fragment{static_cast<FragmentType>(type), bytes.substr(kHeaderBytes, length)};
}

struct RecordHead {
  std::uint64_t sequence = 0;
  std::uint64_t writes = 0;
  std::uint64_t synced = 0;
  std::uint64_t opening_log = 0;
};

std::optional<RecordHead> parse_head(std::string_view record) {
  if (record.size() < kBatchHeaderBytes) return std::nullopt;
  RecordHead head;
  head.sequence = ByteReader(record).fixed64();
  head.writes = fixed32(record.substr(8));
  if (record.size() >= kRecordHeadBytes && record[kBatchHeaderBytes] == kLogDataTag &&
      record[kBatchHeaderBytes + 1] == kNoteBytes) {
    ByteReader note(record.substr(kBatchHeaderBytes + 2));
    head.synced = note.fixed64();
    head.opening_log = note.fixed64();
  }
  return head;
}

// Puts records together from fragments, and goes on behind damage. `Sink` has record(offset, head), head
// being the record's first kRecordHeadBytes, and damage(offset).
template <class Sink>
class RecordReader {
 public:
  RecordReader(std::string_view bytes, Sink& sink) : bytes_(bytes), sink_(sink) {}

  void read() {
    for (std::size_t block = 0; block < bytes_.size(); block += kBlockBytes) {
      read_block(block, bytes_.substr(block, kBlockBytes));
    }
    if (in_record_) sink_.damage(record_at_);
  }

 private:
  void read_block(std::size_t offset, std::string_view block) {
    std::size_t at = 0;
    while (at < block.size()) {
      const bool padding = block.size() == kBlockBytes && block.size() - at < kHeaderBytes;
      if (padding) return;
      const auto fragment = fragment_at(block.substr(at));
      if (!fragment) {
        drop(offset + at);
        at = next_fragment(block, at + 1);
        continue;
      }
      take(*fragment, offset + at);
      at += kHeaderBytes + fragment->payload.size();
    }
  }

  // After damage nothing says where the next fragment begins: it is where a checksum fits.
  static std::size_t next_fragment(std::string_view block, std::size_t at) {
    while (at < block.size() && !fragment_at(block.substr(at))) ++at;
    return at;
  }

  void take(const Fragment& fragment, std::size_t offset) {
    const bool begins = fragment.type == kWhole || fragment.type == kFirst;
    if (begins == in_record_) drop(offset);  // an end without its beginning, or the reverse
    if (begins) {
      in_record_ = true;
      record_at_ = offset;
      head_.assign(fragment.payload.substr(0, kRecordHeadBytes));
    } else if (in_record_ && head_.size() < kRecordHeadBytes) {
      head_.append(fragment.payload.substr(0, kRecordHeadBytes - head_.size()));
    }
    if (!in_record_ || (fragment.type != kWhole && fragment.type != kLast)) return;
    in_record_ = false;
    sink_.record(record_at_, head_);
  }

  // The record that is being read, or else what stands at `offset`, is not whole.
  void drop(std::size_t offset) {
    sink_.damage(in_record_ ? record_at_ : offset);
    in_record_ = false;
  }

  const std::string_view bytes_;
  Sink& sink_;
  std::string head_;
  std::size_t record_at_ = 0;
  bool in_record_ = false;
};

// Collects the runs of a log.
struct RunSink {
  ScannedLog log;
  bool broken = false;  // since the last whole record

  void record(std::uint64_t offset, std::string_view bytes) {
    const auto head = parse_head(bytes);
    if (!head) return damage(offset);
    if (head->writes == 0) return;
    auto& runs = log.runs;
    if (runs.empty() || broken || head->sequence != runs.back().last + 1) {
      runs.push_back({log.number, offset, head->sequence, 0, 0, head->synced, 0});
    }
    broken = false;
    runs.back().last = head->sequence + head->writes - 1;
    runs.back().synced = std::max(runs.back().synced, head->synced);
    runs.back().opening_log = std::max(runs.back().opening_log, head->opening_log);
  }

  void damage(std::uint64_t offset) {
    broken = true;
    if (!log.damaged_at) log.damaged_at = offset;
  }
};

struct DamageSink {
  std::optional<std::uint64_t> first;
  void record(std::uint64_t, std::string_view) {}
  void damage(std::uint64_t offset) {
    if (!first) first = offset;
  }
};

std::string name_of(std::uint64_t log) {
  std::string digits = std::to_string(log);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ".log";
}

}  // namespace

std::string log_note(std::uint64_t synced, std::uint64_t opening_log) {
  std::string note;
  put_fixed64(note, synced);
  put_fixed64(note, opening_log);
  return note;
}

ScannedLog scan_log(std::uint64_t number, std::string_view bytes) {
  RunSink sink;
  sink.log.number = number;
  sink.log.bytes = bytes.size();
  RecordReader(bytes, sink).read();
  return std::move(sink.log);
}

std::optional<std::uint64_t> first_damage(std::string_view bytes) {
  DamageSink sink;
  RecordReader(bytes, sink).read();
  return sink.first;
}

Result<std::vector<ScannedLog>> scan_logs(rocksdb::Env& env, const std::string& database) {
  const auto failed = [](const rocksdb::Status& status) {
    return Error{ErrorCode::kIoError, "reading the store's logs: " + status.ToString()};
  };
  std::vector<std::string> names;
  if (auto status = env.GetChildren(database, &names); !status.ok()) return failed(status);
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const std::string_view rest(end, static_cast<std::size_t>(name.data() + name.size() - end));
    if (error == std::errc{} && rest == ".log") numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<ScannedLog> logs;
  for (const std::uint64_t number : numbers) {
    std::string bytes;
    const auto status = rocksdb::ReadFileToString(&env, database + "/" + name_of(number), &bytes);
    if (!status.ok()) return failed(status);
    logs.push_back(scan_log(number, bytes));
  }
  return logs;
}

LogEvidence judge_logs(const std::vector<ScannedLog>& logs, std::uint64_t first_needed) {
  for (const ScannedLog& log : logs) {
    for (const LogRun& run : log.runs) first_needed = std::max(first_needed, run.opening_log);
  }
  LogEvidence evidence;
  const auto damaged = [&](std::uint64_t log, std::uint64_t offset) {
    if (!evidence.damage.empty()) return;
    evidence.damage = name_of(log) + " is damaged or ends early at byte " + std::to_string(offset);
  };
  // RocksDB leaves no log without a record for another one, so an empty one has lost its records. They
  // may have been unsynced.
  std::optional<std::uint64_t> emptied;
  for (const ScannedLog& log : logs) {
    if (log.number < first_needed) continue;
    for (const LogRun& run : log.runs) {
      if (log.damaged_at && *log.damaged_at < run.offset) damaged(log.number, *log.damaged_at);
      const bool all_before_synced = run.synced_before + 1 >= run.first;
      if (emptied && all_before_synced) damaged(*emptied, 0);
      if (evidence.has_records && run.first != evidence.reached + 1) {
        damaged(log.number, run.offset);
      }
      if (evidence.damage.empty()) evidence.reached = run.last;
      evidence.synced = std::max(evidence.synced, run.synced);
      evidence.has_records = true;
    }
    if (log.damaged_at) damaged(log.number, *log.damaged_at);
    if (log.runs.empty() && !emptied) emptied = log.number;
  }
  return evidence;
}

}  // namespace minuted
