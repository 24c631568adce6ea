// Holds up "everything written from outside passes one queue and one thread": metadata of repos
// shares the synced write of what waits beside it, one update sees the one before, and a stopped or
// full store rejects each kind of request.
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "chunk/raw_commit.hpp"
#include "hand_made_store.hpp"
#include "schema/keys.hpp"
#include "store/repo_facts.hpp"

namespace minuted::test {
namespace {

class CommitterTest : public HandMadeStore {
 protected:
  // Queues the update from a thread of its own, and returns once it waits.
  std::future<Result<RepoFacts>> queue_update(const std::string& repo, RepoFactsChange change) {
    const std::size_t before = counters_.queue_bytes;
    auto update = std::async(std::launch::async, [this, repo, change = std::move(change)] {
      return committer_->update_repo(repo, change);
    });
    await_queued(before);
    return update;
  }

  RepoFacts stored(std::string_view repo) const {
    const auto view = store_->view();
    RepoFactsReader reader(*view);
    const auto facts = reader.of(repo);
    EXPECT_TRUE(facts.ok());
    return facts.ok() ? *facts : RepoFacts{};
  }
};

TEST_F(CommitterTest, UpdatesOfReposShareTheSyncedWriteOfTheirCommit) {
  std::future<Result<RepoFacts>> first;
  std::future<Result<RepoFacts>> second;
  std::future<Result<RepoFacts>> other;
  std::uint64_t syncs = 0;
  in_one_commit([&] {
    syncs = counters_.sync_seconds.counts().count;
    first = queue_update("r", {"w", std::nullopt});
    second = queue_update("r", {std::nullopt, "p"});
    other = queue_update("s", {"w", std::nullopt});
  });
  EXPECT_EQ(*first.get(), (RepoFacts{"w", ""}));
  EXPECT_EQ(*second.get(), (RepoFacts{"w", "p"}));  // sees the one before it in the queue
  EXPECT_EQ(*other.get(), (RepoFacts{"w", ""}));
  EXPECT_EQ(counters_.sync_seconds.counts().count, syncs + 1);
  EXPECT_EQ(stored("r"), (RepoFacts{"w", "p"}));
  const auto view = store_->view();
  EXPECT_EQ(*repos_of_workspace(*view, "w", 10), (std::vector<std::string>{"r", "s"}));
}

TEST_F(CommitterTest, AnUpdateOfARepoThatMovesItTwiceInOneCommitLeavesOneWorkspace) {
  std::future<Result<RepoFacts>> first;
  std::future<Result<RepoFacts>> second;
  in_one_commit([&] {
    first = queue_update("r", {"old", std::nullopt});
    second = queue_update("r", {"new", std::nullopt});
  });
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
  const auto view = store_->view();
  EXPECT_EQ(repos_of_workspace(*view, "old", 10)->size(), 0U);
  EXPECT_EQ(repos_of_workspace(*view, "new", 10)->size(), 1U);
}

TEST_F(CommitterTest, AnUpdateOfARepoThatChangesNothingIsSyncedAllTheSame) {
  ASSERT_TRUE(committer_->update_repo("r", {"w", "p"}).ok());
  const std::uint64_t syncs = counters_.sync_seconds.counts().count;
  EXPECT_EQ(*committer_->update_repo("r", {"w", std::nullopt}), (RepoFacts{"w", "p"}));
  EXPECT_EQ(counters_.sync_seconds.counts().count, syncs + 1);
}

TEST_F(CommitterTest, AStoppedOrClosedQueueRejectsEachKindOfRequest) {
  committer_->fail({ErrorCode::kIoError, "the disk is gone"});
  EXPECT_EQ(committer_->update_repo("r", {"w", std::nullopt}).error().code,
            ErrorCode::kUnavailable);
  EXPECT_EQ(failures_, (std::vector<std::string>{"the disk is gone"}));
  committer_->stop();
  EXPECT_EQ(committer_->update_repo("r", {"w", std::nullopt}).error().code,
            ErrorCode::kUnavailable);
  EXPECT_EQ(stored("r"), RepoFacts{});
}

// However many batches share a commit, its chunks lie in the order of their keys, a chunk a key.
TEST_F(CommitterTest, BatchesOfOneCommitAreMergedInOrder) {
  for (int batches = 1; batches <= 9; ++batches) {
    std::latch answered(batches);
    in_one_commit([&] {
      for (int batch = 0; batch < batches; ++batch) {
        const std::string own = "only " + std::to_string(batch);
        committer_->submit(request_of({event_at(kNowMs, "shared"), event_at(kNowMs, own)}),
                           [&answered](const Result<Receipt>& receipt) {
                             EXPECT_TRUE(receipt.ok());
                             answered.count_down();
                           });
      }
    });
    answered.wait();
    const auto view = store_->view();
    const auto cursor =
        view->cursor(Family::kRaw, raw_key(*store_->last_commit(), 0), {});
    ASSERT_TRUE(cursor->valid());
    RawCommitReader in(cursor->value());
    int chunks = 0;
    std::size_t events_of_shared = 0;
    while (in.next()) {
      ++chunks;
      std::vector<ChunkEvent> events;
      ASSERT_TRUE(decode_chunks(in.raw_value(), events));
      if (in.prefix() == pair_prefix("r", "shared")) events_of_shared = events.size();
    }
    EXPECT_TRUE(in.ok()) << batches;
    EXPECT_EQ(chunks, batches + 1);
    EXPECT_EQ(events_of_shared, static_cast<std::size_t>(batches));
  }
}

}  // namespace
}  // namespace minuted::test
