// Logs as they lie there, and logs put together from fragments with the right checksums, which chance does
// not hit: runs lie in order within the file, and a whole log has no damage.
#include "store/log_scan.hpp"

#include <rocksdb/file_checksum.h>

#include <algorithm>
#include <string>
#include <vector>

#include "codec/bytes.hpp"
#include "fuzz/fuzz.hpp"

namespace {

using namespace minuted;

constexpr std::size_t kBlockBytes = 32'768;
constexpr std::size_t kHeaderBytes = 7;

std::string masked_crc(const std::string& type_and_payload) {
  static const auto factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  const auto generator = factory->CreateFileChecksumGenerator({});
  generator->Update(type_and_payload.data(), type_and_payload.size());
  generator->Finalize();
  std::uint32_t crc = 0;
  for (const char c : generator->GetChecksum()) crc = crc << 8 | static_cast<std::uint8_t>(c);
  crc = ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(crc >> (8 * i)));
  return bytes;
}

void append_fragment(std::string& log, std::uint8_t type, std::string_view payload) {
  const std::size_t room = kBlockBytes - log.size() % kBlockBytes;
  if (room < kHeaderBytes + payload.size()) log.append(room, '\0');
  const std::string body = std::string(1, static_cast<char>(type)) + std::string(payload);
  log += masked_crc(body);
  log.push_back(static_cast<char>(payload.size()));
  log.push_back(static_cast<char>(payload.size() >> 8));
  log += body;
}

// As RocksDB writes a record: whole, or cut where a block ends.
void append_record(std::string& log, std::string_view payload) {
  bool first = true;
  do {
    std::size_t room = kBlockBytes - log.size() % kBlockBytes;
    if (room < kHeaderBytes) {
      log.append(room, '\0');
      room = kBlockBytes;
    }
    const std::size_t part = std::min(payload.size(), room - kHeaderBytes);
    const bool last = part == payload.size();
    const std::uint8_t whole_or_last = first ? 1 : 4;
    const std::uint8_t first_or_middle = first ? 2 : 3;
    append_fragment(log, last ? whole_or_last : first_or_middle, payload.substr(0, part));
    payload.remove_prefix(part);
    first = false;
  } while (!payload.empty());
}

void check(std::string_view bytes) {
  const ScannedLog log = scan_log(7, bytes);
  MINUTED_REQUIRE(log.number == 7 && log.bytes == bytes.size());
  MINUTED_REQUIRE(!log.damaged_at || *log.damaged_at <= bytes.size());
  std::uint64_t offset = 0;
  for (const LogRun& run : log.runs) {
    MINUTED_REQUIRE(run.log == 7 && run.offset >= offset && run.offset < bytes.size());
    offset = run.offset + 1;
  }
  const auto damage = first_damage(bytes);
  MINUTED_REQUIRE(!damage || *damage <= bytes.size());
  (void)judge_logs({log}, 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if (input.byte() % 2 == 0) {
    check(input.rest());
    return 0;
  }
  // Records of write batches: each a note, or whatever is in the input.
  std::string log;
  std::uint64_t sequence = 1;
  bool whole = true;
  std::size_t records = 0;
  while (!input.empty() && log.size() < 4 * kBlockBytes) {
    const std::uint8_t how = input.byte();
    if (how < 128) {
      const std::uint64_t writes = 1 + how % 4;
      std::string record;
      put_fixed64(record, sequence);
      for (unsigned i = 0; i < 4; ++i) record.push_back(static_cast<char>(writes >> (8 * i)));
      record += '\x03';
      put_string(record, log_note(sequence - 1, 7));
      record.append(std::size_t{input.byte()} * 16, 'v');
      append_record(log, record);
      sequence += writes;
      ++records;
    } else {
      const std::uint8_t type = input.byte();
      append_fragment(log, type, input.bytes(input.byte()));
      whole = false;
    }
  }
  check(log);
  if (whole) {
    const ScannedLog scanned = scan_log(7, log);
    MINUTED_REQUIRE(!scanned.damaged_at && !first_damage(log));
    MINUTED_REQUIRE(scanned.runs.size() == (records == 0 ? 0U : 1U));
    if (records != 0) MINUTED_REQUIRE(scanned.runs.front().last == sequence - 1);
  }
  return 0;
}
