// The rigs are worth what their disk is worth: that it loses what a disk may lose, and keeps the
// rest.
#include "crash/disk_model.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "crash/faulty_file_system.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;

constexpr int kDraws = 100;  // of random losses, so that every length of a few bytes is met

class DiskModelTest : public testing::Test {
 protected:
  DiskModelTest() { fs::create_directory(root_); }

  std::string at(const std::string& name) const { return root_ + "/" + name; }

  void make_durable(const std::string& name, const std::string& content) {
    const auto node = disk_.open(at(name), true);
    disk_.append(*node, content);
    disk_.sync(*node);
    disk_.sync_directory(root_);
  }

  // Loses once; after() then looks at what is left.
  void lose(Loss loss) {
    fs::remove_all(left_);
    disk_.write_survivors(left_, loss, random_);
  }
  std::optional<std::string> after(const std::string& name) const {
    if (!fs::exists(left_ + "/" + name)) return std::nullopt;
    std::ifstream in(left_ + "/" + name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  // Every content that `name` is left with in many losses.
  std::set<std::string> outcomes(Loss loss, const std::string& name) {
    std::set<std::string> contents;
    for (int i = 0; i < kDraws; ++i) {
      lose(loss);
      contents.insert(after(name).value_or("absent"));
    }
    return contents;
  }

  const TempDir dir_;
  const std::string root_ = dir_ / "root";
  const std::string left_ = dir_ / "left";
  Random random_{3};
  DiskModel disk_{root_};
};

using Contents = std::set<std::string>;

TEST_F(DiskModelTest, SyncedBytesUnderASyncedNameSurviveEveryLoss) {
  make_durable("f", "abc");
  for (const Loss loss : kLosses) EXPECT_EQ(outcomes(loss, "f"), Contents{"abc"});
}

TEST_F(DiskModelTest, BytesAfterTheSyncAreLost) {
  make_durable("f", "abc");
  disk_.append(*disk_.open(at("f"), false), "def");
  lose(Loss::kAll);
  EXPECT_EQ(after("f"), "abc");
}

TEST_F(DiskModelTest, SyncedFileIsLostWithItsUnsyncedName) {
  const auto node = disk_.open(at("f"), true);
  disk_.append(*node, "abc");
  disk_.sync(*node);
  lose(Loss::kAll);
  EXPECT_EQ(after("f"), std::nullopt);
  disk_.sync_directory(root_);
  lose(Loss::kAll);
  EXPECT_EQ(after("f"), "abc");
}

TEST_F(DiskModelTest, UnsyncedDirectoryTakesWhatIsInItAlong) {
  disk_.make_directory(at("d"));
  const auto node = disk_.open(at("d/f"), true);
  disk_.append(*node, "abc");
  disk_.sync(*node);
  disk_.sync_directory(at("d"));
  lose(Loss::kAll);
  EXPECT_EQ(after("d/f"), std::nullopt);
  disk_.sync_directory(root_);
  lose(Loss::kAll);
  EXPECT_EQ(after("d/f"), "abc");
}

TEST_F(DiskModelTest, UnsyncedRenameAndRemovalAreUndone) {
  make_durable("old", "1");
  make_durable("target", "2");
  make_durable("gone", "3");
  disk_.rename(at("old"), at("target"));
  disk_.remove(at("gone"));
  lose(Loss::kAll);
  EXPECT_EQ(after("old"), "1");
  EXPECT_EQ(after("target"), "2");
  EXPECT_EQ(after("gone"), "3");
  disk_.sync_directory(root_);
  lose(Loss::kAll);
  EXPECT_EQ(after("old"), std::nullopt);
  EXPECT_EQ(after("target"), "1");
  EXPECT_EQ(after("gone"), std::nullopt);
}

TEST_F(DiskModelTest, RenameIsKeptOrLostAsOne) {
  make_durable("old", "1");
  disk_.rename(at("old"), at("new"));
  for (int i = 0; i < kDraws; ++i) {
    lose(Loss::kPrefix);
    EXPECT_NE(after("old").has_value(), after("new").has_value());
  }
}

TEST_F(DiskModelTest, NameChangesAreKeptInTheirOrder) {
  disk_.open(at("first"), true);
  disk_.open(at("second"), true);
  std::set<std::pair<bool, bool>> seen;
  for (int i = 0; i < kDraws; ++i) {
    lose(Loss::kPrefix);
    seen.insert({after("first").has_value(), after("second").has_value()});
  }
  EXPECT_EQ(seen, (std::set<std::pair<bool, bool>>{{false, false}, {true, false}, {true, true}}));
}

TEST_F(DiskModelTest, RandomPrefixKeepsAnyLengthAndNothingElse) {
  make_durable("f", "a");
  const auto node = disk_.open(at("f"), false);
  disk_.append(*node, "bc");
  disk_.append(*node, "d");
  EXPECT_EQ(outcomes(Loss::kPrefix, "f"), (Contents{"a", "ab", "abc", "abcd"}));
}

TEST_F(DiskModelTest, TornWriteIsTheLastOne) {
  make_durable("f", "a");
  const auto node = disk_.open(at("f"), false);
  disk_.append(*node, "bc");
  disk_.append(*node, "de");
  EXPECT_EQ(outcomes(Loss::kTorn, "f"), (Contents{"abc", "abcd", "abcde"}));
}

TEST_F(DiskModelTest, TornLogMayEndInZeros) {
  make_durable("1.log", "a");
  disk_.append(*disk_.open(at("1.log"), false), "b");
  EXPECT_EQ(outcomes(Loss::kTorn, "1.log"), (Contents{"a", "ab", std::string("a\0", 2)}));
}

TEST_F(DiskModelTest, OverwrittenBytesComeBackUntilSynced) {
  make_durable("f", "abcdef");
  const auto node = disk_.open(at("f"), false);
  disk_.write(*node, 2, "XY");
  EXPECT_EQ(outcomes(Loss::kPrefix, "f"), (Contents{"abcdef", "abXdef", "abXYef"}));
  disk_.sync(*node);
  EXPECT_EQ(outcomes(Loss::kPrefix, "f"), Contents{"abXYef"});
}

TEST_F(DiskModelTest, TruncationIsUndoneUntilSynced) {
  make_durable("f", "abcdef");
  const auto node = disk_.open(at("f"), false);
  disk_.truncate(*node, 2);
  lose(Loss::kAll);
  EXPECT_EQ(after("f"), "abcdef");
  disk_.append(*node, "Z");
  disk_.sync(*node);
  lose(Loss::kAll);
  EXPECT_EQ(after("f"), "abZ");
}

// The cache forgets that pages were dirty when their sync failed; a later sync has nothing to
// write.
TEST_F(DiskModelTest, BytesWhoseSyncFailedAreNotSavedByALaterSync) {
  make_durable("f", "abc");
  const auto node = disk_.open(at("f"), false);
  disk_.append(*node, "DEF");
  disk_.fail_sync(*node);
  disk_.append(*node, "g");
  disk_.sync(*node);
  lose(Loss::kAll);
  EXPECT_EQ(after("f"), std::string("abc\0\0\0g", 7));
}

TEST_F(DiskModelTest, FilesFoundAtTheStartAreDurable) {
  fs::create_directory(root_ + "/d");
  std::ofstream(root_ + "/d/f") << "abc";
  std::ofstream(root_ + "/minuted.store") << "marker";
  const DiskModel disk(root_);
  disk.write_survivors(left_, Loss::kAll, random_);
  EXPECT_EQ(after("d/f"), "abc");
  EXPECT_EQ(after("minuted.store"), "marker");
}

class FaultyFileSystemTest : public testing::Test {
 protected:
  FaultyFileSystemTest() { fs::create_directory(root_); }

  // Writes `content` to a file in one append and syncs it; which of the two went well.
  std::pair<bool, bool> write_and_sync(FaultyDisk& disk, const std::string& content) {
    std::unique_ptr<rocksdb::WritableFile> file;
    if (!disk.env->NewWritableFile(root_ + "/f", &file, {}).ok()) return {false, false};
    const bool written = file->Append(content).ok();
    return {written, file->Sync().ok()};
  }
  std::string content() const {
    std::ifstream in(root_ + "/f", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  const TempDir dir_;
  const std::string root_ = dir_ / "root";
};

TEST_F(FaultyFileSystemTest, CallsAreNumberedFromOne) {
  FaultyDisk disk(root_, {});
  EXPECT_EQ(write_and_sync(disk, "abcd"), std::pair(true, true));
  EXPECT_EQ(disk.files->calls(),
            (std::vector<MadeCall>{
                {Call::kMakeEntry, false}, {Call::kWrite, false}, {Call::kSync, false}}));
  EXPECT_FALSE(disk.files->hit());
}

TEST_F(FaultyFileSystemTest, OneCallFailsOrAllFromThereOn) {
  FaultyDisk once(root_, {2, Fault::kIoError, false, true});
  EXPECT_EQ(write_and_sync(once, "abcd"), std::pair(false, true));
  FaultyDisk for_good(root_, {2, Fault::kIoError, true, true});
  EXPECT_EQ(write_and_sync(for_good, "abcd"), std::pair(false, false));
  EXPECT_TRUE(for_good.files->hit());
}

TEST_F(FaultyFileSystemTest, ShortWriteLeavesHalf) {
  FaultyDisk disk(root_, {2, Fault::kShortWrite, true, true});
  EXPECT_EQ(write_and_sync(disk, "abcd"), std::pair(false, true));
  EXPECT_EQ(content(), "ab");
}

TEST_F(FaultyFileSystemTest, FullDiskStillSyncs) {
  FaultyDisk disk(root_, {2, Fault::kNoSpace, true, true});
  EXPECT_EQ(write_and_sync(disk, "abcd"), std::pair(false, true));
}

TEST_F(FaultyFileSystemTest, NothingWorksAfterAPowerCutNotEvenReading) {
  FaultyDisk disk(root_, {2, Fault::kPowerCut, true, false});
  EXPECT_EQ(write_and_sync(disk, "abcd"), std::pair(false, false));
  EXPECT_FALSE(disk.env->FileExists(root_ + "/f").ok());
}

TEST_F(FaultyFileSystemTest, WriteUnderWayAtThePowerCutMayReachTheDisk) {
  FaultyDisk disk(root_, {2, Fault::kPowerCut, true, false});
  write_and_sync(disk, "ab");
  Random random(4);
  Contents seen;
  for (int i = 0; i < kDraws; ++i) {
    const std::string left = dir_ / ("left" + std::to_string(i));
    disk.files->disk().write_survivors(left, Loss::kTorn, random);
    std::ifstream in(left + "/f");
    seen.insert({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
  }
  EXPECT_EQ(seen, (Contents{"", "a", "ab"}));
}

TEST_F(FaultyFileSystemTest, FailedSyncsOfLogsAreCounted) {
  for (const char* name : {"000004.log", "acknowledged", "MANIFEST-000005", "000006.sst"}) {
    const std::string path = root_ + "/" + name;
    FaultyDisk disk(root_, {3, Fault::kSyncFails, false, true});
    EXPECT_FALSE(rocksdb::WriteStringToFile(disk.env.get(), "x", path, true).ok());
    const bool is_log = path.ends_with(".log") || path.ends_with("acknowledged");
    EXPECT_EQ(disk.files->failed_log_syncs(), is_log ? 1U : 0U) << name;
  }
}

}  // namespace
}  // namespace minuted::test
