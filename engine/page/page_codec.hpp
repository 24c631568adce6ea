// A sealed page: all rows of one (repo, bucket) in one closed span of a tier, column by column. The
// key under which it is stored holds the pair and the span's first minute; a row's *slot* is its
// minute, hour or day counted from there.
//
//   kind        0x03
//   hosts       varint count ≥ 1, then each, ascending: varint length, bytes
//   presence    per host: varint runs ≥ 1, then each: varint gap since the run before (the first:
//               since slot 0; the others ≥ 1), varint slots - 1
//   columns     one value a row, the first host's rows by slot, then the next host's:
//                 ops[0] … ops[5], client_errors, server_errors, upl_bytes, dwl_bytes,
//                 size_change              zigzag of size_change - upl_bytes
//                 latency_count            zigzag of latency_count - requests
//                 latency_sum_us
//                 zigzag of their mean, rounded down, - latency_min_us
//                 latency_max_us - latency_min_us
//
// A column is one byte, then what it says, whichever is smallest:
//
//   0x00 zeros    nothing
//   0x01 same     varint value
//   0x02 packed   varint least | byte bits, 1–64 | (value - least) in so many bits each, from the low
//                 end of the first byte on, as little-endian bytes
//   0x03 varints  n varints of up to 128 bits
//   0x04 sparse   one bit a row, low bit first: not zero; then the column of those values
//
// The latency sketches of the rows lie in bytes of their own, so that a read that asks for no
// quantile never touches them: a column of how many bytes each row's sketch takes, of the rows with
// three latencies or more and in the columns' order, then these bytes as sketch_codec.hpp has them.
// Nothing if there is no such row. Pure; each object for one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/bytes.hpp"
#include "minuted/rollup.hpp"
#include "schema/columns.hpp"

namespace minuted {

// Slots of a page, at most: a day of minutes.
inline constexpr std::uint32_t kPageSlotsMax = 1440;

struct PageRow {
  std::uint32_t slot;
  std::string_view host;
  const Rollup* rollup;
};

// Appends a page of `rows` to `page` and their sketches to `sketches`. At least one row; ascending by
// (slot, host), none twice, slots below kPageSlotsMax.
void encode_page(std::span<const PageRow> rows, std::string& page, std::string& sketches);

// What of a page is wanted.
struct PagePart {
  std::uint32_t begin = 0;  // slots, half-open
  std::uint32_t end = kPageSlotsMax;
  // Only requests by class, the sums of bytes and of latency: errors and extremes are left at zero.
  bool sums_only = false;
  // Their sketches will be opened. These are found by counting through the whole page's latencies, so
  // its columns are decoded whole.
  bool sketches = false;
};

// Reads pages one after another, keeping its memory. Views borrow the page's bytes.
class PageReader {
 public:
  // Decodes the columns of the part's rows; what lies outside of it costs next to nothing, unless
  // sketches are wanted. False if the bytes are not one page, or what was looked at of them is not
  // well-formed.
  [[nodiscard]] bool open(std::string_view page, const PagePart& part = {});
  // The sketches that belong to the page, to be given before next() if they are wanted; the whole
  // page must be open, or a part that asked for them. False if they do not fit it.
  [[nodiscard]] bool open_sketches(std::string_view sketches);

  // The next row of the part in the order (slot, host). Without sketches the rollup's sketch is empty.
  // False at the end, and at a sketch that is not one: ok() tells which.
  bool next(std::uint32_t& slot, std::string_view& host, Rollup& rollup);
  // The slot of the row next() comes to; nullopt at the end.
  std::optional<std::uint32_t> next_slot() const {
    if (next_ == places_.size() || !ok_) return std::nullopt;
    return places_[next_].slot;
  }
  bool ok() const { return ok_; }
  std::size_t rows() const { return places_.size(); }
  // All memory that the reader keeps, about.
  std::size_t memory_bytes() const;

 private:
  // A decoded column: low is empty if all are zero, high unless a value needs more than 64 bits.
  struct Column {
    std::vector<std::uint64_t> low;
    std::vector<std::uint64_t> high;
    std::uint64_t low_at(std::size_t i) const { return low.empty() ? 0 : low[i]; }
    UInt128 at(std::size_t i) const {
      return high.empty() ? UInt128{low_at(i)} : UInt128{high[i]} << 64 | low[i];
    }
  };
  struct Place {
    std::uint32_t row;  // in the columns
    std::uint16_t slot;
    std::uint16_t host;
  };
  // Rows of the page that are wanted, one behind the other in the columns.
  struct Pick {
    std::size_t first;
    std::size_t count;
  };
  bool take_places(ByteReader& in, const PagePart& part);
  static bool take_column(ByteReader& in, std::size_t rows, const std::vector<Pick>& picks,
                          Column& column, unsigned depth);
  static bool take_sparse(ByteReader& in, std::size_t rows, const std::vector<Pick>& picks,
                          Column& column, unsigned depth);
  bool values_agree() const;
  std::uint64_t requests_at(std::size_t i) const;
  bool take_extremes(std::size_t i, Rollup& r) const;

  std::vector<std::string_view> hosts_;
  std::vector<Place> places_;  // by (slot, host)
  std::vector<Place> unsorted_;
  std::vector<Pick> picks_;
  std::size_t page_rows_ = 0;
  std::size_t decoded_rows_ = 0;  // all of them, or the part's
  std::array<Column, kPageColumns.size()> columns_;
  std::vector<std::string_view> sketches_;  // by row; empty unless opened
  std::vector<std::uint32_t> ends_;
  std::size_t next_ = 0;
  bool sums_only_ = false;
  bool ok_ = true;
};

}  // namespace minuted
