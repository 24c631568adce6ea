#include "render/fields.hpp"

#include <algorithm>
#include <cmath>

#include "render/digits.hpp"

namespace minuted::render {
namespace {

constexpr std::array<double, 4> kQuantiles{0.5, 0.9, 0.95, 0.99};  // from kLatencyP50 on

std::uint64_t count_of(Field field, const Rollup& sums) {
  switch (field) {
    case Field::kRequests: return sums.requests();
    case Field::kErrors: return sums.client_errors + sums.server_errors;
    case Field::kClientErrors: return sums.client_errors;
    case Field::kServerErrors: return sums.server_errors;
    default: {
      static_assert(static_cast<unsigned>(Field::kOthers) - static_cast<unsigned>(Field::kGets) ==
                    kOpClasses - 1);
      return sums.ops[static_cast<std::size_t>(field) - static_cast<std::size_t>(Field::kGets)];
    }
  }
}

char* write_percentile(double us, char* out) {
  const auto ns = static_cast<std::uint64_t>(std::llround(us * 1000));
  constexpr std::uint64_t kNsPerMs = 1'000'000;
  return write_decimals<6>(static_cast<std::uint32_t>(ns % kNsPerMs),
                           write_number(ns / kNsPerMs, out));
}

}  // namespace

std::optional<Field> field_named(std::string_view name) {
  const auto at = std::find(kFieldNames.begin(), kFieldNames.end(), name);
  if (at == kFieldNames.end()) return std::nullopt;
  return static_cast<Field>(at - kFieldNames.begin());
}

Columns columns_for(const FieldSet& fields, bool merged) {
  if (fields.has_any_of(Field::kLatencyP50, Field::kLatencyP99)) return Columns::kSketch;
  const bool extremes = fields.has_any_of(Field::kLatencyMin, Field::kLatencyMax);
  const bool errors = fields.has_any_of(Field::kErrors, Field::kServerErrors);
  const bool classes = fields.has_any_of(Field::kGets, Field::kOthers);
  return extremes || errors || (merged && classes) ? Columns::kAll : Columns::kSums;
}

char* write_field(Field field, const Rollup& sums, char* out) {
  if (field < Field::kLatencyMin) return write_number(count_of(field, sums), out);
  if (sums.latency_count == 0) return out;
  if (field == Field::kLatencyMin) return write_latency_ms(sums.latency_min_us, out);
  if (field == Field::kLatencyMax) return write_latency_ms(sums.latency_max_us, out);
  const auto which =
      static_cast<std::size_t>(field) - static_cast<std::size_t>(Field::kLatencyP50);
  const auto us = sums.latency_quantile_us(kQuantiles[which]);
  return us ? write_percentile(*us, out) : out;
}

}  // namespace minuted::render
