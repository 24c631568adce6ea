// Totals since the beginning as JSON objects, whose sums are decimal strings of any length. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "minuted/query.hpp"

namespace minuted::render {

enum class TotalsForm : std::uint8_t { kRepo, kBucket, kUnit };

// What stands around the objects; commas between them are the caller's.
inline constexpr std::string_view kTotalsBegin = R"({"success":true,"stats":[)";
inline constexpr std::string_view kTotalsEnd = "]}";

void append_totals(const Totals& totals, TotalsForm form, std::string& out);

// Decimal digits, with a minus in front of what is below zero.
std::string to_decimal(Int128 value);
std::string to_decimal(UInt128 value);

}  // namespace minuted::render
