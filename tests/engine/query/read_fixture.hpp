// A hand-made store for the tests of what reads are made of: reads over it with bounds of their own, and how
// events come to lie where a test wants them.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "maintenance/job_fixture.hpp"
#include "maintenance/seal/seal_job.hpp"
#include "model/node_oracle.hpp"
#include "model/oracle.hpp"
#include "query/read_context.hpp"
#include "support/random.hpp"

namespace minuted::test {

class ReadTest : public JobTest {
 protected:
  ReadTest() {
    read_options_.clock = &clock_;
    read_options_.lifetime_ms = 60'000;
    read_options_.now = Millis{kNowMs};
    reads_.recall.kept_bytes_max = 1000;
  }

  // A read of the store as it is now.
  std::shared_ptr<ReadContext> begin_read() { return begin_read(read_options_); }
  std::shared_ptr<ReadContext> begin_read(const ReadContext::Options& options) {
    auto context = ReadContext::open(table_->view(*store_), *store_, nullptr, options, reads_);
    EXPECT_TRUE(context.ok()) << context.error().message;
    return context.ok() ? std::move(*context) : nullptr;
  }

  void append(const std::vector<Event>& events) {
    AppendRequest request;
    for (const Event& event : events) request.batch.add(event.view());
    if (events.empty()) return;
    std::promise<Result<Receipt>> promise;
    auto receipt = promise.get_future();
    committer_->submit(std::move(request), [&promise](Result<Receipt> result) {
      promise.set_value(std::move(result));
    });
    const auto result = receipt.get();
    ASSERT_TRUE(result.ok()) << result.error().message;
  }
  using HandMadeStore::append;

  // Makes pages of all closed spans that are rolled, of rows and of repos' values.
  void seal() {
    SealCounters counters;
    Sealer rows(*store_, counters, {&clock_, 0, 0, 1U << 20, [](const Error&) {}});
    RepoSealer repos(*store_, repo_rows_begin_, counters, {&clock_, 0, [](const Error&) {}});
    SealJob job(repos, rows, false);
    run(job);
  }

  // What a step failed with; nullopt if it did not fail.
  static std::optional<ErrorCode> code_of(const Result<bool>& step) {
    if (step.ok()) return std::nullopt;
    return step.error().code;
  }

  ReadCounters reads_;
  ReadContext::Options read_options_;
};

// A store with a random history, whose events lie unfolded, in rows of every tier and in pages, and the models of
// what cursors must answer.
class HistoryTest : public ReadTest {
 protected:
  static constexpr std::int64_t kHistoryDays = 20;  // more than a page of hours

  HistoryTest() : names_(random_.names(3, 3, 4)) {}

  // Some events more, many of them close together, and perhaps a fold, a roll and a seal.
  void go_on() {
    const Millis begin{kNowMs - kHistoryDays * kDayMs};
    std::vector<Event> events;
    for (std::uint64_t i = 1 + random_.below(40); i > 0; --i) {
      const bool close = random_.chance(60);
      const Millis from{close ? kNowMs - 3 * kHourMs : begin.value};
      events.push_back(random_.event(names_, from, close ? 3 * kHourMs : kHistoryDays * kDayMs));
      events.back().id.clear();
    }
    append(events);
    for (const Event& event : events) {
      oracle_.add(event.view());
      nodes_.add(event.view());
    }
    events_.insert(events_.end(), events.begin(), events.end());
    if (random_.chance(50)) fold();
    if (random_.chance(30)) fold_and_roll();
    if (random_.chance(30)) seal();
  }

  // Ids for the list of a question; empty, that is all, every other time.
  std::vector<std::string> some(const std::vector<std::string>& ids) {
    std::vector<std::string> list;
    if (random_.chance(50)) return list;
    for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) {
      list.push_back(random_.chance(20) ? "nobody's" : random_.pick(ids));
    }
    return list;
  }

  Random random_;
  const Names names_;
  Oracle oracle_;
  NodeOracle nodes_;
  std::vector<Event> events_;  // in the order of their commits
};

}  // namespace minuted::test
