// `GET /v2/stats/storage`, its breakdowns and `PUT /repos/{repoId}` through the socket: points, sums and
// order, raw or folded, what is accepted and what is refused.
#include <chrono>
#include <cmath>
#include <map>
#include <thread>

#include "integration/conversation.hpp"
#include "minuted/time.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kFiveMs = 5 * kMillisPerMinute;

class StorageContractTest : public ContractTest {
 protected:
  StorageContractTest() {
    // Not across the end of a point, nor of a day: tests take a second or two.
    const auto late = [](std::int64_t length) { return now_ms() % length > length - 20'000; };
    while (late(kFiveMs)) std::this_thread::sleep_for(std::chrono::seconds(1));
    start_ = now_ms();
  }

  static std::int64_t now_ms() { return system_clock().now().value; }
  std::int64_t ago(std::int64_t ms) const { return start_ - ms; }

  void push(std::string_view repo, std::string_view bucket, std::string_view host, std::int64_t at_ms,
            const std::string& more) {
    const std::string body =
        to_text(EventText{.repo = repo, .bucket = bucket, .host = host,
                          .time = format_iso8601(Millis{at_ms}), .more = more});
    EXPECT_EQ(client_.push(body).body, to_text(ReceiptText{}));
  }

  std::string put(const std::string& repo, const std::string& body) {
    return client_.request("PUT", "/repos/" + repo, body).body;
  }

  // A point, or an entity's totals, as text without braces.
  static std::string sums(std::string_view text) { return std::string(text); }
  static constexpr std::string_view kNothing =
      R"("uplBytes":0,"dwlBytes":0,"sizeChange":0,"latencyMs":0,"requests":0)";

  static std::string series(std::int64_t begin, std::int64_t step, int count,
                            const std::map<int, std::string>& points) {
    std::string text = R"("series":[)";
    for (int i = 0; i < count; ++i) {
      const auto at = points.find(i);
      text += (i == 0 ? R"({"ts":)" : R"(,{"ts":)") + std::to_string(begin + i * step) + "," +
              (at == points.end() ? std::string(kNothing) : at->second) + "}";
    }
    return text + "]";
  }

  std::int64_t start_ = 0;
};

TEST_F(StorageContractTest, AWindowHasExactlyItsPointsAndTheLastContainsNow) {
  struct Form {
    const char* window;
    const char* size;
    int points;
    std::int64_t minutes;
  };
  push("r", "b", "h", start_, R"("upl_bytes":3,"dwl_bytes":4,"size_change":-5,"latency_ms":1.5)");
  for (int round = 0; round < 2; ++round) {
    for (const Form& f : {Form{"24h", "5m", 288, 5}, Form{"7d", "1h", 168, 60},
                          Form{"30d", "6h", 120, 360}, Form{"90d", "12h", 180, 720},
                          Form{"180d", "1d", 180, 1440}, Form{"365d", "1d", 365, 1440}}) {
      SCOPED_TRACE(f.window);
      const std::int64_t step = f.minutes * kMillisPerMinute;
      const std::int64_t end = start_ / step * step + step;
      const std::int64_t begin = end - f.points * step;
      const double mean = 1.0 / f.points;
      const std::string body =
          client_.get(std::string("/v2/stats/storage?scope=org&id=any&window=") + f.window).body;
      const std::string head =
          R"({"success":true,"meta":{"start":)" + std::to_string(begin) + R"(,"end":)" +
          std::to_string(end) + R"(,"scope":"org","scopeId":null,"window":")" + f.window +
          R"(","timeBucketSize":")" + f.size + R"(","resourceFilter":null},"summary":{"total":1,"avg":)";
      EXPECT_EQ(body.substr(0, head.size()), head);
      EXPECT_NEAR(std::stod(body.substr(head.size())), mean, 1e-12);
      const std::size_t deviation = body.find(R"("stdDev":)") + 9;
      EXPECT_NEAR(std::stod(body.substr(deviation)), std::sqrt(mean - mean * mean), 1e-12);
      const std::string tail =
          R"(,"min":0,"max":1,"p10":0,"p50":0,"p90":0},)" +
          series(begin, step, f.points,
                 {{f.points - 1,
                   R"("uplBytes":3,"dwlBytes":4,"sizeChange":-5,"latencyMs":1.5,"requests":1)"}}) +
          "}";
      ASSERT_GT(body.size(), tail.size());
      EXPECT_EQ(body.substr(body.size() - tail.size()), tail);
    }
    fold();
  }
}

TEST_F(StorageContractTest, AnEmptyWindowIsAllZeros) {
  const std::string body = client_.get("/v2/stats/storage?scope=repo&id=unknown&window=7d").body;
  EXPECT_NE(body.find(R"("scope":"repo","scopeId":"unknown")"), body.npos);
  EXPECT_NE(body.find(R"("summary":{"total":0,"avg":0,"stdDev":0,"min":0,"max":0,"p10":0,"p50":0,"p90":0})"),
            body.npos);
}

TEST_F(StorageContractTest, ASumBeyondSigned64BitsIsSaturatedAndSaysSo) {
  for (const char* host : {"a", "b"}) {
    push("r", "b", host, start_, R"("upl_bytes":9223372036854775807)");
  }
  const std::string body = client_.get("/v2/stats/storage?scope=org&window=24h").body;
  const std::string end =
      R"("uplBytes":9223372036854775807,"dwlBytes":0,"sizeChange":0,"latencyMs":0,"requests":2,"saturated":true}]})";
  EXPECT_EQ(body.substr(body.size() - end.size()), end);
}

TEST_F(StorageContractTest, BreakdownsAddUpByEachOfTheirKinds) {
  EXPECT_EQ(put("r1", R"({"workspace":"w1","provider":"p1"})"),
            R"({"success":true,"repoId":"r1","workspace":"w1","provider":"p1"})");
  EXPECT_EQ(put("r2", R"({"workspace":"w1"})"),
            R"({"success":true,"repoId":"r2","workspace":"w1","provider":""})");
  push("r1", "x", "h1", ago(0), R"("upl_bytes":1)");
  push("r1", "y", "h2", ago(26 * kFiveMs), R"("upl_bytes":2)");
  push("r2", "x", "h1", ago(20 * 60 * kMillisPerMinute), R"("upl_bytes":4)");
  push("r3", "x", "h1", ago(0), R"("upl_bytes":8)");
  push("r3", "x", "h3", ago(0), R"("dwl_bytes":8)");
  push("r3", "z", "h3", ago(30 * 60 * kMillisPerMinute), R"("upl_bytes":16)");  // not within 24 h
  const auto entity = [](std::string_view id, int up, int down, int requests) {
    return R"({"entityId":")" + std::string(id) + R"(","totals":{"uplBytes":)" + std::to_string(up) +
           R"(,"dwlBytes":)" + std::to_string(down) +
           R"(,"sizeChange":0,"latencyMs":0,"requests":)" + std::to_string(requests) + "}}";
  };
  const auto entities_of = [&](const std::string& query) {
    const std::string body = client_.get("/v2/stats/storage/breakdown/" + query).body;
    const std::size_t at = body.find(R"("summary")");
    return at == body.npos ? body : body.substr(at);
  };
  const auto all = [](int total, std::string_view list) {
    return R"("summary":{"total":)" + std::to_string(total) + R"(},"entities":[)" + std::string(list) + "]}";
  };
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    EXPECT_EQ(entities_of("repos?window=24h"),
              all(5, entity("r1", 3, 0, 2) + "," + entity("r3", 8, 8, 2) + "," + entity("r2", 4, 0, 1)));
    EXPECT_EQ(entities_of("repos?window=7d"),
              all(6, entity("r3", 24, 8, 3) + "," + entity("r1", 3, 0, 2) + "," + entity("r2", 4, 0, 1)));
    EXPECT_EQ(entities_of("buckets?window=24h"), all(5, entity("x", 13, 8, 4) + "," + entity("y", 2, 0, 1)));
    EXPECT_EQ(entities_of("nodes?window=24h"),
              all(5, entity("h1", 13, 0, 3) + "," + entity("h2", 2, 0, 1) + "," + entity("h3", 0, 8, 1)));
    EXPECT_EQ(entities_of("workspaces?window=24h"), all(5, entity("w1", 7, 0, 3) + "," + entity("", 8, 8, 2)));
    EXPECT_EQ(entities_of("providers?window=24h"), all(5, entity("", 12, 8, 3) + "," + entity("p1", 3, 0, 2)));
    EXPECT_EQ(entities_of("workspaces?window=24h&bucketId=x"),
              all(4, entity("", 8, 8, 2) + "," + entity("w1", 5, 0, 2)));
    EXPECT_EQ(entities_of("repos?window=24h&scope=workspace&id=w1&unitId=x"),
              all(2, entity("r1", 1, 0, 1) + "," + entity("r2", 4, 0, 1)));
    EXPECT_EQ(entities_of("buckets?window=24h&scope=repo&id=r3"), all(2, entity("x", 8, 8, 2)));
    EXPECT_EQ(entities_of("repos?window=24h&limit=1&offset=1"), all(5, entity("r3", 8, 8, 2)));
    EXPECT_EQ(entities_of("repos?window=24h&offset=9"), all(5, ""));
    fold();
  }
}

TEST_F(StorageContractTest, TheProviderIsTheNodesBeforeItIsTheRepos) {
  put("r1", R"({"provider":"p1"})");
  EXPECT_EQ(client_.request("PUT", "/nodes/h1", R"({"provider":"own"})").status, 200U);
  push("r1", "x", "h1", ago(0), R"("upl_bytes":1)");
  push("r1", "x", "h2", ago(0), R"("upl_bytes":2)");
  push("r2", "x", "h1", ago(0), R"("upl_bytes":4)");
  push("r2", "x", "h1", ago(0), R"("upl_bytes":8)");
  push("r2", "x", "h3", ago(0), R"("upl_bytes":16)");
  for (int round = 0; round < 2; ++round) {
    const std::string body =
        client_.get("/v2/stats/storage/breakdown/providers?window=24h&integers=string").body;
    const std::string end =
        R"("entities":[{"entityId":"own","totals":{"uplBytes":"13","dwlBytes":"0","sizeChange":"0","latencyMs":0,"requests":3}},)"
        R"({"entityId":"","totals":{"uplBytes":"16","dwlBytes":"0","sizeChange":"0","latencyMs":0,"requests":1}},)"
        R"({"entityId":"p1","totals":{"uplBytes":"2","dwlBytes":"0","sizeChange":"0","latencyMs":0,"requests":1}}]})";
    EXPECT_EQ(body.substr(body.find(R"("entities")")), end);
    fold();
  }
  EXPECT_EQ(client_.get("/v2/stats/storage?scope=org&window=24h&integers=text").status, 400U);
}

TEST_F(StorageContractTest, ABreakdownSaysWhatItIsAndHasItsSeriesWhenAsked) {
  put("r", R"({"workspace":"w"})");
  push("r", "b", "h", start_, R"("upl_bytes":1)");
  const std::int64_t day = 24 * 60 * kMillisPerMinute;
  const std::int64_t end = start_ / day * day + day;
  const std::string times =
      R"("start":)" + std::to_string(end - 180 * day) + R"(,"end":)" + std::to_string(end);
  const std::string sums =
      R"("uplBytes":1,"dwlBytes":0,"sizeChange":0,"latencyMs":0,"requests":1)";
  EXPECT_EQ(client_.get("/v2/stats/storage/breakdown/buckets?scope=workspace&id=w&unitId=b&window=180d"
                        "&includeSeries=true&limit=7&offset=0&other=1").body,
            R"({"success":true,"meta":{)" + times +
                R"(,"scope":"workspace","scopeId":"w","resourceFilter":{"unitId":["b"]},)"
                R"("breakdownBy":"buckets","includesSeries":true,"limit":7,"offset":0,)"
                R"("totalEntities":1},"summary":{"total":1},"entities":[{"entityId":"b","totals":{)" +
                sums + "}," + series(end - 180 * day, day, 180, {{179, sums}}) + "}]}");
  EXPECT_EQ(client_.get("/v2/stats/storage/breakdown/repos?window=180d&includeSeries=&scope=&id=").body,
            R"({"success":true,"meta":{)" + times +
                R"(,"scope":"org","breakdownBy":"repos","includesSeries":false,"limit":100,"offset":0,)"
                R"("totalEntities":1},"summary":{"total":1},"entities":[{"entityId":"r","totals":{)" +
                sums + "}}]}");
}

TEST_F(StorageContractTest, WhatIsNotAcceptedIsNamed) {
  const auto refused = [&](const std::string& path, const std::string& message) {
    expect_refusal(client_.get(path), 400, "invalid_parameter", message);
  };
  const std::string storage = "/v2/stats/storage";
  refused(storage + "?window=24h", "scope is missing; give org, workspace or repo");
  refused(storage + "?scope=all&window=24h", "scope \"all\" is unknown; give org, workspace or repo");
  refused(storage + "?scope=org",
          "window is missing; give 24h, 7d, 30d, 90d, 180d or 365d");
  refused(storage + "?scope=org&window=1h",
          "window \"1h\" is unknown; give 24h, 7d, 30d, 90d, 180d or 365d");
  refused(storage + "?scope=repo&window=24h",
          "id is missing; give the id of the repo, as scope asks for one");
  refused(storage + "/breakdown/repos?scope=workspace&id=&window=24h",
          "id is missing; give the id of the workspace, as scope asks for one");
  refused(storage + "/breakdown/repos?window=7d&limit=0",
          "limit \"0\" is not a number of entities; give a whole number from 1 to 1000");
  refused(storage + "/breakdown/repos?window=7d&includeSeries=yes",
          "includeSeries \"yes\" is neither; give true or false");
  EXPECT_EQ(client_.get(storage + "?scope=repo&id=a,b&window=24h").status, 400U);
  EXPECT_EQ(client_.get(storage + "?scope=org&id=%01&window=24h").status, 200U);
  expect_refusal(client_.get(storage + "/breakdown/hosts?window=7d"), 404, "not_found",
                 "storage is not broken down by \"hosts\"; ask for repos, buckets, nodes, "
                 "workspaces or providers");
  EXPECT_EQ(client_.request("POST", storage, "{}").status, 405U);
}

TEST_F(StorageContractTest, WhatIsToldOfARepoStaysUntilItIsCleared) {
  const std::string told = R"({"success":true,"repoId":"r","workspace":"w","provider":"p"})";
  EXPECT_EQ(put("r", R"({"workspace":"w","provider":"p"})"), told);
  EXPECT_EQ(put("r", "{}"), told);
  EXPECT_EQ(put("r", R"({"workspace":null})"), told);
  EXPECT_EQ(put("r", R"({"workspace":"","provider":"q"})"),
            R"({"success":true,"repoId":"r","workspace":"","provider":"q"})");
  EXPECT_EQ(client_.request("DELETE", "/repos/r?startDate=2024-01-01&endDate=2024-01-01").status, 200U);
  EXPECT_EQ(put("r", "{}"), R"({"success":true,"repoId":"r","workspace":"","provider":"q"})");
  EXPECT_EQ(client_.request("DELETE", "/repos/r").status, 200U);
  EXPECT_EQ(put("r", "{}"), R"({"success":true,"repoId":"r","workspace":"","provider":"q"})");
  EXPECT_EQ(put("r", R"({"provider":""})"),
            R"({"success":true,"repoId":"r","workspace":"","provider":""})");

  expect_refusal(client_.request("PUT", "/repos/r", R"({"workspace":"a,b"})"), 400, "invalid_field",
                 "workspace \"a,b\" must not contain a comma; give a string of up to 255 bytes of "
                 "UTF-8 without control characters and commas, empty to take it back");
  EXPECT_EQ(client_.request("PUT", "/repos/r", R"({"provider":1})").status, 400U);
  expect_refusal(client_.request("PUT", "/repos/r", R"({"workspaces":"w"})"), 400, "invalid_field",
                 R"("workspaces" is not a field of this body; the nearest is workspace; )"
                 R"(send {"workspace":…,"provider":…}, or either of them)");
  EXPECT_EQ(client_.request("PUT", "/repos/r", "[]").status, 400U);
  EXPECT_EQ(client_.request("PUT", "/repos/r", "").status, 400U);
  EXPECT_EQ(client_.request("PUT", "/repos/a,b", "{}").status, 400U);
}

TEST_F(StorageContractTest, WorkspacesFollowTheirRepos) {
  push("a", "b", "h", start_, R"("upl_bytes":1)");
  push("c", "b", "h", start_, R"("upl_bytes":2)");
  const auto total = [&](std::string_view workspace) {
    const std::string body =
        client_.get("/v2/stats/storage?scope=workspace&window=24h&id=" + std::string(workspace)).body;
    const std::size_t at = body.find(R"("total":)") + 8;
    return body.substr(at, body.find(',', at) - at);
  };
  put("a", R"({"workspace":"w"})");
  put("c", R"({"workspace":"w"})");
  EXPECT_EQ(total("w"), "2");
  put("c", R"({"workspace":"v"})");
  EXPECT_EQ(total("w"), "1");
  EXPECT_EQ(total("v"), "1");
  EXPECT_EQ(client_.request("DELETE", "/repos/c").status, 200U);
  EXPECT_EQ(total("v"), "0");
  push("c", "b", "h", start_, R"("upl_bytes":2)");
  EXPECT_EQ(total("v"), "1") << "what was told of it stays";
}

TEST_F(StorageContractTest, WhatIsNotKeptCannotBeFilteredBy) {
  for (const char* path : {"/v2/stats/storage", "/v2/stats/storage/breakdown/repos"}) {
    const std::string target = std::string(path) + "?scope=org&window=24h&apiKeyId=";
    expect_refusal(client_.get(target + "k"), 400, "invalid_parameter",
                   "apiKeyId \"k\" cannot be filtered by: which API key an event came by is not kept; "
                   "leave it out");
    EXPECT_EQ(client_.get(target).status, 200U) << "empty, it is absent";
  }
}

}  // namespace
}  // namespace minuted::test
