#include "schema/keys.hpp"

#include <cassert>

namespace minuted {

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
  std::string key("S");
  key.append(prefix).append(host);
  return key;
}

std::string series_end() { return "T"; }

std::string bucket_index_prefix(std::string_view bucket) {
  std::string key("B");
  key.append(bucket).push_back('\0');
  return key;
}

std::string bucket_index_key(std::string_view prefix) {
  const auto pair = split_pair(prefix);
  assert(pair);
  std::string key = bucket_index_prefix(pair->bucket);
  key.append(pair->repo).push_back('\0');
  return key;
}

std::string host_index_prefix(std::string_view host) {
  std::string key("H");
  key.append(host).push_back('\0');
  return key;
}

std::string host_index_key(std::string_view prefix, std::string_view host) {
  return host_index_prefix(host).append(prefix);
}

std::string node_key(std::string_view host) { return std::string("N").append(host); }

std::string node_days_prefix(std::string_view host) {
  std::string key("D");
  key.append(host).push_back('\0');
  return key;
}

std::string node_day_key(std::string_view host, Minute day) {
  std::string key = node_days_prefix(host);
  append_minute(key, day);
  return key;
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
