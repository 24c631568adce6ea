// Percentiles of a real mass-storage system's latencies, pushed through HTTP: each is within 1% of the exact
// one, of rows as they are, of hours and days, and of groups. Holds up the error that users are told of.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "support/daemon.hpp"
#include "support/gzip_file.hpp"
#include "support/http_client.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

const std::string kFolder = MINUTED_SHARED_DATA "/hpss/";
constexpr std::size_t kBatchEvents = 5000;
constexpr double kRelativeError = 0.01;
// Of doubles that are read from decimals.
constexpr double kSlack = 1 + 1e-9;

struct Event {
  std::string repo;
  std::string bucket;
  std::string host;
  std::int64_t seconds;
  double latency_ms;  // below 0: none
};

using Key = std::tuple<std::int64_t, std::string, std::string, std::string>;

struct Question {
  std::string route;
  std::int64_t seconds;  // of a span
  bool grouped = false;
  bool repo = true;
  bool bucket = true;
  bool host = true;
  std::string query() const {
    std::string text = route + "?startDate=2018-11-01&endDate=2019-02-01&fields=*&format=ndjson";
    if (!grouped) return text;
    return text + "&groupBy=" + (repo ? "repo," : "") + (bucket ? "bucket," : "") + (host ? "host" : "");
  }
};

class RealPercentilesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder + "events.ndjson.gz")) {
      GTEST_SKIP() << "the trace is not here: " << kFolder;
    }
    text_ = read_gzip_file(kFolder + "events.ndjson.gz");
    simdjson::dom::parser parser;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = text_.find('\n', at);
      const auto event = parser.parse(text_.substr(at, end - at));
      at = end + 1;
      double latency = -1;
      if (event["latency_ms"].get(latency) != simdjson::SUCCESS) latency = -1;
      const auto id = [&](const char* name) { return std::string(event[name].get_string().value()); };
      events_.push_back({id("repoId"), id("bucketId"), id("host"),
                         event["timestamp"].get_int64().value() / 1000, latency});
    }
  }

  void push_all(HttpClient& client) const {
    std::size_t at = 0;
    while (at < text_.size()) {
      std::size_t end = at;
      for (std::size_t i = 0; i < kBatchEvents && end < text_.size(); ++i) {
        end = text_.find('\n', end) + 1;
      }
      ASSERT_EQ(client.push_ndjson(text_.substr(at, end - at)).status, 200U);
      at = end;
    }
  }

  void check(HttpClient& client, const Question& question) const {
    SCOPED_TRACE(question.query());
    std::map<Key, std::vector<double>> exact;
    for (const Event& e : events_) {
      auto& latencies = exact[{e.seconds / question.seconds * question.seconds,
                               question.repo ? e.repo : "", question.bucket ? e.bucket : "",
                               question.host ? e.host : ""}];
      if (e.latency_ms >= 0) latencies.push_back(e.latency_ms);
    }
    for (auto& [key, latencies] : exact) std::sort(latencies.begin(), latencies.end());
    const Answer answer = client.get(question.query());
    ASSERT_EQ(answer.status, 200U) << answer.body;
    ASSERT_TRUE(answer.whole);
    simdjson::dom::parser parser;
    std::size_t rows = 0;
    for (std::size_t at = 0; at < answer.body.size(); ++rows) {
      const std::size_t end = answer.body.find('\n', at);
      check_row(parser.parse(answer.body.substr(at, end - at)), exact);
      if (HasFatalFailure()) return;
      at = end + 1;
    }
    EXPECT_EQ(rows, exact.size());
  }

  static void check_row(simdjson::dom::element row,
                        const std::map<Key, std::vector<double>>& exact) {
    const auto id = [&](const char* name) {
      std::string_view text;
      return row[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
    };
    const auto at =
        exact.find({row["timestamp"].get_int64().value(), id("repoId"), id("bucketId"), id("host")});
    ASSERT_NE(at, exact.end()) << simdjson::minify(row);
    const std::vector<double>& latencies = at->second;
    if (latencies.empty()) {
      ASSERT_TRUE(row["latency_sum_ms"].is_null()) << simdjson::minify(row);
    } else {
      const double sum = std::accumulate(latencies.begin(), latencies.end(), 0.0);
      ASSERT_NEAR(row["latency_sum_ms"].get_double().value(), sum, sum * 1e-9 + 1e-9)
          << simdjson::minify(row);
    }
    struct Case {
      const char* name;
      std::size_t percent;
      double error;
    };
    for (const Case& one : {Case{"latency_min_ms", 0, 0}, Case{"latency_max_ms", 100, 0},
                            Case{"latency_p50_ms", 50, kRelativeError},
                            Case{"latency_p90_ms", 90, kRelativeError},
                            Case{"latency_p95_ms", 95, kRelativeError},
                            Case{"latency_p99_ms", 99, kRelativeError}}) {
      if (latencies.empty()) {
        ASSERT_TRUE(row[one.name].is_null()) << simdjson::minify(row);
        continue;
      }
      const std::size_t rank = std::max<std::size_t>(1, (one.percent * latencies.size() + 99) / 100);
      const double right = latencies[rank - 1];
      ASSERT_LE(std::abs(row[one.name].get_double().value() - right),
                right * one.error * kSlack + right * 1e-12)
          << one.name << " for " << right << " in " << simdjson::minify(row);
    }
  }

  std::string text_;
  std::vector<Event> events_;
};

TEST_F(RealPercentilesTest, AreWithinOnePercentOfTheExactOnes) {
  const TempDir directory;
  Daemon daemon(directory / "store", {"--fold-interval", "500ms"});
  HttpClient client(daemon.port());
  push_all(client);
  const std::vector<Question> questions = {
      {.route = "/stats/minute", .seconds = 60},
      {.route = "/stats/hourly", .seconds = 3600},
      {.route = "/stats/daily", .seconds = 86'400},
      {"/stats/minute", 60, true, false, true, false},
      {"/stats/hourly", 3600, true, true, false, false},
      {"/stats/hourly", 3600, true, true, true, false},
      {"/stats/daily", 86'400, true, false, false, true},
      {"/stats/daily", 86'400, true, false, false, false},
  };
  for (int folded = 0; folded < 2; ++folded) {
    for (const Question& question : questions) {
      check(client, question);
      if (HasFatalFailure()) return;
    }
    ASSERT_EQ(client.post("/admin/fold", "").status, 200U);
  }
}

}  // namespace
}  // namespace minuted::test
