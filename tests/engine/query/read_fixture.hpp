// A hand-made store for the tests of what reads are made of: reads over it with bounds of their own, and how
// events come to lie where a test wants them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "maintenance/job_fixture.hpp"
#include "maintenance/seal/seal_job.hpp"
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

}  // namespace minuted::test
