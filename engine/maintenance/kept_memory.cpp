#include "maintenance/kept_memory.hpp"

#include <algorithm>
#include <vector>

namespace minuted {

namespace {

// Flushes that are told apart: the oldest of more are counted as one.
constexpr std::size_t kFlushesMax = 256;

}  // namespace

void KeptMemory::check() {
  if (const std::uint64_t flushes = store_.flushes(); flushes != flushes_) {
    flushes_ = flushes;
    flushed_.push_back(recall_.advance());
    if (flushed_.size() > kFlushesMax) flushed_.pop_front();
  }
  const std::size_t memtables = store_.kept_memtable_bytes();
  if (memtables == 0) flushed_.clear();
  const std::vector<RawTable::KeptForReaders> finished = table_.kept_for_readers();

  std::size_t all = memtables;
  for (const RawTable::KeptForReaders& kept : finished) all += kept.bytes;
  recall_.kept_bytes = all;

  // Of reads that are recalled already it is on its way back.
  std::uint64_t before = recall_.recalled_before();
  auto next = std::find_if(finished.begin(), finished.end(),
                           [&](const auto& kept) { return kept.moment > before; });
  while (!flushed_.empty() && flushed_.front() <= before) flushed_.pop_front();
  // Which of the flushes a memtable is of is not known: each is taken for as much as the others.
  const std::size_t per_flush = flushed_.empty() ? 0 : memtables / flushed_.size();
  std::size_t left = per_flush * flushed_.size();
  for (auto at = next; at != finished.end(); ++at) left += at->bytes;
  while (left > recall_.kept_bytes_max) {
    const bool flush = !flushed_.empty() && (next == finished.end() || flushed_.front() < next->moment);
    if (flush) {
      before = flushed_.front();
      left -= per_flush;
      flushed_.pop_front();
    } else {
      before = next->moment;
      left -= next->bytes;
      ++next;
    }
  }
  recall_.recall_before(before);
}

}  // namespace minuted
