// The columns of the rollup and of the repo's sums, and the columns of the API that are made of
// them: one table each. Adding, merging, subtracting, encoding, decoding and grouping (rollup/,
// page/, query/) go through the first two, parameters, responses and their names (server/render/)
// through the third.
//
// To add a column: the member and how an event counts in it (Rollup::add_sums), a row at the end of
// kColumns, a row of kFields if the API shows it, and tests. A new row of kColumns is a new bit of
// a minute's value and a new column of a page, and so a change of the store's format. A column of
// the API that is made of columns that exist is a row of kFields alone.
//
// The tables are tuples of constants, each row of a type of its own, so that a walk over a table
// (for_each_column) is unrolled by the compiler and costs what code written out by hand does.
//
// Constants; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "minuted/query.hpp"
#include "minuted/repo_rollup.hpp"
#include "minuted/rollup.hpp"

namespace minuted {

// Where a value lies, or how it is computed: a type with of(sums).
template <auto kMember>
struct Member {
  template <class Sums>
  static constexpr auto& of(Sums& sums) {
    return sums.*kMember;
  }
};
template <OpClass kClass>
struct OpCount {
  template <class Sums>
  static constexpr auto& of(Sums& sums) {
    return sums.ops[static_cast<std::size_t>(kClass)];
  }
};
template <class Access>
inline constexpr bool kIsOpCount = false;
template <OpClass kClass>
inline constexpr bool kIsOpCount<OpCount<kClass>> = true;

struct Requests {
  static constexpr Columns kNeeds = Columns::kSums;
  static std::uint64_t of(const Rollup& sums) { return sums.requests(); }
};
struct Errors {
  static constexpr Columns kNeeds = Columns::kAll;
  static std::uint64_t of(const Rollup& sums) { return sums.client_errors + sums.server_errors; }
};
template <unsigned kPercent>
struct Percentile {
  static constexpr Columns kNeeds = Columns::kSketch;
  // Microseconds; nullopt if there is no latency.
  static auto of(const Rollup& sums) { return sums.latency_quantile_us(kPercent / 100.0); }
};

// How two values become one.
enum class Merge : std::uint8_t {
  kSum,     // exact; subtracted by difference
  kLeast,   // of latencies: zero while there is none
  kMost,    // same
  kSketch,  // by LatencySketch::merge()
};

// How a value stands in a minute's value, and in the value of a repo. See rollup/rollup_codec.hpp.
enum class RowCoding : std::uint8_t {
  kVarint,
  kZigzag,
  kLatency,  // with the other columns of latencies, behind one bit
};

// What stands in a column of a page for a value. See page/page_codec.hpp and
// page/repo_page_codec.hpp.
enum class PageCoding : std::uint8_t {
  kPlain,          // the value
  kLessUplBytes,   // zigzag of value - upl_bytes
  kLessRequests,   // zigzag of value - requests
  kRequestsLess,   // requests - value
  kLatencyBelow,   // zigzag of the mean latency, rounded down, - value
  kLatencySpread,  // value - the least latency
  kApart,          // it is not in a column: sketches have bytes of their own
};

// One column of `SumsT`. `SourceT` says what of a Rollup it adds up, where that is another type.
template <class SumsT, class AccessT, class SourceT = AccessT>
struct Column {
  using Sums = SumsT;
  using Access = AccessT;
  using Source = SourceT;
  using Value = std::remove_cvref_t<decltype(Access::of(std::declval<Sums&>()))>;

  std::string_view name;
  Merge merge;
  RowCoding row;
  PageCoding page;
  Columns needs;  // the least that a query has to ask for to see it

  static constexpr bool kIsWide = sizeof(Value) > sizeof(std::uint64_t);
};

template <auto kMember>
using RollupColumn = Column<Rollup, Member<kMember>>;
template <OpClass kClass>
using OpColumn = Column<Rollup, OpCount<kClass>>;

// Persisted: the order is that of the bits and values of a minute's value, and of the columns of a
// page.
inline constexpr std::tuple kColumns{
    OpColumn<OpClass::kGet>{"gets", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain,
                            Columns::kSums},
    OpColumn<OpClass::kPut>{"puts", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain,
                            Columns::kSums},
    OpColumn<OpClass::kDelete>{"deletes", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain,
                               Columns::kSums},
    OpColumn<OpClass::kHead>{"heads", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain,
                             Columns::kSums},
    OpColumn<OpClass::kList>{"lists", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain,
                             Columns::kSums},
    OpColumn<OpClass::kOther>{"others", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain,
                              Columns::kSums},
    RollupColumn<&Rollup::client_errors>{"client_errors", Merge::kSum, RowCoding::kVarint,
                                         PageCoding::kPlain, Columns::kAll},
    RollupColumn<&Rollup::server_errors>{"server_errors", Merge::kSum, RowCoding::kVarint,
                                         PageCoding::kPlain, Columns::kAll},
    RollupColumn<&Rollup::upl_bytes>{"upl_bytes", Merge::kSum, RowCoding::kVarint,
                                     PageCoding::kPlain, Columns::kSums},
    RollupColumn<&Rollup::dwl_bytes>{"dwl_bytes", Merge::kSum, RowCoding::kVarint,
                                     PageCoding::kPlain, Columns::kSums},
    RollupColumn<&Rollup::size_change>{"size_change", Merge::kSum, RowCoding::kZigzag,
                                       PageCoding::kLessUplBytes, Columns::kSums},
    RollupColumn<&Rollup::latency_count>{"latency_count", Merge::kSum, RowCoding::kLatency,
                                         PageCoding::kLessRequests, Columns::kSums},
    RollupColumn<&Rollup::latency_sum_us>{"latency_sum_us", Merge::kSum, RowCoding::kLatency,
                                          PageCoding::kPlain, Columns::kSums},
    RollupColumn<&Rollup::latency_min_us>{"latency_min_us", Merge::kLeast, RowCoding::kLatency,
                                          PageCoding::kLatencyBelow, Columns::kAll},
    RollupColumn<&Rollup::latency_max_us>{"latency_max_us", Merge::kMost, RowCoding::kLatency,
                                          PageCoding::kLatencySpread, Columns::kAll},
    RollupColumn<&Rollup::sketch>{"sketch", Merge::kSketch, RowCoding::kLatency, PageCoding::kApart,
                                  Columns::kSketch},
};

// The sums of a repo, in the order of their stored values. Persisted.
template <auto kMember, class Source>
using RepoColumn = Column<RepoRollup, Member<kMember>, Source>;
inline constexpr std::tuple kRepoColumns{
    RepoColumn<&RepoRollup::requests, Requests>{"requests", Merge::kSum, RowCoding::kVarint,
                                                PageCoding::kPlain, Columns::kSums},
    RepoColumn<&RepoRollup::upl_bytes, Member<&Rollup::upl_bytes>>{
        "upl_bytes", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain, Columns::kSums},
    RepoColumn<&RepoRollup::dwl_bytes, Member<&Rollup::dwl_bytes>>{
        "dwl_bytes", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain, Columns::kSums},
    RepoColumn<&RepoRollup::size_change, Member<&Rollup::size_change>>{
        "size_change", Merge::kSum, RowCoding::kZigzag, PageCoding::kPlain, Columns::kSums},
    RepoColumn<&RepoRollup::latency_count, Member<&Rollup::latency_count>>{
        "latency_count", Merge::kSum, RowCoding::kVarint, PageCoding::kRequestsLess,
        Columns::kSums},
    RepoColumn<&RepoRollup::latency_sum_us, Member<&Rollup::latency_sum_us>>{
        "latency_sum_us", Merge::kSum, RowCoding::kVarint, PageCoding::kPlain, Columns::kSums},
};

template <const auto& kTable>
inline constexpr std::size_t kSizeOf = std::tuple_size_v<std::remove_cvref_t<decltype(kTable)>>;

// Calls take(index) for each row of a table in its order; std::get<index>(kTable) is the row, also
// as a constant.
template <const auto& kTable, class Take>
constexpr void for_each_column(Take&& take) {
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    (take(std::integral_constant<std::size_t, kIndex>{}), ...);
  }
  (std::make_index_sequence<kSizeOf<kTable>>{});
}
// The row's type.
template <const auto& kTable, std::size_t kIndex>
using ColumnAt = std::remove_cvref_t<decltype(std::get<kIndex>(kTable))>;

// The place of a column in its table; the table's size if it has none.
template <const auto& kTable, class Access>
constexpr std::size_t index_of() {
  std::size_t found = kSizeOf<kTable>;
  for_each_column<kTable>([&](auto index) {
    if constexpr (std::is_same_v<typename ColumnAt<kTable, index>::Access, Access>) found = index;
  });
  return found;
}

// The rows of kColumns that are columns of a page, by their place in it.
inline constexpr auto kPageColumns = [] {
  constexpr std::size_t kCount = [] {
    std::size_t count = 0;
    for_each_column<kColumns>([&](auto index) {
      count += std::get<index>(kColumns).page != PageCoding::kApart ? 1U : 0U;
    });
    return count;
  }();
  std::array<std::size_t, kCount> columns{};
  std::size_t place = 0;
  for_each_column<kColumns>([&](auto index) {
    if (std::get<index>(kColumns).page != PageCoding::kApart) columns[place++] = index;
  });
  return columns;
}();

// Whether the sums of repos have what the column of kColumns adds up.
template <class Access>
constexpr bool is_in_repo_sums() {
  bool found = false;
  for_each_column<kRepoColumns>([&](auto index) {
    if constexpr (std::is_same_v<typename ColumnAt<kRepoColumns, index>::Source, Access>)
      found = true;
  });
  return found;
}

// Stored bytes that are damaged may hold any number: a sum that passes its width wraps around.
template <class Value>
constexpr void add_to(Value& sum, Value value) {
  if constexpr (std::is_same_v<Value, Int128>) {
    sum = static_cast<Int128>(static_cast<UInt128>(sum) + static_cast<UInt128>(value));
  } else {
    sum += value;
  }
}
template <class Value>
constexpr void subtract_from(Value& sum, Value value) {
  if constexpr (std::is_same_v<Value, Int128>) {
    sum = static_cast<Int128>(static_cast<UInt128>(sum) - static_cast<UInt128>(value));
  } else {
    sum -= value;
  }
}

// Puts into a rollup what the sums have of its columns. Of requests they know no class.
inline void copy_sums(const RepoRollup& sums, Rollup& rollup) {
  for_each_column<kRepoColumns>([&](auto index) {
    using OneColumn = ColumnAt<kRepoColumns, index>;
    if constexpr (index_of<kColumns, typename OneColumn::Source>() != kSizeOf<kColumns>) {
      OneColumn::Source::of(rollup) = OneColumn::Access::of(sums);
    }
  });
}

// How the API writes a value.
enum class FieldForm : std::uint8_t {
  kCount,         // a number
  kMilliseconds,  // of microseconds, exact; nothing while there is no latency
  kPercentile,    // milliseconds to six decimals; nothing while there is no latency
};

// A column that the API shows beyond the standard eight.
template <class SourceT>
struct Field {
  using Source = SourceT;
  std::string_view name;
  FieldForm form;
};
template <auto kMember>
using FieldOf = Field<Member<kMember>>;

// In the order in which rows have them.
inline constexpr std::tuple kFields{
    Field<Requests>{"requests", FieldForm::kCount},
    Field<Errors>{"errors", FieldForm::kCount},
    FieldOf<&Rollup::client_errors>{"client_errors", FieldForm::kCount},
    FieldOf<&Rollup::server_errors>{"server_errors", FieldForm::kCount},
    Field<OpCount<OpClass::kGet>>{"gets", FieldForm::kCount},
    Field<OpCount<OpClass::kPut>>{"puts", FieldForm::kCount},
    Field<OpCount<OpClass::kDelete>>{"deletes", FieldForm::kCount},
    Field<OpCount<OpClass::kHead>>{"heads", FieldForm::kCount},
    Field<OpCount<OpClass::kList>>{"lists", FieldForm::kCount},
    Field<OpCount<OpClass::kOther>>{"others", FieldForm::kCount},
    FieldOf<&Rollup::latency_sum_us>{"latency_sum_ms", FieldForm::kMilliseconds},
    FieldOf<&Rollup::latency_min_us>{"latency_min_ms", FieldForm::kMilliseconds},
    FieldOf<&Rollup::latency_max_us>{"latency_max_ms", FieldForm::kMilliseconds},
    Field<Percentile<50>>{"latency_p50_ms", FieldForm::kPercentile},
    Field<Percentile<90>>{"latency_p90_ms", FieldForm::kPercentile},
    Field<Percentile<95>>{"latency_p95_ms", FieldForm::kPercentile},
    Field<Percentile<99>>{"latency_p99_ms", FieldForm::kPercentile},
};

// The least that a query has to ask for to see a field. `merged`: its rows are added up over ids,
// where only the sums of repos are kept otherwise.
template <class Source>
constexpr Columns needs_of(bool merged) {
  if constexpr (requires { Source::kNeeds; }) {
    return Source::kNeeds;
  } else {
    constexpr std::size_t kIndex = index_of<kColumns, Source>();
    static_assert(kIndex < kSizeOf<kColumns>, "a field is a column, or says what it needs");
    constexpr Columns kNeeds = std::get<kIndex>(kColumns).needs;
    if (kNeeds == Columns::kSums && merged && !is_in_repo_sums<Source>()) return Columns::kAll;
    return kNeeds;
  }
}

}  // namespace minuted
