// The columns a row may have beyond the standard eight: their names, their order, and what of the store
// they need. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "minuted/query.hpp"

namespace minuted::render {

// In the order in which rows have them.
enum class Field : std::uint8_t {
  kRequests,
  kErrors,
  kClientErrors,
  kServerErrors,
  kGets,
  kPuts,
  kDeletes,
  kHeads,
  kLists,
  kOthers,
  kLatencyMin,
  kLatencyMax,
  kLatencyP50,
  kLatencyP90,
  kLatencyP95,
  kLatencyP99,
};

inline constexpr std::array<std::string_view, 16> kFieldNames{
    "requests",       "errors",         "client_errors",  "server_errors",
    "gets",           "puts",           "deletes",        "heads",
    "lists",          "others",         "latency_min_ms", "latency_max_ms",
    "latency_p50_ms", "latency_p90_ms", "latency_p95_ms", "latency_p99_ms"};
inline constexpr std::size_t kFields = kFieldNames.size();

std::optional<Field> field_named(std::string_view name);

class FieldSet {
 public:
  static constexpr FieldSet all() {
    FieldSet set;
    set.bits_ = (1U << kFields) - 1;
    return set;
  }
  constexpr void add(Field field) { bits_ |= 1U << static_cast<unsigned>(field); }
  constexpr void add(const FieldSet& other) { bits_ |= other.bits_; }
  constexpr bool has(Field field) const { return (bits_ >> static_cast<unsigned>(field) & 1) != 0; }
  constexpr bool has_any_of(Field first, Field last) const {
    const unsigned up_to_last = (2U << static_cast<unsigned>(last)) - 1;
    return (bits_ & up_to_last) >> static_cast<unsigned>(first) != 0;
  }
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

// Writes the field's value as a number: counts as they are, latencies in milliseconds without trailing
// zeros, the least and the most of them exact to three decimals, percentiles to six, so that rounding
// adds nothing to their relative error of at most 1%. Writes nothing where there is no latency. Returns
// the end of what was written; up to eight bytes behind it are overwritten.
char* write_field(Field field, const Rollup& sums, char* out);

}  // namespace minuted::render
