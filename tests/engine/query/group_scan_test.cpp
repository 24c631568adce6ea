// Promise: grouped rows are the sums of exactly the rows that share what is kept, in its order, however
// many ids there are and wherever a page begins; with all columns they are the rows' merge, and what their
// sketches take is bounded. Against a map of sums, over rows that no store made.
#include "query/group_scan.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <tuple>
#include <vector>

#include "support/manual_clock.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

using Key = std::tuple<std::string, std::string, std::uint32_t, std::string>;

struct Sums {
  std::uint64_t requests = 0;
  UInt128 upl_bytes = 0;
  UInt128 dwl_bytes = 0;
  Int128 size_change = 0;
  std::uint64_t latency_count = 0;
  UInt128 latency_sum_us = 0;
  friend bool operator==(const Sums&, const Sums&) = default;
};

Sums sums_of(const Rollup& r) {
  return {r.requests(), r.upl_bytes, r.dwl_bytes, r.size_change, r.latency_count, r.latency_sum_us};
}

void add(Sums& to, const Sums& from) {
  to.requests += from.requests;
  to.upl_bytes += from.upl_bytes;
  to.dwl_bytes += from.dwl_bytes;
  to.size_change += from.size_change;
  to.latency_count += from.latency_count;
  to.latency_sum_us += from.latency_sum_us;
}

using Rows = std::map<Key, Rollup>;
using Groups = std::vector<std::pair<Key, Sums>>;

// A scan over rows that lie in a map. Each row's views are of bytes that the next step overwrites.
class MapScan final : public RowCursor {
 public:
  MapScan(const Rows& rows, const QuerySpec& spec) : at_(rows.begin()), end_(rows.end()) {
    if (!spec.after) return;
    const RowKey& key = *spec.after;
    at_ = rows.upper_bound(Key{key.repo, key.bucket, key.minute.value, key.host});
  }

  Result<bool> next(Row& row) override {
    if (at_ == end_) return false;
    std::uint32_t minute = 0;
    std::tie(repo_, bucket_, minute, host_) = at_->first;
    row = {repo_, bucket_, host_, {minute}, &at_->second};
    ++at_;
    return true;
  }

 private:
  Rows::const_iterator at_;
  const Rows::const_iterator end_;
  std::string repo_;
  std::string bucket_;
  std::string host_;
};

// What the process has asked of the heap and not given back.
std::size_t heap_bytes() {
  const auto now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
}

class GroupScanTest : public testing::Test {
 protected:
  // A read whose rows come from a map.
  std::shared_ptr<ReadContext> begin_read(std::size_t groups_max = 1'000'000) {
    ReadContext::Options options;
    options.clock = &clock_;
    options.groups_max = groups_max;
    return std::make_shared<ReadContext>(RawView{}, FoldMark{}, nullptr, options, counters_);
  }

  std::unique_ptr<RowCursor> scan(const QuerySpec& spec, std::size_t groups_max = 1'000'000) {
    return merge_rows(std::make_unique<MapScan>(rows_, rows_to_merge(spec)), spec,
                      begin_read(groups_max));
  }

  // Up to `rows_max` groups.
  Groups read(const QuerySpec& spec, std::size_t rows_max = SIZE_MAX) {
    Groups groups;
    const auto cursor = scan(spec);
    Row row;
    while (groups.size() != rows_max) {
      const auto more = cursor->next(row);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) break;
      groups.emplace_back(Key{row.repo, row.bucket, row.minute.value, row.host},
                          sums_of(*row.rollup));
    }
    return groups;
  }

  Groups model(const Grouping& kept) const {
    std::map<Key, Sums> groups;
    for (const auto& [key, rollup] : rows_) {
      auto [repo, bucket, minute, host] = key;
      if (!kept.repo) repo.clear();
      if (!kept.bucket) bucket.clear();
      if (!kept.host) host.clear();
      add(groups[{repo, bucket, minute, host}], sums_of(rollup));
    }
    return {groups.begin(), groups.end()};
  }

  std::vector<std::pair<Key, Rollup>> whole_model(const Grouping& kept) const {
    std::map<Key, Rollup> groups;
    for (const auto& [key, rollup] : rows_) {
      auto [repo, bucket, minute, host] = key;
      if (!kept.repo) repo.clear();
      if (!kept.bucket) bucket.clear();
      if (!kept.host) host.clear();
      groups[{repo, bucket, minute, host}].merge(rollup);
    }
    return {groups.begin(), groups.end()};
  }

  std::vector<std::pair<Key, Rollup>> read_whole(const QuerySpec& spec) {
    std::vector<std::pair<Key, Rollup>> groups;
    const auto cursor = scan(spec);
    Row row;
    while (*cursor->next(row)) {
      groups.emplace_back(Key{row.repo, row.bucket, row.minute.value, row.host}, *row.rollup);
    }
    return groups;
  }

  static QuerySpec spec_of(const Grouping& kept, Columns columns = Columns::kSums) {
    QuerySpec spec;
    spec.grouping = kept;
    spec.columns = columns;
    return spec;
  }

  // Each that leaves something out.
  static std::vector<Grouping> groupings() {
    std::vector<Grouping> all;
    for (unsigned i = 0; i < 7; ++i) all.push_back({(i & 4) != 0, (i & 2) != 0, (i & 1) != 0});
    return all;
  }

  Rollup random_rollup() {
    Rollup rollup;
    for (auto& count : rollup.ops) count = random_.below(3);
    rollup.upl_bytes = random_.wide128(100);
    rollup.dwl_bytes = random_.wide128(100);
    rollup.size_change = random_.wide_signed128(100);
    rollup.latency_count = random_.below(3);
    if (rollup.latency_count != 0) rollup.latency_sum_us = random_.wide128(80);
    return rollup;
  }

  // Of events, so that all it says agrees.
  Rollup random_whole(bool sketch) {
    Rollup rollup;
    for (std::uint64_t i = 1 + random_.below(5); i > 0; --i) {
      EventView event;
      event.op = static_cast<OpClass>(random_.below(kOpClasses));
      event.status = static_cast<std::uint16_t>(100 + random_.below(500));
      event.upl_bytes = random_.below(1000);
      if (random_.chance(60)) event.latency_us = random_.latency_us();
      sketch ? rollup.add(event) : rollup.add_sums(event);
    }
    return rollup;
  }

  void add_rows(std::size_t count, std::vector<std::string> repos, std::vector<std::string> buckets,
                std::uint32_t minutes, std::vector<std::string> hosts) {
    const auto one_of = [&](const std::vector<std::string>& ids) {
      return ids[random_.below(ids.size())];
    };
    for (std::size_t i = 0; i < count; ++i) {
      const auto minute = static_cast<std::uint32_t>(random_.below(minutes));
      rows_[{one_of(repos), one_of(buckets), minute, one_of(hosts)}] = random_rollup();
    }
  }

  std::vector<std::string> ids(std::size_t count) {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < count; ++i) made.push_back(random_.id());
    return made;
  }

  Random random_;
  Rows rows_;
  ManualClock clock_;
  ReadCounters counters_;
};

TEST_F(GroupScanTest, EqualsTheModelForEveryGrouping) {
  for (int round = 0; round < 30; ++round) {
    rows_.clear();
    add_rows(random_.below(500), ids(1 + random_.below(5)), ids(1 + random_.below(5)),
             1 + static_cast<std::uint32_t>(random_.below(20)), ids(1 + random_.below(5)));
    for (const Grouping& kept : groupings()) {
      ASSERT_EQ(read(spec_of(kept)), model(kept))
          << kept.repo << kept.bucket << kept.host << " of " << rows_.size() << " rows";
    }
  }
}

TEST_F(GroupScanTest, WithAllColumnsAGroupIsTheMergeOfItsRows) {
  for (const Columns columns : {Columns::kAll, Columns::kSketch}) {
    for (int round = 0; round < 20; ++round) {
      rows_.clear();
      add_rows(random_.below(300), ids(1 + random_.below(4)), ids(1 + random_.below(4)),
               1 + static_cast<std::uint32_t>(random_.below(20)), ids(1 + random_.below(4)));
      for (auto& [key, rollup] : rows_) rollup = random_whole(columns == Columns::kSketch);
      for (const Grouping& kept : groupings()) {
        ASSERT_TRUE(read_whole(spec_of(kept, columns)) == whole_model(kept))
            << kept.repo << kept.bucket << kept.host << " of " << rows_.size() << " rows";
      }
    }
  }
}

// 300 groups with a thousand buckets each are far more than the room of 300 groups of sums.
TEST_F(GroupScanTest, SketchesBeyondTheirRoomAreRefused) {
  for (std::uint32_t minute = 0; minute < 300; ++minute) {
    Rollup& rollup = rows_[{"r", "b", minute, "h"}];
    for (std::uint16_t i = 0; i < 1000; ++i) rollup.sketch.add_bucket(i, 1);
    rollup.latency_count = 1000;
  }
  Row row;
  {
    const auto cursor = scan(spec_of({}, Columns::kSketch), 300);
    const auto refused = cursor->next(row);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kTooManyGroups);
    EXPECT_NE(refused.error().message.find("33600 bytes"), std::string::npos)
        << refused.error().message;
    EXPECT_EQ(counters_.memory.held(), 0U);
  }
  EXPECT_TRUE(*scan(spec_of({}, Columns::kSums), 300)->next(row));
  // Held one at a time they need no room.
  EXPECT_TRUE(*scan(spec_of({true, true, false}, Columns::kSketch), 300)->next(row));
  // 150 rooms of 16 KB are within 300,000 groups', and are counted.
  const auto cursor = scan(spec_of({}, Columns::kSketch), 300'000);
  EXPECT_TRUE(*cursor->next(row));
  EXPECT_GE(counters_.memory.held(), 300 * (2 * 96 + 16'000U));
}

// Enough of each that blocks and tables grow, and that rows do not come in the order of before.
TEST_F(GroupScanTest, EqualsTheModelForManyGroups) {
  add_rows(60'000, ids(3), ids(400), 1000, ids(300));
  for (const Grouping& kept : groupings()) {
    ASSERT_TRUE(read(spec_of(kept)) == model(kept)) << kept.repo << kept.bucket << kept.host;
  }
}

TEST_F(GroupScanTest, PagesAreTheWholeAnswer) {
  add_rows(300, ids(4), ids(3), 5, ids(3));
  for (const Grouping& kept : groupings()) {
    const Groups whole = model(kept);
    for (std::size_t limit = 1; limit <= whole.size(); limit += 1 + limit / 4) {
      Groups pages;
      QuerySpec spec = spec_of(kept);
      for (;;) {
        const Groups page = read(spec, limit);
        if (page.empty() || pages.size() > whole.size()) break;
        pages.insert(pages.end(), page.begin(), page.end());
        const auto& [repo, bucket, minute, host] = page.back().first;
        spec.after = RowKey{repo, bucket, {minute}, host};
      }
      ASSERT_EQ(pages, whole) << kept.repo << kept.bucket << kept.host << " by " << limit;
    }
  }
}

TEST_F(GroupScanTest, APageMayBeginAfterAGroupThatIsNotThere) {
  const std::vector<std::string> all = ids(6);
  add_rows(300, {all[0], all[2], all[4]}, {all[1], all[3]}, 5, {all[0], all[5]});
  for (int round = 0; round < 500; ++round) {
    const Grouping kept = groupings()[random_.below(7)];
    const auto id = [&](bool is_kept) { return is_kept ? all[random_.below(6)] : std::string(); };
    QuerySpec spec = spec_of(kept);
    spec.after = RowKey{id(kept.repo), id(kept.bucket),
                        {static_cast<std::uint32_t>(random_.below(6))}, id(kept.host)};
    const Key after{spec.after->repo, spec.after->bucket, spec.after->minute.value,
                    spec.after->host};
    Groups expected = model(kept);
    std::erase_if(expected, [&](const auto& group) { return group.first <= after; });
    ASSERT_EQ(read(spec), expected) << kept.repo << kept.bucket << kept.host;
  }
}

TEST_F(GroupScanTest, HoldsWhatItHasNotHandedOut) {
  add_rows(1000, {"r1", "r2"}, {"b"}, 50, {"h1", "h2"});
  for (const Grouping& kept : groupings()) {
    {
      const auto cursor = scan(spec_of(kept));
      Row row;
      ASSERT_TRUE(*cursor->next(row));
      std::size_t held = 0;  // groups of the first repo, if repos are kept; of a stream none
      for (const auto& group : model(kept)) held += std::get<0>(group.first) == row.repo;
      if (kept.repo && kept.bucket) held = 0;
      EXPECT_EQ(counters_.memory.held() > 0, held > 0) << kept.repo << kept.bucket << kept.host;
      EXPECT_GE(counters_.memory.held(), held * 96) << kept.repo << kept.bucket << kept.host;
    }
    EXPECT_EQ(counters_.memory.held(), 0U);
  }
}

// What a read accounts for is what it has asked of the heap, within a quarter and a block of groups: less
// would break the bound, more would refuse what fits.
TEST_F(GroupScanTest, AccountsForWhatItTakes) {
  if (heap_bytes() == 0) GTEST_SKIP() << "a sanitizer's heap does not tell its size";
  add_rows(10'000, ids(3), ids(400), 1000, ids(300));
  for (const Columns columns : {Columns::kSums, Columns::kAll, Columns::kSketch}) {
    if (columns == Columns::kSketch) {
      for (auto& [key, rollup] : rows_) rollup = random_whole(true);
    }
    auto rows = std::make_unique<MapScan>(rows_, rows_to_merge(spec_of({}, columns)));
    QuerySpec spec = spec_of({false, true, true}, columns);
    const auto cursor = merge_rows(std::move(rows), spec, begin_read());
    const std::size_t before = heap_bytes();
    while (!*cursor->prepare()) {
    }
    const std::size_t taken = heap_bytes() - before;
    constexpr std::size_t kSlack = 400'000;
    EXPECT_GE(counters_.memory.held() + counters_.memory.held() / 4 + kSlack, taken);
    EXPECT_LE(counters_.memory.held(), taken + taken / 4 + kSlack);
  }
  EXPECT_EQ(counters_.memory.held(), 0U);
}

// A read past its share ends with what was taken given back, whether it could never fit or others hold it.
TEST_F(GroupScanTest, ReadsPastTheirMemoryAreRefused) {
  add_rows(20'000, {"r"}, ids(400), 1000, ids(300));
  counters_.memory.set_bytes_max(4U << 20);
  Row row;
  {
    const auto too_large = scan(spec_of({}, Columns::kAll))->next(row);
    EXPECT_TRUE(too_large.ok()) << "a thousand minutes fit";
    const auto refused = scan(spec_of({false, true, true}, Columns::kAll))->next(row);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kQueryTooLarge);
    EXPECT_EQ(refused.error().message,
              "the read needs more than 3670016 bytes of memory, the most that one read may hold of "
              "the 4194304 that all reads may; ask for a shorter range or fewer ids, group by fewer "
              "of repo, bucket and host, or leave the percentiles out");
    EXPECT_EQ(refused.error().option, DecidingOption::kQueryBytesMax);
    EXPECT_EQ(counters_.memory.held(), 0U);
  }
  std::vector<std::unique_ptr<RowCursor>> others;
  for (;;) {
    others.push_back(scan(spec_of({}, Columns::kAll)));
    const auto more = others.back()->next(row);
    if (more.ok()) {
      ASSERT_LT(others.size(), 100U);
      continue;
    }
    EXPECT_EQ(more.error().code, ErrorCode::kOverloaded);
    EXPECT_NE(more.error().message.find("of the 4194304 bytes that all reads may"),
              std::string::npos)
        << more.error().message;
    break;
  }
  EXPECT_LE(counters_.memory.held(), 4U << 20);
  EXPECT_GT(others.size(), 1U);
  others.clear();
  EXPECT_EQ(counters_.memory.held(), 0U);
  EXPECT_TRUE(scan(spec_of({}, Columns::kAll))->next(row).ok());
}

}  // namespace
}  // namespace minuted::test
