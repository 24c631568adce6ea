#include "page/page_codec.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <tuple>
#include <utility>

#include "codec/bits.hpp"
#include "codec/bytes.hpp"
#include "page/sketch_codec.hpp"
#include "rollup/rollup_codec.hpp"

namespace minuted {
namespace {

enum Encoding : std::uint8_t {
  kZeros = 0x00,
  kSame = 0x01,
  kPacked = 0x02,
  kVarints = 0x03,
  kSparse = 0x04,
};

// The row of the table that the column at a place of the page is, and its type.
template <std::size_t kPlace>
constexpr const auto& kColumnAt = std::get<kPageColumns[kPlace]>(kColumns);
template <std::size_t kPlace>
using TypeAt = ColumnAt<kColumns, kPageColumns[kPlace]>;

// Calls take(place) for each column of a page in their order.
template <class Take>
constexpr void for_each_page_column(Take&& take) {
  [&]<std::size_t... kPlace>(std::index_sequence<kPlace...>) {
    (take(std::integral_constant<std::size_t, kPlace>{}), ...);
  }(std::make_index_sequence<kPageColumns.size()>{});
}

template <class Access>
constexpr std::size_t place_of() {
  std::size_t found = kPageColumns.size();
  for_each_page_column([&](auto place) {
    if (kPageColumns[place] == index_of<kColumns, Access>()) found = place;
  });
  return found;
}
constexpr std::size_t kLatencyCountAt = place_of<Member<&Rollup::latency_count>>();
constexpr std::size_t kLatencyMinAt = place_of<Member<&Rollup::latency_min_us>>();
constexpr std::size_t kLatencyMaxAt = place_of<Member<&Rollup::latency_max_us>>();

// By place: whether its values fit 64 bits, and whether they are among the sums.
struct ColumnTraits {
  bool is_narrow;
  bool is_sum;
};
constexpr auto kTraits = [] {
  std::array<ColumnTraits, kPageColumns.size()> traits{};
  for_each_page_column([&](auto place) {
    traits[place] = {!TypeAt<place>::kIsWide, kColumnAt<place>.needs == Columns::kSums};
  });
  return traits;
}();

using Values = std::vector<UInt128>;

constexpr unsigned kSparseDepthMax = 1;  // the values of a sparse column are not sparse themselves
constexpr std::uint32_t kHostsMax = 65'535;
// Of two latencies the columns say all there is.
constexpr std::uint64_t kSketchLatenciesMin = 3;

std::size_t varint_bytes(UInt128 value) {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

bool is_wide(UInt128 value) { return (value >> 64) != 0; }

struct Packing {
  std::uint64_t least;
  unsigned bits;
  std::size_t bytes;
};

Packing packing_of(const Values& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const auto spread = static_cast<std::uint64_t>(*most - *least);
  const auto bits = static_cast<unsigned>(std::bit_width(spread));
  return {static_cast<std::uint64_t>(*least), bits,
          varint_bytes(*least) + 1 + (values.size() * bits + 7) / 8};
}

void put_packed(const Values& values, const Packing& packing, std::string& out) {
  put_varint(out, packing.least);
  out.push_back(static_cast<char>(packing.bits));
  BitWriter bits(out);
  for (const UInt128 v : values) {
    bits.put(static_cast<std::uint64_t>(v) - packing.least, packing.bits);
  }
}

void put_column(const Values& values, std::string& out, unsigned depth = 0);

void put_sparse(const Values& values, std::string& out, unsigned depth) {
  Values present;
  {
    BitWriter bits(out);
    for (const UInt128 v : values) {
      bits.put(v != 0, 1);
      if (v != 0) present.push_back(v);
    }
  }
  put_column(present, out, depth + 1);
}

// The smallest of what the format offers.
void put_column(const Values& values, std::string& out, unsigned depth) {
  const auto start = [&](Encoding encoding) { out.push_back(static_cast<char>(encoding)); };
  const bool same = std::all_of(values.begin(), values.end(),
                                [&](UInt128 v) { return v == values.front(); });
  if (same && values.front() == 0) return start(kZeros);
  if (same) {
    start(kSame);
    return put_varint(out, values.front());
  }
  std::size_t varints = 0;
  bool wide = false;
  bool zeros = false;
  for (const UInt128 v : values) {
    varints += varint_bytes(v);
    wide |= is_wide(v);
    zeros |= v == 0;
  }
  const std::size_t packed = wide ? SIZE_MAX : packing_of(values).bytes;
  std::string sparse;
  if (zeros && depth < kSparseDepthMax) put_sparse(values, sparse, depth);
  if (!sparse.empty() && sparse.size() < std::min(packed, varints)) {
    start(kSparse);
    out += sparse;
  } else if (packed <= varints) {
    start(kPacked);
    put_packed(values, packing_of(values), out);
  } else {
    start(kVarints);
    for (const UInt128 v : values) put_varint(out, v);
  }
}

// Rounded down, modulo 2^64; 0 without a latency.
std::uint64_t mean_of(const Rollup& r) {
  if (r.latency_count == 0) return 0;
  if (r.latency_count == 1) return static_cast<std::uint64_t>(r.latency_sum_us);
  if (is_wide(r.latency_sum_us)) {
    return static_cast<std::uint64_t>(r.latency_sum_us / r.latency_count);
  }
  return static_cast<std::uint64_t>(r.latency_sum_us) / r.latency_count;
}

// What stands in the column at a place of the page.
template <std::size_t kPlace>
UInt128 code_of(const Rollup& r) {
  constexpr PageCoding kCoding = kColumnAt<kPlace>.page;
  const auto value = TypeAt<kPlace>::Access::of(r);
  if constexpr (kCoding == PageCoding::kPlain) {
    return static_cast<UInt128>(value);
  } else if constexpr (kCoding == PageCoding::kLessUplBytes) {
    return zigzag(value - static_cast<Int128>(r.upl_bytes));
  } else if constexpr (kCoding == PageCoding::kLessRequests) {
    return zigzag(static_cast<std::int64_t>(value - r.requests()));
  } else if constexpr (kCoding == PageCoding::kLatencyBelow) {
    return zigzag(static_cast<std::int64_t>(mean_of(r) - value));
  } else {
    static_assert(kCoding == PageCoding::kLatencySpread);
    return value - r.latency_min_us;
  }
}

void put_presence(const std::vector<std::uint32_t>& slots, std::string& out) {
  struct Run {
    std::uint32_t gap;
    std::uint32_t length;
  };
  std::vector<Run> runs;
  std::uint32_t end = 0;
  for (const std::uint32_t slot : slots) {
    if (!runs.empty() && slot == end) {
      ++runs.back().length;
    } else {
      runs.push_back({slot - end, 1});
    }
    end = slot + 1;
  }
  put_varint(out, std::uint64_t{runs.size()});
  for (const Run& run : runs) {
    put_varint(out, run.gap);
    put_varint(out, run.length - 1);
  }
}

// `bits` bits from bit `at` of `bytes` on; bits up to 64.
std::uint64_t read_bits(std::string_view bytes, std::size_t at, unsigned bits) {
  UInt128 window = 0;
  const std::size_t first = at / 8;
  std::memcpy(&window, bytes.data() + first, std::min<std::size_t>(9, bytes.size() - first));
  const auto value = static_cast<std::uint64_t>(window >> (at % 8));
  return bits == 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

// Adds `least` to `count` numbers of `bits` bits each, from the `first` of them on.
void unpack(std::string_view bytes, unsigned bits, std::size_t first, std::size_t count,
            std::uint64_t least, std::uint64_t* out) {
  std::size_t i = 0;
  // A number of up to 57 bits lies in the eight bytes from its first byte on.
  if (bits <= 57 && bytes.size() >= 8) {
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    const std::size_t last_load = bytes.size() - 8;
    for (std::size_t at = first * bits; i < count && at / 8 <= last_load; ++i, at += bits) {
      std::uint64_t window = 0;
      std::memcpy(&window, bytes.data() + at / 8, 8);
      out[i] = least + ((window >> (at % 8)) & mask);
    }
  }
  for (; i < count; ++i) out[i] = least + read_bits(bytes, (first + i) * bits, bits);
}

bool bit_at(std::string_view bitmap, std::size_t i) {
  return ((static_cast<unsigned char>(bitmap[i / 8]) >> (i % 8)) & 1) != 0;
}

// Bits that are set in [begin, end).
std::size_t count_bits(std::string_view bitmap, std::size_t begin, std::size_t end) {
  std::size_t count = 0;
  for (; begin < end && begin % 8 != 0; ++begin) count += bit_at(bitmap, begin);
  for (; begin + 8 <= end; begin += 8) {
    count += static_cast<std::size_t>(std::popcount(static_cast<unsigned char>(bitmap[begin / 8])));
  }
  for (; begin < end; ++begin) count += bit_at(bitmap, begin);
  return count;
}

}  // namespace

void encode_page(std::span<const PageRow> rows, std::string& page, std::string& sketches) {
  assert(!rows.empty());
  std::vector<std::string_view> hosts;
  for (const PageRow& row : rows) hosts.push_back(row.host);
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  std::vector<std::vector<std::uint32_t>> slots(hosts.size());
  std::vector<std::vector<const Rollup*>> by_host(hosts.size());
  for (const PageRow& row : rows) {
    const auto host = static_cast<std::size_t>(
        std::lower_bound(hosts.begin(), hosts.end(), row.host) - hosts.begin());
    slots[host].push_back(row.slot);
    by_host[host].push_back(row.rollup);
  }

  page.push_back(static_cast<char>(ValueKind::kPage));
  put_varint(page, std::uint64_t{hosts.size()});
  for (const std::string_view host : hosts) put_string(page, host);
  for (const auto& of_host : slots) put_presence(of_host, page);
  Values values;
  for_each_page_column([&](auto place) {
    values.clear();
    for (const auto& of_host : by_host) {
      for (const Rollup* rollup : of_host) values.push_back(code_of<place>(*rollup));
    }
    put_column(values, page);
  });
  std::string packed;
  values.clear();
  for (const auto& of_host : by_host) {
    for (const Rollup* rollup : of_host) {
      if (rollup->latency_count < kSketchLatenciesMin) continue;
      const std::size_t before = packed.size();
      pack_sketch(*rollup, packed);
      values.push_back(packed.size() - before);
    }
  }
  if (values.empty()) return;
  put_column(values, sketches);
  sketches += packed;
}

bool PageReader::open(std::string_view page, const PagePart& part) {
  next_ = 0;
  ok_ = true;
  sums_only_ = part.sums_only;
  places_.clear();
  sketches_.clear();
  ByteReader in(page);
  if (in.byte() != static_cast<std::uint8_t>(ValueKind::kPage)) return false;
  if (!take_places(in, part)) return false;
  if (part.sketches) picks_.assign(1, {0, page_rows_});
  decoded_rows_ = part.sketches ? page_rows_ : places_.size();
  static const std::vector<Pick> kNone;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const auto& picks = part.sums_only && !kTraits[c].is_sum ? kNone : picks_;
    if (!take_column(in, page_rows_, picks, columns_[c], 0)) return false;
  }
  return in.done() && values_agree();
}

bool PageReader::take_places(ByteReader& in, const PagePart& part) {
  const std::uint64_t hosts = in.varint_up_to(kHostsMax);
  if (hosts == 0 || hosts > in.remaining()) return false;
  hosts_.clear();
  for (std::uint64_t i = 0; i < hosts && in.ok(); ++i) {
    const std::string_view host = in.string(kIdBytesMax);
    if (host <= (hosts_.empty() ? std::string_view() : hosts_.back())) return false;
    hosts_.push_back(host);
  }
  unsorted_.clear();
  picks_.clear();
  page_rows_ = 0;
  // Rows before each slot of the part, once summed up.
  ends_.assign(std::min(part.end, kPageSlotsMax) - std::min(part.begin, part.end) + 1, 0);
  for (std::uint64_t host = 0; host < hosts; ++host) {
    const std::uint64_t runs = in.varint_up_to(kPageSlotsMax);
    if (runs == 0) return false;
    std::uint64_t slot = 0;
    const std::size_t picked_before = unsorted_.size();
    std::size_t skipped = 0;  // rows of this host before the part
    std::size_t host_rows = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
      const std::uint64_t gap = in.varint_up_to(kPageSlotsMax);
      const std::uint64_t length = in.varint_up_to(kPageSlotsMax) + 1;
      if (!in.ok() || (run != 0 && gap == 0) || slot + gap + length > kPageSlotsMax) return false;
      slot += gap;
      const std::uint64_t end = slot + length;
      const std::uint64_t first = std::clamp<std::uint64_t>(part.begin, slot, end);
      const std::uint64_t last = std::clamp<std::uint64_t>(part.end, first, end);
      if (unsorted_.size() == picked_before) skipped = host_rows + (first - slot);
      for (std::uint64_t s = first; s < last; ++s) {
        const std::size_t row =
            part.sketches ? page_rows_ + host_rows + (s - slot) : unsorted_.size();
        unsorted_.push_back({static_cast<std::uint32_t>(row), static_cast<std::uint16_t>(s),
                             static_cast<std::uint16_t>(host)});
        ++ends_[s + 1 - part.begin];
      }
      host_rows += length;
      slot = end;
    }
    const std::size_t picked = unsorted_.size() - picked_before;
    if (picked != 0) picks_.push_back({page_rows_ + skipped, picked});
    page_rows_ += host_rows;
  }
  // Hosts are ascending, so counting by slot alone keeps them in order.
  for (std::size_t s = 1; s < ends_.size(); ++s) ends_[s] += ends_[s - 1];
  places_.resize(unsorted_.size());
  for (const Place& place : unsorted_) places_[ends_[place.slot - part.begin]++] = place;
  return true;
}

bool PageReader::take_column(ByteReader& in, std::size_t rows, const std::vector<Pick>& picks,
                             Column& column, unsigned depth) {
  column.high.clear();
  column.low.clear();
  std::size_t picked = 0;
  for (const Pick& pick : picks) picked += pick.count;
  const std::uint8_t encoding = in.byte();
  if (!in.ok()) return false;
  switch (encoding) {
    case kZeros:
      return true;
    case kSame: {
      const UInt128 value = in.varint128();
      column.low.assign(picked, static_cast<std::uint64_t>(value));
      if (is_wide(value)) column.high.assign(picked, static_cast<std::uint64_t>(value >> 64));
      return in.ok();
    }
    case kPacked: {
      const std::uint64_t least = in.varint();
      const unsigned bits = in.byte();
      if (bits == 0 || bits > 64) return false;
      const std::string_view packed = in.bytes((rows * bits + 7) / 8);
      if (!in.ok()) return false;
      column.low.resize(picked);
      std::uint64_t* out = column.low.data();
      for (const Pick& pick : picks) {
        unpack(packed, bits, pick.first, pick.count, least, out);
        out += pick.count;
      }
      return true;
    }
    case kVarints: {
      column.low.resize(picked);
      std::size_t row = 0;
      std::size_t at = 0;
      for (const Pick& pick : picks) {
        in.skip_varints(pick.first - row);
        for (row = pick.first; row < pick.first + pick.count; ++row, ++at) {
          const UInt128 value = in.varint128();
          column.low[at] = static_cast<std::uint64_t>(value);
          if (!is_wide(value)) continue;
          column.high.resize(picked, 0);
          column.high[at] = static_cast<std::uint64_t>(value >> 64);
        }
      }
      in.skip_varints(rows - row);
      return in.ok();
    }
    case kSparse:
      return depth < kSparseDepthMax && take_sparse(in, rows, picks, column, depth);
    default:
      return false;
  }
}

bool PageReader::take_sparse(ByteReader& in, std::size_t rows, const std::vector<Pick>& picks,
                             Column& column, unsigned depth) {
  const std::string_view bitmap = in.bytes((rows + 7) / 8);
  if (!in.ok()) return false;
  const std::size_t present = count_bits(bitmap, 0, bitmap.size() * 8);
  if (present == 0 || present > rows) return false;
  std::vector<Pick> of_present;
  std::size_t picked = 0;
  std::size_t counted = 0;  // rows whose bits are in `before`
  std::size_t before = 0;
  for (const Pick& pick : picks) {
    before += count_bits(bitmap, counted, pick.first);
    const std::size_t within = count_bits(bitmap, pick.first, pick.first + pick.count);
    of_present.push_back({before, within});
    before += within;
    counted = pick.first + pick.count;
    picked += pick.count;
  }
  Column values;
  if (!take_column(in, present, of_present, values, depth + 1)) return false;
  column.low.assign(picked, 0);
  if (!values.high.empty()) column.high.assign(picked, 0);
  std::size_t out = 0;
  std::size_t at = 0;
  for (const Pick& pick : picks) {
    for (std::size_t row = pick.first; row < pick.first + pick.count; ++row, ++out) {
      if (!bit_at(bitmap, row)) continue;
      column.low[out] = values.low_at(at);
      if (!values.high.empty()) column.high[out] = values.high[at];
      ++at;
    }
  }
  return true;
}

std::size_t PageReader::memory_bytes() const {
  std::size_t bytes = (places_.capacity() + unsorted_.capacity()) * sizeof(Place) +
                      picks_.capacity() * sizeof(Pick) +
                      (hosts_.capacity() + sketches_.capacity()) * sizeof(std::string_view) +
                      ends_.capacity() * sizeof(std::uint32_t);
  for (const Column& column : columns_) {
    bytes += (column.low.capacity() + column.high.capacity()) * sizeof(std::uint64_t);
  }
  return bytes;
}

// What next() relies on: counts that fit their type.
bool PageReader::values_agree() const {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (kTraits[c].is_narrow && !columns_[c].high.empty()) return false;
  }
  return true;
}

std::uint64_t PageReader::requests_at(std::size_t i) const {
  std::uint64_t requests = 0;
  for_each_page_column([&](auto place) {
    if constexpr (kIsOpCount<typename TypeAt<place>::Access>) requests += columns_[place].low_at(i);
  });
  return requests;
}

bool PageReader::open_sketches(std::string_view sketches) {
  assert(decoded_rows_ == page_rows_);
  sketches_.assign(page_rows_, {});
  std::vector<std::size_t> rows;  // that have one
  for (std::size_t row = 0; row < page_rows_; ++row) {
    const std::uint64_t latencies =
        requests_at(row) + static_cast<std::uint64_t>(unzigzag(columns_[kLatencyCountAt].low_at(row)));
    if (latencies >= kSketchLatenciesMin) rows.push_back(row);
  }
  ByteReader in(sketches);
  if (rows.empty()) return in.done();
  Column sizes;
  if (!take_column(in, rows.size(), {{0, rows.size()}}, sizes, 0)) return false;
  if (!sizes.high.empty()) return false;
  for (std::size_t i = 0; i < rows.size(); ++i) sketches_[rows[i]] = in.bytes(sizes.low_at(i));
  return in.done();
}

bool PageReader::take_extremes(std::size_t i, Rollup& r) const {
  const std::int64_t below = unzigzag(columns_[kLatencyMinAt].low_at(i));
  const std::uint64_t spread = columns_[kLatencyMaxAt].low_at(i);
  r.latency_min_us = mean_of(r) - static_cast<std::uint64_t>(below);
  r.latency_max_us = r.latency_min_us + spread;
  return r.latency_min_us <= kLatencyUsMax && spread <= kLatencyUsMax - r.latency_min_us;
}

bool PageReader::next(std::uint32_t& slot, std::string_view& host, Rollup& r) {
  if (next_ == places_.size() || !ok_) return false;
  const Place place = places_[next_++];
  slot = place.slot;
  host = hosts_[place.host];
  const std::size_t i = place.row;
  // Those that others are coded by come first.
  std::uint64_t requests = 0;
  for_each_page_column([&](auto at) {
    using Value = typename TypeAt<at>::Value;
    constexpr PageCoding kCoding = kColumnAt<at>.page;
    const Column& column = columns_[at];
    auto& value = TypeAt<at>::Access::of(r);
    if constexpr (kCoding == PageCoding::kPlain && TypeAt<at>::kIsWide) {
      value = static_cast<Value>(column.at(i));
    } else if constexpr (kCoding == PageCoding::kPlain) {
      value = column.low_at(i);
      if constexpr (kIsOpCount<typename TypeAt<at>::Access>) requests += value;
    } else if constexpr (kCoding == PageCoding::kLessUplBytes) {
      value = unzigzag(column.at(i)) + static_cast<Int128>(r.upl_bytes);
    } else if constexpr (kCoding == PageCoding::kLessRequests) {
      value = requests + static_cast<std::uint64_t>(unzigzag(column.low_at(i)));
    }
  });
  r.latency_min_us = r.latency_max_us = 0;
  r.sketch.clear();
  if (sums_only_) return true;
  if (!take_extremes(i, r)) {
    ok_ = false;
    return false;
  }
  if (sketches_.empty()) return true;
  if (r.latency_count >= kSketchLatenciesMin) {
    ok_ = unpack_sketch(sketches_[i], r);
    return ok_;
  }
  if (r.latency_count >= 1) r.sketch.add(r.latency_min_us);
  if (r.latency_count == 2) r.sketch.add(r.latency_max_us);
  return true;
}

}  // namespace minuted
