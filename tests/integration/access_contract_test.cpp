// A daemon with tokens: who may ask what, what a token that is limited to repos sees, and whose an
// idempotency key is.
#include <fstream>

#include "integration/conversation.hpp"
#include "integration/token_texts.hpp"

namespace minuted::test {
namespace {

std::string write_tokens(const TempDir& directory) {
  const std::string path = directory / "tokens.toml";
  std::ofstream file(path);
  file << "format = 1\n"
       << token_text("ingest", R"("ingest")") << token_text("ingest-2", R"("ingest")")
       << token_text("read", R"("read")") << token_text("admin", R"("admin")")
       << token_text("all", R"("ingest", "read", "admin")")
       << token_text("read-a", R"("read")", "repos = [\"a\"]\n")
       << token_text("ingest-a", R"("ingest")", "repos = [\"a\"]\n")
       << token_text("read-none", R"("read")", "repos = [\"unheard-of\"]\n")
       << token_text("admin-a", R"("admin")", "repos = [\"a\"]\n")
       << token_text("expired", R"("ingest", "read", "admin")", "expires = 2024-03-01T00:00:00Z\n")
       << token_text("revoked", R"("ingest", "read", "admin")", "revoked = 2024-03-01T08:00:00Z\n");
  return path;
}

class AccessContractTest : public testing::Test {
 protected:
  AccessContractTest()
      : daemon_(directory_ / "store", {"--tokens", write_tokens(directory_)}),
        client_(daemon_.port()) {}

  TempDir directory_;
  Daemon daemon_;
  HttpClient client_;
};

// What a host does in a repo that the token does not see is not in its rows.
TEST_F(AccessContractTest, ATokenLimitedToReposSeesTheNodesOfTheseAlone) {
  const std::string at = "2024-01-01T10:00:30Z";
  client_.push("[" + to_text(EventText{.repo = "a", .time = at}) + "," +
                   to_text(EventText{.repo = "b", .time = "2024-01-01T11:00:00Z"}) + "," +
                   to_text(EventText{.repo = "b", .host = "i", .time = at}) + "," +
                   to_text(EventText{.repo = "b", .bucket = "c", .time = at}) + "]",
               bearer("all"));
  HeaderList headers = bearer("read-a");
  const auto data = [](std::string_view rows) {
    return R"({"success":true,"data":[)" + std::string(rows) + "]}";
  };
  EXPECT_EQ(client_.get("/stats/nodes/minute", headers).body,
            data(R"({"nodeId":"h","bucketId":"b","nodeStatus":"OFFLINE",)"
                 R"("lastUpdated":"2024-01-01T10:00:30.000Z","latency_ms":0})"));
  EXPECT_EQ(client_.get("/stats/nodes/minute?bucketId=c", headers).body, data(""));
  EXPECT_EQ(client_.get("/stats/nodes/daily?startDate=01012024", headers).body,
            data(R"({"nodeId":"h","bucketId":"b","day":1704067200,"online":0.069,"latency_ms":0,)"
                 R"("endpoint":"","region":"","storageType":"","provider":"","status":"OFFLINE","version":""})"));
  EXPECT_EQ(client_.get("/series", headers).body,
            data(R"({"repoId":"a","bucketId":"b","host":"h","first":1704103200,"last":1704103200})"));
  EXPECT_EQ(client_.get("/series?repoId=b", headers).body, data(""));
  EXPECT_EQ(client_.get("/series", bearer("read-none")).body, data(""));
  headers.emplace_back("Content-Type", "application/json");
  EXPECT_EQ(client_.post("/bucket/c/stats", R"({"day":"2024-01-01"})", headers).body,
            R"({"success":true,"nodeStats":[]})");
  EXPECT_NE(client_.post("/bucket/b/stats", R"({"day":"2024-01-01"})", headers)
                .body.find(R"("host":"h","perc_uptime":0.069)"),
            std::string::npos);
}

TEST_F(AccessContractTest, RefusalsSayWhatIsWrongWithTheToken) {
  struct Case {
    std::string authorization;
    unsigned status;
    std::string_view code;
    std::string message;
    std::string challenge;
  };
  const std::string plain = "Bearer realm=\"minuted\"";
  const std::string bad = plain + ", error=\"invalid_token\"";
  const std::vector<Case> cases = {
      {"Bearer " + secret_of("expired"), 401, "expired_token",
       "the token \"expired\" expired at 2024-03-01T00:00:00.000Z; ask the operator for a new one",
       bad},
      {"Bearer " + secret_of("revoked"), 401, "revoked_token",
       "the token \"revoked\" was revoked at 2024-03-01T08:00:00.000Z; ask the operator for a new "
       "one",
       bad},
      {"bearer mnt_guess", 401, "unknown_token",
       "the token in the Authorization header is none of this daemon's; send one that `minuted "
       "token create` printed for it",
       bad},
      {"Basic dXNlcjpwYXNz", 401, "malformed_authorization",
       "the Authorization header is not of the Bearer scheme; send Authorization: Bearer TOKEN",
       plain},
      {"Bearer", 401, "malformed_authorization",
       "the Authorization header names no token; send Authorization: Bearer TOKEN", plain},
      {"Bearer " + std::string(257, 'x'), 401, "malformed_authorization",
       "the token in the Authorization header is longer than 256 bytes; send it as `minuted token "
       "create` printed it",
       plain},
      {"Bearer a b", 401, "malformed_authorization",
       "the token in the Authorization header has a character that no token has; send it as "
       "`minuted token create` printed it",
       plain},
      {"Bearer " + secret_of("admin-a"), 403, "insufficient_scope",
       "the token \"admin-a\" is for admin of some repos; this request needs admin for all repos",
       plain + ", error=\"insufficient_scope\""},
      {"Bearer " + secret_of("read"), 403, "insufficient_scope",
       "the token \"read\" is for read; this request needs admin for all repos",
       plain + ", error=\"insufficient_scope\""},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.authorization);
    const Answer answer = client_.post("/admin/fold", "", {{"Authorization", one.authorization}});
    EXPECT_EQ(answer.status, one.status);
    EXPECT_EQ(answer.body, refusal_text(one.code, one.message));
    EXPECT_EQ(answer.header("www-authenticate"), one.challenge);
  }
  const Answer nothing = client_.post("/admin/fold", "");
  EXPECT_EQ(nothing.body, refusal_text("missing_token",
                                       "the request has no Authorization header; send "
                                       "Authorization: Bearer TOKEN"));
  EXPECT_EQ(nothing.header("www-authenticate"), plain);
}

TEST_F(AccessContractTest, ALimitedTokenSeesItsReposAndNoTraceOfOthers) {
  for (const char* repo : {"a", "b"}) {
    ASSERT_EQ(client_.push(to_text(EventText{.repo = repo}), bearer("ingest")).status, 200U);
  }
  const std::string query(kDayQuery);
  const auto read = [&](std::string_view name, const std::string& filter) {
    const Answer answer = client_.get(query + filter, bearer(name));
    EXPECT_EQ(answer.status, 200U) << name << " " << filter;
    return answer.body;
  };
  EXPECT_EQ(read("read", ""), rows_text({{.repo = "a"}, {.repo = "b"}}));
  EXPECT_EQ(read("read-a", ""), rows_text({{.repo = "a"}}));
  EXPECT_EQ(read("read-a", "&repoId=a,b"), rows_text({{.repo = "a"}}));
  EXPECT_EQ(read("read-none", ""), rows_text({}));
  const auto sums = [](unsigned bytes) {
    return rows_text(std::vector{R"({"timestamp":1704103200,"upl_bytes":)" + std::to_string(bytes) +
                                 R"(,"dwl_bytes":0,"size_change":0,"latency_ms":0})"});
  };
  EXPECT_EQ(read("read", "&groupBy="), sums(14));
  EXPECT_EQ(read("read-a", "&groupBy="), sums(7));
  EXPECT_EQ(read("read-a", "&groupBy=&repoId=b,a"), sums(7));
  EXPECT_EQ(read("read-a", "&groupBy=&repoId=b"), rows_text({}));
  EXPECT_EQ(read("read-none", "&groupBy=bucket"), rows_text({}));
  // A repo that is another's and one that is nobody's read alike, down to the headers.
  const Answer foreign = client_.get(query + "&repoId=b", bearer("read-a"));
  const Answer missing = client_.get(query + "&repoId=c", bearer("read-a"));
  EXPECT_EQ(foreign.status, 200U);
  EXPECT_EQ(foreign.body, rows_text({}));
  EXPECT_EQ(missing.body, foreign.body);
  EXPECT_EQ(missing.header("content-length"), foreign.header("content-length"));
}

TEST_F(AccessContractTest, ALimitedTokensTotalsAreOfItsRepos) {
  EXPECT_EQ(client_.push("[" + to_text(EventText{.repo = "a"}) + "," + to_text(EventText{.repo = "b"}) + "]",
                         bearer("ingest")).status,
            200U);
  const auto bucket = [](const char* count, const char* bytes) {
    return std::string(R"({"success":true,"stats":[{"bucketId":"b","totalCount":")") + count +
           R"(","totalUploadBytes":")" + bytes +
           R"(","totalDownloadBytes":"0","totalSizeChange":"0"}]})";
  };
  EXPECT_EQ(client_.get("/bucket/stats", bearer("read")).body, bucket("2", "14"));
  EXPECT_EQ(client_.get("/bucket/stats", bearer("read-a")).body, bucket("1", "7"));
  EXPECT_EQ(client_.get("/bucket/stats?bucketId=b", bearer("read-none")).body,
            R"({"success":true,"stats":[]})");
  EXPECT_EQ(client_.get("/repo/stats?repoId=b", bearer("read-a")).body,
            R"({"success":true,"stats":[]})");
  EXPECT_EQ(client_.get("/repo/stats", bearer("read-a")).body,
            R"({"success":true,"stats":[{"repoId":"a","totalUploadBytes":"7","totalDownloadBytes":"0",)"
            R"("totalSizeChange":"0"}]})");
}

TEST_F(AccessContractTest, ALimitedTokenPushesToItsReposOnly) {
  const std::string body =
      "[" + to_text(EventText{.repo = "a"}) + "," + to_text(EventText{.repo = "b"}) + "]";
  const Answer answer = client_.push(body, bearer("ingest-a"));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body,
            R"({"success":true,"accepted":1,"rejected":1,"duplicates":0,"duplicate":false,"errors":)"
            R"([{"index":1,"field":"repoId","error":"repoId \"b\" is not one of the repos that )"
            R"(may be pushed to; use a token for it"}]})");
  EXPECT_EQ(client_.get(kDayQuery, bearer("read")).body, rows_text({{.repo = "a"}}));
}

TEST_F(AccessContractTest, AKeyBelongsToTheTokenThatUsedIt) {
  const std::string body = to_text(EventText{});
  const auto push = [&](std::string_view name) {
    HeaderList headers = bearer(name);
    headers.emplace_back("Idempotency-Key", "k");
    return client_.push(body, headers).body;
  };
  EXPECT_EQ(push("ingest"), to_text(ReceiptText{1}));
  EXPECT_EQ(push("ingest-2"), to_text(ReceiptText{1}));
  EXPECT_EQ(push("ingest"), to_text(ReceiptText{1, 0, true}));
  EXPECT_EQ(push("ingest-2"), to_text(ReceiptText{1, 0, true}));
  EXPECT_EQ(
      client_.get(kDayQuery, bearer("read")).body,
      rows_text({{.sums = R"("upl_bytes":14,"dwl_bytes":0,"size_change":0,"latency_ms":0)"}}));
}

TEST_F(AccessContractTest, WithTokensAnyHostAndPageMayAsk) {
  client_.send(
      "GET /livez HTTP/1.1\r\nHost: stats.example\r\nOrigin: https://pages.example\r\n\r\n");
  EXPECT_EQ(client_.read_answer().status, 200U);
}

// A body that nobody may send is not waited for.
TEST_F(AccessContractTest, RefusalComesBeforeTheBody) {
  client_.send(
      "POST /events HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 1000000\r\n\r\n");
  EXPECT_EQ(client_.read_answer().status, 401U);
  EXPECT_TRUE(client_.closed());
}

// A node may be another's too: what others told of it is not for a token of some repos to read.
TEST_F(AccessContractTest, ATokenLimitedToReposHearsOfANodeWhatItTold) {
  const auto tell = [&](std::string_view name, std::string_view body) {
    return client_.request("PUT", "/nodes/h", body, bearer(name)).body;
  };
  tell("ingest", R"({"endpoint":"10.0.0.1","region":"north"})");
  EXPECT_EQ(tell("ingest-a", R"({"region":"south"})"),
            R"({"success":true,"nodeId":"h","endpoint":"","region":"south","storageType":"",)"
            R"("provider":"","version":""})");
  EXPECT_EQ(tell("ingest", "{}"),
            R"({"success":true,"nodeId":"h","endpoint":"10.0.0.1","region":"south","storageType":"",)"
            R"("provider":"","version":""})");
}

// Storage of a limited token is that of its repos, whatever it asks for; only an admin tells of repos.
TEST_F(AccessContractTest, StorageOfALimitedTokenIsThatOfItsRepos) {
  for (const char* repo : {"a", "b", "c"}) {
    const std::string event = R"({"repoId":")" + std::string(repo) + R"(","bucketId":"x","host":"h"})";
    ASSERT_EQ(client_.push(event, bearer("ingest")).status, 200U);
    const auto tell = [&](std::string_view name, std::string_view body) {
      return client_.request("PUT", "/repos/" + std::string(repo), body, bearer(name)).status;
    };
    EXPECT_EQ(tell("all", R"({"workspace":"w"})"), 200U);
    EXPECT_EQ(tell("admin", "{}"), 200U);
    EXPECT_EQ(tell("admin-a", "{}"), repo[0] == 'a' ? 200U : 403U);
    EXPECT_EQ(tell("admin-a", "no JSON"), repo[0] == 'a' ? 400U : 403U);
    EXPECT_EQ(tell("read", "{}"), 403U);
    EXPECT_EQ(tell("ingest", "{}"), 403U);
  }
  const auto total = [&](std::string_view name, const std::string& query) {
    const std::string body = client_.get("/v2/stats/storage" + query, bearer(name)).body;
    const std::size_t at = body.find(R"("total":)") + 8;
    return body.substr(at, body.find_first_of(",}", at) - at);
  };
  for (const char* path : {"?", "/breakdown/repos?", "/breakdown/buckets?", "/breakdown/providers?"}) {
    SCOPED_TRACE(path);
    const std::string query = std::string(path) + "window=7d&scope=";
    EXPECT_EQ(total("read", query + "org"), "3");
    EXPECT_EQ(total("read-a", query + "org"), "1");
    EXPECT_EQ(total("read-none", query + "org"), "0");
    EXPECT_EQ(total("read", query + "workspace&id=w"), "3");
    EXPECT_EQ(total("read-a", query + "workspace&id=w"), "1");
    EXPECT_EQ(total("read", query + "repo&id=b"), "1");
    EXPECT_EQ(total("read-a", query + "repo&id=b"), "0");
    EXPECT_EQ(total("read-a", query + "repo&id=a&bucketId=x"), "1");
  }
  const Answer entities = client_.get("/v2/stats/storage/breakdown/repos?window=7d", bearer("read-a"));
  EXPECT_NE(entities.body.find(R"("totalEntities":1)"), entities.body.npos);
  EXPECT_EQ(entities.body.find(R"("entityId":"b")"), entities.body.npos);
}

}  // namespace
}  // namespace minuted::test
