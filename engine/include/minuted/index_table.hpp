// An open-addressed table from a hash to the number of an item that lives elsewhere (in a vector the
// caller owns). It holds four bytes of hash beside each number, so most wrong candidates are refused
// without looking at the item. Numbers are dense from 0. No erase. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace minuted {

class IndexTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The number under `hash` for which `same(number)` holds, or kNone.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, Same same) const {
    if (slots_.empty()) return kNone;
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[i];
      if (slot.number == kNone) return kNone;
      if (slot.tag == tag && same(slot.number)) return slot.number;
    }
  }

  // Adds `number` under `hash`; the caller has made sure it is not there.
  void insert(std::uint64_t hash, std::uint32_t number) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    place(Slot{static_cast<std::uint32_t>(hash >> 32), number, hash});
    ++used_;
  }

  // Forgets everything, keeps the memory.
  void clear() {
    if (used_ != 0) slots_.assign(slots_.size(), Slot{});
    used_ = 0;
  }

  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  static constexpr std::size_t kSlotsMin = 16;

  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t number = kNone;
    std::uint64_t hash = 0;
  };

  void place(const Slot& slot) {
    std::size_t i = slot.hash & (slots_.size() - 1);
    while (slots_[i].number != kNone) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? kSlotsMin : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != kNone) place(slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace minuted
