// How a failed comparison shows the engine's values. Found by GoogleTest through their namespace.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>

#include "minuted/rollup.hpp"
#include "minuted/time.hpp"

namespace minuted {

namespace test {

inline std::string to_decimal(UInt128 value) {
  std::string out;
  do {
    out.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  std::reverse(out.begin(), out.end());
  return out;
}

inline std::string to_decimal(Int128 value) {
  const auto bits = static_cast<UInt128>(value);
  return value < 0 ? "-" + to_decimal(UInt128{0} - bits) : to_decimal(bits);
}

}  // namespace test

inline void PrintTo(Millis t, std::ostream* out) { *out << t.value << " ms"; }
inline void PrintTo(Minute m, std::ostream* out) { *out << "minute " << m.value; }

inline void PrintTo(const LatencySketch& sketch, std::ostream* out) {
  *out << "{";
  for (const LatencySketch::Bucket& b : sketch.buckets()) *out << " " << b.index << ":" << b.count;
  *out << " }";
}

inline void PrintTo(const Rollup& r, std::ostream* out) {
  *out << "{ops";
  for (const std::uint64_t count : r.ops) *out << " " << count;
  *out << ", errors " << r.client_errors << "+" << r.server_errors << ", upl "
       << test::to_decimal(r.upl_bytes) << ", dwl " << test::to_decimal(r.dwl_bytes) << ", size "
       << test::to_decimal(r.size_change) << ", latency " << r.latency_count << " sum "
       << test::to_decimal(r.latency_sum_us) << " min " << r.latency_min_us << " max "
       << r.latency_max_us << " ";
  PrintTo(r.sketch, out);
  *out << "}";
}

}  // namespace minuted
