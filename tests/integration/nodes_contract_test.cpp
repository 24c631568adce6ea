// The node routes and `GET /series` through the socket: exact bodies, what is refused and how, and that
// what was told of a node survives a kill.
#include <random>

#include "integration/conversation.hpp"
#include "minuted/time.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kDaySeconds = 1'704'067'200;  // kDay's

class NodesContractTest : public ContractTest {
 protected:
  explicit NodesContractTest(const std::vector<std::string>& flags = kNoFolds)
      : ContractTest(flags) {}

  void push(const EventText& event) {
    EXPECT_EQ(client_.push(to_text(event)).body, to_text(ReceiptText{}));
  }
  Answer put(std::string_view node, std::string_view body) {
    return client_.request("PUT", "/nodes/" + std::string(node), body, kJson);
  }
  Answer beat(std::string_view node, std::string_view body = "{}") {
    return client_.request("POST", "/nodes/" + std::string(node) + "/heartbeat", body, kJson);
  }
  Answer stats(std::string_view bucket, std::string_view day) {
    return client_.request("POST", "/bucket/" + std::string(bucket) + "/stats",
                           R"({"day":")" + std::string(day) + R"("})", kJson);
  }
  static std::string data(std::string_view rows) {
    return R"({"success":true,"data":[)" + std::string(rows) + "]}";
  }

  const HeaderList kJson{{"Content-Type", "application/json"}};
};

TEST_F(NodesContractTest, TheLatestStateOfEachNodeRawAndFolded) {
  EXPECT_EQ(client_.get("/stats/nodes/minute").body, data(""));
  push({.time = "2024-01-01T10:00:30.250Z", .more = R"("latency_ms":12.5)"});
  push({.time = "2024-01-01T09:00:00Z", .more = R"("latency_ms":1)"});  // late
  push({.repo = "s", .host = "i", .time = "2024-01-01T11:00:00Z"});
  push({.bucket = "c"});
  const std::string of_b =
      R"({"nodeId":"h","bucketId":"b","nodeStatus":"OFFLINE","lastUpdated":"2024-01-01T10:00:30.250Z","latency_ms":12.5},)"
      R"({"nodeId":"i","bucketId":"b","nodeStatus":"OFFLINE","lastUpdated":"2024-01-01T11:00:00.000Z","latency_ms":0})";
  const std::string of_c =
      R"({"nodeId":"h","bucketId":"c","nodeStatus":"OFFLINE","lastUpdated":"2024-01-01T10:00:30.000Z","latency_ms":0})";
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    EXPECT_EQ(client_.get("/stats/nodes/minute").body, data(of_b + "," + of_c));
    EXPECT_EQ(client_.get("/stats/nodes/minute?bucketId=c").body, data(of_c));
    EXPECT_EQ(client_.get("/stats/nodes/minute?bucketId=none").body, data(""));
    std::string by_unit = of_c;
    by_unit.replace(by_unit.find("bucketId"), 8, "unitId");
    EXPECT_EQ(client_.get("/stats/nodes/minute?unitId=c").body, data(by_unit));
    fold();
  }
}

TEST_F(NodesContractTest, ANodeIsOnlineAfterAnEventOrAHeartbeat) {
  const auto status = [&](std::string_view bucket) {
    const std::string body = client_.get("/stats/nodes/minute?bucketId=" + std::string(bucket)).body;
    return body.find(R"("nodeStatus":"ONLINE")") != body.npos;
  };
  push({});
  push({.bucket = "c"});
  EXPECT_FALSE(status("b"));
  EXPECT_EQ(beat("h", R"({"latency_ms":3.0005,"status":"fine","ip":"10.0.0.1"})").body,
            R"({"success":true})");
  EXPECT_TRUE(status("b"));
  EXPECT_TRUE(status("c")) << "a heartbeat counts for all buckets of its node";
  EXPECT_NE(client_.get("/stats/nodes/minute?bucketId=b").body.find(R"("latency_ms":3.001})"),
            std::string::npos);
  EXPECT_EQ(beat("h", R"({"status":"offline"})").status, 200U);
  EXPECT_FALSE(status("b"));
  push({.time = format_iso8601(system_clock().now())});
  EXPECT_TRUE(status("b"));
  EXPECT_EQ(client_.post("/nodes/h/heartbeat", "", kJson).status, 200U) << "nothing told";
  EXPECT_TRUE(status("c"));
}

// The latest sign of life decides the status, the latest that carried a latency decides the latency, by
// minute, by day and by bucket alike.
TEST_F(NodesContractTest, OneRuleDecidesStatusAndLatencyEverywhere) {
  const auto expect_state = [&](std::string_view status, std::string_view word,
                                std::string_view latency) {
    const auto has = [](const Answer& answer, const std::string& text) {
      EXPECT_NE(answer.body.find(text), std::string::npos) << text << " in " << answer.body;
    };
    const std::string online = "\"" + std::string(status) + "\"";
    const std::string ms(latency);
    for (int folded = 0; folded < 2; ++folded) {
      has(client_.get("/stats/nodes/minute"), R"("nodeStatus":)" + online);
      has(client_.get("/stats/nodes/minute"), R"("latency_ms":)" + ms + "}");
      has(client_.get("/stats/nodes/daily"), R"("status":")" + std::string(word) + "\"");
      const Answer of_bucket = stats("b", format_iso8601(system_clock().now()));
      has(of_bucket, R"("node_status":)" + online);
      has(of_bucket, R"("last_latency_ms":)" + ms + "}");
      has(of_bucket, R"("ip":"10.0.0.1")");
      fold();
    }
  };
  const auto push_now = [&](std::string_view more) {
    push({.time = format_iso8601(system_clock().now()), .more = more});
  };
  // A second ago, so that the heartbeat is later by the millisecond.
  push({.time = format_iso8601(Millis{system_clock().now().value - 1'000}),
        .more = R"("latency_ms":7)"});
  EXPECT_EQ(beat("h", R"({"latency_ms":3,"status":"draining","ip":"10.0.0.1"})").status, 200U);
  expect_state("ONLINE", "draining", "3");
  EXPECT_EQ(beat("h", R"({"status":"Offline"})").status, 200U);
  expect_state("OFFLINE", "OFFLINE", "3");
  push_now("");
  expect_state("ONLINE", "ONLINE", "3");
  push_now(R"("latency_ms":8)");
  push_now("");
  expect_state("ONLINE", "ONLINE", "8");
  EXPECT_EQ(beat("h").status, 200U);
  expect_state("ONLINE", "ONLINE", "8");
}

TEST_F(NodesContractTest, ADeleteOfTheLastSignLeavesTheLastMinuteThatRemains) {
  push({.time = "2024-01-01T10:00:10.250Z", .more = R"("latency_ms":4)"});
  push({.time = "2024-01-01T10:00:30.500Z", .more = R"("latency_ms":7)"});
  push({.time = "2024-01-01T11:00:00.750Z", .more = R"("latency_ms":9)"});
  push({.time = "2024-01-01T12:00:00.125Z"});
  const auto remove = [&](std::string_view hour) {
    const std::string at = "2024-01-01T" + std::string(hour) + ":00Z";
    EXPECT_EQ(client_.request("DELETE", "/repos/r?startDate=" + at + "&endDate=" + at).status, 200U);
  };
  const auto state = [](std::string_view at, std::string_view latency) {
    return data(R"({"nodeId":"h","bucketId":"b","nodeStatus":"OFFLINE","lastUpdated":"2024-01-01T)" +
                std::string(at) + R"(Z","latency_ms":)" + std::string(latency) + "}");
  };
  EXPECT_EQ(client_.get("/stats/nodes/minute").body, state("12:00:00.125", "9"));
  remove("12:00");
  EXPECT_EQ(client_.get("/stats/nodes/minute").body, state("11:00:00.750", "9"));
  remove("11:00");
  // The minute's start and mean once its hour is rolled; before, its last event is known.
  const std::string left = client_.get("/stats/nodes/minute").body;
  if (left != state("10:00:30.500", "7")) {
    EXPECT_EQ(left, state("10:00:00.000", "5.5"));
  }
}

TEST_F(NodesContractTest, UptimeByDayAndWhatWasToldOfTheNode) {
  push({.time = "2024-01-01T10:00:30Z", .more = R"("latency_ms":2)"});
  push({.time = "2024-01-01T10:00:40Z", .more = R"("latency_ms":3)"});
  push({.time = "2024-01-01T23:59:59Z"});
  push({.time = "2024-01-03T00:00:00Z"});
  EXPECT_EQ(put("h", R"({"endpoint":"e","region":"eu","provider":"p"})").body,
            R"({"success":true,"nodeId":"h","endpoint":"e","region":"eu","storageType":"",)"
            R"("provider":"p","version":""})");
  EXPECT_EQ(put("h", R"({"version":"1.2","region":"","storageType":null})").body,
            R"({"success":true,"nodeId":"h","endpoint":"e","region":"","storageType":"",)"
            R"("provider":"p","version":"1.2"})");
  const auto row = [](std::int64_t day, std::string_view online, std::string_view latency) {
    return R"({"nodeId":"h","bucketId":"b","day":)" + std::to_string(day) + R"(,"online":)" +
           std::string(online) + R"(,"latency_ms":)" + std::string(latency) +
           R"(,"endpoint":"e","region":"","storageType":"","provider":"p","status":"OFFLINE","version":"1.2"})";
  };
  const std::string first = row(kDaySeconds, "0.139", "2.5");
  const std::string third = row(kDaySeconds + 2 * 86'400, "0.069", "0");
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    const std::string daily = "/stats/nodes/daily?bucketId=b";
    EXPECT_EQ(client_.get(daily + "&startDate=01012024&endDate=31012024").body,
              data(first + "," + third));
    EXPECT_EQ(client_.get(daily + "&startDate=1012024&endDate=1012024").body, data(first));
    EXPECT_EQ(client_.get(daily + "&endDate=03012024").body, data(first + "," + third));
    EXPECT_EQ(client_.get(daily + "&startDate=02012024").body, data(third));
    EXPECT_EQ(client_.get(daily).body, data("")) << "the last 30 days";
    EXPECT_EQ(client_.get("/stats/nodes/daily?bucketId=none&startDate=01012024").body, data(""));
    fold();
  }
  EXPECT_EQ(stats("b", "2024-01-01T15:00:00.000Z").body,
            R"({"success":true,"nodeStats":[{"ip":"","host":"h","perc_uptime":0.139,"avg_latency_ms":2.5,)"
            R"("version":"1.2","node_status":"OFFLINE","last_updated":"2024-01-03T00:00:00.000Z",)"
            R"("last_latency_ms":3}]})");
  EXPECT_EQ(stats("b", "2024-01-02").body, R"({"success":true,"nodeStats":[]})");
  EXPECT_EQ(stats("none", "2024-01-02").body, R"({"success":true,"nodeStats":[]})");
}

TEST_F(NodesContractTest, WhatIsToldIsThereAfterAKill) {
  push({});
  EXPECT_EQ(put("h", R"({"region":"eu"})").status, 200U);
  EXPECT_EQ(beat("h", R"({"ip":"10.0.0.1","status":"draining"})").status, 200U);
  daemon_.kill();
  Daemon again(directory_ / "store", kNoFolds);
  HttpClient client(again.port());
  const std::string body = client.get("/stats/nodes/daily?bucketId=b").body;
  EXPECT_NE(body.find(R"("region":"eu","storageType":"","provider":"","status":"draining")"),
            body.npos)
      << body;
  EXPECT_EQ(client.get("/stats/nodes/minute").body.find("OFFLINE"), std::string::npos);
}

TEST_F(NodesContractTest, SeriesInPagesAndBySearch) {
  for (const char* repo : {"a", "b"}) {
    for (const char* bucket : {"x", "y"}) {
      for (const char* host : {"n1", "n2"}) push({.repo = repo, .bucket = bucket, .host = host});
    }
  }
  push({.repo = "a", .bucket = "x", .host = "n1", .time = "2024-01-01T12:00:00Z"});
  const std::string first =
      R"({"repoId":"a","bucketId":"x","host":"n1","first":1704103200,"last":1704110400})";
  EXPECT_EQ(client_.get("/series?limit=1&repoId=a&bucketId=x").body.substr(0, 28 + first.size()),
            R"({"success":true,"data":[)" + first + R"(],"n)");
  EXPECT_EQ(client_.get("/series?repoId=a&bucketId=x&search=n1").body, data(first));
  EXPECT_EQ(client_.get("/series?repoId=b&bucketId=y&search=b").body,
            data(R"({"repoId":"b","bucketId":"y","host":"n1","first":1704103200,"last":1704103200},)"
                 R"({"repoId":"b","bucketId":"y","host":"n2","first":1704103200,"last":1704103200})"));
  EXPECT_EQ(client_.get("/series?search=z").body, data(""));
  unsigned pages = 0;
  const std::string all = client_.get("/series").body;
  EXPECT_EQ(read_pages(client_, "/series?limit=3", pages), all);
  EXPECT_EQ(pages, 3U);
  EXPECT_EQ(read_pages(client_, "/series?limit=8", pages), all);
  EXPECT_EQ(pages, 1U);
  EXPECT_NE(client_.get("/series?unitId=x&repoId=a").body.find(R"("unitId":"x")"),
            std::string::npos);
}

TEST_F(NodesContractTest, BadParametersAreRefusedByName) {
  const std::string daily = "/stats/nodes/daily?startDate=";
  for (const char* day : {"2024-01-01", "32012024", "29022023", "112024", "001012024", "0101202a",
                          "-1012024"}) {
    expect_refusal(client_.get(daily + day), 400, "invalid_parameter",
                   "startDate \"" + std::string(day) +
                       "\" is not a day written ddmmyyyy; give one like 15012024, for 15 January 2024");
  }
  expect_refusal(client_.get(daily + "02012024&endDate=01012024"), 400, "invalid_parameter",
                 "startDate \"02012024\" is after endDate \"01012024\"; give a startDate that is not "
                 "after the endDate");
  EXPECT_EQ(client_.get("/stats/nodes/minute?bucketId=a&unitId=b").status, 400U);
  EXPECT_EQ(client_.get("/stats/nodes/minute?startDate=x&limit=y").status, 200U) << "unknown here";
  for (const char* limit : {"0", "100001", "-1", "x", "1.5"}) {
    EXPECT_EQ(client_.get("/series?limit=" + std::string(limit)).status, 400U) << limit;
  }
  for (const char* cursor : {"x", "AQ", "AAAA", "%01"}) {
    EXPECT_EQ(client_.get("/series?cursor=" + std::string(cursor)).status, 400U) << cursor;
  }
  for (const std::string name : {"limit", "search", "cursor"}) {
    expect_refusal(client_.get("/series?" + name + "=1&" + name + "=2"), 400, "invalid_parameter",
                   name + " is given twice, as \"1\" and \"2\"; give one value");
  }
  push({});
  push({.host = "i"});
  const std::string page = client_.get("/series?limit=1").body;
  const std::size_t at = page.find("nextCursor") + 13;
  const std::string cursor = page.substr(at, page.find('"', at) - at);
  EXPECT_EQ(client_.get("/series?repoId=r&cursor=" + cursor).status, 400U) << "of another query";
  EXPECT_EQ(client_.get("/stats/minute?cursor=" + cursor).status, 400U);
}

TEST_F(NodesContractTest, BadBodiesAreRefusedAndStoreNothing) {
  expect_refusal(beat("h", R"({"latency_ms":-1})"), 400, "invalid_field",
                 "latency_ms -1 is not accepted; give a number from 0 to 10000000000");
  expect_refusal(put("h", R"({"regions":"eu"})"), 400, "invalid_field",
                 R"("regions" is not a field of this body; the nearest is region; send )"
                 R"({"endpoint":…,"region":…,"storageType":…,"provider":…,"version":…}, or any of them)");
  expect_refusal(beat("h", R"({"latency":1})"), 400, "invalid_field",
                 R"("latency" is not a field of this body; the nearest is latency_ms; send )"
                 R"({"latency_ms":…,"status":…,"ip":…}, or any of them, or nothing)");
  expect_refusal(put("h", R"({"region":5})"), 400, "invalid_field",
                 "region 5 is not accepted; give a string of up to 255 bytes of UTF-8 without "
                 "control characters");
  expect_refusal(client_.post("/bucket/b/stats", "{}", kJson), 400, "invalid_field",
                 R"(day is missing; send {"day":"2024-01-15T00:00:00.000Z"})");
  expect_refusal(client_.post("/bucket/b/stats", R"({"day":"never"})", kJson), 400, "invalid_field",
                 "day \"never\" is not an ISO 8601 date from 1970 on; give a day like 2024-01-15 or a "
                 "time like 2024-01-15T00:00:00.000Z");
  expect_refusal(put("h", "[]"), 400, "wrong_shape",
                 "the body is not a JSON object; send {\"endpoint\":…,\"region\":…,\"storageType\":…,"
                 "\"provider\":…,\"version\":…}, or any of them");
  EXPECT_EQ(put("h", "").status, 400U);
  EXPECT_EQ(put("a,b", "{}").status, 400U);
  EXPECT_EQ(put("h", R"({"region":")" + std::string(256, 'x') + R"("})").status, 400U);
  EXPECT_EQ(put("h", R"({"region":"\ud800"})").status, 400U);
  EXPECT_EQ(put("h", R"({"region":"\n"})").status, 400U);
  EXPECT_EQ(beat("h", R"({"status":")" + std::string(65, 'x') + R"("})").status, 400U);
  EXPECT_EQ(beat("h", R"({"latency_ms":10000000000.001})").status, 400U);
  EXPECT_EQ(beat("h", R"({"latency_ms":"5"})").status, 400U);
  EXPECT_EQ(beat("h", R"({"a":1}{"b":2})").status, 400U);
  EXPECT_EQ(beat("h", std::string(70'000, ' ') + "{}").status, 413U);
  EXPECT_EQ(client_.request("PUT", "/nodes/h", "{}", {{"Content-Type", "text/plain"}}).status, 415U);
  EXPECT_EQ(client_.get("/nodes/h").status, 405U);
  push({.time = format_iso8601(system_clock().now())});
  EXPECT_NE(client_.get("/stats/nodes/daily").body.find(R"("endpoint":"","region":"")"),
            std::string::npos);
}

// Logs no refusals: nobody reads them, and the pipe holds not so many.
class DamagedNodeBodiesTest : public NodesContractTest {
 protected:
  DamagedNodeBodiesTest() : NodesContractTest({"--fold-interval", "0s", "--log-level", "error"}) {}
};

// Whatever bytes come, the answer is one of ours, and the daemon goes on.
TEST_F(DamagedNodeBodiesTest, DamagedBodiesNeverDoHarm) {
  std::mt19937_64 random(test_seed());
  const std::string whole =
      R"({"endpoint":"e\u00e9","region":"\"","storageType":"s","status":"x","latency_ms":1.5e2,"day":"2024-01-01","n":[{"a":[]}]})";
  for (int i = 0; i < 600; ++i) {
    std::string body = whole.substr(0, random() % 3 == 0 ? random() % whole.size() : whole.size());
    for (std::uint64_t n = random() % 4; n != 0 && !body.empty(); --n) {
      body[random() % body.size()] = static_cast<char>(random() % 2 ? random() : R"({}[],:"\ )"[random() % 9]);
    }
    const Answer answer = i % 3 == 0   ? put("h", body)
                          : i % 3 == 1 ? beat("h", body)
                                       : client_.post("/bucket/b/stats", body, kJson);
    ASSERT_TRUE(answer.status == 200 || answer.status == 400) << answer.status << body;
    ASSERT_TRUE(answer.body.starts_with(R"({"success":)")) << answer.body;
  }
}

class FewNodesTest : public ContractTest {
 protected:
  FewNodesTest() : ContractTest({"--fold-interval", "0s", "--nodes-max", "2"}) {}
};

TEST_F(FewNodesTest, OneMoreThanMayBeIsToldToComeLater) {
  const HeaderList json{{"Content-Type", "application/json"}};
  EXPECT_EQ(client_.post("/nodes/a/heartbeat", "{}", json).status, 200U);
  EXPECT_EQ(client_.request("PUT", "/nodes/b", "{}", json).status, 200U);
  const Answer refused = client_.post("/nodes/c/heartbeat", "{}", json);
  expect_refusal(refused, 429, "too_many_nodes",
                 "node \"c\" is new, and 2 nodes are known, as many as are allowed; look for names "
                 "that change (the limit is the setting nodes-max)");
  EXPECT_EQ(refused.header("retry-after"), "60");
}

}  // namespace
}  // namespace minuted::test
