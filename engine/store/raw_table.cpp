#include "store/raw_table.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "schema/keys.hpp"

namespace minuted {
namespace {

// A generation's first block of memory, and the largest; each is twice the one before.
constexpr std::size_t kBlockBytesMin = 4 << 10;
constexpr std::size_t kBlockBytesMax = 256 << 10;
// What a pair weighs beside its prefix: its nodes in the map and the table, its entries.
constexpr std::size_t kPairBytes = 192;

std::uint64_t hash_of(std::string_view prefix) {
  return XXH3_64bits(prefix.data(), prefix.size());
}

bool earlier(const RawGeneration::Entry& entry, Minute minute) { return entry.minute < minute; }

}  // namespace

char* RawGeneration::allocate(std::size_t bytes) {
  bytes = (bytes + alignof(Piece) - 1) & ~(alignof(Piece) - 1);
  if (block_used_ + bytes > block_bytes_) {
    block_bytes_ = std::clamp(block_bytes_ * 2, kBlockBytesMin, kBlockBytesMax);
    block_bytes_ = std::max(block_bytes_, bytes);
    blocks_.emplace_back(new char[block_bytes_]);
    block_used_ = 0;
    memory_bytes_ += block_bytes_;
  }
  char* const at = blocks_.back().get() + block_used_;
  block_used_ += bytes;
  return at;
}

RawGeneration::Pair& RawGeneration::pair_of(std::string_view prefix) {
  const std::uint64_t hash = hash_of(prefix);
  const std::uint32_t found = table_.find(
      hash, [&](std::uint32_t number) { return numbered_[number]->prefix == prefix; });
  if (found != IndexTable::kNone) return *numbered_[found];
  char* const kept = allocate(prefix.size());
  std::memcpy(kept, prefix.data(), prefix.size());
  const std::string_view own(kept, prefix.size());
  Pair& pair = pairs_.emplace(own, Pair{own, {}}).first->second;
  table_.insert(hash, static_cast<std::uint32_t>(numbered_.size()));
  numbered_.push_back(&pair);
  memory_bytes_ += kPairBytes;
  return pair;
}

void RawGeneration::append(std::string_view prefix, Minute minute, std::uint64_t commit,
                           std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  Piece* const piece = new (allocate(sizeof(Piece) + bytes.size())) Piece{nullptr, commit, bytes.size()};
  std::memcpy(reinterpret_cast<char*>(piece + 1), bytes.data(), bytes.size());
  std::vector<Entry>& entries = pair_of(prefix).entries;
  auto at = entries.end();
  if (!entries.empty() && minute <= entries.back().minute) {
    at = std::lower_bound(entries.begin(), entries.end(), minute, earlier);
  }
  if (at == entries.end() || at->minute != minute) {
    entries.insert(at, Entry{minute, false, piece, piece});
    memory_bytes_ += sizeof(Entry);
    return;
  }
  at->last->next.store(piece, std::memory_order_release);
  at->last = piece;
}

void RawGeneration::mark_damaged(std::string_view prefix, Minute minute) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : pair_of(prefix).entries) entry.damaged |= entry.minute == minute;
  damaged_ = true;
}

std::optional<RawGeneration::Place> RawGeneration::seek(std::string_view key) const {
  const std::shared_lock lock(mutex_);
  auto it = pairs_.upper_bound(key);  // the first pair all of whose keys come after
  if (it != pairs_.begin()) {
    const Pair& pair = std::prev(it)->second;
    if (key.starts_with(pair.prefix)) {
      std::string rest(key.substr(pair.prefix.size()));
      const bool longer = rest.size() > kMinuteKeyBytes;
      rest.resize(kMinuteKeyBytes, '\0');
      const Minute minute = read_minute(rest);
      auto at = std::lower_bound(pair.entries.begin(), pair.entries.end(), minute, earlier);
      if (longer && at != pair.entries.end() && at->minute == minute) ++at;
      if (at != pair.entries.end()) return Place{pair.prefix, *at};
    }
  }
  if (it == pairs_.end()) return std::nullopt;
  return Place{it->first, it->second.entries.front()};
}

std::optional<RawGeneration::Place> RawGeneration::after(const Place& place) const {
  const std::shared_lock lock(mutex_);
  auto it = pairs_.find(place.prefix);
  const std::vector<Entry>& entries = it->second.entries;
  const auto at = std::upper_bound(entries.begin(), entries.end(), place.entry.minute,
                                   [](Minute m, const Entry& e) { return m < e.minute; });
  if (at != entries.end()) return Place{it->first, *at};
  if (++it == pairs_.end()) return std::nullopt;
  return Place{it->first, it->second.entries.front()};
}

std::optional<std::uint64_t> RawTable::first_open_commit() const {
  const std::lock_guard lock(mutex_);
  if (!open_) return std::nullopt;
  return open_->generation->first_commit();
}

// Under mutex_.
void RawTable::count_memory() {
  open_memory_bytes_ = open_ ? open_->generation->memory_bytes() : 0;
  std::size_t bytes = open_memory_bytes_;
  for (const Kept& kept : closed_) bytes += kept.generation->memory_bytes();
  if (unreadable_) bytes += unreadable_->generation->memory_bytes();
  memory_bytes_ = bytes;
}

void RawTable::publish(std::uint64_t sequence, std::span<const Addition> additions, RawSize size,
                       std::int64_t steady_ms) {
  if (!open_) {
    const std::lock_guard lock(mutex_);
    open_ = Kept{std::make_shared<RawGeneration>(next_number_++, sequence), steady_ms};
  }
  // Only commits open and append to it, and this one holds it open.
  RawGeneration& generation = *open_->generation;
  for (const Addition& a : additions) generation.append(a.prefix, a.minute, sequence, a.bytes);
  const std::lock_guard lock(mutex_);
  last_commit_ = sequence;
  size_.chunks += size.chunks;
  size_.bytes += size.bytes;
  count_memory();
}

void RawTable::load(std::uint64_t first_commit, std::uint64_t last_commit, const Addition& addition,
                    RawSize size, std::int64_t steady_ms) {
  const std::lock_guard lock(mutex_);
  const auto at = std::lower_bound(closed_.begin(), closed_.end(), first_commit,
                                   [](const Kept& kept, std::uint64_t commit) {
                                     return kept.generation->first_commit() < commit;
                                   });
  RawGeneration* generation = nullptr;
  if (at != closed_.end() && at->generation->first_commit() == first_commit) {
    generation = at->generation.get();
  } else {
    // Numbered when the fold takes them, in their order: see close().
    auto made = std::make_shared<RawGeneration>(0, first_commit);
    made->last_commit_ = last_commit;
    generation = made.get();
    closed_.insert(at, Kept{std::move(made), steady_ms});
  }
  generation->append(addition.prefix, addition.minute, 0, addition.bytes);
  size_.chunks += size.chunks;
  size_.bytes += size.bytes;
  count_memory();
}

void RawTable::loaded() {
  const std::lock_guard lock(mutex_);
  for (const Kept& kept : closed_) kept.generation->number_ = next_number_++;
}

void RawTable::load_unreadable(const Addition& addition, RawSize size, std::int64_t steady_ms) {
  const std::lock_guard lock(mutex_);
  RawGeneration& generation = open_unreadable(steady_ms);
  generation.append(addition.prefix, addition.minute, 0, addition.bytes);
  generation.mark_damaged(addition.prefix, addition.minute);
  size_.chunks += size.chunks;
  size_.bytes += size.bytes;
  count_memory();
}

// Under mutex_.
RawGeneration& RawTable::open_unreadable(std::int64_t since_ms) {
  if (!unreadable_) unreadable_ = Kept{std::make_shared<RawGeneration>(0, 0), since_ms};
  return *unreadable_->generation;
}

std::vector<std::shared_ptr<RawGeneration>> RawTable::close() {
  const std::lock_guard commits(commit_mutex_);
  const std::lock_guard lock(mutex_);
  if (open_) {
    open_->generation->last_commit_ = last_commit_;
    closed_.push_back(std::move(*open_));
    open_.reset();
    count_memory();
  }
  std::vector<std::shared_ptr<RawGeneration>> all;
  for (const Kept& kept : closed_) all.push_back(kept.generation);
  return all;
}

void RawTable::removed(RawSize size) {
  const std::lock_guard lock(mutex_);
  size_.chunks -= std::min(size_.chunks, size.chunks);
  size_.bytes -= std::min(size_.bytes, size.bytes);
}

// A reader has the generation, or what is left of it, and never neither.
void RawTable::finish(const std::shared_ptr<RawGeneration>& generation) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(closed_.begin(), closed_.end(), [&](const Kept& kept) {
    return kept.generation == generation;
  });
  if (at == closed_.end()) return;
  if (generation->damaged()) {
    RawGeneration& kept = open_unreadable(at->since_ms);
    for (auto place = generation->seek({}); place; place = generation->after(*place)) {
      if (!place->entry.damaged) continue;
      for (const auto* piece = place->entry.first; piece != nullptr; piece = piece->next) {
        kept.append(place->prefix, place->entry.minute, piece->commit, piece->bytes());
      }
      kept.mark_damaged(place->prefix, place->entry.minute);
    }
  }
  closed_.erase(at);
  ++folded_generations_;
  std::erase_if(finished_, [](const Finished& f) { return f.generation.expired(); });
  finished_.push_back({generation, {generation->memory_bytes(), recall_.advance()}});
  count_memory();
}

std::vector<RawTable::KeptForReaders> RawTable::kept_for_readers() {
  const std::lock_guard lock(mutex_);
  std::erase_if(finished_, [](const Finished& f) { return f.generation.expired(); });
  std::vector<KeptForReaders> all;
  all.reserve(finished_.size());
  for (const Finished& f : finished_) all.push_back(f.kept);
  return all;
}

std::shared_ptr<const RawGeneration> RawTable::unreadable() const {
  const std::lock_guard lock(mutex_);
  if (!unreadable_) return nullptr;
  return unreadable_->generation;
}

std::uint64_t RawTable::folded_generations() const {
  const std::lock_guard lock(mutex_);
  return folded_generations_;
}

// An event leaves its generation as that is counted: who finds the number unchanged finds the event.
bool RawTable::may_have_since(std::string_view prefix, std::uint64_t folded_generations) const {
  std::vector<std::shared_ptr<const RawGeneration>> generations;
  {
    const std::lock_guard lock(mutex_);
    if (folded_generations_ != folded_generations) return true;
    if (unreadable_) generations.push_back(unreadable_->generation);
    for (const Kept& kept : closed_) generations.push_back(kept.generation);
    if (open_) generations.push_back(open_->generation);
  }
  return std::any_of(generations.begin(), generations.end(), [&](const auto& generation) {
    const auto place = generation->seek(prefix);
    return place && place->prefix == prefix;
  });
}

RawView RawTable::view(const Store& store) const {
  const std::lock_guard lock(mutex_);
  RawView view;
  if (unreadable_) view.generations.push_back(unreadable_->generation);
  for (const Kept& kept : closed_) view.generations.push_back(kept.generation);
  if (open_) view.generations.push_back(open_->generation);
  view.last_commit = last_commit_;
  view.began = recall_.moment();
  view.store = store.view();
  return view;
}

RawSize RawTable::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

std::int64_t RawTable::lag_ms(std::int64_t steady_ms) const {
  const std::lock_guard lock(mutex_);
  if (size_.chunks == 0) return 0;
  const std::int64_t oldest = unreadable_         ? unreadable_->since_ms
                              : !closed_.empty() ? closed_.front().since_ms
                              : open_            ? open_->since_ms
                                                 : -1;
  return oldest < 0 ? 0 : std::max<std::int64_t>(0, steady_ms - oldest);
}

RawCursor::RawCursor(std::vector<std::shared_ptr<const RawGeneration>> generations,
                     std::uint64_t last_commit, const FoldMark& mark)
    : last_commit_(last_commit) {
  for (auto& generation : generations) {
    std::string folded_below;
    if (generation->number() == mark.generation) folded_below = mark.key + '\0';
    const bool folded = generation->number() < mark.generation;
    // What a fold could not read stays raw, wherever the fold has come since.
    if (folded && !generation->damaged()) continue;
    parts_.push_back({std::move(generation), std::move(folded_below), folded, std::nullopt});
  }
}

// Whether a reader must add the entry up itself.
bool RawCursor::shows(const Part& part) {
  const RawGeneration::Entry& entry = part.place->entry;
  if (entry.first->commit > last_commit_) return false;
  if (entry.damaged) return true;
  if (part.folded) return false;
  if (part.folded_below.empty()) return true;
  make_key(*part.place, scratch_);
  return scratch_ >= part.folded_below;
}

void RawCursor::skip_hidden(Part& part) {
  while (part.place && !shows(part)) part.place = part.generation->after(*part.place);
}

void RawCursor::make_key(const RawGeneration::Place& place, std::string& key) {
  key.assign(place.prefix);
  append_minute(key, place.entry.minute);
}

// The least of the parts' keys.
void RawCursor::find_key() {
  key_.clear();
  for (const Part& part : parts_) {
    if (!part.place) continue;
    make_key(*part.place, scratch_);
    if (key_.empty() || scratch_ < key_) key_.swap(scratch_);
  }
}

void RawCursor::seek(std::string_view key) {
  for (Part& part : parts_) {
    // Past what is folded in one step, unless something damaged may lie there.
    const bool jumps = !part.generation->damaged() && key < part.folded_below;
    part.place = part.generation->seek(jumps ? part.folded_below : key);
    skip_hidden(part);
  }
  find_key();
}

// Whether the part stands where the cursor does.
bool RawCursor::is_here(const Part& part) const {
  if (!part.place || !key_.starts_with(part.place->prefix)) return false;
  const std::string_view rest = std::string_view(key_).substr(part.place->prefix.size());
  return rest.size() == kMinuteKeyBytes && read_minute(rest) == part.place->entry.minute;
}

void RawCursor::next() {
  for (Part& part : parts_) {
    if (!is_here(part)) continue;
    part.place = part.generation->after(*part.place);
    skip_hidden(part);
  }
  find_key();
}

const std::vector<std::string_view>& RawCursor::values() {
  values_.clear();
  for (const Part& part : parts_) {
    if (!is_here(part)) continue;
    for (const RawGeneration::Piece* piece = part.place->entry.first;
         piece != nullptr && piece->commit <= last_commit_;
         piece = piece->next.load(std::memory_order_acquire)) {
      values_.push_back(piece->bytes());
    }
  }
  return values_;
}

}  // namespace minuted
