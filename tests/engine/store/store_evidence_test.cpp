// Promise: a store that has lost what was acknowledged is refused with a sentence about the loss, and a
// refused start changes no byte of it. An operator may accept the loss.
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "store/store.hpp"
#include "store/watermark.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

using Files = std::map<std::string, std::string>;

Files files_of(const std::string& path) {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files[entry.path()] = contents(entry.path());
  }
  return files;
}

class StoreEvidenceTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kCommits = 20;

  StoreOptions options(const std::string& path) const {
    StoreOptions options;
    options.path = path;
    options.mark_interval_ms = 0;
    return options;
  }

  static void commit(Store& store, std::uint64_t sequence) {
    WriteSet set(store);
    set.put(Family::kMinute, "minute " + std::to_string(sequence), "value");
    store.mark_commit(sequence, set);
    ASSERT_TRUE(store.write(set, Durability::kSynced).ok());
    ASSERT_TRUE(store.acknowledge().ok());
  }

  // Leaves the files of a store that was killed after its commits in `killed_`.
  void SetUp() override {
    auto store = Store::open(options(dir_ / "at work"));
    ASSERT_TRUE(store.ok());
    for (std::uint64_t i = 1; i <= kCommits; ++i) commit(**store, i);
    fs::copy(dir_ / "at work", killed_, fs::copy_options::recursive);
  }

  // The file with that ending that has the most bytes, or that begins so.
  fs::path file(const std::string& part) const {
    fs::path largest;
    for (const auto& entry : fs::directory_iterator(killed_ + "/rocksdb")) {
      const std::string name = entry.path().filename();
      if (!name.ends_with(part) && !name.starts_with(part)) continue;
      if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
    }
    return largest;
  }

  static void flip(const fs::path& path, std::uint64_t at) {
    std::string bytes = contents(path);
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 4);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  // Opens as often as a supervisor would, and expects the same refusal and the same bytes each time. An
  // opening to read that assumes no writer must be refused in the same way.
  Error expect_refused() {
    const Files before = files_of(killed_);
    std::optional<Error> error;
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto store = Store::open(options(killed_));
      if (store.ok()) {
        ADD_FAILURE() << "opens";
        return {ErrorCode::kIoError, ""};
      }
      error = store.error();
      StoreOptions to_read = options(killed_);
      to_read.nobody_writes = true;
      const auto read = Store::open_read_only(to_read);
      EXPECT_TRUE(!read.ok() && read.error().code == error->code)
          << (read.ok() ? "opens to read" : read.error().message);
      const Files after = files_of(killed_);
      for (const auto& [name, bytes] : before) {
        const auto at = after.find(name);
        EXPECT_TRUE(at != after.end() && at->second == bytes) << name << " is gone or altered";
      }
      EXPECT_EQ(after.size(), before.size()) << "files were made";
    }
    return *error;
  }

  void expect_whole() {
    StoreOptions to_read = options(killed_);
    to_read.nobody_writes = true;
    {
      const auto read = Store::open_read_only(to_read);
      ASSERT_TRUE(read.ok()) << read.error().message;
      EXPECT_EQ(*(*read)->last_commit(), kCommits);
    }
    const auto store = Store::open(options(killed_));
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(*(*store)->last_commit(), kCommits);
    EXPECT_TRUE((*store)->opening_notes().empty());
    for (std::uint64_t i = 1; i <= kCommits; ++i) {
      EXPECT_TRUE((*store)->get(Family::kMinute, "minute " + std::to_string(i))->has_value()) << i;
    }
  }

  const TempDir dir_;
  const std::string killed_ = dir_ / "store";
};

TEST_F(StoreEvidenceTest, KilledStoreOpensWithAllCommits) { expect_whole(); }

TEST_F(StoreEvidenceTest, DamagedLogIsRefusedAndOpensOnceItIsMended) {
  const fs::path log = file(".log");
  const std::uint64_t middle = fs::file_size(log) / 2;
  flip(log, middle);
  const Error error = expect_refused();
  EXPECT_EQ(error.code, ErrorCode::kCommitsLost);
  EXPECT_NE(error.message.find("the store has lost commits "), std::string::npos) << error.message;
  EXPECT_NE(error.message.find(" to 20, which were acknowledged: "), std::string::npos)
      << error.message;
  EXPECT_NE(error.message.find(log.filename().string() + " is damaged or ends early at byte "),
            std::string::npos)
      << error.message;
  flip(log, middle);
  expect_whole();
}

TEST_F(StoreEvidenceTest, LogWithoutItsEndIsRefused) {
  const fs::path log = file(".log");
  const std::string whole = contents(log);
  for (const std::uint64_t size : {std::uint64_t{0}, whole.size() / 3, whole.size() - 1}) {
    fs::resize_file(log, size);
    EXPECT_EQ(expect_refused().code, ErrorCode::kCommitsLost) << size;
  }
  std::ofstream(log, std::ios::binary | std::ios::trunc) << whole;
  expect_whole();
}

TEST_F(StoreEvidenceTest, AcceptedLossIsNotedAndTheNextStartNeedsNoWord) {
  flip(file(".log"), fs::file_size(file(".log")) / 2);
  StoreOptions accepting = options(killed_);
  accepting.accept_lost_commits = true;
  {
    const auto store = Store::open(accepting);
    ASSERT_TRUE(store.ok()) << store.error().message;
    ASSERT_EQ((*store)->opening_notes().size(), 1U);
    EXPECT_NE((*store)->opening_notes()[0].find("The loss was accepted"), std::string::npos);
    EXPECT_EQ(*(*store)->last_commit(), kCommits) << "numbers are not given twice";
    EXPECT_TRUE((*store)->get(Family::kMinute, "minute 1")->has_value());
    EXPECT_FALSE((*store)->get(Family::kMinute, "minute 20")->has_value());
  }
  const auto store = Store::open(options(killed_));
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_TRUE((*store)->opening_notes().empty());
  commit(**store, kCommits + 1);
}

TEST_F(StoreEvidenceTest, ManifestWithoutItsEndIsRefused) {
  const fs::path manifest = file("MANIFEST-");
  const std::string whole = contents(manifest);
  for (std::uint64_t size = 0; size < whole.size(); size += 17) {
    fs::resize_file(manifest, size);
    EXPECT_EQ(expect_refused().code, ErrorCode::kCorruption) << size;
    std::ofstream(manifest, std::ios::binary | std::ios::trunc) << whole;
  }
  expect_whole();
}

TEST_F(StoreEvidenceTest, ManifestWithAFlippedBitIsRefused) {
  const fs::path manifest = file("MANIFEST-");
  for (std::uint64_t at = 0; at < fs::file_size(manifest); at += 23) {
    flip(manifest, at);
    EXPECT_EQ(expect_refused().code, ErrorCode::kCorruption) << at;
    flip(manifest, at);
  }
  expect_whole();
}

// RocksDB would make the family anew, and everything in it would be gone.
TEST_F(StoreEvidenceTest, MissingFamilyIsRefused) {
  const auto number = std::stoull(file("MANIFEST-").filename().string().substr(9));
  fs::resize_file(file("MANIFEST-"), 120);
  // As if this MANIFEST were newer than what is on record.
  auto watermark = Watermark::open(*rocksdb::Env::Default(), killed_);
  ASSERT_TRUE(watermark.ok());
  for (int slot = 0; slot < 2; ++slot) {
    ASSERT_TRUE((*watermark)->write({kCommits, 1, number - 1, 10}).ok());
  }
  watermark->reset();
  const auto store = Store::open(options(killed_));
  EXPECT_FALSE(store.ok());
}

TEST_F(StoreEvidenceTest, MissingCurrentIsRefused) {
  fs::rename(killed_ + "/rocksdb/CURRENT", dir_ / "CURRENT");
  (void)expect_refused();
  fs::rename(dir_ / "CURRENT", killed_ + "/rocksdb/CURRENT");
  expect_whole();
}

TEST_F(StoreEvidenceTest, MarkerThatWasEmptiedOrAlteredIsRefused) {
  const std::string marker = killed_ + "/minuted.store";
  const std::string whole = contents(marker);
  for (const std::string& text : {std::string(), std::string("minuted store, format "), whole + "x",
                                  whole.substr(0, whole.size() - 1), "M" + whole.substr(1)}) {
    std::ofstream(marker, std::ios::trunc) << text;
    const Error error = expect_refused();
    EXPECT_EQ(error.code, ErrorCode::kCorruption) << text;
    EXPECT_NE(error.message.find("has been emptied or altered"), std::string::npos);
  }
  std::ofstream(marker, std::ios::trunc) << whole;
  expect_whole();
}

TEST_F(StoreEvidenceTest, RecordOfWhatWasAcknowledgedMustBeThere) {
  const std::string record = killed_ + "/acknowledged";
  const std::string whole = contents(record);
  fs::resize_file(record, 0);
  EXPECT_EQ(expect_refused().code, ErrorCode::kCorruption);
  fs::remove(record);
  EXPECT_EQ(expect_refused().code, ErrorCode::kCorruption);
  std::ofstream(record, std::ios::binary) << whole;
  expect_whole();
}

TEST_F(StoreEvidenceTest, NobodyButTheOwnerWritesAndStrangersReadNothing) {
  const auto mode = [&](const std::string& name) {
    return static_cast<unsigned>(fs::status(dir_ / name).permissions());
  };
  EXPECT_EQ(mode("at work"), 0750U);
  EXPECT_EQ(mode("at work/minuted.store"), 0640U);
}

// Also in a process whose last commit is followed by none.
TEST_F(StoreEvidenceTest, CommitIsOnRecordWithinTheIntervalWithoutALaterOne) {
  StoreOptions with_timer = options(dir_ / "other");
  with_timer.mark_interval_ms = 20;
  const auto store = Store::open(with_timer);
  ASSERT_TRUE(store.ok());
  for (std::uint64_t i = 1; i <= 3; ++i) commit(**store, i);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::uint64_t recorded = 0;
  while (recorded != 3 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    const auto watermark = Watermark::open(*rocksdb::Env::Default(), dir_ / "other");
    ASSERT_TRUE(watermark.ok());
    recorded = (*watermark)->mark().commit;
  }
  EXPECT_EQ(recorded, 3U);
}

TEST_F(StoreEvidenceTest, EntriesOfTheFileSystemDoNotMakeADirectorySomebodyElses) {
  const std::string path = dir_ / "mounted";
  for (const char* name : {"lost+found", ".snapshot", ".zfs", "System Volume Information"}) {
    fs::create_directories(path + "/" + name);
  }
  std::ofstream(path + "/.nfs000000000001") << "x";
  EXPECT_TRUE(Store::open(options(path)).ok());
}

}  // namespace
}  // namespace minuted::test
