// Promise: what is refused for want of room or of series is refused whole or event by event as said,
// and by itself accepted again when there is room.
#include <gtest/gtest.h>

#include <atomic>

#include "minuted/engine.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

class LimitsTest : public testing::Test {
 protected:
  LimitsTest() {
    options_.path = dir_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
    options_.disk_probe = [this](const std::string&) {
      return DiskSpace{free_bytes_.load(), 1U << 30};
    };
    options_.disk_reserve_bytes = 1000;
    options_.disk_reserve_percent = 0;
  }

  void open() {
    engine_.reset();
    auto opened = Engine::open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  // One event for each host, in order.
  Result<Receipt> push(const std::vector<std::string>& hosts, bool strict = false,
                       const std::string& key = {}) {
    AppendRequest request;
    request.strict = strict;
    if (!key.empty()) request.idempotency = IdempotencyKey{"scope", key, {1, strict ? 2U : 3U}};
    for (const std::string& host : hosts) {
      EventView event;
      event.repo = "r";
      event.bucket = "b";
      event.host = host;
      event.timestamp = clock_.now();
      request.batch.add(event);
    }
    return engine_->append_and_wait(std::move(request));
  }

  std::vector<std::string> hosts_stored() {
    QuerySpec spec;
    spec.range = {{0}, kMinuteMax};
    auto cursor = engine_->query(spec);
    std::vector<std::string> hosts;
    Row row;
    for (auto more = (*cursor)->next(row); more.ok() && *more; more = (*cursor)->next(row)) {
      hosts.emplace_back(row.host);
    }
    return hosts;
  }

  const TempDir dir_;
  ManualClock clock_;
  std::atomic<std::uint64_t> free_bytes_{1'000'000};
  Options options_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(LimitsTest, EventsOfSeriesPastTheTotalAreRejectedTheRestIsStored) {
  options_.series.total_max = 2;
  open();
  const auto receipt = push({"a", "x", "a", "y", "z"});
  ASSERT_TRUE(receipt.ok()) << receipt.error().message;
  EXPECT_EQ(receipt->accepted, 3U);
  EXPECT_EQ(receipt->rejected, 2U);
  ASSERT_EQ(receipt->errors.size(), 2U);
  EXPECT_EQ(receipt->errors[0].index, 3U);
  EXPECT_EQ(receipt->errors[1].index, 4U);
  EXPECT_EQ(hosts_stored(), (std::vector<std::string>{"a", "x"}));
  // Known series are never refused, new ones still are; also after a restart.
  open();
  EXPECT_EQ(push({"a", "x"})->accepted, 2U);
  EXPECT_EQ(push({"y"})->rejected, 1U);
  EXPECT_EQ(engine_->stats().series_total, 2U);
}

// A rejection names the series, the limit and the setting, and which of the two it is.
TEST_F(LimitsTest, ARejectedSeriesIsNamedWithItsLimitAndSetting) {
  options_.series.total_max = 3;
  options_.series.repo_total_max = {{"r", 2}};
  open();
  const auto expect_error = [](const Receipt& receipt, std::uint64_t index, const std::string& text) {
    ASSERT_EQ(receipt.errors.size(), 1U);
    EXPECT_EQ(receipt.errors[0], (EventError{index, "host", text}));
  };
  const std::string rest =
      "; delete repos that are not needed any more, or raise the limit";
  expect_error(*push({"a", "b", "a", "c"}), 3,
               "host \"c\" of repo \"r\" and bucket \"b\" would be a new series, and "
               "repo \"r\" may have 2 series" + rest);
  EventView other;
  other.repo = "s";
  other.bucket = "b";
  other.host = "h";
  other.timestamp = clock_.now();
  AppendRequest request;
  request.batch.add(other);
  ASSERT_EQ(engine_->append_and_wait(std::move(request))->accepted, 1U);
  expect_error(*push({"d"}), 0,
               "host \"d\" of repo \"r\" and bucket \"b\" would be a new series, and "
               "the store may have 3 series" + rest);
}

// Only the first are told one by one, and by their places in the body.
TEST_F(LimitsTest, TheFirstRejectedSeriesAreNamedInTheBodysOrder) {
  options_.series.total_max = 1;
  open();
  std::vector<std::string> hosts{"a"};
  for (int i = 0; i < 50; ++i) hosts.push_back("z" + std::to_string(100 - i));
  const auto receipt = push(hosts);
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->rejected, 50U);
  ASSERT_EQ(receipt->errors.size(), kReceiptErrorsMax);
  for (std::size_t i = 0; i < kReceiptErrorsMax; ++i) {
    EXPECT_EQ(receipt->errors[i].index, i + 1);
    EXPECT_NE(receipt->errors[i].message.find("host \"" + hosts[i + 1] + "\""), std::string::npos);
  }
}

// Nothing of it is stored, no series of it is taken in and no key is kept; what was accepted under a key
// before is still answered so.
TEST_F(LimitsTest, AStrictBatchPastATotalIsRefusedWhole) {
  options_.series.total_max = 3;
  options_.series.repo_total_max = {{"r", 2}};
  options_.series.new_per_minute_max = 2;
  open();
  const auto first = push({"a"}, true, "k");
  ASSERT_TRUE(first.ok());
  for (int round = 0; round < 2; ++round) {
    const auto refused = push({"a", "x", "y", "z"}, true, "other");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kEventRejected);
    EXPECT_EQ(refused.error().message,
              "2 events of the strict batch are not accepted, and so none is; the first is at index 2: "
              "host \"y\" of repo \"r\" and bucket \"b\" would be a new series, and repo \"r\" "
              "may have 2 series; delete repos that are not needed any more, or raise the limit");
  }
  EXPECT_EQ(hosts_stored(), std::vector<std::string>{"a"});
  EXPECT_EQ(engine_->stats().series_total, 1U);
  const auto again = push({"a"}, true, "k");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->replayed);
  // Neither the total nor the minute's allowance was used up, nor the key.
  const auto whole = push({"a", "z"}, true, "other");
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_EQ(whole->accepted, 2U);
  EXPECT_FALSE(whole->replayed);
  EXPECT_EQ(hosts_stored(), (std::vector<std::string>{"a", "z"}));
  // The same without strict, and what is known already with it.
  EXPECT_EQ(push({"a", "x"})->rejected, 1U);
  EXPECT_EQ(push({"a", "z"}, true)->accepted, 2U);
}

TEST_F(LimitsTest, AStrictBatchPastSeriesMaxNamesIt) {
  options_.series.total_max = 1;
  open();
  const auto refused = push({"a", "b"}, true);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kEventRejected);
  EXPECT_NE(refused.error().message.find("index 1: host \"b\""), std::string::npos);
  EXPECT_NE(refused.error().message.find("the store may have 1 series"), std::string::npos);
  EXPECT_EQ(hosts_stored(), std::vector<std::string>{});
}

TEST_F(LimitsTest, TooManyNewSeriesInAMinuteRefuseTheWholeBatch) {
  options_.series.new_per_minute_max = 2;
  open();
  ASSERT_TRUE(push({"a", "b"}).ok());
  const auto refused = push({"a", "c"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTooManyNewSeries);
  ASSERT_TRUE(push({"b", "a"}).ok());
  EXPECT_EQ(hosts_stored(), (std::vector<std::string>{"a", "b"}));
  clock_.advance_ms(kMillisPerMinute);
  ASSERT_TRUE(push({"a", "c"}).ok());
  // A row for each host of each minute.
  EXPECT_EQ(hosts_stored(), (std::vector<std::string>{"a", "b", "a", "c"}));
}

TEST_F(LimitsTest, AFullDiskRefusesWritesNotReadsAndRecoversByItself) {
  open();
  ASSERT_TRUE(push({"a"}).ok());
  free_bytes_ = 999;
  clock_.advance_ms(1000);
  const auto refused = push({"b"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kDiskFull);
  EXPECT_EQ(engine_->fold().error().code, ErrorCode::kDiskFull);
  EXPECT_EQ(hosts_stored(), std::vector<std::string>{"a"});
  free_bytes_ = 1000;
  clock_.advance_ms(1000);
  EXPECT_TRUE(push({"b"}).ok());
  EXPECT_TRUE(engine_->fold().ok());
  EXPECT_EQ(hosts_stored(), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace minuted::test
