// A store with its unfolded events and a commit thread, without the engine around them: the tests
// of the commit queue and of each job of the maintenance drive exactly the part that they are
// about. The clock stands still unless a test moves it.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine_fixture.hpp"
#include "maintenance/fold/folder.hpp"
#include "maintenance/prune/horizons.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/disk_guard.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"
#include "write/committer.hpp"

namespace minuted::test {

class HandMadeStore : public testing::Test {
 protected:
  HandMadeStore() : clock_(Millis{kNowMs}) {
    options_.path = dir_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
    options_.disk_reserve_bytes = 0;
    options_.disk_reserve_percent = 0;
  }
  ~HandMadeStore() override { close(); }

  void SetUp() override { open(); }

  // Opens what there is, as a start does.
  void open() {
    believed_ = std::make_unique<BelievedClock>(
        BelievedClock::Options{&clock_, options_.clock_earliest, options_.accept_clock});
    StoreOptions store;
    store.path = options_.path;
    store.clock = &believed_->expiry_clock();
    store.idempotency_window_ms = options_.idempotency_window_ms;
    auto opened = Store::open(store);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
    ASSERT_TRUE(believed_->open(*store_).ok());
    table_ = std::make_unique<RawTable>(recall_);
    ASSERT_TRUE(load_unfolded(*store_, *table_, clock_.steady_ms()).ok());
    disk_ = std::make_unique<DiskGuard>(options_);
    horizons_ = std::make_unique<Horizons>(options_.retention, *believed_);
    const auto last = store_->last_commit();
    ASSERT_TRUE(last.ok());
    committer_ = std::make_unique<Committer>(
        Committer::Parts{*store_, *table_, counters_, *disk_, *believed_, options_, [] {},
                         [this](const Error& error) { failures_.push_back(error.message); }},
        *last);
    ASSERT_TRUE(committer_->start().ok());
    folder_ = std::make_unique<Folder>(
        *store_, *table_, repo_rows_begin_, fold_counters_,
        Folder::Options{options_.fold_batch_bytes, options_.retention.raw_ms != 0,
                        [](const Error&) {}, [](Minute, Minute) {}});
  }

  void close() {
    folder_.reset();
    committer_.reset();
    horizons_.reset();
    table_.reset();
    store_.reset();
    believed_.reset();
  }

  void append(std::initializer_list<EventView> events) {
    std::promise<Result<Receipt>> promise;
    auto receipt = promise.get_future();
    committer_->submit(request_of(events), [&promise](Result<Receipt> result) {
      promise.set_value(std::move(result));
    });
    const auto result = receipt.get();
    ASSERT_TRUE(result.ok()) << result.error().message;
  }

  void fold() {
    const auto folded = folder_->fold();
    ASSERT_TRUE(folded.ok()) << folded.error().message;
  }

  // Calls `queue` while the commit thread is held in a callback, so that all it queues is one lot.
  template <class Queue>
  void in_one_commit(Queue queue) {
    const auto held = std::make_shared<std::latch>(1);
    const auto queued = std::make_shared<std::latch>(1);
    committer_->submit(request_of({event_at(kNowMs)}), [held, queued](const Result<Receipt>&) {
      held->count_down();
      queued->wait();
    });
    held->wait();
    queue();
    queued->count_down();
  }
  // Waits until the queue, which `bytes` were in, holds more.
  void await_queued(std::size_t bytes) const {
    while (counters_.queue_bytes <= bytes) std::this_thread::yield();
  }

  // The keys of a family that begin with `prefix`, and whether there are any.
  std::vector<std::string> keys(Family family, std::string_view prefix = {}) const {
    std::vector<std::string> found;
    const auto view = store_->view();
    const auto cursor = view->cursor(family, prefix, {});
    for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
      found.emplace_back(cursor->key());
    }
    EXPECT_TRUE(cursor->status().ok());
    return found;
  }

  TempDir dir_;
  ManualClock clock_;
  Options options_;
  ReadRecall recall_;
  CommitCounters counters_;
  FoldCounters fold_counters_;
  RepoRowsBegin repo_rows_begin_;
  std::vector<std::string> failures_;
  std::unique_ptr<BelievedClock> believed_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RawTable> table_;
  std::unique_ptr<DiskGuard> disk_;
  std::unique_ptr<Horizons> horizons_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Folder> folder_;
};

}  // namespace minuted::test
