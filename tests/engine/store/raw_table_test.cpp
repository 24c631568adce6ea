#include "store/raw_table.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "schema/keys.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::uint64_t kAllCommits = UINT64_MAX;

std::string key_of(std::string_view repo, std::string_view bucket, std::uint32_t minute) {
  std::string key = pair_prefix(repo, bucket);
  append_minute(key, Minute{minute});
  return key;
}

// "repo/bucket@minute=values,…" for each entry.
std::vector<std::string> all_of(RawCursor cursor, std::string_view from = {}) {
  std::vector<std::string> entries;
  for (cursor.seek(from); cursor.valid(); cursor.next()) {
    const auto pair = split_pair(cursor.key());
    std::string text = std::string(pair->repo) + "/" + std::string(pair->bucket) + "@" +
                       std::to_string(read_minute(cursor.key().substr(pair->prefix.size())).value) +
                       "=";
    for (const std::string_view value : cursor.values()) text += std::string(value) + ",";
    entries.push_back(std::move(text));
  }
  return entries;
}

using Texts = std::vector<std::string>;

class RawGenerationTest : public testing::Test {
 protected:
  void add(std::string_view repo, std::string_view bucket, std::uint32_t minute,
           std::uint64_t commit, std::string_view bytes) {
    generation_->append(pair_prefix(repo, bucket), Minute{minute}, commit, bytes);
  }
  RawCursor cursor(std::uint64_t last_commit = kAllCommits, FoldMark mark = {}) const {
    return {{generation_}, last_commit, std::move(mark)};
  }

  std::shared_ptr<RawGeneration> generation_ = std::make_shared<RawGeneration>(7, 1);
};

TEST_F(RawGenerationTest, EntriesComeInTheOrderOfTheirKeysWhateverTheyCameIn) {
  add("r2", "b", 5, 1, "e");
  add("r1", "b", 9, 1, "c");
  add("r1", "b", 3, 1, "a");
  add("r1", "b", 4, 1, "b");
  add("r1", "c", 1, 1, "d");
  add("r1", "b", 3, 2, "a2");
  EXPECT_EQ(all_of(cursor()),
            (Texts{"r1/b@3=a,a2,", "r1/b@4=b,", "r1/b@9=c,", "r1/c@1=d,", "r2/b@5=e,"}));
}

TEST_F(RawGenerationTest, SeekingFindsTheFirstKeyAtOrAfterAnyBytes) {
  add("r1", "b", 3, 1, "a");
  add("r1", "b", 9, 1, "b");
  add("r2", "b", 1, 1, "c");
  const auto from = [&](std::string key) { return all_of(cursor(), key).size(); };
  EXPECT_EQ(from(""), 3U);
  EXPECT_EQ(from("r1"), 3U);
  EXPECT_EQ(from(repo_prefix("r1")), 3U);
  EXPECT_EQ(from(pair_prefix("r1", "a")), 3U);
  EXPECT_EQ(from(pair_prefix("r1", "b")), 3U);
  EXPECT_EQ(from(key_of("r1", "b", 3)), 3U);
  EXPECT_EQ(from(key_of("r1", "b", 3) + "x"), 2U) << "a key with something behind it comes after";
  EXPECT_EQ(from(key_of("r1", "b", 4)), 2U);
  EXPECT_EQ(from(key_of("r1", "b", 10)), 1U);
  EXPECT_EQ(from(pair_prefix("r1", "c")), 1U);
  EXPECT_EQ(from(after_prefix(pair_prefix("r1", "b"))), 1U);
  EXPECT_EQ(from("r3"), 0U);
}

TEST_F(RawGenerationTest, AReaderSeesNoCommitAfterItsLast) {
  add("r", "a", 1, 1, "1");
  add("r", "a", 1, 2, "2");
  add("r", "b", 1, 3, "3");
  EXPECT_EQ(all_of(cursor(1)), (Texts{"r/a@1=1,"}));
  EXPECT_EQ(all_of(cursor(2)), (Texts{"r/a@1=1,2,"}));
  EXPECT_EQ(all_of(cursor(3)), (Texts{"r/a@1=1,2,", "r/b@1=3,"}));
}

// The promise: each event is seen raw or folded, never both and never neither.
TEST_F(RawGenerationTest, WhatTheMarkSaysIsFoldedIsHiddenAndNothingElse) {
  add("r", "a", 1, 1, "1");
  add("r", "a", 2, 1, "2");
  add("r", "b", 1, 1, "3");
  EXPECT_EQ(all_of(cursor(kAllCommits, {6, key_of("z", "z", 9)})).size(), 3U);
  EXPECT_EQ(all_of(cursor(kAllCommits, {7, key_of("r", "a", 1)})), (Texts{"r/a@2=2,", "r/b@1=3,"}));
  EXPECT_EQ(all_of(cursor(kAllCommits, {7, key_of("r", "b", 1)})), Texts{});
  EXPECT_EQ(all_of(cursor(kAllCommits, {8, key_of("a", "a", 1)})), Texts{});
  generation_->mark_damaged(pair_prefix("r", "a"), Minute{2});
  EXPECT_EQ(all_of(cursor(kAllCommits, {8, key_of("a", "a", 1)})), Texts{"r/a@2=2,"});
}

TEST_F(RawGenerationTest, CursorsMergeGenerationsOldestFirst) {
  const auto later = std::make_shared<RawGeneration>(8, 5);
  add("r", "a", 1, 1, "old");
  later->append(pair_prefix("r", "a"), Minute{1}, 5, "new");
  later->append(pair_prefix("q", "a"), Minute{1}, 5, "q");
  add("r", "b", 1, 1, "b");
  EXPECT_EQ(all_of({{generation_, later}, kAllCommits, {}}),
            (Texts{"q/a@1=q,", "r/a@1=old,new,", "r/b@1=b,"}));
}

TEST_F(RawGenerationTest, MemoryIsCounted) {
  const std::size_t before = generation_->memory_bytes();
  add("r", "a", 1, 1, std::string(100'000, 'x'));
  EXPECT_GE(generation_->memory_bytes(), before + 100'000);
}

// Under the thread sanitizer this is the test of the generation's locks.
TEST_F(RawGenerationTest, ReadersBesideAppendsSeeWholeCommits) {
  constexpr std::uint32_t kCommits = 300;
  constexpr std::uint32_t kPairs = 40;
  std::atomic<std::uint64_t> last = 0;
  std::thread appender([&] {
    for (std::uint32_t commit = 1; commit <= kCommits; ++commit) {
      for (std::uint32_t pair = 0; pair < kPairs; ++pair) {
        add("r" + std::to_string(pair * commit % kPairs), std::to_string(commit % 7), commit % 5,
            commit, "x");
      }
      last = commit;
    }
  });
  while (last < kCommits) {
    const std::uint64_t seen = last;
    std::size_t values = 0;
    RawCursor reader = cursor(seen);
    for (reader.seek({}); reader.valid(); reader.next()) values += reader.values().size();
    ASSERT_EQ(values, seen * kPairs);
  }
  appender.join();
}

class RawTableTest : public testing::Test {
 protected:
  void SetUp() override {
    StoreOptions options;
    options.path = directory_ / "store";
    auto opened = Store::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }

  void commit(std::string_view bucket, std::string_view bytes, std::int64_t steady_ms = 0) {
    const auto hold = table_.hold();
    ++sequence_;
    const std::string prefix = pair_prefix("r", bucket);
    const RawTable::Addition addition{prefix, Minute{1}, bytes};
    table_.publish(sequence_, std::span(&addition, 1), {1, bytes.size()}, steady_ms);
  }
  Texts seen() {
    RawView view = table_.view(*store_);
    return all_of({std::move(view.generations), view.last_commit, *read_mark(*store_, *view.store)});
  }
  // As a fold does.
  void write_mark(const FoldMark& mark) {
    WriteSet set(*store_);
    put_mark(*store_, mark, set);
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  }

  TempDir directory_;
  std::unique_ptr<Store> store_;
  ReadRecall recall_;
  RawTable table_{recall_};
  std::uint64_t sequence_ = 0;
};

TEST_F(RawTableTest, AFoldTakesWhatWasCommittedBeforeAndNothingAfter) {
  commit("a", "1");
  const auto closed = table_.close();
  commit("b", "2");
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(all_of({{closed[0]}, kAllCommits, {}}), Texts{"r/a@1=1,"});
  EXPECT_EQ(seen(), (Texts{"r/a@1=1,", "r/b@1=2,"}));
  write_mark({closed[0]->number(), key_of("r", "a", 1)});
  EXPECT_EQ(seen(), Texts{"r/b@1=2,"});
  table_.finish(closed[0]);
  EXPECT_EQ(seen(), Texts{"r/b@1=2,"});
  EXPECT_EQ(table_.close().size(), 1U);
}

TEST_F(RawTableTest, AViewOutlivesTheFoldOfWhatItHolds) {
  commit("a", "1");
  RawView view = table_.view(*store_);
  const auto closed = table_.close();
  write_mark({closed[0]->number(), key_of("r", "a", 1)});
  table_.finish(closed[0]);
  EXPECT_EQ(seen(), Texts{});
  EXPECT_EQ(all_of({std::move(view.generations), view.last_commit,
                    *read_mark(*store_, *view.store)}),
            Texts{"r/a@1=1,"});
}

TEST_F(RawTableTest, WhatAnEarlierProcessLeftComesBeforeAllCommits) {
  const std::string a = pair_prefix("r", "a");
  table_.load(9, 12, {a, Minute{1}, "newer"}, {1, 5}, 0);
  table_.load(4, 8, {a, Minute{1}, "older"}, {1, 5}, 0);
  table_.loaded();
  sequence_ = 12;
  commit("a", "own");
  EXPECT_EQ(seen(), Texts{"r/a@1=older,newer,own,"});
  const auto closed = table_.close();
  ASSERT_EQ(closed.size(), 3U);
  EXPECT_EQ(closed[0]->first_commit(), 4U);
  EXPECT_EQ(closed[1]->first_commit(), 9U);
  EXPECT_EQ(closed[2]->first_commit(), 13U);
  EXPECT_EQ(closed[0]->last_commit(), 8U);
  EXPECT_EQ(closed[1]->last_commit(), 12U);
  EXPECT_EQ(closed[2]->last_commit(), 13U);
  EXPECT_LT(closed[0]->number(), closed[1]->number());
  EXPECT_LT(closed[1]->number(), closed[2]->number());
}

// Generations are numbered anew by each process: an old mark must not hide what is still raw.
TEST_F(RawTableTest, TheMarkOfAnEarlierProcessIsNone) {
  write_mark({99, key_of("z", "z", 1)});
  EXPECT_EQ(read_mark(*store_, *store_->view())->generation, 99U);
  store_.reset();
  SetUp();
  EXPECT_EQ(read_mark(*store_, *store_->view())->generation, 0U);
  commit("a", "1");
  EXPECT_EQ(seen(), Texts{"r/a@1=1,"});
}

TEST_F(RawTableTest, WhatIsDamagedIsKeptForReadersAndTheRestOfItsGenerationIsNot) {
  EXPECT_EQ(table_.unreadable(), nullptr);
  commit("a", "1", 1000);
  commit("b", std::string(100'000, 'x'), 2000);
  commit("a", "2", 3000);
  const auto closed = table_.close();
  closed[0]->mark_damaged(pair_prefix("r", "a"), Minute{1});
  write_mark({closed[0]->number(), key_of("r", "b", 1), 1, 3});
  const Texts damaged{"r/a@1=1,2,"};
  EXPECT_EQ(seen(), damaged);
  RawView before = table_.view(*store_);
  table_.finish(closed[0]);
  EXPECT_EQ(seen(), damaged);
  EXPECT_EQ(all_of({std::move(before.generations), before.last_commit,
                    *read_mark(*store_, *before.store)}),
            damaged);
  EXPECT_EQ(table_.close().size(), 0U) << "no fold takes it again";
  EXPECT_LT(table_.memory_bytes(), 50'000U);
  EXPECT_TRUE(table_.may_have_since(pair_prefix("r", "a"), table_.folded_generations()));
  EXPECT_FALSE(table_.may_have_since(pair_prefix("r", "b"), table_.folded_generations()));
  EXPECT_EQ(table_.lag_ms(6000), 5000);
  commit("a", "3", 6000);
  EXPECT_EQ(seen(), Texts{"r/a@1=1,2,3,"});
}

TEST_F(RawTableTest, WhatAnEarlierProcessCouldNotReadIsThereForReaders) {
  const std::string a = pair_prefix("r", "a");
  table_.load_unreadable({a, Minute{1}, "bad"}, {1, 3}, 500);
  table_.load(4, 8, {a, Minute{1}, "good"}, {1, 4}, 1000);
  table_.loaded();
  EXPECT_EQ(seen(), Texts{"r/a@1=bad,good,"});
  EXPECT_EQ(table_.size().chunks, 2U);
  const auto closed = table_.close();
  ASSERT_EQ(closed.size(), 1U);
  write_mark({closed[0]->number(), key_of("r", "a", 1), 4, 8});
  table_.finish(closed[0]);
  EXPECT_EQ(seen(), Texts{"r/a@1=bad,"});
}

TEST_F(RawTableTest, SizeAndLagAreOfWhatIsNotFolded) {
  EXPECT_EQ(table_.lag_ms(1000), 0);
  commit("a", "12345", 1000);
  commit("a", "123", 3000);
  EXPECT_EQ(table_.size().chunks, 2U);
  EXPECT_EQ(table_.size().bytes, 8U);
  EXPECT_EQ(table_.lag_ms(4000), 3000);
  const auto closed = table_.close();
  commit("a", "1", 5000);
  EXPECT_EQ(table_.lag_ms(6000), 5000) << "what is being folded is not folded yet";
  EXPECT_GT(table_.memory_bytes(), table_.open_memory_bytes());
  table_.removed({2, 8});
  table_.finish(closed[0]);
  EXPECT_EQ(table_.lag_ms(6000), 1000);
  EXPECT_EQ(table_.memory_bytes(), table_.open_memory_bytes());
}

}  // namespace
}  // namespace minuted::test
