// What browsers are told: which pages of other sites may use the daemon, and what every answer says for
// the safety of whoever shows it, errors that are made before any route is known included.
#include <fstream>

#include "integration/conversation.hpp"
#include "integration/token_texts.hpp"

namespace minuted::test {
namespace {

const std::string kPage = "https://grafana.example";
const std::string kStranger = "https://stranger.example";
const HeaderList kFromPage = {{"Origin", kPage}};
const HeaderList kFromStranger = {{"Origin", kStranger}};

HeaderList preflight(const std::string& origin, const std::string& method) {
  return {{"Origin", origin},
          {"Access-Control-Request-Method", method},
          {"Access-Control-Request-Headers", "authorization, content-type"}};
}

// All fields of a name, in order, with a comma between.
std::string all_of(const Answer& answer, const std::string& name) {
  std::string all;
  const auto [begin, end] = answer.headers.equal_range(name);
  for (auto at = begin; at != end; ++at) all += (all.empty() ? "" : ", ") + at->second;
  return all;
}

void expect_readable(const Answer& answer, const std::string& by) {
  EXPECT_EQ(all_of(answer, "access-control-allow-origin"), by);
  EXPECT_EQ(all_of(answer, "access-control-expose-headers"),
            by.empty() ? "" : "Allow, Date, Retry-After, WWW-Authenticate");
  EXPECT_EQ(answer.headers.count("access-control-allow-credentials"), 0U);
}

class NoCorsTest : public ContractTest {};

TEST_F(NoCorsTest, WithoutTheSettingNothingIsSaidOfOrigins) {
  for (const HeaderList& headers : {HeaderList{}, HeaderList{{"Origin", "http://localhost:1"}}}) {
    const Answer answer = client_.get("/livez", headers);
    EXPECT_EQ(answer.status, 200U);
    expect_readable(answer, "");
    EXPECT_EQ(all_of(answer, "vary"), "");
  }
  const Answer options = client_.request("OPTIONS", "/events", "", preflight(kPage, "POST"));
  EXPECT_EQ(options.status, 204U);
  EXPECT_EQ(options.header("allow"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(options.header("access-control-allow-methods"), "");
  expect_readable(options, "");
  EXPECT_EQ(client_.get("/livez", kFromPage).status, 403U);
}

class CorsContractTest : public ContractTest {
 protected:
  CorsContractTest()
      : ContractTest({"--fold-interval", "0s", "--cors-origin",
                      "HTTPS://Grafana.example:443,http://tools.example:8080"}) {}
};

TEST_F(CorsContractTest, AConfiguredPageReadsAnswersAndErrors) {
  for (const char* target : {"/livez", "/stats/minute", "/nothing", "/stats/minute?limit=x"}) {
    SCOPED_TRACE(target);
    const Answer answer = client_.get(target, kFromPage);
    EXPECT_NE(answer.status, 403U);
    expect_readable(answer, kPage);
    EXPECT_TRUE(all_of(answer, "vary").ends_with("Origin"));
  }
  EXPECT_EQ(client_.push(to_text(EventText{}), kFromPage).body, to_text(ReceiptText{1}));
  expect_readable(client_.get(kDayQuery, {{"Origin", "http://tools.example:8080"}}),
                  "http://tools.example:8080");
  // Of a streamed answer, and of one that a header refuses.
  EXPECT_EQ(all_of(client_.get(kDayQuery, kFromPage), "vary"), "Accept, Accept-Encoding, Origin");
  expect_readable(say("GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: " + kPage +
                      "\r\nExpect: a miracle\r\n\r\n"),
                  kPage);
}

TEST_F(CorsContractTest, AnyOtherPageIsTurnedAwayAndReadsNothing) {
  for (const char* origin : {"https://stranger.example", "http://grafana.example",
                             "https://grafana.example:8443", "https://grafana.example.evil", "null",
                             "http://tools.example"}) {
    SCOPED_TRACE(origin);
    const Answer answer = client_.get("/livez", {{"Origin", origin}});
    EXPECT_EQ(answer.status, 403U);
    expect_readable(answer, "");
    EXPECT_EQ(all_of(answer, "vary"), "Origin");
    const Answer asked = client_.request("OPTIONS", "/events", "", preflight(origin, "POST"));
    EXPECT_EQ(asked.status, 204U);
    expect_readable(asked, "");
    EXPECT_EQ(asked.header("access-control-allow-methods"), "");
  }
  // Who is no page is told that pages might be told something else.
  const Answer program = client_.get("/livez");
  expect_readable(program, "");
  EXPECT_EQ(all_of(program, "vary"), "Origin");
}

TEST_F(CorsContractTest, APreflightIsAnsweredForEachPathAndNeedsNoToken) {
  const Answer answer = client_.request("OPTIONS", "/events", "", preflight(kPage, "POST"));
  EXPECT_EQ(answer.status, 204U);
  expect_readable(answer, kPage);
  EXPECT_EQ(answer.header("access-control-allow-methods"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(answer.header("access-control-allow-headers"),
            "Authorization, Content-Encoding, Content-Type, Idempotency-Key");
  EXPECT_EQ(answer.header("access-control-max-age"), "7200");
  EXPECT_EQ(answer.header("allow"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(client_.request("OPTIONS", "/repos/r", "", preflight(kPage, "DELETE"))
                .header("access-control-allow-methods"),
            "PUT, DELETE, OPTIONS");
  // An OPTIONS that asks nothing of the kind, and one of nothing.
  EXPECT_EQ(client_.request("OPTIONS", "/events", "", kFromPage).header("access-control-max-age"), "");
  const Answer nothing = client_.request("OPTIONS", "/nothing", "", preflight(kPage, "GET"));
  EXPECT_EQ(nothing.status, 404U);
  expect_readable(nothing, kPage);
}

class TokenCorsTest : public testing::Test {
 protected:
  explicit TokenCorsTest(const std::string& origins = kPage)
      : daemon_(directory_ / "store", {"--tokens", write_tokens(), "--cors-origin", origins}),
        client_(daemon_.port()) {}

  std::string write_tokens() {
    const std::string path = directory_ / "tokens.toml";
    std::ofstream(path) << "format = 1\n" << token_text("read", R"("read")");
    return path;
  }

  TempDir directory_;
  Daemon daemon_;
  HttpClient client_;
};

TEST_F(TokenCorsTest, APageBringsItsTokenAndLearnsWhyItIsRefused) {
  EXPECT_EQ(client_.request("OPTIONS", "/stats/minute", "", preflight(kPage, "GET")).status, 204U);
  HeaderList headers = bearer("read");
  headers.push_back(kFromPage.front());
  const Answer answer = client_.get("/stats/minute", headers);
  EXPECT_EQ(answer.status, 200U);
  expect_readable(answer, kPage);
  const Answer refused = client_.get("/stats/minute", kFromPage);
  EXPECT_EQ(refused.status, 401U);
  expect_readable(refused, kPage);
  // With tokens a stranger is not turned away for where it comes from; its browser keeps the answer.
  headers.back().second = kStranger;
  const Answer unread = client_.get("/stats/minute", headers);
  EXPECT_EQ(unread.status, 200U);
  expect_readable(unread, "");
}

class AllPagesTest : public TokenCorsTest {
 protected:
  AllPagesTest() : TokenCorsTest("*") {}
};

TEST_F(AllPagesTest, EveryPageReadsAndOneAnswerServesAll) {
  for (const HeaderList& headers : {HeaderList{}, kFromPage, kFromStranger, HeaderList{{"Origin", "null"}}}) {
    const Answer answer = client_.get("/livez", headers);
    expect_readable(answer, "*");
    EXPECT_EQ(all_of(answer, "vary"), "");
  }
  EXPECT_EQ(client_.request("OPTIONS", "/events", "", preflight(kStranger, "POST"))
                .header("access-control-allow-methods"),
            "POST, GET, HEAD, OPTIONS");
}

void expect_guarded(const Answer& answer) {
  EXPECT_EQ(all_of(answer, "x-content-type-options"), "nosniff");
  EXPECT_EQ(all_of(answer, "referrer-policy"), "no-referrer");
  EXPECT_EQ(all_of(answer, "cross-origin-resource-policy"), "same-origin");
  EXPECT_EQ(all_of(answer, "content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
  EXPECT_EQ(all_of(answer, "cache-control"), "no-store");
}

class GuardsTest : public ContractTest {
 protected:
  GuardsTest()
      : ContractTest({"--fold-interval", "0s", "--header-timeout", "200ms", "--body-timeout", "200ms",
                      "--connections-max", "8"}) {}
};

TEST_F(GuardsTest, EveryAnswerSaysHowItMayBeUsed) {
  ASSERT_EQ(client_.push(to_text(EventText{})).status, 200U);
  for (const char* target : {"/livez", "/metrics", "/stats/minute", "/stats/minute?format=csv", "/nothing",
                             "/repo/stats", "/events", "/stats/minute?limit=x", "/series"}) {
    SCOPED_TRACE(target);
    expect_guarded(client_.get(target));
    expect_guarded(client_.get(target, {{"Accept-Encoding", "gzip"}}));
    expect_guarded(client_.request("HEAD", target));
    expect_guarded(client_.request("OPTIONS", target));
  }
  expect_guarded(client_.get("/livez", kFromStranger));
  expect_guarded(client_.push("[]"));
  expect_guarded(say("GET /livez HTTP/1.0\r\n\r\n"));
}

TEST_F(GuardsTest, ErrorsMadeBeforeARouteIsKnownDoToo) {
  struct Case {
    std::string bytes;
    unsigned status;
  };
  const std::string big(20'000, 'x');
  for (const Case& one : std::vector<Case>{
           {"nonsense\r\n\r\n", 400},
           {"GET /livez HTTP/1.1\r\n\r\n", 400},
           {"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", 400},
           {"GET /" + big + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414},
           {"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + big + "\r\n\r\n", 431},
           {"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413},
           {"POST /events HTTP/1.1\r\nHost: localhost\r\n\r\n", 411},
           {"GET /livez HTTP/1.1\r\nHost: local", 408},
           {"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n[", 408},
           {"GET /livez HTTP/1.1\r\nHost: localhost\r\nExpect: x\r\n\r\n", 417}}) {
    SCOPED_TRACE(one.bytes.substr(0, 70));
    const Answer answer = say(one.bytes);
    EXPECT_EQ(answer.status, one.status);
    expect_guarded(answer);
  }
}

TEST_F(GuardsTest, AConnectionTooManyIsToldToo) {
  // All are sending a body, faster than what counts as idle for the next minutes.
  const std::string post = "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n" +
                           std::string(1'000'000, ' ');
  // Until the daemon has read enough of each, a new connection is admitted in place of one of them.
  constexpr int kTriesMax = 50;
  Answer refused;
  for (int i = 0; i < kTriesMax && refused.status != 503; ++i) {
    std::vector<HttpClient> busy;
    for (int n = 0; n < 8; ++n) busy.emplace_back(daemon_.port()).send(post);
    busy.back().closed(100);
    HttpClient one_more(daemon_.port());
    if (!one_more.closed(100) && one_more.readable()) refused = one_more.read_answer();
  }
  ASSERT_EQ(refused.status, 503U);
  EXPECT_TRUE(refused.whole);
  EXPECT_EQ(refused.body,
            refusal_text("too_many_connections",
                         "the server has 8 connections, as many as it may, and none of them is idle; try "
                         "again soon"));
  expect_guarded(refused);
}

}  // namespace
}  // namespace minuted::test
