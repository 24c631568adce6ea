#include "schema/meta_records.hpp"

#include "codec/bytes.hpp"
#include "minuted/event.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

constexpr std::size_t kFoldNumbersBytes = 4 * sizeof(std::uint64_t);
constexpr std::size_t kBoundariesBytes = 4 * kMinuteKeyBytes;

std::string encode_number(std::uint64_t number) {
  std::string bytes;
  put_fixed64(bytes, number);
  return bytes;
}

std::optional<std::uint64_t> decode_number(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint64_t number = in.fixed64();
  if (!in.done()) return std::nullopt;
  return number;
}

bool is_aligned(const RollBoundaries::Boundary& boundary, std::uint32_t minutes) {
  return boundary.current <= boundary.next && boundary.current.value % minutes == 0 &&
         boundary.next.value % minutes == 0;
}

// A minute that is stored in 64 bits.
Minute take_minute(ByteReader& in) {
  const std::uint64_t minute = in.fixed64();
  if (minute > UINT32_MAX) in.fail();
  return Minute{static_cast<std::uint32_t>(minute)};
}

// A byte that says whether something follows.
bool take_presence(ByteReader& in) {
  const std::uint8_t present = in.byte();
  if (present > 1) in.fail();
  return present == 1;
}

template <class Record>
bool is_record(std::string_view key, std::string_view value) {
  return key == Record::kKey && Record::decode(value);
}

template <class... Records>
bool is_one_of(std::string_view key, std::string_view value) {
  return (is_record<Records>(key, value) || ...);
}

}  // namespace

std::optional<SecretRecord> SecretRecord::decode(std::string_view bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  return SecretRecord{std::string(bytes)};
}

std::string CommitRecord::encode() const {
  std::string bytes;
  put_fixed64(bytes, sequence);
  put_fixed64(bytes, epoch);
  return bytes;
}

std::optional<CommitRecord> CommitRecord::decode(std::string_view bytes) {
  ByteReader in(bytes);
  CommitRecord record;
  record.sequence = in.fixed64();
  record.epoch = in.fixed64();
  if (!in.done()) return std::nullopt;
  return record;
}

std::string RawFloorRecord::encode() const { return encode_number(first_commit); }

std::optional<RawFloorRecord> RawFloorRecord::decode(std::string_view bytes) {
  const auto number = decode_number(bytes);
  if (!number) return std::nullopt;
  return RawFloorRecord{*number};
}

std::string FoldMarkRecord::encode() const {
  std::string bytes;
  put_fixed64(bytes, epoch);
  put_fixed64(bytes, mark.generation);
  put_fixed64(bytes, mark.first_commit);
  put_fixed64(bytes, mark.last_commit);
  bytes += mark.key;
  return bytes;
}

std::optional<FoldMarkRecord> FoldMarkRecord::decode(std::string_view bytes) {
  if (bytes.size() < kFoldNumbersBytes) return std::nullopt;
  ByteReader in(bytes);
  FoldMarkRecord record;
  record.epoch = in.fixed64();
  record.mark.generation = in.fixed64();
  record.mark.first_commit = in.fixed64();
  record.mark.last_commit = in.fixed64();
  record.mark.key = bytes.substr(kFoldNumbersBytes);
  return record;
}

std::string UnreadableKey::encode() const {
  std::string key(kPrefix);
  key += raw_key;
  append_sequence(key, first_commit);
  return key;
}

std::optional<UnreadableKey> UnreadableKey::decode(std::string_view key) {
  if (!key.starts_with(kPrefix)) return std::nullopt;
  key.remove_prefix(kPrefix.size());
  const auto pair = split_pair(key);
  if (!pair || key.size() != pair->prefix.size() + kMinuteKeyBytes + kSequenceKeyBytes) {
    return std::nullopt;
  }
  const std::size_t raw_bytes = key.size() - kSequenceKeyBytes;
  return UnreadableKey{key.substr(0, raw_bytes), read_sequence(key.substr(raw_bytes))};
}

std::string RollBoundaries::encode() const {
  std::string bytes;
  append_minute(bytes, hour.current);
  append_minute(bytes, hour.next);
  append_minute(bytes, day.current);
  append_minute(bytes, day.next);
  bytes += last_rolled;
  return bytes;
}

std::optional<RollBoundaries> RollBoundaries::decode(std::string_view bytes) {
  if (bytes.size() < kBoundariesBytes) return std::nullopt;
  const auto minute = [&](std::size_t number) {
    return read_minute(bytes.substr(number * kMinuteKeyBytes));
  };
  RollBoundaries boundaries{
      {minute(0), minute(1)}, {minute(2), minute(3)}, std::string(bytes.substr(kBoundariesBytes))};
  const bool ordered = boundaries.day.current <= boundaries.hour.current &&
                       boundaries.day.next <= boundaries.hour.next &&
                       boundaries.hour.next <= kMinuteMax;
  if (!ordered || !is_aligned(boundaries.hour, kMinutesPerHour) ||
      !is_aligned(boundaries.day, kMinutesPerDay)) {
    return std::nullopt;
  }
  if (boundaries.last_rolled.empty()) return boundaries;
  const auto pair = split_pair(boundaries.last_rolled);
  if (!pair || pair->prefix.size() != boundaries.last_rolled.size() || !boundaries.in_pass()) {
    return std::nullopt;
  }
  return boundaries;
}

std::string RepoRowsRecord::encode() const {
  std::string bytes;
  for (const Minute minute : first) append_minute(bytes, minute);
  return bytes;
}

std::optional<RepoRowsRecord> RepoRowsRecord::decode(std::string_view bytes) {
  RepoRowsRecord record;
  if (bytes.size() != record.first.size() * kMinuteKeyBytes) return std::nullopt;
  for (std::size_t i = 0; i < record.first.size(); ++i) {
    record.first[i] = read_minute(bytes.substr(i * kMinuteKeyBytes));
  }
  return record;
}

std::string ClockRecord::encode() const {
  std::string bytes;
  for (const std::int64_t ms : {commit_ms, anchor_ms, since_ms}) {
    put_fixed64(bytes, static_cast<std::uint64_t>(ms));
  }
  return bytes;
}

std::optional<ClockRecord> ClockRecord::decode(std::string_view bytes) {
  ByteReader in(bytes);
  ClockRecord record;
  for (std::int64_t* field : {&record.commit_ms, &record.anchor_ms, &record.since_ms}) {
    const std::uint64_t ms = in.fixed64();
    if (ms > static_cast<std::uint64_t>(kMillisMax.value)) return std::nullopt;
    *field = static_cast<std::int64_t>(ms);
  }
  if (!in.done()) return std::nullopt;
  return record;
}

std::string SeriesCountRecord::encode() const { return encode_number(count); }

std::optional<SeriesCountRecord> SeriesCountRecord::decode(std::string_view bytes) {
  const auto number = decode_number(bytes);
  if (!number) return std::nullopt;
  return SeriesCountRecord{*number};
}

std::string NodeCountRecord::encode() const { return encode_number(count); }

std::optional<NodeCountRecord> NodeCountRecord::decode(std::string_view bytes) {
  const auto number = decode_number(bytes);
  if (!number) return std::nullopt;
  return NodeCountRecord{*number};
}

std::string RemovalRecord::encode() const {
  std::string bytes;
  put_string(bytes, repo);
  bytes.push_back(bucket ? 1 : 0);
  if (bucket) put_string(bytes, *bucket);
  bytes.push_back(range ? 1 : 0);
  if (range) {
    put_fixed64(bytes, range->begin.value);
    put_fixed64(bytes, range->end.value);
  }
  put_fixed64(bytes, rows_begin.value);
  put_fixed64(bytes, commits_end);
  return bytes;
}

std::optional<RemovalRecord> RemovalRecord::decode(std::string_view bytes) {
  ByteReader in(bytes);
  RemovalRecord record;
  record.repo = in.string(kIdBytesMax);
  if (take_presence(in)) record.bucket = in.string(kIdBytesMax);
  if (take_presence(in)) {
    const Minute begin = take_minute(in);
    record.range = MinuteRange{begin, take_minute(in)};
  }
  record.rows_begin = take_minute(in);
  record.commits_end = in.fixed64();
  if (!in.done() || record.repo.empty()) return std::nullopt;
  return record;
}

bool is_meta_record(std::string_view key, std::string_view value) {
  if (UnreadableKey::decode(key)) return true;
  return is_one_of<SecretRecord, CommitRecord, RawFloorRecord, FoldMarkRecord, RollBoundaries,
                   RepoRowsRecord, ClockRecord, SeriesCountRecord, NodeCountRecord, RemovalRecord>(
      key, value);
}

}  // namespace minuted
