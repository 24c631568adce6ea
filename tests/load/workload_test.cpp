// The events of a load: workload A's shape is what the budgets are stated for, so it is held here.
#include "load/workload.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "support/random.hpp"

namespace minuted::load {
namespace {

constexpr std::size_t kBatch = 1000;

struct Read {
  std::string repo;
  std::string bucket;
  std::string host;
  std::int64_t timestamp = 0;
  EventSums sums;
};

// By a parser that is not ours, and only if it has every field, of its type.
Read read(const std::string& text) {
  simdjson::dom::parser parser;
  const simdjson::dom::element event = parser.parse(text);
  Read out;
  out.timestamp = event["timestamp"].get_int64().value();
  out.repo = std::string(event["repoId"].get_string().value());
  out.bucket = std::string(event["bucketId"].get_string().value());
  out.host = std::string(event["host"].get_string().value());
  out.sums = {1, event["upl_bytes"].get_uint64().value(), event["dwl_bytes"].get_uint64().value(),
              event["size_change"].get_int64().value()};
  EXPECT_NE(classify_op(event["op"].get_string().value()), OpClass::kOther) << text;
  EXPECT_GE(event["latency_ms"].get_double().value(), 0.5) << text;
  EXPECT_LT(event["latency_ms"].get_double().value(), 50.5) << text;
  const std::int64_t status = event["status"].get_int64().value();
  EXPECT_TRUE(status == 200 || status == 404 || status == 503) << text;
  return out;
}

std::vector<std::string> texts(Workload& workload, std::size_t count) {
  std::vector<std::string> out(count);
  EventSums ignored;
  for (std::string& text : out) workload.append_event(text, ignored);
  return out;
}

TEST(WorkloadTest, EveryEventIsWholeAndAddsUp) {
  Workload workload({});
  EventSums told;
  EventSums parsed;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < 20 * kBatch; ++i) {
    std::string text;
    workload.append_event(text, told);
    const Read event = read(text);
    parsed.add(event.sums);
    bytes += text.size() + 1;  // with its line end
    ASSERT_EQ(text.substr(kTimestampAt, kTimestampDigits), std::to_string(event.timestamp));
    ASSERT_EQ(check_id(event.repo), std::nullopt);
    ASSERT_EQ(check_id(event.bucket), std::nullopt);
    ASSERT_EQ(check_id(event.host), std::nullopt);
  }
  EXPECT_EQ(told, parsed);
  EXPECT_NEAR(static_cast<double>(bytes) / (20.0 * kBatch), 198, 3);
}

TEST(WorkloadTest, ABatchOfAThousandSpansSevenTenthsOfASecondAndSomeThreeHundredGroups) {
  Workload workload({});
  texts(workload, 10 * kBatch);  // past the start, where time cannot be disordered
  std::int64_t latest_before = 0;
  for (int batch = 0; batch < 20; ++batch) {
    std::set<std::tuple<std::string, std::string, std::int64_t>> groups;
    std::set<std::string> hosts;
    std::int64_t latest = 0;
    for (const std::string& text : texts(workload, kBatch)) {
      const Read event = read(text);
      groups.emplace(event.repo, event.bucket, event.timestamp / kMillisPerMinute);
      hosts.insert(event.host);
      latest = std::max(latest, event.timestamp);
    }
    EXPECT_GE(groups.size(), 200U);
    EXPECT_LE(groups.size(), 400U);
    EXPECT_EQ(hosts.size(), 16U);
    if (latest_before != 0) {
      EXPECT_NEAR(static_cast<double>(latest - latest_before), 720, 100);
    }
    latest_before = latest;
  }
}

TEST(WorkloadTest, DisorderStaysWithinItsBound) {
  WorkloadOptions options;
  options.span_events = 10 * kBatch;
  options.span_ms = 100'000;  // an event each 10 ms
  options.disorder_ms = 250;
  Workload workload(options);
  std::int64_t earliest_by = 0;
  // Twice through the span: the second time begins at the start anew.
  for (std::size_t i = 0; i < 2 * options.span_events; ++i) {
    std::string text;
    EventSums ignored;
    const std::int64_t told = workload.append_event(text, ignored);
    const auto due = static_cast<std::int64_t>(i % options.span_events) * 10;
    const std::int64_t early = options.start.value + due - read(text).timestamp;
    ASSERT_GE(early, 0) << i;
    ASSERT_LE(early, std::min<std::int64_t>(due, options.disorder_ms)) << i;
    ASSERT_EQ(early, std::min(due, told)) << i;
    earliest_by = std::max(earliest_by, early);
  }
  EXPECT_GT(earliest_by, 240);
}

TEST(WorkloadTest, TheSameSeedMakesTheSameEvents) {
  WorkloadOptions options;
  options.seed = test::test_seed();
  Workload one(options);
  Workload same(options);
  options.seed = test::test_seed() + 1;
  Workload other(options);
  const auto events = texts(one, kBatch);
  EXPECT_EQ(texts(same, kBatch), events);
  EXPECT_NE(texts(other, kBatch), events);
}

TEST(WorkloadTest, SeriesAreAsManyAsAskedForAndSkewed) {
  WorkloadOptions options;
  options.repos = 10;
  options.buckets_per_repo = 2;
  options.hosts = 3;
  Workload workload(options);
  std::map<std::string, unsigned> pairs;
  std::set<std::string> hosts;
  for (const std::string& text : texts(workload, 20 * kBatch)) {
    const Read event = read(text);
    ++pairs[event.repo + "/" + event.bucket];
    hosts.insert(event.host);
  }
  EXPECT_EQ(pairs.size(), 20U);
  EXPECT_EQ(hosts.size(), 3U);
  // Zipf 1.1 over 20: the first has 1 / Σ k^-1.1 of all, and 27 times what the last has.
  EXPECT_NEAR(pairs["repo-0000/bucket-0"] / (20.0 * kBatch), 0.317, 0.02);
  EXPECT_GT(pairs["repo-0000/bucket-0"], 15 * pairs["repo-0009/bucket-1"]);
}

TEST(WorkloadTest, IdsAreAllDifferent) {
  WorkloadOptions options;
  options.ids = true;
  Workload workload(options);
  std::set<std::string> ids;
  simdjson::dom::parser parser;
  for (const std::string& text : texts(workload, kBatch)) {
    ids.insert(std::string(parser.parse(text)["id"].get_string().value()));
  }
  EXPECT_EQ(ids.size(), kBatch);
}

}  // namespace
}  // namespace minuted::load
