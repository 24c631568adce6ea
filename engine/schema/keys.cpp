#include "schema/keys.hpp"

#include <bit>
#include <cassert>
#include <cstring>

namespace minuted {
namespace {

static_assert(std::endian::native == std::endian::little, "hashes are stored as they lie");

// What the keys of families with several kinds of records begin with. Persisted.
constexpr char kSeries = 'S';
constexpr char kBucketIndex = 'B';
constexpr char kHostIndex = 'H';
constexpr char kRepoMetadata = 'R';
constexpr char kWorkspaceIndex = 'W';
constexpr char kNode = 'N';
constexpr char kNodeDay = 'D';
static_assert(kBucketIndexBegin[0] == kBucketIndex && kBucketIndexEnd[0] == kBucketIndex + 1);
static_assert(kRepoMetadataEnd[0] == kRepoMetadata + 1);
static_assert(kNodeDaysBegin[0] == kNodeDay && kNodeDaysEnd[0] == kNodeDay + 1);

void put_big_endian(std::uint32_t value, char* out) {
  for (int shift = 24; shift >= 0; shift -= 8) *out++ = static_cast<char>(value >> shift);
}

// Letter, text, 00.
std::string letter_prefix(char letter, std::string_view text) {
  std::string key(1, letter);
  key.append(text).push_back('\0');
  return key;
}

}  // namespace

std::string pair_prefix(std::string_view repo, std::string_view bucket) {
  std::string key;
  key.reserve(repo.size() + bucket.size() + 2);
  key.append(repo).push_back('\0');
  key.append(bucket).push_back('\0');
  return key;
}

std::string repo_prefix(std::string_view repo) {
  std::string key(repo);
  key.push_back('\0');
  return key;
}

void append_minute(std::string& key, Minute minute) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(minute.value >> shift));
  }
}

void append_sequence(std::string& key, std::uint64_t sequence) {
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(sequence >> shift));
}

std::string row_key(std::string_view prefix, Minute first) {
  std::string key;
  key.reserve(prefix.size() + kMinuteKeyBytes);
  key.append(prefix);
  append_minute(key, first);
  return key;
}

std::string archive_key(std::string_view prefix, Minute minute, std::uint64_t first_commit) {
  std::string key = row_key(prefix, minute);
  append_sequence(key, first_commit);
  return key;
}

std::string raw_key(std::uint64_t commit, std::uint32_t part) {
  std::string key;
  append_sequence(key, commit);
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(part >> shift));
  return key;
}

std::optional<std::uint64_t> commit_of_raw_key(std::string_view key) {
  if (key.size() != kSequenceKeyBytes + sizeof(std::uint32_t)) return std::nullopt;
  return read_sequence(key);
}

std::string repo_key(std::string_view repo, RepoSpan span, Minute first) {
  std::string key(1, static_cast<char>(span));
  append_minute(key, first);
  key.append(repo);
  return key;
}

std::string repo_span_end(RepoSpan span) {
  return std::string(1, static_cast<char>(static_cast<char>(span) + 1));
}

std::optional<RepoKeyView> split_repo_key(std::string_view key) {
  if (key.size() < 1 + kMinuteKeyBytes) return std::nullopt;
  const auto span = static_cast<RepoSpan>(key.front());
  switch (span) {
    case RepoSpan::kFiveMinutes:
    case RepoSpan::kSixHours:
    case RepoSpan::kDay:
    case RepoSpan::kHour:
    case RepoSpan::kTotal:
      return RepoKeyView{span, read_minute(key.substr(1)), key.substr(1 + kMinuteKeyBytes)};
  }
  return std::nullopt;
}

std::string series_key(std::string_view prefix, std::string_view host) {
  std::string key(1, kSeries);
  key.append(prefix).append(host);
  return key;
}

bool is_series_key(std::string_view key) { return key.starts_with(kSeries); }

std::string series_end() { return std::string(1, kSeries + 1); }

std::string bucket_index_prefix(std::string_view bucket) {
  return letter_prefix(kBucketIndex, bucket);
}

std::string bucket_index_key(std::string_view prefix) {
  const auto pair = split_pair(prefix);
  assert(pair);
  std::string key = bucket_index_prefix(pair->bucket);
  key.append(pair->repo).push_back('\0');
  return key;
}

std::string host_index_prefix(std::string_view host) { return letter_prefix(kHostIndex, host); }

std::string host_index_key(std::string_view prefix, std::string_view host) {
  return host_index_prefix(host).append(prefix);
}

std::string repo_metadata_key(std::string_view repo) {
  return std::string(1, kRepoMetadata).append(repo);
}

std::string workspace_index_prefix(std::string_view workspace) {
  return letter_prefix(kWorkspaceIndex, workspace);
}

std::string workspace_index_key(std::string_view workspace, std::string_view repo) {
  return workspace_index_prefix(workspace).append(repo);
}

std::string node_key(std::string_view host) { return std::string(1, kNode).append(host); }

bool is_node_key(std::string_view key) { return key.starts_with(kNode); }

std::string node_days_prefix(std::string_view host) { return letter_prefix(kNodeDay, host); }

std::string node_day_key(std::string_view host, Minute day) {
  return row_key(node_days_prefix(host), day);
}

std::string idempotency_key(std::uint64_t high, std::uint64_t low) {
  std::string key(2 * sizeof high, '\0');
  std::memcpy(key.data(), &high, sizeof high);
  std::memcpy(key.data() + sizeof high, &low, sizeof low);
  return key;
}

EventIdPair event_id_pair(std::uint64_t repo_hash, std::uint64_t pair_hash) {
  static_assert(sizeof repo_hash == kEventIdRepoBytes &&
                sizeof repo_hash + sizeof pair_hash == kEventIdPairBytes);
  EventIdPair pair;
  std::memcpy(pair.data(), &repo_hash, sizeof repo_hash);
  std::memcpy(pair.data() + sizeof repo_hash, &pair_hash, sizeof pair_hash);
  return pair;
}

EventIdKey event_id_key(Minute minute, const EventIdPair& pair, std::uint64_t low,
                        std::uint64_t high) {
  constexpr std::size_t kLowAt = kMinuteKeyBytes + kEventIdPairBytes;
  constexpr std::size_t kHighAt = kLowAt + sizeof low;
  EventIdKey key;
  put_big_endian(minute.value, key.data());
  std::memcpy(key.data() + kMinuteKeyBytes, pair.data(), pair.size());
  std::memcpy(key.data() + kLowAt, &low, sizeof low);
  std::memcpy(key.data() + kHighAt, &high, kEventIdKeyBytes - kHighAt);
  return key;
}

std::string event_id_begin(Minute minute, std::string_view scope) {
  std::string key;
  append_minute(key, minute);
  return key.append(scope);
}

std::string after_prefix(std::string_view prefix) {
  assert(!prefix.empty() && prefix.back() == '\0');
  std::string key(prefix);
  key.back() = '\x01';
  return key;
}

std::optional<PairView> split_pair(std::string_view key) {
  const std::size_t repo_end = key.find('\0');
  if (repo_end == key.npos) return std::nullopt;
  const std::size_t bucket_end = key.find('\0', repo_end + 1);
  if (bucket_end == key.npos) return std::nullopt;
  return PairView{key.substr(0, bucket_end + 1), key.substr(0, repo_end),
                  key.substr(repo_end + 1, bucket_end - repo_end - 1)};
}

Minute read_minute(std::string_view bytes) {
  assert(bytes.size() >= kMinuteKeyBytes);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < kMinuteKeyBytes; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return Minute{value};
}

std::uint64_t read_sequence(std::string_view bytes) {
  assert(bytes.size() >= kSequenceKeyBytes);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kSequenceKeyBytes; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

std::optional<std::string_view> repo_of_bucket_index(std::string_view key,
                                                     std::string_view prefix) {
  if (key.size() < prefix.size() + 2 || key.back() != '\0') return std::nullopt;
  return key.substr(prefix.size(), key.size() - prefix.size() - 1);
}

}  // namespace minuted
