#include "page/repo_page_codec.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <tuple>

#include "codec/bytes.hpp"
#include "rollup/rollup_codec.hpp"

namespace minuted {
namespace {

static_assert(std::endian::native == std::endian::little, "columns are loaded as they lie");

constexpr std::size_t kLoadBytes = 8;
constexpr std::uint32_t kWide = 16;
constexpr std::size_t kColumnsOfSlot = kSizeOf<kRepoColumns>;

static_assert(index_of<kRepoColumns, Member<&RepoRollup::requests>>() == 0,
              "others are coded by requests, which therefore come first");

// The access and the coding of a column.
template <std::size_t kIndex>
using AccessAt = typename ColumnAt<kRepoColumns, kIndex>::Access;
template <std::size_t kIndex>
constexpr bool kIsLessThanRequests =
    std::get<kIndex>(kRepoColumns).page == PageCoding::kRequestsLess;

// A slot's values in the order of the columns.
std::array<Int128, kColumnsOfSlot> columns_of(const RepoRollup& sums) {
  std::array<Int128, kColumnsOfSlot> values;
  for_each_column<kRepoColumns>([&](auto index) {
    const auto value = AccessAt<index>::of(sums);
    if constexpr (kIsLessThanRequests<index>) {
      values[index] = Int128{sums.requests - value};
    } else {
      values[index] = static_cast<Int128>(value);
    }
  });
  return values;
}

RepoRollup sums_of(const std::array<Int128, kColumnsOfSlot>& values) {
  RepoRollup sums;
  for_each_column<kRepoColumns>([&](auto index) {
    using Value = typename ColumnAt<kRepoColumns, index>::Value;
    const auto value = static_cast<Value>(values[index]);
    AccessAt<index>::of(sums) = kIsLessThanRequests<index> ? static_cast<Value>(sums.requests - value) : value;
  });
  return sums;
}

// Adds what a column of 64 bits has to a sum. Requests are also added where they are less something.
template <std::size_t kIndex>
void add_coded(RepoRollup& sum, std::uint64_t value) {
  if constexpr (kIsLessThanRequests<kIndex>) {
    AccessAt<kIndex>::of(sum) -= value;
    return;
  }
  AccessAt<kIndex>::of(sum) += value;
  if constexpr (kIndex == 0) {
    for_each_column<kRepoColumns>([&](auto other) {
      if constexpr (kIsLessThanRequests<other>) AccessAt<other>::of(sum) += value;
    });
  }
}

std::uint32_t width_of(UInt128 most) {
  if (most > UINT64_MAX) return kWide;
  return static_cast<std::uint32_t>(std::bit_width(static_cast<std::uint64_t>(most)) + 7) / 8;
}

// Values of at most eight bytes are loaded as eight, and the rest of them masked away.
std::uint64_t mask_of(std::uint32_t width) {
  return width == kLoadBytes ? UINT64_MAX : (std::uint64_t{1} << (8 * width)) - 1;
}

std::uint64_t load64(const char* at) {
  std::uint64_t value;
  std::memcpy(&value, at, kLoadBytes);
  return value;
}

UInt128 load128(const char* at) { return UInt128{load64(at + kLoadBytes)} << 64 | load64(at); }

// Calls `take` with each value of the column, less its least.
template <class Column, class Take>
void for_each(const Column& column, std::size_t begin, std::size_t end, Take take) {
  const char* at = column.values + begin * column.width;
  if (column.width == kWide) {
    for (std::size_t i = begin; i != end; ++i, at += kWide) take(i, load128(at));
    return;
  }
  const std::uint64_t mask = mask_of(column.width);
  for (std::size_t i = begin; i != end; ++i, at += column.width) take(i, load64(at) & mask);
}

}  // namespace

void encode_repo_page(std::span<const RepoSlot> slots, std::string& out) {
  assert(!slots.empty() && slots.back().slot < kRepoPageSlotsMax);
  const std::uint32_t first = slots.front().slot;
  const std::uint32_t span = slots.back().slot - first + 1;
  out.push_back(static_cast<char>(ValueKind::kRepoPage));
  put_varint(out, first);
  put_varint(out, span - 1);
  put_varint(out, std::uint64_t{slots.size() - 1});
  if (slots.size() != span) {
    const std::size_t bits = out.size();
    out.resize(bits + (span + 7) / 8, '\0');
    for (const RepoSlot& s : slots) {
      char& byte = out[bits + (s.slot - first) / 8];
      byte = static_cast<char>(byte | 1 << ((s.slot - first) % 8));
    }
  }
  std::array<std::vector<Int128>, kColumnsOfSlot> columns;
  for (const RepoSlot& s : slots) {
    assert(s.sums.requests != 0);
    const auto values = columns_of(s.sums);
    for (std::size_t c = 0; c < kColumnsOfSlot; ++c) columns[c].push_back(values[c]);
  }
  std::array<std::uint32_t, kColumnsOfSlot> widths{};
  for (std::size_t c = 0; c < kColumnsOfSlot; ++c) {
    const auto [least, most] = std::minmax_element(columns[c].begin(), columns[c].end());
    const Int128 base = *least;
    widths[c] = width_of(static_cast<UInt128>(*most) - static_cast<UInt128>(base));
    put_varint(out, zigzag(base));
    out.push_back(static_cast<char>(widths[c]));
    for (Int128& value : columns[c]) {
      value = static_cast<Int128>(static_cast<UInt128>(value) - static_cast<UInt128>(base));
    }
  }
  for (std::size_t c = 0; c < kColumnsOfSlot; ++c) {
    for (const Int128 value : columns[c]) {
      out.append(reinterpret_cast<const char*>(&value), widths[c]);
    }
  }
  out.append(kLoadBytes, '\0');
}

bool RepoPageReader::open(std::string_view bytes) {
  slots_.clear();
  ByteReader in(bytes);
  if (in.byte() != static_cast<std::uint8_t>(ValueKind::kRepoPage)) return false;
  const auto first = static_cast<std::uint32_t>(in.varint_up_to(kRepoPageSlotsMax - 1));
  const auto span =
      static_cast<std::uint32_t>(in.varint_up_to(kRepoPageSlotsMax - 1 - first)) + 1;
  const std::size_t count = in.varint_up_to(span - 1) + 1;
  if (!in.ok()) return false;
  if (count == span) {
    slots_.resize(span);
    for (std::uint32_t i = 0; i < span; ++i) slots_[i] = static_cast<std::uint16_t>(first + i);
  } else if (!read_slots(in.bytes((span + 7) / 8), first, span) || slots_.size() != count) {
    return false;
  }
  for (Column& column : columns_) {
    column.least = unzigzag(in.varint128());
    column.width = in.byte();
    if (column.width > kLoadBytes && column.width != kWide) return false;
  }
  for (Column& column : columns_) column.values = in.bytes(count * column.width).data();
  const std::string_view padding = in.bytes(kLoadBytes);
  return in.done() && padding == std::string_view("\0\0\0\0\0\0\0\0", kLoadBytes) &&
         each_has_requests();
}

bool RepoPageReader::each_has_requests() const {
  const Column& requests = columns_.front();
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (requests.least < 1 || requests.least > Int128{kMost} || requests.width == kWide) return false;
  if (requests.width < kLoadBytes && requests.least <= Int128{kMost >> 8}) return true;
  bool fit = true;
  const std::uint64_t room = kMost - static_cast<std::uint64_t>(requests.least);
  for_each(requests, 0, slots_.size(), [&](std::size_t, auto value) { fit = fit && value <= room; });
  return fit;
}

// The first and the last bit must be set, and none behind.
bool RepoPageReader::read_slots(std::string_view bits, std::uint32_t first, std::uint32_t span) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    for (unsigned byte = static_cast<unsigned char>(bits[i]); byte != 0; byte &= byte - 1) {
      const auto slot = static_cast<std::uint32_t>(8 * i) +
                        static_cast<std::uint32_t>(std::countr_zero(byte));
      slots_.push_back(static_cast<std::uint16_t>(first + slot));
    }
  }
  return !slots_.empty() && slots_.front() == first && slots_.back() == first + span - 1;
}

RepoSlot RepoPageReader::at(std::size_t number) const {
  std::array<Int128, kColumnsOfSlot> values{};
  for (std::size_t c = 0; c < kColumnsOfSlot; ++c) {
    for_each(columns_[c], number, number + 1, [&](std::size_t, auto value) {
      values[c] = static_cast<Int128>(static_cast<UInt128>(columns_[c].least) + value);
    });
  }
  return {slots_[number], sums_of(values)};
}

RepoPageReader::Numbers RepoPageReader::numbers_of(const SlotRange& range) const {
  const auto number_of = [&](std::uint32_t slot) {
    return static_cast<std::size_t>(std::lower_bound(slots_.begin(), slots_.end(), slot) -
                                    slots_.begin());
  };
  const std::size_t begin = number_of(range.begin);
  return {begin, std::max(begin, number_of(range.end))};
}

void RepoPageReader::add_to(const SlotRange& range, RepoRollup& sum) const {
  const auto [begin, end] = numbers_of(range);
  std::array<Int128, kColumnsOfSlot> sums{};
  for (std::size_t c = 0; c < kColumnsOfSlot; ++c) {
    UInt128 column = static_cast<UInt128>(columns_[c].least) * (end - begin);
    for_each(columns_[c], begin, end, [&](std::size_t, auto value) { column += value; });
    sums[c] = static_cast<Int128>(column);
  }
  sum.merge(sums_of(sums));
}

void RepoPageReader::add_to(const SlotRange& range, const Points& to) const {
  const auto [first, last] = numbers_of(range);
  const std::size_t begin = first;  // clang 14 lets no lambda capture a structured binding
  const std::size_t end = last;
  std::array<std::uint16_t, kRepoPageSlotsMax> places;
  for (std::size_t i = begin; i != end; ++i) {
    places[i] = static_cast<std::uint16_t>((slots_[i] + to.lead) / to.slots_per_point);
  }
  for_each_column<kRepoColumns>([&](auto index) {
    using OneColumn = ColumnAt<kRepoColumns, index>;
    using Value = typename OneColumn::Value;
    const Column& column = columns_[index];
    if constexpr (OneColumn::kIsWide) {
      const auto least = static_cast<UInt128>(column.least);
      for_each(column, begin, end, [&](std::size_t i, auto value) {
        auto& sum = OneColumn::Access::of(to.points[places[i]]);
        sum = static_cast<Value>(static_cast<UInt128>(sum) + least + value);
      });
    } else {
      const auto least = static_cast<std::uint64_t>(column.least);
      for_each(column, begin, end, [&](std::size_t i, auto value) {
        add_coded<index>(to.points[places[i]], least + static_cast<std::uint64_t>(value));
      });
    }
  });
}

}  // namespace minuted
