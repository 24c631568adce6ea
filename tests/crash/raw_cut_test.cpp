// Holds up "acknowledged batches outlive a power cut" where raw events are dropped: a commit is in the log,
// the fold of it is not synced, and a flush, which writes only what is not folded, and the deletion of
// tables come in between. The power is cut at every call of the file system in turn; then each event of an
// acknowledged commit is folded or raw, once, and what is raw is what the next start loads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "chunk/raw_commit.hpp"
#include "crash/faulty_file_system.hpp"
#include "maintenance/fold/folder.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"
#include "support/long_form.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::uint64_t kCommits = 14;
constexpr std::uint32_t kPairs = 6;
constexpr std::uint32_t kFirstMinute = 28'000'000;
// Cut points by default, at even distances from a random one on.
constexpr std::uint64_t kSampledPoints = sampled(15);

// A store with what makes and folds raw events, and nothing else: each step is the test's.
class Harness {
 public:
  Harness(const std::string& path, FaultyDisk& disk) {
    StoreOptions options;
    options.path = path;
    options.env = disk.env.get();
    options.mark_interval_ms = 0;
    options.memtable_bytes = 1U << 20;
    options.block_cache_bytes = 1U << 20;
    auto opened = Store::open(options);
    if (!opened) {
      error_ = opened.error().message;
      return;
    }
    store_ = std::move(*opened);
    table_ = std::make_unique<RawTable>(recall_);
    const auto loaded = load_unfolded(*store_, *table_, 0);
    if (!loaded) error_ = loaded.error().message;
    // Small batches: marks lie in the middle of generations.
    folder_ = std::make_unique<Folder>(*store_, *table_, repo_rows_begin_, counters_,
                                       Folder::Options{600, /*archive=*/true, [](const Error&) {},
                                                       [](Minute, Minute) {}});
  }

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }

  // An event of one byte more than the commit's number, in some pairs and minutes that follow from it.
  bool commit(std::uint64_t number) {
    const auto hold = table_->hold();
    WriteSet set(*store_);
    RawCommitEncoder commit;
    ChunkEncoder encoder;
    std::vector<EventBatch> batches(kPairs);
    std::vector<RawTable::Addition> additions;
    std::vector<std::string> prefixes;
    RawSize size;
    for (std::uint32_t pair = 0; pair < kPairs; ++pair) {
      if ((number + pair) % 3 == 0) continue;
      EventView event;
      event.repo = "r";
      const std::string bucket = "b" + std::to_string(pair);
      event.bucket = bucket;
      event.host = "h";
      event.op = OpClass::kPut;
      event.upl_bytes = number + 1;
      const Minute minute{kFirstMinute + static_cast<std::uint32_t>(number % 2)};
      event.timestamp = start_of(minute);
      batches[pair].add(event);
      batches[pair].group();
      std::string chunk;
      const ChunkSource source{&batches[pair], batches[pair].groups()[0].rows};
      encoder.encode({store_->epoch(), number}, std::span(&source, 1), chunk);
      prefixes.push_back(pair_prefix("r", bucket));
      commit.add(prefixes.back(), minute, chunk);
      additions.push_back({{}, minute, {}});
    }
    for (std::size_t i = 0; i < additions.size(); ++i) {
      additions[i].prefix = prefixes[i];
      additions[i].bytes = commit.raw_value(i);
      ++size.chunks;
      size.bytes += additions[i].bytes.size();
    }
    set.put(Family::kRaw, raw_key(number, 0), commit.part(0));
    store_->mark_commit(number, set);
    if (!store_->write(set, Durability::kSynced).ok()) return false;
    table_->publish(number, additions, size, 0);
    return store_->acknowledge().ok();
  }
  void fold() { (void)folder_->fold(); }
  void flush() { (void)store_->flush(); }
  void drop() { (void)store_->drop_folded_raw(0); }

  // What each commit counts for: its pairs, and how many of its events are folded (in the archive, which
  // holds a copy of each) or raw; and that the sums of minutes are those of the archive.
  std::map<std::uint64_t, std::uint32_t> events() {
    std::map<std::uint64_t, std::uint32_t> found;
    std::vector<ChunkEvent> read;
    std::uint64_t archived = 0;
    const auto view = store_->view();
    const auto archive = view->cursor(Family::kArchive, {}, {});
    for (; archive->valid(); archive->next()) EXPECT_TRUE(decode_chunks(archive->value(), read));
    for (const ChunkEvent& event : read) archived += event.upl_bytes;
    // Views of bytes that are gone; only their numbers are used.
    for (const ChunkEvent& event : read) ++found[event.upl_bytes - 1];
    std::uint64_t folded = 0;
    const auto minutes = view->cursor(Family::kMinute, {}, {});
    for (; minutes->valid(); minutes->next()) {
      HostRollups hosts;
      EXPECT_TRUE(merge_encoded_hosts(minutes->value(), hosts));
      for (const auto& e : hosts.entries()) folded += static_cast<std::uint64_t>(e.rollup.upl_bytes);
    }
    EXPECT_EQ(folded, archived) << "rollups and archive are of one write";
    RawView raw = table_->view(*store_);
    auto mark = read_mark(*store_, *raw.store);
    EXPECT_TRUE(mark.ok());
    RawCursor cursor(std::move(raw.generations), raw.last_commit, *mark);
    for (cursor.seek({}); cursor.valid(); cursor.next()) {
      read.clear();
      for (const std::string_view value : cursor.values()) EXPECT_TRUE(decode_chunks(value, read));
      for (const ChunkEvent& event : read) ++found[event.upl_bytes - 1];
    }
    return found;
  }
  std::size_t raw_keys() {
    std::size_t keys = 0;
    const auto view = store_->view();
    const auto cursor = view->cursor(Family::kRaw, {}, {});
    for (; cursor->valid(); cursor->next()) ++keys;
    return keys;
  }
  std::uint64_t last_commit() { return *store_->last_commit(); }

 private:
  std::string error_;
  ReadRecall recall_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RawTable> table_;
  RepoRowsBegin repo_rows_begin_;
  FoldCounters counters_;
  std::unique_ptr<Folder> folder_;
};

// The last commit that was acknowledged.
std::uint64_t run_script(const std::string& path, FaultyDisk& disk) {
  std::uint64_t acknowledged = 0;
  std::uint64_t number = 0;
  auto harness = std::make_unique<Harness>(path, disk);
  const auto commit = [&] {
    if (harness->ok() && harness->commit(++number)) acknowledged = number;
  };
  const auto reopen = [&] {
    harness.reset();
    harness = std::make_unique<Harness>(path, disk);
  };
  const auto step = [&](auto member) {
    if (harness->ok()) (harness.get()->*member)();
  };
  commit();
  commit();
  step(&Harness::fold);   // in the log only, and not synced
  step(&Harness::flush);  // drops both commits
  commit();
  step(&Harness::flush);  // writes it
  commit();
  step(&Harness::fold);
  step(&Harness::drop);   // must not: the fold is not in tables
  step(&Harness::flush);
  step(&Harness::drop);
  commit();
  commit();
  step(&Harness::fold);
  reopen();
  commit();
  step(&Harness::flush);
  step(&Harness::fold);
  commit();
  reopen();
  step(&Harness::drop);
  commit();
  step(&Harness::fold);
  step(&Harness::flush);
  step(&Harness::drop);
  while (number < kCommits && harness->ok()) commit();
  return acknowledged;
}

TEST(RawCutTest, NothingThatIsNotFoldedDurablyIsDropped) {
  Random random;
  std::uint64_t cuts = 0;
  std::uint64_t calls = 0;
  {
    const TempDir dir;
    FaultyDisk disk(dir / "store", {});
    ASSERT_EQ(run_script(dir / "store", disk), kCommits);
    calls = disk.files->calls().size();
  }
  const std::uint64_t stride = long_form() ? 1 : std::max<std::uint64_t>(1, calls / kSampledPoints);
  for (std::uint64_t at = 1 + random.below(stride); at <= calls; at += stride) {
    const TempDir dir;
    FaultyDisk disk(dir / "store", {at, Fault::kPowerCut, true, true});
    const std::uint64_t acknowledged = run_script(dir / "store", disk);
    for (const Loss loss : kLosses) {
      const std::string survivor = dir / to_string(loss);
      disk.files->disk().write_survivors(survivor, loss, random);
      ++cuts;
      SCOPED_TRACE("call " + std::to_string(at) + ", " + to_string(loss) + ", acknowledged " +
                   std::to_string(acknowledged));
      FaultyDisk sound(survivor, {});
      Harness harness(survivor, sound);
      ASSERT_TRUE(harness.ok()) << harness.error();
      const std::uint64_t last = harness.last_commit();
      ASSERT_GE(last, acknowledged);
      std::map<std::uint64_t, std::uint32_t> expected;
      for (std::uint64_t number = 1; number <= last; ++number) expected[number] = kPairs - 2;
      ASSERT_EQ(harness.events(), expected);
      ASSERT_TRUE(harness.commit(last + 1));
      expected[last + 1] = kPairs - 2;
      harness.fold();
      ASSERT_EQ(harness.events(), expected) << "after a fold";
      harness.flush();
      harness.drop();
      ASSERT_EQ(harness.raw_keys(), 0U);
      ASSERT_EQ(harness.events(), expected) << "after a flush";
    }
  }
  std::fprintf(stderr, "cuts where raw events are dropped: %llu of %llu calls\n",
               static_cast<unsigned long long>(cuts), static_cast<unsigned long long>(calls));
}

}  // namespace
}  // namespace minuted::test
