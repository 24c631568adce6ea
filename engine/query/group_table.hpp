// The sums of the groups that rows fall into when ids are left out of them, kept small: a million
// groups are some 110 MB and their ids; twice that with all columns, and with sketches as much more as
// those take, which is counted.
//
// Values; one thread at a time. Test: tests/engine/query/group_table_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "minuted/query.hpp"
#include "minuted/time.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/columns.hpp"

namespace minuted {

// From hashes to the numbers of things that lie elsewhere, dense from 0, at four bytes a slot. A half
// to a quarter of the slots are in use.
class NumberTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The number under `hash` that is `same`, or kNone.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, Same same) const {
    if (slots_.empty()) return kNone;
    for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i] == kNone || same(slots_[i])) return slots_[i];
    }
  }

  // Adds the next number; `hash_of` tells the hash of any that is there, this one included.
  template <class HashOf>
  void add(HashOf hash_of) {
    const std::uint32_t number = used_++;
    if (std::size_t{used_} * 2 <= slots_.size()) return place(number, hash_of(number));
    const std::size_t size = slots_.empty() ? kSlotsMin : slots_.size() * 2;
    std::vector<std::uint32_t>().swap(slots_);  // frees them before the new ones are there
    slots_.assign(size, kNone);
    for (std::uint32_t n = 0; n < used_; ++n) place(n, hash_of(n));
  }

  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(std::uint32_t); }

 private:
  static constexpr std::size_t kSlotsMin = 64;

  void place(std::uint32_t number, std::uint64_t hash) {
    std::size_t i = hash & (slots_.size() - 1);
    while (slots_[i] != kNone) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = number;
  }

  std::vector<std::uint32_t> slots_;
  std::uint32_t used_ = 0;
};

// Ids by number. Rows name the same few over and over in the same order, so the id that followed the
// last one before is tried first, and found without hashing anything.
class IdNumbers {
 public:
  // The id's number, a new one if it had none.
  std::uint32_t number_of(std::string_view id);
  std::string_view id(std::uint32_t number) const;
  // The numbers in the ids' bytewise order.
  std::vector<std::uint32_t> sorted() const;
  std::size_t size() const { return ends_.size(); }
  // All memory that it holds, and what sorted() and its inverse take besides.
  std::size_t memory_bytes() const {
    if (ends_.empty()) return 0;
    return bytes_.capacity() + ends_.capacity() * sizeof(std::size_t) +
           followers_.capacity() * sizeof(std::uint32_t) + numbers_.memory_bytes();
  }
  std::size_t sorted_bytes() const { return 2 * ends_.size() * sizeof(std::uint32_t); }

 private:
  std::uint32_t look_up(std::string_view id);

  std::string bytes_;  // of all ids
  std::vector<std::size_t> ends_;
  std::vector<std::uint32_t> followers_;
  NumberTable numbers_;
  std::uint32_t last_ = 0;
};

class GroupTable {
 public:
  // About what a group of sums takes, and what its other columns take but for the sketch.
  static constexpr std::size_t kGroupBytes = 112;

  // `columns`: what of the rows is added up.
  explicit GroupTable(Columns columns) : columns_(columns) {}

  struct Group {
    std::string_view bucket;
    Minute minute;
    std::string_view host;
  };

  // Adds to the sums of a group, which is made if need be. An id that is left out is empty.
  void add(std::string_view bucket, Minute minute, std::string_view host, const Rollup& rollup);

  std::size_t size() const { return size_; }
  // Memory that the groups' sketches hold.
  std::size_t sketch_bytes() const { return sketch_bytes_; }
  // All memory that the table holds, about. 0 without groups.
  std::size_t memory_bytes() const {
    return blocks_.size() * kBlockGroups * sizeof(Entry) +
           rests_.size() * kBlockGroups * sizeof(Rest) + sketch_bytes_ + numbers_.memory_bytes() +
           buckets_.memory_bytes() + hosts_.memory_bytes();
  }
  // The same once sorted, and while that is done.
  std::size_t sorted_bytes() const {
    return memory_bytes() + size_ * sizeof(std::uint32_t) + buckets_.sorted_bytes() +
           hosts_.sorted_bytes();
  }

  // Orders the groups by (bucket, minute, host); no add() may follow.
  void sort();
  // By place in that order. Views of the table, until it is gone. `rollup` gets what the table's columns
  // are; it is overwritten. A group's sketch is handed over: it can be had once.
  Group take(std::size_t place, Rollup& rollup);

 private:
  // A block is some 100 KB: what a table of a few groups costs.
  static constexpr std::size_t kBlockGroups = 1024;

  template <std::size_t kIndex>
  struct InSums {};
  struct Entry {
    RepoRollup sums;
    std::uint32_t bucket = 0;  // the id's number; once sorted, its place among the ids
    Minute minute;
    std::uint32_t host = 0;  // same
  };
  // The columns of the rollup that the sums do not have.
  struct Rest {
    // By place in kColumns; those that the sums have take no room.
    template <std::size_t... kIndex>
    static auto values_of(std::index_sequence<kIndex...>) -> std::tuple<
        std::conditional_t<is_in_repo_sums<typename ColumnAt<kColumns, kIndex>::Access>(),
                           InSums<kIndex>, typename ColumnAt<kColumns, kIndex>::Value>...>;
    decltype(values_of(std::make_index_sequence<kSizeOf<kColumns>>{})) values{};

    LatencySketch& sketch() { return std::get<index_of<kColumns, Member<&Rollup::sketch>>()>(values); }
    void add(const Rollup& rollup, bool first_latency);
  };
  static_assert(sizeof(Entry) <= kGroupBytes && sizeof(Rest) <= kGroupBytes);

  Entry& entry(std::uint32_t number) {
    return blocks_[number / kBlockGroups][number % kBlockGroups];
  }
  const Entry& entry(std::uint32_t number) const {
    return blocks_[number / kBlockGroups][number % kBlockGroups];
  }
  Rest& rest(std::uint32_t number) { return rests_[number / kBlockGroups][number % kBlockGroups]; }
  std::uint32_t look_up(std::uint32_t bucket, Minute minute, std::uint32_t host);

  Columns columns_;
  IdNumbers buckets_;
  IdNumbers hosts_;
  std::vector<std::unique_ptr<Entry[]>> blocks_;  // entries never move: no copy while they grow
  std::vector<std::unique_ptr<Rest[]>> rests_;    // beside them; none where only sums are wanted
  std::size_t sketch_bytes_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t last_ = 0;  // the group of the row before
  NumberTable numbers_;

  // Once sorted.
  std::vector<std::uint32_t> bucket_order_;
  std::vector<std::uint32_t> host_order_;
  std::vector<std::uint32_t> order_;
};

}  // namespace minuted
