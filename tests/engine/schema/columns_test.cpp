// What the tables of columns promise: every member of the rollup is in them, once, and whatever a
// column's row says of merging is true of it. The stored bytes are frozen beside their codecs
// (tests/engine/values).
#include "schema/columns.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <type_traits>

#include "rollup/rollup_codec.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

template <const auto& kTable>
std::set<std::string_view> names_of() {
  std::set<std::string_view> names;
  for_each_column<kTable>([&](auto index) { names.insert(std::get<index>(kTable).name); });
  return names;
}

TEST(ColumnsTest, NoTwoShareAName) {
  EXPECT_EQ(names_of<kColumns>().size(), kSizeOf<kColumns>);
  EXPECT_EQ(names_of<kRepoColumns>().size(), kSizeOf<kRepoColumns>);
  EXPECT_EQ(names_of<kFields>().size(), kSizeOf<kFields>);
}

// A member without a row would be lost by the first merge.
TEST(ColumnsTest, EveryMemberIsAColumn) {
  std::size_t bytes = 0;
  for_each_column<kColumns>(
      [&](auto index) { bytes += sizeof(typename ColumnAt<kColumns, index>::Value); });
  EXPECT_GE(bytes + alignof(UInt128), sizeof(Rollup));
  EXPECT_LE(bytes, sizeof(Rollup));
  bytes = 0;
  for_each_column<kRepoColumns>(
      [&](auto index) { bytes += sizeof(typename ColumnAt<kRepoColumns, index>::Value); });
  EXPECT_GE(bytes + 2 * alignof(UInt128), sizeof(RepoRollup));
}

// Each column by itself: merged, subtracted, stored and read back, without touching another.
TEST(ColumnsTest, EachColumnIsMergedSubtractedAndStoredByItself) {
  for_each_column<kColumns>([](auto index) {
    using OneColumn = ColumnAt<kColumns, index>;
    constexpr const auto& kColumn = std::get<index>(kColumns);
    if constexpr (kColumn.merge == Merge::kSum && kColumn.row != RowCoding::kLatency) {
      SCOPED_TRACE(kColumn.name);
      Rollup three;
      OneColumn::Access::of(three) = 3;
      Rollup sum;
      OneColumn::Access::of(sum) = 39;
      sum.merge(three);
      Rollup expected;
      OneColumn::Access::of(expected) = 42;
      EXPECT_EQ(sum, expected);
      HostRollups hosts;
      hosts.of("h") = sum;
      std::string bytes;
      encode_hosts(hosts, bytes);
      HostRollups read;
      EXPECT_TRUE(merge_encoded_hosts(bytes, read));
      EXPECT_EQ(read.entries().front().rollup, expected);
      sum.take_out(expected);
      EXPECT_EQ(sum, Rollup{});
    }
  });
}

// The sums of a repo are those of its rollups, column by column.
TEST(ColumnsTest, TheSumsOfARepoAreThoseOfItsRollups) {
  Random random;
  for (int i = 0; i < 100; ++i) {
    Rollup whole;
    RepoRollup sums;
    for (int part = 0; part < 5; ++part) {
      const Rollup rollup = random.rollup();
      whole.merge(rollup);
      sums.add(rollup);
    }
    for_each_column<kRepoColumns>([&](auto index) {
      using OneColumn = ColumnAt<kRepoColumns, index>;
      EXPECT_TRUE(OneColumn::Access::of(sums) == OneColumn::Source::of(whole))
          << std::get<index>(kRepoColumns).name;
    });
    Rollup copied;
    copy_sums(sums, copied);
    EXPECT_TRUE(copied.upl_bytes == whole.upl_bytes && copied.size_change == whole.size_change &&
                copied.latency_sum_us == whole.latency_sum_us && copied.requests() == 0);
  }
}

TEST(ColumnsTest, SumsThatPassTheirWidthWrapAround) {
  const auto most = static_cast<Int128>(~UInt128{0} >> 1);
  Int128 sum = most;
  add_to(sum, Int128{1});
  EXPECT_TRUE(sum == -most - 1);
  subtract_from(sum, Int128{1});
  EXPECT_TRUE(sum == most);
}

// A read pays for the columns that it shows.
TEST(ColumnsTest, AFieldNeedsWhatItsColumnNeeds) {
  EXPECT_EQ(needs_of<Requests>(true), Columns::kSums);
  EXPECT_EQ(needs_of<OpCount<OpClass::kGet>>(false), Columns::kSums);
  EXPECT_EQ(needs_of<OpCount<OpClass::kGet>>(true), Columns::kAll) << "repos' sums have no classes";
  EXPECT_EQ(needs_of<Member<&Rollup::latency_sum_us>>(true), Columns::kSums);
  EXPECT_EQ(needs_of<Member<&Rollup::latency_min_us>>(false), Columns::kAll);
  EXPECT_EQ(needs_of<Percentile<99>>(false), Columns::kSketch);
}

}  // namespace
}  // namespace minuted::test
