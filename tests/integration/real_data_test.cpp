// Ten weeks of a real mass-storage system, pushed through HTTP and read back: every row equals what
// somebody else's script made of the same events; after kill -9 and a restart it still does; after
// every batch is sent again it still does. Holds up "durable at acknowledgement" and "exactly once".
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "support/answer_rows.hpp"
#include "support/daemon.hpp"
#include "support/gzip_file.hpp"
#include "support/http_client.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

const std::string kFolder = MINUTED_SHARED_DATA "/hpss/";
constexpr std::size_t kBatchEvents = 1000;
constexpr double kLatencyToleranceMs = 0.001;
constexpr const char* kEverything = "/stats/minute?startDate=2018-11-01&endDate=2019-02-01";

// In the order of the answer: repoId, bucketId, minute, host.
using RowKey = std::tuple<std::string, std::string, std::int64_t, std::string>;
struct RowValue {
  std::uint64_t upl_bytes;
  std::uint64_t dwl_bytes;
  std::int64_t size_change;
  double latency_ms;
};
using Rows = std::map<RowKey, RowValue>;

std::string text_of(simdjson::dom::element row, const char* name) {
  return std::string(row[name].get_string().value());
}

Rows expected_rows() {
  simdjson::dom::parser parser;
  const auto root = parser.parse(read_gzip_file(kFolder + "expected.json.gz"));
  Rows rows;
  for (const auto row : root["rows"].get_array()) {
    rows[{text_of(row, "repoId"), text_of(row, "bucketId"), row["minute"].get_int64().value(),
          text_of(row, "host")}] = {row["upl_bytes"].get_uint64().value(),
                                    row["dwl_bytes"].get_uint64().value(),
                                    row["size_change"].get_int64().value(),
                                    row["latency_mean_ms"].get_double().value()};
  }
  return rows;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// The answer's rows; also that they come in order.
void read_rows(const std::string& body, Rows& rows) {
  const RowKey* previous = nullptr;
  for (const AnswerRow& row : read_answer_rows(body)) {
    const auto [at, fresh] =
        rows.insert({{row.repo, row.bucket, row.minute * 60, row.host},
                     {row.upl_bytes, row.dwl_bytes, row.size_change, row.latency_ms}});
    ASSERT_TRUE(fresh) << "a row comes twice";
    ASSERT_TRUE(previous == nullptr || *previous < at->first) << "a row is out of order";
    previous = &at->first;
  }
}

void expect_rows(std::uint16_t port, const Rows& expected, const std::string& when) {
  SCOPED_TRACE(when);
  HttpClient client(port);
  const Answer answer = client.get(kEverything);
  ASSERT_EQ(answer.status, 200U);
  ASSERT_TRUE(answer.whole);
  Rows rows;
  read_rows(answer.body, rows);
  ASSERT_EQ(rows.size(), expected.size());
  auto at = rows.begin();
  for (const auto& [key, value] : expected) {
    const auto& [repo, bucket, minute, host] = key;
    ASSERT_EQ(at->first, key);
    const std::string where = repo + "/" + bucket + "@" + std::to_string(minute) + "/" + host;
    ASSERT_EQ(at->second.upl_bytes, value.upl_bytes) << where;
    ASSERT_EQ(at->second.dwl_bytes, value.dwl_bytes) << where;
    ASSERT_EQ(at->second.size_change, value.size_change) << where;
    // One unit in the last place of the largest latencies is more than a double holds exactly.
    ASSERT_NEAR(at->second.latency_ms, value.latency_ms,
                kLatencyToleranceMs + std::abs(value.latency_ms) * 1e-12)
        << where;
    ++at;
  }
}

std::string body_of(const std::vector<std::string>& lines, std::size_t first) {
  std::string body;
  const std::size_t end = std::min(first + kBatchEvents, lines.size());
  for (std::size_t i = first; i < end; ++i) body += lines[i] + "\n";
  return body;
}

// Pushes every batch, folding now and then. `repeat`: they were pushed before.
void push_all(std::uint16_t port, const std::vector<std::string>& lines, Random& random,
              bool repeat) {
  HttpClient client(port);
  for (std::size_t first = 0; first < lines.size(); first += kBatchEvents) {
    const std::string key = "batch-" + std::to_string(first);
    const std::string body = body_of(lines, first);
    const Answer answer = client.push_ndjson(body, {{"Idempotency-Key", key}});
    ASSERT_EQ(answer.status, 200U) << answer.body;
    const std::size_t events = std::min(kBatchEvents, lines.size() - first);
    ASSERT_NE(answer.body.find("\"accepted\":" + std::to_string(events) + ",\"rejected\":0"),
              std::string::npos)
        << answer.body;
    ASSERT_NE(answer.body.find(repeat ? "\"duplicate\":true" : "\"duplicate\":false"),
              std::string::npos)
        << answer.body;
    if (random.chance(15)) {
      ASSERT_EQ(client.post("/admin/fold", "").status, 200U);
    }
  }
}

class RealDataTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder + "events.ndjson.gz")) {
      GTEST_SKIP() << "the trace is not here: " << kFolder;
    }
    lines_ = lines_of(read_gzip_file(kFolder + "events.ndjson.gz"));
    expected_ = expected_rows();
    ASSERT_EQ(lines_.size(), 116'045U);
    ASSERT_EQ(expected_.size(), 38'225U);
  }

  void push_kill_and_repeat(Random& random) {
    const TempDir directory;
    const std::vector<std::string> flags = {"--fold-interval", "500ms"};
    {
      Daemon daemon(directory / "store", flags);
      push_all(daemon.port(), lines_, random, false);
      expect_rows(daemon.port(), expected_, "after the push");
      daemon.kill();
    }
    Daemon daemon(directory / "store", flags);
    expect_rows(daemon.port(), expected_, "after kill -9 and a restart");
    push_all(daemon.port(), lines_, random, true);
    expect_rows(daemon.port(), expected_, "after every batch was sent again");
    HttpClient client(daemon.port());
    ASSERT_EQ(client.post("/admin/fold", "").status, 200U);
    expect_rows(daemon.port(), expected_, "after a last fold");
  }

  std::vector<std::string> lines_;
  Rows expected_;
};

TEST_F(RealDataTest, RowsEqualTheAnswersInSourceOrder) {
  Random random(1);
  push_kill_and_repeat(random);
}

TEST_F(RealDataTest, RowsEqualTheAnswersShuffled) {
  Random random(2);
  random.shuffle(lines_);
  push_kill_and_repeat(random);
}

}  // namespace
}  // namespace minuted::test
