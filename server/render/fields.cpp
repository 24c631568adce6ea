#include "render/fields.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "render/digits.hpp"
#include "schema/columns.hpp"

namespace minuted::render {
namespace {

constexpr std::size_t kFieldCount = kSizeOf<kFields>;
static_assert(kFieldCount <= 32, "a FieldSet has a bit for each");

char* write_percentile(double us, char* out) {
  const auto ns = static_cast<std::uint64_t>(std::llround(us * 1000));
  constexpr std::uint64_t kNsPerMs = 1'000'000;
  return write_decimals<6>(static_cast<std::uint32_t>(ns % kNsPerMs),
                           write_number(ns / kNsPerMs, out));
}

template <std::size_t kIndex>
char* write_one(const Rollup& sums, char* out, [[maybe_unused]] bool& saturated) {
  using Source = typename ColumnAt<kFields, kIndex>::Source;
  constexpr FieldForm kForm = std::get<kIndex>(kFields).form;
  if constexpr (kForm == FieldForm::kCount) {
    return write_number(Source::of(sums), out);
  } else if constexpr (kForm == FieldForm::kMilliseconds) {
    if (sums.latency_count == 0) return out;
    const auto us = Source::of(sums);
    if constexpr (sizeof us > sizeof(std::uint64_t)) return write_milliseconds(us, out, saturated);
    return write_latency_ms(static_cast<std::uint64_t>(us), out);
  } else {
    const auto us = sums.latency_count == 0 ? std::nullopt : Source::of(sums);
    return us ? write_percentile(*us, out) : out;
  }
}

// What is known of each field, by its place.
struct FieldFacts {
  char* (*write)(const Rollup& sums, char* out, bool& saturated);
  Columns needs;
  Columns needs_merged;
};
constexpr auto kFacts = [] {
  std::array<FieldFacts, kFieldCount> facts{};
  for_each_column<kFields>([&](auto index) {
    using Source = typename ColumnAt<kFields, index>::Source;
    facts[index] = {write_one<index>, needs_of<Source>(false), needs_of<Source>(true)};
  });
  return facts;
}();
constexpr auto kNames = [] {
  std::array<std::string_view, kFieldCount> names{};
  for_each_column<kFields>([&](auto index) { names[index] = std::get<index>(kFields).name; });
  return names;
}();

// Whether more columns come with `a`.
bool is_more(Columns a, Columns b) {
  const auto rank = [](Columns columns) {
    return columns == Columns::kSketch ? 2 : columns == Columns::kAll ? 1 : 0;
  };
  return rank(a) > rank(b);
}

}  // namespace

std::span<const std::string_view> field_names() { return kNames; }

std::optional<Field> field_named(std::string_view name) {
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  if (at == kNames.end()) return std::nullopt;
  return Field(static_cast<std::size_t>(at - kNames.begin()));
}

FieldSet FieldSet::all() {
  FieldSet set;
  for (std::size_t i = 0; i < kFieldCount; ++i) set.add(Field(i));
  return set;
}

Columns columns_for(const FieldSet& fields, bool merged) {
  Columns columns = Columns::kSums;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (!fields.has(Field(i))) continue;
    const Columns needs = merged ? kFacts[i].needs_merged : kFacts[i].needs;
    if (is_more(needs, columns)) columns = needs;
  }
  return columns;
}

char* write_field(Field field, const Rollup& sums, char* out, bool& saturated) {
  return kFacts[field.index()].write(sums, out, saturated);
}

}  // namespace minuted::render
