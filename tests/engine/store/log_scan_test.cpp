// Promise: a log that has lost synced records is told from one that simply ends. The logs are those that
// the real RocksDB wrote; the damage is every truncation and every flipped bit of a small one.
#include "store/log_scan.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/store.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

class LogScanTest : public testing::Test {
 protected:
  // The bytes of the log of a store after writes of these sizes, each synced.
  std::string log_of(const std::vector<std::size_t>& sizes, Durability durability) {
    StoreOptions options;
    options.path = dir_ / ("store" + std::to_string(stores_++));
    auto store = Store::open(options);
    if (!store) throw std::runtime_error(store.error().message);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      WriteSet set(**store);
      set.put(Family::kMeta, "key" + std::to_string(i), std::string(sizes[i], 'v'));
      set.put(Family::kMeta, "second", "of the set");
      if (!(*store)->write(set, durability).ok()) throw std::runtime_error("write");
    }
    std::string largest;
    for (const auto& entry : fs::directory_iterator(options.path + "/rocksdb")) {
      if (entry.path().extension() != ".log") continue;
      std::string bytes = contents(entry.path());
      if (bytes.size() > largest.size()) largest = std::move(bytes);
    }
    return largest;
  }

  const TempDir dir_;
  int stores_ = 0;
};

TEST_F(LogScanTest, WholeLogIsOneRun) {
  const std::string log = log_of({1, 100, 5, 70'000, 3}, Durability::kSynced);
  const ScannedLog scanned = scan_log(7, log);
  EXPECT_FALSE(scanned.damaged_at);
  ASSERT_EQ(scanned.runs.size(), 1U);
  EXPECT_EQ(scanned.runs[0].last, 1U + 5 * 2) << "the store's secret, then five sets of two";
}

TEST_F(LogScanTest, EachRecordSaysWhatWasSyncedBeforeIt) {
  const std::string synced = log_of({10, 10, 10}, Durability::kSynced);
  const ScannedLog scanned = scan_log(7, synced);
  ASSERT_FALSE(scanned.runs.empty());
  EXPECT_EQ(scanned.runs.back().synced, scanned.runs.back().last - 2) << "all but the last write";
  const ScannedLog buffered = scan_log(7, log_of({10, 10, 10}, Durability::kBuffered));
  ASSERT_FALSE(buffered.runs.empty());
  EXPECT_EQ(buffered.runs.back().synced, 1U) << "the store's secret alone";
}

// What is lost at the end was the last write, of which nothing says that it was synced.
TEST_F(LogScanTest, TruncationIsDamageAtTheEndUnlessItFallsBetweenRecords) {
  const std::string log = log_of({10, 20, 30}, Durability::kSynced);
  const ScannedLog whole = scan_log(7, log);
  for (std::size_t size = 0; size < log.size(); ++size) {
    const ScannedLog cut = scan_log(7, std::string_view(log).substr(0, size));
    const LogEvidence evidence = judge_logs({cut}, 0);
    EXPECT_LE(evidence.synced, evidence.reached) << size;
    EXPECT_LT(evidence.reached, whole.runs.back().last) << size;
    EXPECT_LE(cut.damaged_at.value_or(0), size);
  }
}

TEST_F(LogScanTest, FlippedBitBeforeSyncedWritesIsALoss) {
  const std::string log = log_of({10, 20, 30, 40, 50}, Durability::kSynced);
  const LogEvidence whole = judge_logs({scan_log(7, log)}, 0);
  ASSERT_TRUE(whole.damage.empty()) << whole.damage;
  // All before the last two records: the last one's note covers them.
  const std::size_t covered = log_of({10, 20, 30}, Durability::kSynced).size();
  for (std::size_t bit = 0; bit < covered * 8; ++bit) {
    std::string bad = log;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const LogEvidence evidence = judge_logs({scan_log(7, bad)}, 0);
    ASSERT_GT(evidence.synced, evidence.reached) << "bit " << bit;
    ASSERT_FALSE(evidence.damage.empty()) << "bit " << bit;
  }
}

TEST_F(LogScanTest, DamageInALargeRecordIsSkippedToTheNextWholeOne) {
  const std::string log = log_of({10, 100'000, 10, 10, 10}, Durability::kSynced);
  std::string bad = log;
  bad[50'000] = static_cast<char>(bad[50'000] ^ 1);
  const ScannedLog scanned = scan_log(7, bad);
  ASSERT_TRUE(scanned.damaged_at);
  EXPECT_LT(*scanned.damaged_at, 50'000U);
  EXPECT_EQ(scanned.runs.back().last, scan_log(7, log).runs.back().last);
  EXPECT_GT(judge_logs({scanned}, 0).synced, judge_logs({scanned}, 0).reached);
}

// A disk may bring a later block of unsynced writes to its place before an earlier one.
TEST_F(LogScanTest, HoleInUnsyncedWritesIsNoLoss) {
  const std::string log = log_of({10, 40'000, 40'000, 10}, Durability::kBuffered);
  std::string bad = log;
  bad.replace(20'000, 4096, 4096, '\0');
  const LogEvidence evidence = judge_logs({scan_log(7, bad)}, 0);
  EXPECT_FALSE(evidence.damage.empty());
  EXPECT_LE(evidence.synced, evidence.reached);
}

LogRun run(std::uint64_t log, std::uint64_t offset, std::uint64_t first, std::uint64_t last,
           std::uint64_t synced_before) {
  return {log, offset, first, last, synced_before, synced_before, 3};
}

ScannedLog log_with(std::uint64_t number, std::vector<LogRun> runs) {
  return {number, 1'000, std::move(runs), std::nullopt};
}

TEST(LogEvidenceTest, LogsThatFollowEachOtherAreOne) {
  const auto evidence =
      judge_logs({log_with(3, {run(3, 0, 1, 9, 7)}), log_with(5, {run(5, 0, 10, 12, 9)})}, 0);
  EXPECT_EQ(evidence.reached, 12U);
  EXPECT_EQ(evidence.synced, 9U);
  EXPECT_EQ(evidence.damage, "");
}

TEST(LogEvidenceTest, GapBetweenLogsIsALossIfItWasSynced) {
  const auto evidence =
      judge_logs({log_with(3, {run(3, 0, 1, 5, 3)}), log_with(5, {run(5, 40, 10, 12, 9)})}, 0);
  EXPECT_EQ(evidence.reached, 5U);
  EXPECT_EQ(evidence.synced, 9U);
  EXPECT_EQ(evidence.damage, "000005.log is damaged or ends early at byte 40");
}

// As after a power cut that undid its deletion.
TEST(LogEvidenceTest, LogThatIsInTablesAlreadyDoesNotCount) {
  const auto old = log_with(3, {run(3, 0, 1, 5, 3)});
  EXPECT_EQ(judge_logs({old, log_with(5, {run(5, 40, 10, 12, 9)})}, 5).damage, "");
  LogRun later = run(5, 40, 10, 12, 9);
  later.opening_log = 5;
  EXPECT_EQ(judge_logs({old, log_with(5, {later})}, 0).damage, "") << "as a later opening says";
  EXPECT_EQ(judge_logs({log_with(3, {}), log_with(5, {later})}, 0).damage, "");
}

TEST(LogEvidenceTest, EmptiedLogIsALossIfTheNextOneSaysThatItWasSynced) {
  const auto emptied = log_with(3, {});
  const auto synced = judge_logs({emptied, log_with(5, {run(5, 0, 10, 12, 9)})}, 0);
  EXPECT_EQ(synced.reached, 0U);
  EXPECT_EQ(synced.damage, "000003.log is damaged or ends early at byte 0");
  const auto unsynced = judge_logs({emptied, log_with(5, {run(5, 0, 10, 12, 4)})}, 0);
  EXPECT_EQ(unsynced.reached, 12U);
  EXPECT_EQ(unsynced.damage, "");
}

TEST(FirstDamageTest, OfAManifestIsWhereARecordIsNotWhole) {
  const TempDir dir;
  StoreOptions options;
  options.path = dir / "store";
  { ASSERT_TRUE(Store::open(options).ok()); }
  std::string manifest;
  for (const auto& entry : fs::directory_iterator(options.path + "/rocksdb")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) manifest = contents(entry.path());
  }
  ASSERT_GT(manifest.size(), 100U);
  EXPECT_EQ(first_damage(manifest), std::nullopt);
  for (std::size_t bit = 0; bit < manifest.size() * 8; bit += 5) {
    std::string bad = manifest;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto at = first_damage(bad);
    ASSERT_TRUE(at) << "bit " << bit;
    ASSERT_LE(*at, bit / 8);
  }
}

}  // namespace
}  // namespace minuted::test
