// When batches are due, what is timed, and what an answer says.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "load/answer.hpp"
#include "load/feed.hpp"
#include "load/latencies.hpp"
#include "load/report.hpp"

namespace minuted::load {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint kStart{std::chrono::hours(1)};

PreparedLoad of_bodies(std::size_t bodies, std::uint64_t batches) {
  PreparedLoad prepared;
  prepared.bodies.resize(bodies);
  prepared.batches = batches;
  return prepared;
}

TEST(FeedTest, WithoutARateABatchIsDueWhenItIsAskedFor) {
  PreparedLoad prepared = of_bodies(2, 3);
  Feed feed({}, prepared, kStart);
  const TimePoint now = kStart + milliseconds(5);
  const auto first = feed.take(now);
  const auto second = feed.take(now);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->due, now);
  EXPECT_EQ(first->number, 0U);
  EXPECT_EQ(first->body, &prepared.bodies[0]);
  EXPECT_EQ(second->body, &prepared.bodies[1]);
  // A body comes again once nobody has it, whoever was first.
  feed.give_back(second->body);
  EXPECT_FALSE(feed.over(now));
  const auto third = feed.take(now);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->number, 2U);
  EXPECT_EQ(third->body, &prepared.bodies[1]);
  EXPECT_TRUE(feed.over(now));
  EXPECT_FALSE(feed.out_of_time(now));
  EXPECT_FALSE(feed.take(now));
}

// The promise of an open loop: a slow answer makes the batches behind it late, not fewer.
TEST(FeedTest, WithARateBatchesAreDueAtEvenTimesHoweverLateTheyAreAskedFor) {
  PreparedLoad prepared = of_bodies(8, 8);
  LoadOptions options;
  options.bodies.batch_events = 1000;
  options.rate = 100'000;  // a batch each 10 ms
  Feed feed(options, prepared, kStart);
  EXPECT_EQ(feed.take(kStart)->due, kStart);
  EXPECT_FALSE(feed.take(kStart + milliseconds(9)));
  EXPECT_EQ(feed.next_due(), kStart + milliseconds(10));
  const TimePoint late = kStart + milliseconds(35);
  for (const int due_ms : {10, 20, 30}) {
    const auto batch = feed.take(late);
    ASSERT_TRUE(batch) << due_ms;
    EXPECT_EQ(batch->due, kStart + milliseconds(due_ms));
  }
  EXPECT_FALSE(feed.take(late));
}

TEST(FeedTest, TimeEndsItBeforeItsBatchesDo) {
  PreparedLoad prepared = of_bodies(1, 0);
  LoadOptions options;
  options.duration_ms = 100;
  Feed feed(options, prepared, kStart);
  EXPECT_TRUE(feed.take(kStart + milliseconds(99)));
  EXPECT_FALSE(feed.over(kStart + milliseconds(99)));
  EXPECT_TRUE(feed.over(kStart + milliseconds(100)));
  EXPECT_TRUE(feed.out_of_time(kStart + milliseconds(100)));
  EXPECT_FALSE(feed.take(kStart + milliseconds(100)));
}

TEST(FeedTest, OnceStoppedNothingIsSentOrSentAgain) {
  PreparedLoad prepared = of_bodies(2, 2);
  Feed feed({}, prepared, kStart);
  EXPECT_TRUE(feed.take(kStart));
  EXPECT_FALSE(feed.out_of_time(kStart));
  feed.stop();
  EXPECT_TRUE(feed.out_of_time(kStart));
  EXPECT_FALSE(feed.take(kStart));
}

TEST(LatenciesTest, QuantilesAreTheNearestRankWithinAHundredth) {
  Latencies latencies;
  for (int i = 1000; i >= 1; --i) latencies.add(milliseconds(i));
  EXPECT_EQ(latencies.count(), 1000U);
  for (const double q : {0.001, 0.25, 0.5, 0.9, 0.99, 0.999}) {
    EXPECT_NEAR(latencies.quantile_ms(q), 1000 * q, 10 * q) << q;
  }
  EXPECT_EQ(latencies.quantile_ms(0), 1);
  EXPECT_EQ(latencies.max_ms(), 1000);
  EXPECT_LE(latencies.quantile_ms(1), 1000);
}

TEST(LatenciesTest, OneOrNoneIsExact) {
  Latencies latencies;
  EXPECT_EQ(latencies.quantile_ms(0.5), 0);
  EXPECT_EQ(latencies.max_ms(), 0);
  latencies.add(std::chrono::microseconds(12'345));
  EXPECT_EQ(latencies.quantile_ms(0.5), 12.345);
  EXPECT_EQ(latencies.max_ms(), 12.345);
}

TEST(AnswerTest, IsReadInPiecesOfAnySize) {
  const std::string text =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 11\r\nRetry-After: 7\r\n"
      "Connection: close\r\n\r\n{\"a\":false}";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    Answer answer;
    AnswerParser parser(answer);
    std::size_t taken = 0;
    for (std::size_t end = step; !parser.is_done(); end += step) {
      ASSERT_LT(taken, text.size());
      boost::beast::error_code error;
      const std::size_t bytes = std::min(end, text.size()) - taken;
      taken += parser.put(boost::asio::buffer(text.data() + taken, bytes), error);
      ASSERT_TRUE(!error || error == boost::beast::http::error::need_more) << error.message();
    }
    EXPECT_EQ(taken, text.size());
    EXPECT_EQ(answer.status, 503U);
    EXPECT_EQ(answer.retry_after_seconds, 7U);
    EXPECT_EQ(answer.body, "{\"a\":false}");
    EXPECT_FALSE(parser.keep_alive());
  }
}

TEST(AnswerTest, AReceiptIsReadAndNothingElse) {
  const auto receipt = read_receipt(
      R"({"success":true,"accepted":12,"rejected":3,"duplicates":0,"duplicate":true,"errors":[]})");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 12U);
  EXPECT_EQ(receipt->rejected, 3U);
  EXPECT_TRUE(receipt->replayed);
  EXPECT_FALSE(
      read_receipt(R"({"success":true,"accepted":1,"rejected":0,"duplicate":false,"errors":[]})")
          ->replayed);
  EXPECT_FALSE(read_receipt(R"({"success":true})"));
  EXPECT_FALSE(read_receipt(""));
}

TEST(ReportTest, SaysTheSameInEveryForm) {
  LoadResult result;
  result.seconds = 2;
  result.events_accepted = 3000;
  result.plain_bytes = 600'000;
  result.retries[503] = 4;
  result.sums.size_change = -5;
  result.latencies.add(milliseconds(8));
  const std::string lines = report(result, ReportForm::kLines);
  for (const char* line : {"events_per_second 1500.000\n", "mb_per_second 0.300\n",
                           "retries_503 4\n", "size_change -5\n", "latency_p99_ms 8.000\n"}) {
    EXPECT_NE(lines.find(line), lines.npos) << line << "in\n" << lines;
  }
  // Lines are made of JSON by its punctuation alone, and of the table by its spaces.
  std::string json = report(result, ReportForm::kJson);
  std::string plain;
  for (const char c : json.substr(1, json.size() - 3)) {
    if (c != '"') plain += c == ',' ? '\n' : c == ':' ? ' ' : c;
  }
  EXPECT_EQ(plain + "\n", lines);
  std::string table = report(result, ReportForm::kTable);
  for (std::size_t at; (at = table.find("  ")) != table.npos;) table.erase(at, 1);
  EXPECT_EQ(table, lines);
}

}  // namespace
}  // namespace minuted::load
