// Holds up "a removal is finished even if it is cut short": the power goes at a file-system call of
// it, the disk loses what was not synced, and the store that opens from the rest has all that was to
// be deleted or none of it, with tiers that agree; none of it once the removal was answered. By
// default a random sample of the calls; with MINUTED_TEST_LONG=1 each of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "crash/scripted_run.hpp"
#include "crash/stored_state.hpp"
#include "engine_over.hpp"
#include "model/oracle.hpp"
#include "support/long_form.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kSampledPoints = sampled(8);
constexpr std::uint32_t kFirst = 28'000'800;  // a day's first minute
const QuerySpec kEverything{{{0}, {kMinuteMax.value + 1}}, {}, {}, {}};

std::vector<OracleRow> rows_of(Engine& engine) {
  std::vector<OracleRow> rows;
  auto cursor = engine.query(kEverything);
  EXPECT_TRUE(cursor.ok());
  Row row;
  for (auto more = (*cursor)->next(row); more.ok() && *more; more = (*cursor)->next(row)) {
    rows.push_back(to_oracle(row));
  }
  return rows;
}

// An event, with an id of its own.
struct Told {
  std::uint32_t minute;
  const char* repo;
  const char* bucket;
  std::string id = std::to_string(minute);

  EventView event() const {
    EventView e;
    e.repo = repo;
    e.bucket = bucket;
    e.host = minute % 2 ? "h" : "i";
    e.timestamp = start_of(Minute{kFirst + minute});
    e.upl_bytes = minute;
    e.latency_us = 1'000 + minute;
    e.id = id;
    return e;
  }
  bool is_in(const Removal& removal) const {
    return repo == removal.repo && (!removal.bucket || bucket == *removal.bucket) &&
           (!removal.range || removal.range->contains(Minute{kFirst + minute}));
  }
};

struct Story {
  std::vector<Told> acknowledged;
  Oracle before;
  Oracle after;
  bool answered = false;

  // Whether the removal leaves something and takes something.
  bool has_both(const Removal& removal) const {
    const auto in = std::count_if(acknowledged.begin(), acknowledged.end(),
                                  [&](const Told& told) { return told.is_in(removal); });
    return in != 0 && static_cast<std::size_t>(in) != acknowledged.size();
  }
};

// Three days of two repos, partly sealed; then the removal, of which `disk` makes what it will.
Story tell(const std::string& path, const Removal& removal, const Clock& clock,
           FaultyDisk& disk) {
  Story story;
  auto opened = open_engine_over(script_options(path, clock), disk.env.get());
  if (!opened) return story;
  Engine& engine = **opened;
  const auto append = [&](std::uint32_t minute, const char* repo, const char* bucket) {
    const Told told{minute, repo, bucket};
    AppendRequest request;
    request.batch.add(told.event());
    if (!engine.append_and_wait(std::move(request)).ok()) return;
    story.acknowledged.push_back(told);
    story.before.add(told.event());
    story.after.add(told.event());
  };
  for (std::uint32_t minute = 0; minute < 3 * 1440; minute += 397) {
    append(minute, "r", "a");
    append(minute, "r", "b");
    append(minute, "s", "a");
  }
  (void)engine.fold();
  (void)engine.seal();
  append(100, "r", "a");  // late: a row beside a page
  (void)engine.fold();
  append(101, "r", "a");  // and raw
  story.answered = engine.remove(removal).ok();
  story.after.remove(removal);
  return story;
}

class RemovalCutTest : public testing::TestWithParam<const char*> {
 protected:
  Removal removal() const {
    const std::string what = GetParam();
    if (what == "repo") return {"r", std::nullopt, std::nullopt};
    if (what == "bucket") return {"r", "a", std::nullopt};
    return {"r", std::nullopt, MinuteRange{{kFirst + 90}, {kFirst + 3'000}}};
  }

  // False if the story ended before call number `at`.
  bool cut_at(std::uint64_t at) {
    const TempDir dir;
    ManualClock clock(start_of(Minute{kFirst + 3 * 1440}));
    FaultyDisk disk(dir / "store", {at, Fault::kPowerCut, true, false});
    const Story story = tell(dir / "store", removal(), clock, disk);
    calls_ = disk.files->calls().size();
    if (at != 0 && !disk.files->hit()) return false;
    for (const Loss loss : kLosses) {
      const std::string survivors = dir / std::to_string(static_cast<int>(loss));
      disk.files->disk().write_survivors(survivors, loss, random_);
      check(survivors, story, clock, "call " + std::to_string(at) + ", " + to_string(loss));
    }
    return true;
  }

  void check(const std::string& path, const Story& story, const Clock& clock,
             const std::string& where) {
    SCOPED_TRACE(where);
    FaultyDisk disk(path, {});
    auto opened = open_engine_over(script_options(path, clock), disk.env.get());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const auto rows = rows_of(**opened);
    const auto after = story.after.rows(kEverything);
    if (story.answered) {
      EXPECT_EQ(rows, after);
    } else {
      // Events whose acknowledgement did not come may be there as well: of the last that was sent.
      EXPECT_TRUE(rows == after || covers(rows, story.before.rows(kEverything)))
          << rows.size() << " rows are neither all nor what the removal leaves";
    }
    ASSERT_TRUE((*opened)->fold().ok());
    Violations violations;
    check_tiers(store_below(**opened), violations);
    EXPECT_EQ(violations, Violations{});
    // The ids are there as long as the rows are, and no longer.
    const bool removed = rows == after && !story.acknowledged.empty() && story.has_both(removal());
    for (const Told& told : story.acknowledged) {
      if (!removed && !covers(rows, story.before.rows(kEverything))) break;
      AppendRequest request;
      request.batch.add(told.event());
      const auto receipt = (*opened)->append_and_wait(std::move(request));
      ASSERT_TRUE(receipt.ok());
      EXPECT_EQ(receipt->accepted, removed && told.is_in(removal()) ? 1U : 0U)
          << told.repo << '/' << told.bucket << '@' << told.minute;
    }
    // What was cut short may be asked for again.
    ASSERT_TRUE((*opened)->remove(removal()).ok());
    EXPECT_TRUE(covers(rows_of(**opened), after));
    check_tiers(store_below(**opened), violations);
    EXPECT_EQ(violations, Violations{});
  }

  // Whether each of `part` is among `rows`, and no more than one is beside them.
  static bool covers(const std::vector<OracleRow>& rows, const std::vector<OracleRow>& part) {
    std::size_t found = 0;
    for (const OracleRow& row : part) found += std::count(rows.begin(), rows.end(), row);
    return found == part.size() && rows.size() <= found + 1;
  }

  Random random_{1};
  std::size_t calls_ = 0;
};

TEST_P(RemovalCutTest, IsDoneOrNotDoneAfterACutAtAnyCall) {
  cut_at(0);
  const std::uint64_t calls = calls_;
  ASSERT_GT(calls, 50U);
  std::size_t points = 0;
  if (long_form()) {
    for (std::uint64_t at = 1; cut_at(at); ++at) ++points;
  } else {
    // The removal's own calls come last.
    for (; points < kSampledPoints; ++points) {
      cut_at(points % 3 == 0 ? random_.between(1, calls)
                             : random_.between(calls - calls / 4, calls));
    }
  }
  std::fprintf(stderr, "removals of a %s cut short: %zu points of %llu calls\n", GetParam(), points,
               static_cast<unsigned long long>(calls));
}

INSTANTIATE_TEST_SUITE_P(Removals, RemovalCutTest, testing::Values("repo", "bucket", "range"));

}  // namespace
}  // namespace minuted::test
