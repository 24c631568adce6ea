// The bytes of a repo page: the small sums (repo_rollup.hpp) of one repo, or of the whole store, for the
// slots of a span that are closed, column by column. Made to be added up without being taken apart: a
// column's values have one width, so any of them is found by its number, and reading one costs a load
// and an addition.
//
//   0x04 | varint first slot | varint slots from the first to the last, less 1 | varint how many of them
//          have events, less 1
//        | unless all have: a bit for each, low bit first, 1 = has events
//        | six columns' heads, each: zigzag varint least value, up to 128 bits | byte width, 0–8 or 16
//        | six columns: of each slot that has events its value less the least, little-endian, width bytes
//        | 8 zero bytes, so that any value may be loaded as eight
//
// The columns are those of kRepoColumns (schema/columns.hpp): requests, upl_bytes, dwl_bytes, size_change,
// requests without a latency, latency_sum_us.
// Equal contents have equal bytes. Pure; each object for one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/repo_rollup.hpp"
#include "schema/columns.hpp"

namespace minuted {

inline constexpr std::uint32_t kRepoPageSlotsMax = 512;

struct RepoSlot {
  std::uint32_t slot = 0;
  RepoRollup sums;
  friend bool operator==(const RepoSlot&, const RepoSlot&) = default;
};

// Appends the page. Slots ascend, are below kRepoPageSlotsMax, have a request at least, and are one at
// least.
void encode_repo_page(std::span<const RepoSlot> slots, std::string& out);

// Half-open.
struct SlotRange {
  std::uint32_t begin = 0;
  std::uint32_t end = kRepoPageSlotsMax;
};

class RepoPageReader {
 public:
  // Borrows `bytes`. False unless they are one page, whole and well-formed.
  [[nodiscard]] bool open(std::string_view bytes);

  // Slots that have events.
  std::size_t size() const { return slots_.size(); }
  // By number, ascending.
  std::uint32_t slot(std::size_t number) const { return slots_[number]; }
  RepoSlot at(std::size_t number) const;

  // Adds the slots of the range to one sum.
  void add_to(const SlotRange& range, RepoRollup& sum) const;

  // Adds each slot of the range to points[(slot + lead) / slots_per_point]; all of these must exist.
  struct Points {
    std::span<RepoRollup> points;
    std::int64_t lead = 0;
    std::uint32_t slots_per_point = 1;
  };
  void add_to(const SlotRange& range, const Points& points) const;

 private:
  struct Column {
    Int128 least = 0;
    std::uint32_t width = 0;
    const char* values = nullptr;
  };
  struct Numbers {
    std::size_t begin;
    std::size_t end;
  };

  // Whether each slot has a request at least, and no more than can be counted.
  bool each_has_requests() const;
  bool read_slots(std::string_view bits, std::uint32_t first, std::uint32_t span);
  Numbers numbers_of(const SlotRange& range) const;

  std::vector<std::uint16_t> slots_;
  std::array<Column, kSizeOf<kRepoColumns>> columns_;
};

}  // namespace minuted
