// Promise: an inspection tells exactly what a store holds, beside whoever has it open, and leaves no
// trace of itself.
#include "minuted/inspect.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kSpanMs = 6 * kHourMs;
// The start of a span of six hours, and of one of fifteen days.
constexpr std::int64_t kStartMs = 1'699'920'000'000 / (60 * kSpanMs) * (60 * kSpanMs);

Minute minute_at(std::int64_t at_ms) { return minute_of(Millis{kStartMs + at_ms}); }

class InspectTest : public testing::Test {
 protected:
  InspectTest() {
    options_.path = dir_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
    options_.seal_after_ms = kHourMs;
    clock_.set_now(Millis{kStartMs});
    open();
  }

  void open() {
    engine_.reset();
    auto opened = Engine::open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  struct Named {
    std::string repo = "r";
    std::string bucket = "b";
    std::string host = "h";
    std::string id = {};
  };

  // So many ms after kStartMs, with three latencies, so that its row has a sketch.
  void append(std::int64_t at_ms, const Named& named) {
    AppendRequest request;
    for (std::uint64_t latency_us : {1'000U, 2'000U, 90'000U}) {
      EventView e;
      e.repo = named.repo;
      e.bucket = named.bucket;
      e.host = named.host;
      e.timestamp = Millis{kStartMs + at_ms};
      e.op = OpClass::kPut;
      e.upl_bytes = 7;
      e.dwl_bytes = 1;
      e.latency_us = latency_us;
      const std::string id = named.id.empty() ? "" : named.id + std::to_string(latency_us);
      e.id = id;
      request.batch.add(e);
    }
    request.idempotency = IdempotencyKey{"", "key-" + std::to_string(next_key_++), {1, 2}};
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  }
  void append(std::int64_t at_ms) { append(at_ms, Named{}); }

  void fold() { ASSERT_TRUE(engine_->fold().ok()); }
  void seal_at(std::int64_t at_ms) {
    clock_.set_now(Millis{kStartMs + at_ms});
    ASSERT_TRUE(engine_->seal().ok());
  }

  Inspection must_inspect(bool quick = false, std::size_t repos_max = 10) {
    InspectOptions options;
    options.path = options_.path;
    options.quick = quick;
    options.repos_max = repos_max;
    auto found = inspect(options);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found.ok() ? std::move(*found) : Inspection{};
  }

  std::string refusal(const std::string& path) {
    InspectOptions options;
    options.path = path;
    const auto found = inspect(options);
    EXPECT_FALSE(found.ok());
    return found.ok() ? "" : std::string(to_string(found.error().code)) + ": " + found.error().message;
  }

  // Two hosts in two sealed minutes, one of which has a late row; two open spans; a second bucket and
  // repo; one minute that waits for a fold.
  void fill() {
    append(0, {.id = "a"});
    append(0, {.host = "i"});
    append(5 * kHourMs);
    append(kHourMs, {.repo = "s", .bucket = "x"});
    fold();
    seal_at(kSpanMs + kHourMs);
    append(0);                                 // late
    append(kSpanMs);                           // the next span
    append(kSpanMs + 60'000, {.bucket = "c"});
    fold();
    append(2 * kSpanMs);                       // waits
    NodeUpdate update;
    update.node = "h";
    update.heartbeat.emplace();
    EXPECT_TRUE(engine_->tell_node_and_wait(update).ok());
  }

  TempDir dir_;
  ManualClock clock_;
  Options options_;
  std::unique_ptr<Engine> engine_;
  int next_key_ = 0;
};

// Everything of a directory that a change would show in.
std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> trace_of(
    const std::string& path) {
  std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> trace;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    trace[entry.path()] = {entry.is_directory() ? 0 : entry.file_size(), entry.last_write_time()};
  }
  trace[path] = {0, fs::last_write_time(path)};
  return trace;
}

TEST_F(InspectTest, EveryTierIsCountedExactly) {
  fill();
  const Inspection found = must_inspect();

  EXPECT_EQ(found.format, kFormatVersion);
  const TierInspection& raw = found.tier(Tier::kRaw);
  EXPECT_EQ(raw.single.keys, 1U);
  EXPECT_EQ(raw.chunks, 1U);
  EXPECT_EQ(raw.events, 3U);
  EXPECT_EQ(raw.minutes, (MinuteBounds{minute_at(2 * kSpanMs), minute_at(2 * kSpanMs)}));

  const TierInspection& minutes = found.tier(Tier::kMinute);
  EXPECT_EQ(minutes.single.keys, 3U) << "the late one, and two of the next span";
  EXPECT_EQ(minutes.rows_open, 3U);
  EXPECT_EQ(minutes.spans_open, 3U) << "that of the late one too";
  EXPECT_EQ(minutes.pages.keys, 2U);
  EXPECT_EQ(minutes.sketches.keys, 2U);
  EXPECT_EQ(minutes.rows_sealed, 4U);
  EXPECT_EQ(minutes.spans_sealed, 2U);
  EXPECT_EQ(minutes.minutes, (MinuteBounds{minute_at(0), minute_at(kSpanMs + 60'000)}));

  const TierInspection& hours = found.tier(Tier::kHour);
  EXPECT_EQ(hours.single.keys, 3U) << "of b at 0 and 5, of x at 1; those at 6 are not over";
  EXPECT_EQ(hours.rows_open, 4U) << "at 0 there are two hosts";
  EXPECT_EQ(hours.spans_open, 2U);
  EXPECT_EQ(hours.rows_sealed, 0U);
  EXPECT_EQ(hours.minutes, (MinuteBounds{minute_at(0), minute_at(5 * kHourMs)}));

  EXPECT_EQ(found.tier(Tier::kDay).single.keys, 0U) << "the day is not over";
  EXPECT_EQ(found.tier(Tier::kTotal).single.keys, 0U);
  EXPECT_EQ(found.tier(Tier::kTotal).minutes, std::nullopt);
  // Of r: five minutes and hours at 0, 5 and 6, six hours twice, a day, a total; of s one of each; of both
  // together five minutes and hours at 1 as well. The late one's is a row again, and in a page.
  EXPECT_EQ(found.tier(Tier::kRepo).rows_open, 18U);
  EXPECT_EQ(found.tier(Tier::kRepo).rows_sealed, 5U + 3 + 7);
  EXPECT_EQ(found.tier(Tier::kRepo).spans_sealed, 9U);
  EXPECT_EQ(found.tier(Tier::kRepo).minutes, (MinuteBounds{minute_at(0), minute_at(kSpanMs)}));
  EXPECT_EQ(found.tier(Tier::kSeries).single.keys, 4U + 4U + 3U) << "series, their hosts, and buckets";
  EXPECT_EQ(found.tier(Tier::kDaySigns).single.keys, 2U) << "of the hours that are rolled";
  EXPECT_EQ(found.tier(Tier::kDaySigns).rows_open, 3U);
  EXPECT_EQ(found.tier(Tier::kHostState).single.keys, 2U) << "same";
  EXPECT_EQ(found.tier(Tier::kHostState).rows_open, 3U);
  EXPECT_EQ(found.tier(Tier::kNode).single.keys, 2U) << "a record and a day";
  EXPECT_EQ(found.tier(Tier::kIdempotency).single.keys, 8U);
  EXPECT_EQ(found.tier(Tier::kEventId).single.keys, 3U);
  EXPECT_EQ(found.tier(Tier::kEventId).minutes, (MinuteBounds{minute_at(0), minute_at(0)}));
  for (const TierInspection& tier : found.tiers) EXPECT_EQ(tier.damaged, 0U) << tier.first_damaged;

  EXPECT_EQ(found.series, 4U);
  EXPECT_EQ(found.repos, 2U);
  EXPECT_EQ(found.buckets, 3U);
}

TEST_F(InspectTest, WhatWasCountedIsTheSameAfterARestartAndACompaction) {
  fill();
  const Inspection before = must_inspect();
  ASSERT_TRUE(store_below(*engine_).compact().ok());
  engine_.reset();  // closed: nobody has it open
  const Inspection after = must_inspect();
  EXPECT_GT(before.tier(Tier::kRaw).folded_bytes, 0U);
  EXPECT_EQ(after.tier(Tier::kRaw).folded_bytes, 0U) << "a compaction leaves none of it";
  for (std::size_t i = 0; i < kTiers; ++i) {
    const auto bare = [](TierInspection tier) {
      for (StoredKeys* keys : {&tier.single, &tier.pages, &tier.sketches}) {
        keys->table_bytes = 0;
        keys->memtable_bytes = 0;
      }
      tier.folded_bytes = 0;
      return tier;
    };
    EXPECT_EQ(bare(before.tiers[i]), bare(after.tiers[i])) << kTierNames[i];
  }
}

TEST_F(InspectTest, BytesAreInMemtablesFirstAndInTablesThen) {
  fill();
  const auto sum = [](const Inspection& found, auto member) {
    std::uint64_t bytes = 0;
    for (const TierInspection& t : found.tiers) {
      bytes += t.single.*member + t.pages.*member + t.sketches.*member;
    }
    return bytes;
  };
  const Inspection before = must_inspect();
  EXPECT_EQ(sum(before, &StoredKeys::table_bytes), 0U);
  EXPECT_GT(sum(before, &StoredKeys::memtable_bytes), 0U);
  EXPECT_GT(before.tier(Tier::kMinute).pages.memtable_bytes, 0U);
  EXPECT_EQ(before.tier(Tier::kHour).pages.memtable_bytes, 0U) << "there are none";
  EXPECT_GT(before.log_bytes, 0U);

  ASSERT_TRUE(store_below(*engine_).compact().ok());
  const Inspection after = must_inspect();
  EXPECT_EQ(sum(after, &StoredKeys::memtable_bytes), 0U);
  EXPECT_EQ(sum(after, &StoredKeys::table_bytes), after.table_bytes);
  EXPECT_GE(after.disk_bytes, after.table_bytes + after.log_bytes);
}

TEST_F(InspectTest, TheLargestReposComeFirst) {
  for (int i = 0; i < 300; ++i) {
    append(i * 60'000, {.repo = "large", .bucket = "b" + std::to_string(i % 2)});
  }
  for (const char* const repo : {"a", "z"}) append(0, {.repo = repo});
  fold();
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_TRUE(store_below(*engine_).compact().ok());
    }
    const Inspection found = must_inspect(false, 2);
    ASSERT_EQ(found.largest_repos.size(), 2U);
    RepoInspection large = found.largest_repos[0];
    EXPECT_GT(large.bytes, found.largest_repos[1].bytes);
    large.bytes = 0;
    EXPECT_EQ(large, (RepoInspection{"large", 2, 0, 900, 6'300, 900}));
    EXPECT_EQ(found.repos, 3U);
  }
  EXPECT_TRUE(must_inspect(false, 0).largest_repos.empty());
  EXPECT_EQ(must_inspect(false, 0).repos, 3U);
}

// More repos than are weighed at once.
TEST_F(InspectTest, AThousandReposAreCounted) {
  for (int i = 0; i < 1'000; ++i) append(0, {.repo = "r" + std::to_string(i)});
  fold();
  const Inspection found = must_inspect(false, 700);
  EXPECT_EQ(found.repos, 1'000U);
  EXPECT_EQ(found.buckets, 1'000U);
  std::set<std::string> names;
  for (const RepoInspection& repo : found.largest_repos) names.insert(repo.repo);
  EXPECT_EQ(names.size(), 700U);
}

TEST_F(InspectTest, QuickEstimatesKeysAndLooksAtNoRow) {
  fill();
  ASSERT_TRUE(store_below(*engine_).compact().ok());
  const Inspection found = must_inspect(true);
  EXPECT_TRUE(found.quick);
  EXPECT_EQ(found.tier(Tier::kMinute).pages.keys, 2U) << "exact, of what was written once";
  EXPECT_EQ(found.tier(Tier::kMinute).rows_open, 0U);
  EXPECT_EQ(found.tier(Tier::kMinute).minutes, std::nullopt);
  EXPECT_EQ(found.series, 4U);
  EXPECT_EQ(found.repos, 2U);
  EXPECT_EQ(found.buckets, 3U);
  EXPECT_EQ(found.largest_repos.size(), 2U);
}

TEST_F(InspectTest, NothingIsChangedByIt) {
  options_.mark_interval_ms = 0;  // so that the engine itself writes nothing meanwhile
  open();
  fill();
  // The commit thread records the last commit after its answer, and before it answers this.
  AppendRequest question;
  question.only_if_known = true;
  EXPECT_FALSE(engine_->append_and_wait(std::move(question)).ok());
  // Compactions of the open store end by themselves, but nothing says when. So a change counts if it
  // comes with every inspection, as it would if the inspection made it.
  for (int attempt = 1;; ++attempt) {
    const auto before = trace_of(options_.path);
    must_inspect();
    must_inspect(true);
    const auto after = trace_of(options_.path);
    if (after == before) break;
    ASSERT_LT(attempt, 50) << "each inspection of the open store changed something";
  }
  engine_.reset();
  const auto before = trace_of(options_.path);
  must_inspect();
  must_inspect(true);
  EXPECT_EQ(trace_of(options_.path), before);
  open();
  append(0);
  fold();
}

TEST_F(InspectTest, AReadOnlyStoreTakesNoWrite) {
  fill();
  StoreOptions options;
  options.path = options_.path;
  const auto store = Store::open_read_only(options);
  ASSERT_TRUE(store.ok()) << store.error().message;
  WriteSet set(**store);
  set.put(Family::kMeta, "k", "v");
  EXPECT_FALSE((*store)->write(set, Durability::kBuffered).ok());
}

// Flushes and compactions take files away all the time; what was acknowledged before the inspection
// began is in it.
TEST_F(InspectTest, BesideAStoreThatIsWrittenNothingAcknowledgedIsMissed) {
  std::atomic<bool> stop = false;
  std::atomic<bool> compaction_wanted = false;  // one an inspection: they are far quicker than any store's
  std::atomic<std::uint64_t> acknowledged = 0;
  std::thread writer([&] {
    for (std::uint64_t i = 0; !stop; ++i) {
      append(static_cast<std::int64_t>(i) * 60'000);
      acknowledged = i + 1;
      if (i % 7 == 0) fold();
      if (compaction_wanted.exchange(false)) (void)store_below(*engine_).compact();
    }
  });
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t least = acknowledged;
    compaction_wanted = true;
    InspectOptions options;
    options.path = options_.path;
    const auto found = inspect(options);
    EXPECT_TRUE(found.ok()) << found.error().message;
    if (!found.ok()) break;
    EXPECT_GE(found->tier(Tier::kMinute).rows_open + found->tier(Tier::kRaw).events / 3, least);
  }
  stop = true;
  writer.join();
}

TEST_F(InspectTest, DamagedValuesAreCountedAndNamed) {
  fill();
  {
    Store& store = store_below(*engine_);
    WriteSet set(store);
    std::string key = pair_prefix("r", "b");
    append_minute(key, minute_at(0));
    set.put(Family::kMinutePage, key, "\x03nonsense");
    set.put(Family::kDay, key, "nonsense");
    set.put(Family::kMeta, "rolled", "nonsense");
    set.put(Family::kMeta, "no record", "");
    ASSERT_TRUE(store.write(set, Durability::kSynced).ok());
  }
  const Inspection found = must_inspect();
  EXPECT_EQ(found.tier(Tier::kMinute).damaged, 1U);
  EXPECT_EQ(found.tier(Tier::kMinute).rows_sealed, 1U) << "of the other repo";
  EXPECT_NE(found.tier(Tier::kMinute).first_damaged.find('r'), std::string::npos);
  EXPECT_EQ(found.tier(Tier::kDay).damaged, 1U);
  EXPECT_EQ(found.tier(Tier::kMeta).damaged, 2U);
  EXPECT_EQ(found.tier(Tier::kMeta).first_damaged, "\"no record\"");
}

TEST_F(InspectTest, ProgressIsToldNowAndThen) {
  AppendRequest request;
  for (int i = 0; i < 70'000; ++i) {
    EventView e;
    e.repo = "r";
    e.bucket = "b";
    e.host = "h";
    e.timestamp = Millis{kStartMs};
    const std::string id = std::to_string(i);
    e.id = id;
    request.batch.add(e);
  }
  ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  InspectOptions options;
  options.path = options_.path;
  std::vector<std::uint64_t> keys;
  options.progress = [&](const InspectProgress& progress) {
    keys.push_back(progress.keys);
    EXPECT_GE(progress.keys_expected, 70'000U);
  };
  ASSERT_TRUE(inspect(options).ok());
  EXPECT_EQ(keys, std::vector<std::uint64_t>{1U << 16});
}

TEST_F(InspectTest, WhatIsNoStoreIsRefusedAndLeftAlone) {
  const std::string absent = dir_ / "absent";
  EXPECT_EQ(refusal(absent), "invalid_argument: the data directory " + absent + " does not exist");
  EXPECT_FALSE(fs::exists(absent));
  const std::string other = dir_ / "other";
  fs::create_directory(other);
  EXPECT_EQ(refusal(other), "invalid_argument: there is no store in " + other +
                                ": it holds no minuted.store; give the directory that minuted has as "
                                "its data");
  EXPECT_TRUE(fs::is_empty(other));
  const std::string file = dir_ / "file";
  std::ofstream(file) << "text";
  EXPECT_EQ(refusal(file), "invalid_argument: the data path " + file + " is not a directory");
  EXPECT_EQ(refusal(""), "invalid_argument: the data directory has no name");
}

TEST_F(InspectTest, AnotherFormatIsRefused) {
  engine_.reset();
  std::ofstream(options_.path + "/minuted.store") << "minuted store, format 99\n";
  EXPECT_EQ(refusal(options_.path).find("unsupported_format: the data directory is of format 99"), 0U);
  std::ofstream(options_.path + "/minuted.store") << "something else\n";
  EXPECT_EQ(refusal(options_.path).find("corruption: "), 0U);
}

}  // namespace
}  // namespace minuted::test
