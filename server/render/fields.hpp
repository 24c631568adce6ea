// The columns a row may have beyond the standard eight: their names, their order, and what of the
// store they need. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "minuted/query.hpp"

namespace minuted::render {

// One of them: its place in their order, which is that of kFields in engine/schema/columns.hpp.
class Field {
 public:
  constexpr explicit Field(std::size_t index) : index_(static_cast<std::uint8_t>(index)) {}
  constexpr std::size_t index() const { return index_; }
  friend constexpr bool operator==(const Field&, const Field&) = default;

 private:
  std::uint8_t index_;
};

// In the order in which rows have them.
std::span<const std::string_view> field_names();
std::optional<Field> field_named(std::string_view name);

class FieldSet {
 public:
  static FieldSet all();
  constexpr void add(Field field) { bits_ |= 1U << field.index(); }
  constexpr void add(const FieldSet& other) { bits_ |= other.bits_; }
  constexpr bool has(Field field) const { return (bits_ >> field.index() & 1) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(const FieldSet&, const FieldSet&) = default;

 private:
  std::uint32_t bits_ = 0;
};

// The least that a query has to ask for. `merged`: its rows are added up over ids.
Columns columns_for(const FieldSet& fields, bool merged);

// Room that write_field needs.
inline constexpr std::size_t kFieldBytesMax = 40;

// Writes the field's value as a number: counts as they are, latencies in milliseconds without
// trailing zeros, the least and the most of them exact to three decimals, percentiles to six, so
// that rounding adds nothing to their relative error of at most 1%. Writes nothing where there is
// no latency. `saturated` is set where a sum does not fit 64 bits, and never cleared. Returns the
// end of what was written; up to eight bytes behind it are overwritten.
char* write_field(Field field, const Rollup& sums, char* out, bool& saturated);

}  // namespace minuted::render
