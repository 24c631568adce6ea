#include "chunk/raw_commit.hpp"

#include <algorithm>
#include <cassert>

#include "minuted/event.hpp"

namespace minuted {
namespace {

std::size_t common_bytes(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

// "repo 00 bucket 00", neither of them empty or longer than an id may be.
bool is_pair_prefix(std::string_view prefix) {
  const std::size_t repo = prefix.find('\0');
  if (repo == prefix.npos || repo == 0 || repo > kIdBytesMax) return false;
  const std::size_t end = prefix.find('\0', repo + 1);
  const std::size_t bucket = end - repo - 1;
  return end == prefix.size() - 1 && bucket != 0 && bucket <= kIdBytesMax;
}

}  // namespace

void RawCommitEncoder::clear() {
  bytes_.clear();
  part_begins_.clear();
  raw_values_.clear();
}

void RawCommitEncoder::add(std::string_view prefix, Minute minute, std::string_view chunk) {
  if (part_begins_.empty() || bytes_.size() - part_begins_.back() >= kRawPartBytes) {
    part_begins_.push_back(bytes_.size());
    bytes_.push_back(static_cast<char>(kRawCommitVersion));
    prefix_.clear();
    minute_ = Minute{0};
  }
  const std::size_t shared = common_bytes(prefix_, prefix);
  put_varint(bytes_, std::uint64_t{shared});
  put_string(bytes_, prefix.substr(shared));
  put_varint(bytes_, zigzag(std::int64_t{minute.value} - std::int64_t{minute_.value}));
  const std::size_t begin = bytes_.size();
  put_string(bytes_, chunk);
  raw_values_.push_back({begin, bytes_.size() - begin});
  prefix_.replace(shared, prefix_.npos, prefix.substr(shared));
  minute_ = minute;
}

std::string_view RawCommitEncoder::part(std::size_t number) const {
  assert(number < parts());
  const std::size_t begin = part_begins_[number];
  const std::size_t end = number + 1 == parts() ? bytes_.size() : part_begins_[number + 1];
  return std::string_view(bytes_).substr(begin, end - begin);
}

std::string_view RawCommitEncoder::raw_value(std::size_t number) const {
  const Place& place = raw_values_[number];
  return std::string_view(bytes_).substr(place.begin, place.size);
}

RawCommitReader::RawCommitReader(std::string_view part) : part_(part), in_(part) {
  if (in_.byte() != kRawCommitVersion) in_.fail();
}

bool RawCommitReader::next() {
  if (!in_.ok() || (in_.done() && !first_)) return false;
  previous_ = prefix_;
  const std::uint64_t shared = in_.varint_up_to(prefix_.size());
  const std::string_view rest = in_.string(2 * (kIdBytesMax + 1));
  const std::int64_t difference = unzigzag(in_.varint_up_to(2 * std::uint64_t{kMinuteMax.value} + 1));
  prefix_.resize(static_cast<std::size_t>(shared));
  prefix_.append(rest);
  const std::int64_t minute = std::int64_t{minute_.value} + difference;
  const std::size_t begin = part_.size() - in_.remaining();
  const std::string_view chunk = in_.string();
  const int order = prefix_.compare(previous_);
  const bool ascends = order > 0 || (order == 0 && difference > 0);
  if (!ascends || chunk.empty() || minute < 0 || minute > kMinuteMax.value ||
      !is_pair_prefix(prefix_)) {
    in_.fail();
  }
  if (!in_.ok()) return false;
  first_ = false;
  minute_ = Minute{static_cast<std::uint32_t>(minute)};
  raw_value_ = part_.substr(begin, part_.size() - in_.remaining() - begin);
  return true;
}

}  // namespace minuted
