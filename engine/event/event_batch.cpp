#include "minuted/event_batch.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "minuted/event.hpp"

namespace minuted {
namespace {

std::uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

// Finaliser of SplitMix64: small numbers spread over all bits.
std::uint64_t hash_of(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

EventBatch::Text EventBatch::keep(std::string_view text) {
  const Text kept{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
  text_.insert(text_.end(), text.begin(), text.end());
  return kept;
}

void EventBatch::refuse(std::uint32_t index, const char* field, std::string message) {
  if (!fault_) fault_ = Fault{index, field, std::move(message)};
}

bool EventBatch::check_new_id(std::uint32_t index, const char* field, std::string_view id) {
  const auto fault = check_id(id);
  if (fault) refuse(index, field, shorten(id) + " " + *fault + "; " + kIdAdvice);
  return !fault;
}

bool EventBatch::check_numbers(const EventView& event, std::uint32_t index) {
  const auto within = [&](const char* field, std::int64_t value, std::uint64_t max) {
    if (value >= 0 && static_cast<std::uint64_t>(value) <= max) return true;
    refuse(index, field, std::to_string(value) + " is not within 0 and " + std::to_string(max));
    return false;
  };
  if (!within("timestamp", event.timestamp.value, static_cast<std::uint64_t>(kMillisMax.value))) return false;
  if (!within("status", event.status, kStatusMax)) return false;
  const std::uint64_t latency_us = event.latency_us.value_or(0);
  if (latency_us > kLatencyUsMax) {
    refuse(index, "latency_us",
           std::to_string(latency_us) + " is not within 0 and " + std::to_string(kLatencyUsMax));
    return false;
  }
  if (event.id.empty()) return true;
  const auto fault = check_event_id(event.id);
  if (fault) {
    refuse(index, "id", shorten(event.id) + " " + *fault + "; give 1 to 128 bytes of UTF-8");
  }
  return !fault;
}

std::uint32_t EventBatch::pair_number(std::string_view repo, std::string_view bucket,
                                      std::uint32_t index) {
  const auto same = [&](std::uint32_t number) {
    const std::string_view prefix = text_of(pairs_[number]);
    return prefix.size() == repo.size() + bucket.size() + 2 &&
           pair_repo_bytes_[number] == repo.size() && prefix.substr(0, repo.size()) == repo &&
           prefix.substr(repo.size() + 1, bucket.size()) == bucket;
  };
  if (last_pair_ != UINT32_MAX && same(last_pair_)) return last_pair_;
  const std::uint64_t hash = hash_of(hash_of(repo) + hash_of(bucket));
  std::uint32_t number = pair_table_.find(hash, same);
  if (number == IndexTable::kNone) {
    if (!check_new_id(index, "repo", repo) || !check_new_id(index, "bucket", bucket)) {
      return IndexTable::kNone;
    }
    number = static_cast<std::uint32_t>(pairs_.size());
    const auto offset = static_cast<std::uint32_t>(text_.size());
    text_.insert(text_.end(), repo.begin(), repo.end());
    text_.push_back('\0');
    text_.insert(text_.end(), bucket.begin(), bucket.end());
    text_.push_back('\0');
    pairs_.push_back({offset, static_cast<std::uint32_t>(text_.size() - offset)});
    pair_repo_bytes_.push_back(static_cast<std::uint32_t>(repo.size()));
    pair_table_.insert(hash, number);
  }
  last_pair_ = number;
  return number;
}

std::uint32_t EventBatch::host_number(std::string_view host, std::uint32_t index) {
  const auto same = [&](std::uint32_t number) { return text_of(hosts_[number]) == host; };
  if (last_host_ != UINT32_MAX && same(last_host_)) return last_host_;
  const std::uint64_t hash = hash_of(host);
  std::uint32_t number = host_table_.find(hash, same);
  if (number == IndexTable::kNone) {
    if (!check_new_id(index, "host", host)) return IndexTable::kNone;
    number = static_cast<std::uint32_t>(hosts_.size());
    hosts_.push_back(keep(host));
    host_table_.insert(hash, number);
  }
  last_host_ = number;
  return number;
}

std::uint32_t EventBatch::group_number(std::uint32_t pair, Minute minute) {
  const auto same = [&](std::uint32_t number) {
    return group_keys_[number].pair == pair && group_keys_[number].minute == minute;
  };
  if (last_group_ != UINT32_MAX && same(last_group_)) return last_group_;
  const std::uint64_t hash = hash_of(std::uint64_t{pair} << 32 | minute.value);
  std::uint32_t number = group_table_.find(hash, same);
  if (number == IndexTable::kNone) {
    number = static_cast<std::uint32_t>(group_keys_.size());
    group_keys_.push_back({pair, minute, 0});
    group_table_.insert(hash, number);
  }
  last_group_ = number;
  return number;
}

void EventBatch::add(const EventView& event, std::uint32_t index) {
  if (grouped_) {
    // Back to a state that add() can go on from: which group each row is in.
    row_group_.clear();
    for (std::uint32_t g = 0; g < group_keys_.size(); ++g) {
      row_group_.insert(row_group_.end(), group_keys_[g].rows, g);
    }
    groups_.clear();
    grouped_ = false;
  }
  if (!check_numbers(event, index)) return;
  const std::uint32_t pair = pair_number(event.repo, event.bucket, index);
  if (pair == IndexTable::kNone) return;
  const std::uint32_t host = host_number(event.host, index);
  if (host == IndexTable::kNone) return;
  const Minute minute = minute_of(event.timestamp);
  const std::uint32_t group = group_number(pair, minute);
  if (event.timed_on_receipt) receipt_time_ = event.timestamp;
  ++group_keys_[group].rows;
  row_group_.push_back(group);

  const std::uint64_t series = std::uint64_t{pair} << 32 | host;
  if (series_place(series) == IndexTable::kNone) {
    series_table_.insert(hash_of(series), static_cast<std::uint32_t>(series_.size()));
    series_.push_back(series);
  }

  Row row{};
  row.upl_bytes = event.upl_bytes;
  row.dwl_bytes = event.dwl_bytes;
  row.size_change = event.size_change;
  row.latency_us = event.latency_us ? static_cast<std::int64_t>(*event.latency_us) : -1;
  row.host = host;
  row.index = index;
  row.ms_in_minute =
      static_cast<std::uint16_t>(event.timestamp.value - start_of(minute).value);
  row.status = event.status;
  row.op = event.op;
  row.id_bytes = static_cast<std::uint8_t>(event.id.size());
  if (!event.id.empty()) {
    row.id_offset = keep(event.id).offset;
    has_ids_ = true;
  }
  rows_.push_back(row);
}

std::uint32_t EventBatch::series_place(std::uint64_t series) const {
  return series_table_.find(hash_of(series),
                            [&](std::uint32_t n) { return series_[n] == series; });
}

void EventBatch::group() {
  if (grouped_) return;
  std::vector<std::uint32_t> order(group_keys_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const GroupKey& x = group_keys_[a];
    const GroupKey& y = group_keys_[b];
    if (x.pair == y.pair) return x.minute < y.minute;
    return text_of(pairs_[x.pair]) < text_of(pairs_[y.pair]);
  });

  // A counting sort by group: stable, so rows keep the order they came in.
  std::vector<std::uint32_t> next(group_keys_.size());
  std::uint32_t position = 0;
  for (const std::uint32_t g : order) {
    next[g] = position;
    position += group_keys_[g].rows;
  }
  rows_spare_.resize(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) rows_spare_[next[row_group_[i]]++] = rows_[i];
  rows_.swap(rows_spare_);

  // Renumber the groups in their order, so that add() can resume after a group().
  std::vector<GroupKey> sorted_keys;
  sorted_keys.reserve(order.size());
  for (const std::uint32_t g : order) sorted_keys.push_back(group_keys_[g]);
  group_keys_.swap(sorted_keys);
  row_group_.clear();
  index_groups();
  grouped_ = true;
}

// From group_keys_, and rows_ in the order of them, to groups_ and group_table_.
void EventBatch::index_groups() {
  groups_.clear();
  groups_.reserve(group_keys_.size());
  group_table_.clear();
  std::uint32_t position = 0;
  for (std::uint32_t g = 0; g < group_keys_.size(); ++g) {
    const GroupKey& key = group_keys_[g];
    groups_.push_back({text_of(pairs_[key.pair]), key.minute,
                       std::span<const Row>(rows_).subspan(position, key.rows)});
    group_table_.insert(hash_of(std::uint64_t{key.pair} << 32 | key.minute.value), g);
    position += key.rows;
  }
  last_group_ = UINT32_MAX;
}

// Keeps the rows for which `leaves(pair, place, row)` is false.
template <class Leaves>
void EventBatch::keep_rows(Leaves leaves) {
  std::vector<GroupKey> keys;
  rows_spare_.clear();
  std::size_t position = 0;
  for (GroupKey key : group_keys_) {
    const std::size_t end = position + key.rows;
    key.rows = 0;
    for (; position < end; ++position) {
      const Row& row = rows_[position];
      if (leaves(key.pair, position, row)) continue;
      rows_spare_.push_back(row);
      ++key.rows;
    }
    if (key.rows != 0) keys.push_back(key);
  }
  rows_.swap(rows_spare_);
  group_keys_.swap(keys);
  index_groups();
}

void EventBatch::remove_rows(std::span<const std::uint32_t> places) {
  group();
  std::vector<bool> leaves(rows_.size(), false);
  for (const std::uint32_t place : places) leaves[place] = true;
  keep_rows([&](std::uint32_t, std::size_t place, const Row&) { return leaves[place]; });
}

std::vector<std::uint32_t> EventBatch::remove_series(std::span<const std::size_t> places) {
  group();
  std::vector<bool> leaves(series_.size(), false);
  for (const std::size_t place : places) leaves[place] = true;
  std::vector<std::uint32_t> removed;
  keep_rows([&](std::uint32_t pair, std::size_t, const Row& row) {
    if (!leaves[series_place(std::uint64_t{pair} << 32 | row.host)]) return false;
    removed.push_back(row.index);
    return true;
  });
  std::vector<std::uint64_t> staying;
  series_table_.clear();
  for (std::size_t i = 0; i < series_.size(); ++i) {
    if (leaves[i]) continue;
    series_table_.insert(hash_of(series_[i]), static_cast<std::uint32_t>(staying.size()));
    staying.push_back(series_[i]);
  }
  series_.swap(staying);
  std::sort(removed.begin(), removed.end());
  return removed;
}

std::vector<EventBatch::Series> EventBatch::series() const {
  std::vector<Series> out;
  out.reserve(series_.size());
  for (const std::uint64_t s : series_) {
    out.push_back({text_of(pairs_[static_cast<std::uint32_t>(s >> 32)]),
                   text_of(hosts_[static_cast<std::uint32_t>(s)])});
  }
  return out;
}

std::size_t EventBatch::memory_bytes() const {
  const auto bytes = [](const auto& v) { return v.capacity() * sizeof(v[0]); };
  return bytes(text_) + bytes(pairs_) + bytes(pair_repo_bytes_) + bytes(hosts_) + bytes(series_) +
         bytes(group_keys_) + bytes(rows_) + bytes(rows_spare_) + bytes(row_group_) +
         bytes(groups_) + pair_table_.memory_bytes() + host_table_.memory_bytes() +
         group_table_.memory_bytes() + series_table_.memory_bytes();
}

void EventBatch::clear() {
  text_.clear();
  pairs_.clear();
  pair_repo_bytes_.clear();
  hosts_.clear();
  series_.clear();
  group_keys_.clear();
  rows_.clear();
  row_group_.clear();
  groups_.clear();
  pair_table_.clear();
  host_table_.clear();
  group_table_.clear();
  series_table_.clear();
  last_pair_ = last_host_ = last_group_ = UINT32_MAX;
  grouped_ = false;
  has_ids_ = false;
  receipt_time_.reset();
  fault_.reset();
}

}  // namespace minuted
