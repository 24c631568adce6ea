// Every route × every scope × whose repos × every state of a token; and that a token limited to repos
// cannot tell a foreign one from one that does not exist, by status, headers, body or time.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>

#include "handlers/routes.hpp"
#include "integration/conversation.hpp"
#include "integration/token_texts.hpp"

namespace minuted::test {
namespace {

// What a token has to have for a route.
enum class Wants { kNothing, kIngest, kRead, kAdmin, kAdminOfAll, kMetrics };

struct Row {
  std::string_view method;
  std::string_view path;  // as the daemon's own table has it
  std::string target;     // of the repo "a", where it is of one
  std::string body;
  Wants wants;
  bool repo_in_path = false;
};

using enum Wants;

const std::vector<Row>& table() {
  static const std::vector<Row> kTable = {
      {"POST", "/events", "/events", "[]", kIngest},
      {"GET", "/events", "/events?repoId=a", "", kRead},
      {"GET", "/stats/minute", "/stats/minute?repoId=a", "", kRead},
      {"GET", "/stats/hourly", "/stats/hourly?repoId=a", "", kRead},
      {"GET", "/stats/daily", "/stats/daily?repoId=a", "", kRead},
      {"GET", "/repo/stats", "/repo/stats?repoId=a", "", kRead},
      {"GET", "/bucket/stats", "/bucket/stats", "", kRead},
      {"GET", "/unit/stats", "/unit/stats", "", kRead},
      {"GET", "/stats/nodes/minute", "/stats/nodes/minute", "", kRead},
      {"GET", "/stats/nodes/daily", "/stats/nodes/daily", "", kRead},
      {"POST", "/bucket/{bucketId}/stats", "/bucket/b/stats", R"({"day":"2024-01-01"})", kRead},
      {"PUT", "/nodes/{nodeId}", "/nodes/h", "{}", kIngest},
      {"POST", "/nodes/{nodeId}/heartbeat", "/nodes/h/heartbeat", "{}", kIngest},
      {"GET", "/series", "/series", "", kRead},
      {"GET", "/v2/stats/storage", "/v2/stats/storage?scope=org&window=7d", "", kRead},
      {"GET", "/v2/stats/storage/breakdown/{by}", "/v2/stats/storage/breakdown/repos?window=7d", "",
       kRead},
      {"PUT", "/repos/{repoId}", "/repos/a", "{}", kAdmin, true},
      {"POST", "/admin/fold", "/admin/fold", "", kAdminOfAll},
      {"DELETE", "/repos/{repoId}", "/repos/a", "", kAdmin, true},
      {"DELETE", "/repos/{repoId}/buckets/{bucketId}", "/repos/a/buckets/b", "", kAdmin, true},
      {"GET", "/livez", "/livez", "", kNothing},
      {"GET", "/readyz", "/readyz", "", kNothing},
      {"GET", "/version", "/version", "", kNothing},
      {"GET", "/openapi.json", "/openapi.json", "", kNothing},
      {"GET", "/docs", "/docs", "", kNothing},
      {"GET", "/docs/style.css", "/docs/style.css", "", kNothing},
      {"GET", "/metrics", "/metrics", "", kMetrics},
  };
  return kTable;
}

constexpr std::array<std::string_view, 3> kScopes = {"ingest", "read", "admin"};
// Of a token: all repos, the repo of the table, another.
constexpr std::array<std::string_view, 3> kRepos = {"all", "a", "c"};

std::string name_of(std::string_view scope, std::string_view repos) {
  return std::string(scope).append("-").append(repos);
}

std::string repos_line(std::string_view repos) {
  return repos == "all" ? "" : "repos = [\"" + std::string(repos) + "\"]\n";
}

// `leavers`: two more tokens, one that stays good, and one for each way to be no good.
std::string tokens_text(bool leavers) {
  std::string text = "format = 1\n";
  for (const std::string_view scope : kScopes) {
    for (const std::string_view repos : kRepos) {
      text += token_text(name_of(scope, repos), "\"" + std::string(scope) + "\"", repos_line(repos));
    }
  }
  const std::string all = R"("ingest", "read", "admin")";
  text += token_text("everything", all) + token_text("everything-a", all, repos_line("a"));
  text += token_text("expired", all, "expires = 2024-03-01T00:00:00Z\n");
  text += token_text("revoked", all, "revoked = 2024-03-01T08:00:00Z\n");
  if (leavers) text += token_text("removed", all) + token_text("withdrawn", all);
  if (!leavers) text += token_text("withdrawn", all, "revoked = 2024-03-01T08:00:00Z\n");
  return text;
}

// The status that the contract promises to a good token.
unsigned promised(const Row& row, std::string_view scope, std::string_view repos) {
  const bool all = repos == "all";
  bool may = false;
  switch (row.wants) {
    case kNothing: may = true; break;
    case kIngest: may = scope == "ingest"; break;
    case kRead: may = scope == "read"; break;
    case kAdmin: may = scope == "admin"; break;
    case kAdminOfAll: may = scope == "admin" && all; break;
    case kMetrics: may = scope == "admin" || (scope == "read" && all); break;
  }
  if (row.repo_in_path && repos == "c") may = false;
  return may ? 200 : 403;
}

class AccessMatrixTest : public testing::Test {
 protected:
  AccessMatrixTest()
      : daemon_(directory_ / "store",
                {"--tokens", write_tokens(true), "--fold-interval", "0s", "--retention", "raw=7d"}),
        client_(daemon_.port()) {}

  std::string write_tokens(bool leavers) {
    const std::string path = directory_ / "tokens.toml";
    std::ofstream(path) << tokens_text(leavers);
    return path;
  }

  Answer ask(const Row& row, const HeaderList& headers) {
    return client_.request(row.method, row.target, row.body, headers);
  }

  // Each route answers `status` and `code` to who sends `headers`, but those that are open to all.
  void expect_shut(const HeaderList& headers, std::string_view code) {
    for (const Row& row : table()) {
      SCOPED_TRACE(std::string(row.method) + " " + row.target);
      const Answer answer = ask(row, headers);
      EXPECT_EQ(answer.status, row.wants == kNothing ? 200U : 401U);
      if (row.wants == kNothing) continue;
      EXPECT_NE(answer.body.find(R"("error_code":")" + std::string(code) + "\""),
                std::string::npos)
          << answer.body;
      EXPECT_TRUE(answer.header("www-authenticate").starts_with("Bearer realm="));
    }
  }

  TempDir directory_;
  Daemon daemon_;
  HttpClient client_;
};

TEST(AccessTableTest, HasEachRouteOfTheDaemonAndNoOther) {
  std::vector<std::string> ours;
  for (const Row& row : table()) {
    ours.push_back(std::string(row.method).append(" ").append(row.path));
  }
  std::vector<std::string> theirs;
  for (const http::Route& route : http::routes()) {
    theirs.push_back(std::string(http::to_string(route.method)).append(" ").append(route.path));
  }
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  EXPECT_EQ(ours, theirs) << "say in this test who may use the new route";
}

TEST_F(AccessMatrixTest, EachRouteAsksForItsScopeAndItsRepo) {
  for (const Row& row : table()) {
    for (const std::string_view scope : kScopes) {
      for (const std::string_view repos : kRepos) {
        SCOPED_TRACE(std::string(row.method) + " " + row.target + " by " + name_of(scope, repos));
        const Answer answer = ask(row, bearer(name_of(scope, repos)));
        EXPECT_EQ(answer.status, promised(row, scope, repos)) << answer.body;
        if (answer.status != 403) continue;
        EXPECT_NE(answer.body.find(R"("error_code":"insufficient_scope")"), std::string::npos);
        EXPECT_EQ(answer.header("www-authenticate").find("insufficient_scope") == std::string::npos,
                  false);
      }
    }
    EXPECT_EQ(ask(row, bearer("everything")).status, 200U) << row.target;
  }
}

TEST_F(AccessMatrixTest, ATokenThatIsNoGoodOpensNothing) {
  expect_shut({}, "missing_token");
  expect_shut({{"Authorization", "Basic dXNlcjpwYXNz"}}, "malformed_authorization");
  expect_shut({{"Authorization", "Bearer"}}, "malformed_authorization");
  expect_shut({{"Authorization", "Bearer mnt_a mnt_b"}}, "malformed_authorization");
  expect_shut(bearer("nobody-we-know"), "unknown_token");
  expect_shut(bearer("expired"), "expired_token");
  expect_shut(bearer("revoked"), "revoked_token");
}

TEST_F(AccessMatrixTest, ATokenThatIsTakenAwayOpensNothingAfterAReload) {
  for (const char* name : {"removed", "withdrawn"}) {
    for (const Row& row : table()) EXPECT_EQ(ask(row, bearer(name)).status, 200U) << row.target;
  }
  write_tokens(false);
  daemon_.signal(SIGHUP);
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (client_.get("/series", bearer("removed")).status == 200 &&
         std::chrono::steady_clock::now() < patience) {
  }
  expect_shut(bearer("removed"), "unknown_token");
  expect_shut(bearer("withdrawn"), "revoked_token");
  for (const Row& row : table()) {
    EXPECT_EQ(ask(row, bearer("everything")).status, 200U) << row.target;
  }
}

// A store in which others have much: a bucket that occurs in thousands of repos, a repo of thousands of
// buckets, a workspace, a node.
class ForeignRepoTest : public AccessMatrixTest {
 protected:
  static constexpr unsigned kMany = 20'000;

  void SetUp() override {
    const std::string time = R"(,"timestamp":)" + std::to_string(now_ms());
    std::string lines;
    const auto add = [&](const std::string& repo, const std::string& bucket, const std::string& host) {
      lines += R"({"repoId":")" + repo + R"(","bucketId":")" + bucket + R"(","host":")" + host + "\"" +
               time + R"(,"upl_bytes":7})" + "\n";
    };
    add("a", "mine", "h");
    for (unsigned i = 0; i < kMany; ++i) {
      const std::string number = std::to_string(100'000 + i);
      add("other-" + number, "known-id", "h-" + number);
      add("known-id", "bucket-" + number, "known-id");
    }
    const Answer pushed = client_.push_ndjson(lines, bearer("everything"));
    ASSERT_EQ(pushed.status, 200U) << pushed.body;
    ASSERT_EQ(client_.post("/admin/fold", "", bearer("everything")).status, 200U);
    // Of what is not folded yet, too.
    lines.clear();
    add("known-id", "known-id", "known-id");
    add("a", "mine", "h");
    ASSERT_EQ(client_.push_ndjson(lines, bearer("everything")).status, 200U);
    for (unsigned i = 0; i < 100; ++i) {
      ASSERT_EQ(client_.request("PUT", "/repos/other-" + std::to_string(100'000 + i),
                                R"({"workspace":"known-id","provider":"known-id"})",
                                bearer("everything"))
                    .status,
                200U);
    }
  }

  static std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  // `text` with the id in the place of each `{}`.
  static std::string with_id(std::string text, std::string_view id) {
    for (std::size_t at = 0; (at = text.find("{}", at)) != text.npos;) text.replace(at, 2, id);
    return text;
  }

  // All that a client sees of an answer, but the id and the time of day.
  static std::string seen(const Answer& answer, std::string_view id) {
    std::string text = std::to_string(answer.status) + "\n";
    for (const auto& [name, value] : answer.headers) {
      if (name != "date") text += name + ": " + value + "\n";
    }
    text += answer.body;
    for (std::size_t at = 0; (at = text.find(id, at)) != text.npos;) text.replace(at, id.size(), "{}");
    return text;
  }

  // Of the same length, so that answers that name the id are.
  static constexpr std::string_view kForeign = "known-id";
  static constexpr std::string_view kAbsent = "absentid";
};

struct Question {
  std::string method;
  std::string target;  // `{}`: the id
  std::string body;
};

const std::vector<Question>& questions() {
  static const std::vector<Question> kQuestions = [] {
    std::vector<Question> all;
    for (const char* path : {"/stats/minute", "/stats/hourly", "/stats/daily"}) {
      for (const char* query : {"?repoId={}", "?bucketId={}", "?hosts={}", "?repoId={}&bucketId=mine",
                                "?repoId=a,{}&bucketId={}", "?groupBy=repo&bucketId={}",
                                "?limit=1&bucketId={}", "?format=csv&repoId={}"}) {
        all.push_back({"GET", std::string(path) + query, ""});
      }
    }
    for (const char* target :
         {"/events?repoId={}", "/events?bucketId={}", "/repo/stats?repoId={}", "/bucket/stats?bucketId={}",
          "/unit/stats?unitId={}", "/stats/nodes/minute?bucketId={}", "/stats/nodes/daily?bucketId={}",
          "/series?repoId={}", "/series?bucketId={}", "/series?search={}",
          "/v2/stats/storage?window=7d&scope=repo&id={}",
          "/v2/stats/storage?window=7d&scope=workspace&id={}",
          "/v2/stats/storage?window=7d&scope=org&bucketId={}"}) {
      all.push_back({"GET", target, ""});
    }
    for (const char* by : {"repos", "buckets", "nodes", "workspaces", "providers"}) {
      for (const char* query : {"&scope=repo&id={}", "&scope=workspace&id={}", "&bucketId={}"}) {
        all.push_back({"GET", std::string("/v2/stats/storage/breakdown/") + by + "?window=7d" + query, ""});
      }
    }
    all.push_back({"POST", "/bucket/{}/stats", R"({"day":"2024-01-15"})"});
    all.push_back({"POST", "/events", R"([{"repoId":"{}","bucketId":"{}","host":"h"}])"});
    all.push_back({"POST", "/events?strict=1", R"([{"repoId":"{}","bucketId":"{}","host":"h"}])"});
    all.push_back({"PUT", "/repos/{}", "{\"workspace\":\"w\"}"});
    all.push_back({"PUT", "/repos/{}", "no JSON"});
    all.push_back({"DELETE", "/repos/{}", ""});
    all.push_back({"DELETE", "/repos/{}?startDate=2024-01-01&endDate=2024-01-02", ""});
    all.push_back({"DELETE", "/repos/{}/buckets/{}", ""});
    return all;
  }();
  return kQuestions;
}

TEST_F(ForeignRepoTest, ReadsAsOneThatDoesNotExist) {
  const HeaderList limited = bearer("everything-a");
  const auto ask = [&](const Question& one, std::string_view id) {
    return seen(client_.request(one.method, with_id(one.target, id), with_id(one.body, id), limited), id);
  };
  for (const Question& one : questions()) {
    SCOPED_TRACE(one.method + " " + one.target);
    // An answer may have the minute in it, and the minute may turn.
    std::string foreign;
    std::string absent;
    for (int attempt = 0; attempt < 3 && (attempt == 0 || foreign != absent); ++attempt) {
      foreign = ask(one, kForeign);
      absent = ask(one, kAbsent);
    }
    EXPECT_EQ(foreign, absent);
    EXPECT_NE(foreign.substr(0, 1), "5");
  }
  // Of a node that only others have, and of a bucket of theirs in a repo of one's own.
  for (const Question& one :
       {Question{"PUT", "/nodes/{}", R"({"region":"r"})"},
        Question{"POST", "/nodes/{}/heartbeat", R"({"latency_ms":1})"},
        Question{"DELETE", "/repos/a/buckets/{}", ""}}) {
    EXPECT_EQ(ask(one, kForeign), ask(one, kAbsent)) << one.target;
  }
  // What others have is still there, and this token's own is seen.
  EXPECT_EQ(client_.get("/bucket/stats?bucketId=known-id", bearer("everything")).body,
            R"({"success":true,"stats":[{"bucketId":"known-id","totalCount":"20001",)"
            R"("totalUploadBytes":"140007","totalDownloadBytes":"0","totalSizeChange":"0"}]})");
  EXPECT_EQ(client_.get("/bucket/stats", limited).body,
            R"({"success":true,"stats":[{"bucketId":"mine","totalCount":"2",)"
            R"("totalUploadBytes":"14","totalDownloadBytes":"0","totalSizeChange":"0"}]})");
  EXPECT_NE(client_.get("/stats/nodes/minute", limited).body.find(R"("bucketId":"mine")"),
            std::string::npos);
}

TEST_F(ForeignRepoTest, TakesNoLongerThanOneThatDoesNotExist) {
  using Micros = std::chrono::duration<double, std::micro>;
  constexpr int kRounds = 15;
  constexpr double kTimesMax = 10;
  // Below this a scheduler decides: what thousands of repos take is far above ten times of it.
  constexpr double kNoiseMicros = 150;
  const HeaderList limited = bearer("everything-a");
  const auto median = [](std::vector<double>& all) {
    std::nth_element(all.begin(), all.begin() + kRounds / 2, all.end());
    return all[kRounds / 2];
  };
  // A leak shows each time, a disk that was busy with something else does not.
  const auto told_apart = [&](const Question& one) {
    std::vector<double> foreign;
    std::vector<double> absent;
    for (int round = 0; round < kRounds; ++round) {
      for (const bool known : {true, false}) {
        const std::string_view id = known ? kForeign : kAbsent;
        const std::string target = with_id(one.target, id);
        const std::string body = with_id(one.body, id);
        const auto start = std::chrono::steady_clock::now();
        client_.request(one.method, target, body, limited);
        (known ? foreign : absent).push_back(Micros(std::chrono::steady_clock::now() - start).count());
      }
    }
    const double known_us = median(foreign);
    const double unknown_us = std::max(median(absent), kNoiseMicros);
    return known_us >= kTimesMax * unknown_us ||
           median(absent) >= kTimesMax * std::max(known_us, kNoiseMicros);
  };
  for (const Question& one : questions()) {
    EXPECT_FALSE(told_apart(one) && told_apart(one) && told_apart(one)) << one.method << " " << one.target;
  }
}

}  // namespace
}  // namespace minuted::test
